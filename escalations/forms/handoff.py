"""The handoff form: a plain form over `HandoffContent`, its steps as rows, and what of it is kept as a draft.

A sheet is the form and its rows together. It is made from a content (prefilled, filed before), from a draft, or from
what was posted; it gives back a content however much of it is missing or wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from escalations.choices import Reproduced, Sentiment
from escalations.domain.handoff import CONTENT_FIELDS, NO, YES, Completeness, HandoffContent, Step, completeness
from web.fields import INPUT_FORMAT, IconRadioSelect, LocalDateTimeField, MinutesField
from web.forms import BelayForm, DraftMixin
from web.marks import MOOD_ICONS
from web.text import showable

PREFIX = "steps"
STEP_FIELDS = ("step", "result", "minutes")
MAX_STEPS = 100
STEP_LIMIT = 500  # characters of a step or its result
YES_NO = [(YES, "Yes"), (NO, "No")]
NOT_CHOSEN = [("", "Choose")]
CHECKED = "on"
INSTANTS = ("last_contact_at", "notified_at", "next_update_at")
KEPT = ("reason", "to", "is_warm", *(name for name in CONTENT_FIELDS if name != "steps"))
BOOKKEEPING = ("idempotency_key", "draft_version", "draft_window", "version", "base")

Choices = Iterable[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class HandoffChoices:
    """What the lists offer: pairs of code and label; `to` is grouped by team."""

    reasons: Choices = ()
    to: Choices = ()
    scopes: Choices = ()
    urgencies: Choices = ()
    contact_methods: Choices = ()
    update_frequencies: Choices = ()


class HandoffForm(DraftMixin, BelayForm):
    """Every field of the source's form but the steps. Only where it goes is required: gaps are shown, not refused."""

    half = (
        "reason", "to", "scope", "urgency", "reproduced", "workaround", "workaround_details", "last_contact_at",
        "customer_notified", "notified_at", "contact_method", "update_frequency",
    )  # fmt: skip
    optional_marks = ("additional_context", "relationship_notes")

    version = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    base = forms.CharField(required=False, max_length=4_000, widget=forms.HiddenInput)

    reason = forms.ChoiceField(error_messages={"required": "Choose why it is handed over."})
    to = forms.ChoiceField(label="To", error_messages={"required": "Choose who should have it."})
    is_warm = forms.BooleanField(label="I stay with it until the receiver releases me", required=False)

    customer_words = forms.CharField(label="In the customer’s own words", required=False, widget=forms.Textarea)
    technical_description = forms.CharField(required=False, widget=forms.Textarea)
    business_impact = forms.CharField(required=False, widget=forms.Textarea)
    scope = forms.ChoiceField(required=False)
    urgency = forms.ChoiceField(required=False)

    reproduced = forms.ChoiceField(required=False, choices=Reproduced.choices, widget=forms.RadioSelect)
    workaround = forms.ChoiceField(label="Workaround given", required=False, choices=YES_NO, widget=forms.RadioSelect)
    workaround_details = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs={"placeholder": "If yes: what, since when"}),
    )
    last_contact_at = LocalDateTimeField(label="Last customer contact", required=False)
    sentiment = forms.ChoiceField(
        label="Customer sentiment", required=False, choices=Sentiment.choices, widget=IconRadioSelect(icons=MOOD_ICONS)
    )

    likely_cause = forms.CharField(required=False, widget=forms.Textarea)
    recommended_action = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"placeholder": "Specific first steps for the receiver"})
    )
    additional_context = forms.CharField(required=False, widget=forms.Textarea)

    customer_notified = forms.ChoiceField(
        label="Customer knows of the escalation", required=False, choices=YES_NO, widget=forms.RadioSelect
    )
    notified_at = LocalDateTimeField(label="Told at", required=False)
    contact_method = forms.ChoiceField(label="Prefers", required=False)
    update_frequency = forms.ChoiceField(label="How often", required=False)
    next_update_at = LocalDateTimeField(label="Next update promised for", required=False)
    relationship_notes = forms.CharField(required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, choices: HandoffChoices, with_target: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {
            "reason": choices.reasons, "to": choices.to, "scope": choices.scopes, "urgency": choices.urgencies,
            "contact_method": choices.contact_methods, "update_frequency": choices.update_frequencies,
        }  # fmt: skip
        for name, pairs in offered.items():
            self.fields[name].choices = [*NOT_CHOSEN, *pairs]
        if not with_target:
            del self.fields["reason"], self.fields["to"], self.fields["is_warm"]


class StepForm(BelayForm):
    """One row: what was tried, what came of it, and how long it took."""

    # Text inputs: a browser drops from a number input what is no number, before anybody could say so.
    step = forms.CharField(required=False, max_length=STEP_LIMIT)
    result = forms.CharField(required=False, max_length=STEP_LIMIT)
    minutes = MinutesField(required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        index = (self.prefix or "").rpartition("-")[2]
        number = str(int(index) + 1) if index.isdecimal() else ""
        labels = {"step": "Step #", "result": "Result of step #", "minutes": "Minutes for step #"}
        for name, label in labels.items():
            self.fields[name].widget.attrs |= {"data-label": label, "aria-label": label.replace("#", number)}


StepFormSet = forms.formset_factory(StepForm, extra=0, max_num=MAX_STEPS, absolute_max=MAX_STEPS + 1, validate_max=True)
Draft = dict[str, Any]


class HandoffSheet:
    """The form and its rows. `base` is the content that the page was made from."""

    def __init__(self, form: HandoffForm, rows: Any, base: HandoffContent) -> None:
        self.form, self.rows, self.base = form, rows, base

    def is_valid(self) -> bool:
        """Whether it can be filed. Both parts are checked, so that all there is to correct shows at once."""
        return all([self.form.is_valid(), self.rows.is_valid()])

    def content(self) -> HandoffContent:
        """What of it is well formed; what is not counts as missing."""
        self.is_valid()
        cleaned = self.form.cleaned_data
        values: dict[str, Any] = {}
        for name in CONTENT_FIELDS:
            if name in INSTANTS:
                values[name] = self._instant(name, cleaned.get(name))
            elif name != PREFIX:
                values[name] = cleaned.get(name) or ""
        return HandoffContent(steps=tuple(self._steps()), **values)

    def _instant(self, name: str, value: datetime | None) -> str:
        """The field knows minutes and one of two repeated hours; what was not touched stays what it was."""
        if value is None:
            return ""
        before = getattr(self.base, name)
        if before and _in_field(before) == _in_field(value.isoformat()):
            return str(before)
        return value.astimezone(UTC).isoformat()

    def _steps(self) -> Iterable[Step]:
        for row in self.rows.forms:
            cleaned = getattr(row, "cleaned_data", None) or {}
            step, result, minutes = cleaned.get("step", ""), cleaned.get("result", ""), cleaned.get("minutes")
            if step or result or minutes is not None:
                yield Step(step, result, minutes)

    def prints(self) -> dict[str, str] | None:
        """The fingerprints of what the page was made from; None where it carries none."""
        return read_prints(str(self.form.cleaned_data.get("base") or "")) or None

    def next_update_at(self) -> datetime | None:
        found: datetime | None = self.form.cleaned_data.get("next_update_at")
        return found

    def measure(self, *, reason: str, to: str) -> Completeness:
        return completeness(self.content(), reason=reason, to=to)

    @property
    def shown_rows(self) -> Any:
        """The rows with at least one to write into."""
        return self.rows if self.rows.forms else StepFormSet(initial=[{}], prefix=PREFIX)

    @property
    def blank_row(self) -> StepForm:
        """What a script copies for a further row."""
        return StepForm(prefix=f"{PREFIX}-__prefix__")

    @property
    def minutes_spent(self) -> int:
        if self.form.is_bound:
            return self.content().minutes_spent
        typed = [str(row.get("minutes", "")) for row in self.rows.initial]
        return sum(int(text) for text in typed if text.isdecimal() and len(text) < 6)


def _in_field(instant: str) -> str:
    """An instant as the field shows it: local, to the minute. Empty when it is none."""
    try:
        return f"{datetime.fromisoformat(instant).astimezone(timezone.get_current_timezone()):{INPUT_FORMAT}}"
    except ValueError:
        return ""


def prints_of(content: HandoffContent) -> str:
    """Fingerprints as the hidden field `base` carries them."""
    return write_prints(content.fingerprints())


def write_prints(prints: Mapping[str, str]) -> str:
    return " ".join(f"{name}={digest}" for name, digest in prints.items())


def read_prints(text: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in text.split()]
    return {name: digest for name, _, digest in pairs}


def draft_of_content(content: HandoffContent, *, reason: str = "", to: str = "", is_warm: bool = False) -> Draft:
    """A content in the shape of a draft: field → text as the form shows it, and the rows."""
    data = content.to_json()
    shown = {name: data[name] for name in CONTENT_FIELDS if name != PREFIX}
    shown |= {name: _in_field(data[name]) for name in INSTANTS}
    rows = [
        {"step": one.step, "result": one.result, "minutes": "" if one.minutes is None else str(one.minutes)}
        for one in content.steps
    ]
    return {**shown, "reason": reason, "to": to, "is_warm": CHECKED if is_warm else "", PREFIX: rows}


def draft_of_post(post: QueryDict) -> Draft:
    """What was typed, right or wrong, without what no database can keep (shown as U+FFFD)."""
    kept = {name: showable(post.get(name, "")) for name in KEPT if name in post}
    if "to" in kept:  # of a box without its tick a browser sends nothing
        kept["is_warm"] = CHECKED if kept.get("is_warm") else ""
    rows = [{name: showable(text) for name, text in row.items()} for row in _posted_rows(post)]
    return {**kept, PREFIX: rows}


def _posted_rows(post: QueryDict) -> list[dict[str, str]]:
    """The rows that hold anything, as typed."""
    try:
        total = min(int(post.get(f"{PREFIX}-TOTAL_FORMS", "0")), MAX_STEPS + 1)
    except ValueError:
        total = 0
    rows = [{name: post.get(f"{PREFIX}-{index}-{name}", "") for name in STEP_FIELDS} for index in range(max(total, 0))]
    return [row for row in rows if any(row.values())]


def post_of_draft(draft: Mapping[str, Any]) -> QueryDict:
    """A draft as if it were posted, so that both are read by the same form."""
    data = QueryDict(mutable=True)
    for name in KEPT:
        data[name] = str(draft.get(name) or "")
    rows = draft.get(PREFIX) or []
    data[f"{PREFIX}-TOTAL_FORMS"], data[f"{PREFIX}-INITIAL_FORMS"] = str(len(rows)), "0"
    for index, row in enumerate(rows):
        for name in STEP_FIELDS:
            data[f"{PREFIX}-{index}-{name}"] = str(row.get(name) or "")
    return data


def sheet_of_post(post: QueryDict, *, base: HandoffContent, **options: Any) -> HandoffSheet:
    """The sheet as it was sent in, to be checked."""
    data = post.copy()
    rows = _posted_rows(post)
    for key in [key for key in data if key.startswith(f"{PREFIX}-")]:
        del data[key]
    for key, value in post_of_draft({PREFIX: rows}).items():
        if key.startswith(f"{PREFIX}-"):
            data[key] = value
    return HandoffSheet(HandoffForm(data, **options), StepFormSet(data, prefix=PREFIX), base)


def sheet_to_show(
    draft: Mapping[str, Any], *, base: HandoffContent, initial: Mapping[str, Any], **options: Any
) -> HandoffSheet:
    """The sheet with these values, unchecked, and an empty row where there is none to write into."""
    values = {name: draft.get(name) or "" for name in KEPT}
    form = HandoffForm(initial={**values, **initial}, **options)
    rows = list(draft.get(PREFIX) or []) or [{}]
    return HandoffSheet(form, StepFormSet(initial=rows, prefix=PREFIX), base)


def content_of_draft(draft: Mapping[str, Any], *, base: HandoffContent, choices: HandoffChoices) -> HandoffContent:
    """What of a draft is well formed: for its completeness and its preview."""
    return sheet_of_post(post_of_draft(draft), base=base, choices=choices).content()


def merged(content: HandoffContent, theirs: HandoffContent, names: Iterable[str]) -> HandoffContent:
    """`content` with the named fields as `theirs` has them."""
    return replace(content, **{name: getattr(theirs, name) for name in names})
