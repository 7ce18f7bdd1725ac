"""The designer's questions, a form a step. Each takes the answers so far, and gives them back with its own."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.text import slugify

from policies.choices import TriggerKind
from policies.domain.answers import (
    COMMON_WORDS,
    PROBLEM_WORDS,
    Answers,
    Common,
    Problem,
    SeverityAnswer,
    TierAnswer,
)
from policies.domain.policy import Policy
from policies.domain.presets import (
    FEWEST_TIERS,
    MOST_TIERS,
    PRESET_WORDS,
    Preset,
    Setting,
    overflow_answers,
    preset_answers,
)
from policies.forms.fields import SpanField, TypedField
from web.forms import BelayForm, guard_texts

MOST_TYPES = 12  # new ones in one interview
LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under one heading. `narrow` ones stand side by side."""

    title: str
    lead: str
    fields: list[forms.BoundField]
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What every step knows: the organisation, and the policy that a design starts from."""

    setting: Setting
    base: Policy


def pick_field(label: str, choices: Iterable[tuple[str, str]], **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(choices), **kwargs)


def ticks_field(label: str, choices: Iterable[tuple[str, str]], **kwargs: Any) -> forms.MultipleChoiceField:
    kwargs.setdefault("required", False)
    return forms.MultipleChoiceField(
        label=label, choices=list(choices), widget=forms.CheckboxSelectMultiple, **kwargs
    )  # fmt: skip


class StepMeta(ABCMeta, DeclarativeFieldsMetaclass):
    """Django's forms, with methods that each of them must have."""


class StepForm(BelayForm, metaclass=StepMeta):
    """The base. `answers` are those so far, with the preset's where nothing was said yet."""

    title: ClassVar[str]
    lead: ClassVar[str]
    # Patterns of the clauses that this step decides, for the preview.
    writes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, answers: Answers, ground: Ground, **kwargs: Any) -> None:
        self.answers, self.ground = answers, ground
        self.sections: list[tuple[str, str, list[str], bool]] = []
        super().__init__(*args, **kwargs)
        self.ask()
        guard_texts(self)

    @abstractmethod
    def ask(self) -> None:
        """Add the questions with their defaults."""

    @abstractmethod
    def apply(self) -> Answers:
        """The answers with this valid form's."""

    def add(self, name: str, field: forms.Field, initial: Any = None, *, half: bool = False) -> str:
        field.initial = initial
        self.fields[name] = field
        if half:
            self.half = (*self.half, name)
        if not field.required and isinstance(field, forms.CharField | TypedField):
            self.optional_marks = (*self.optional_marks, name)
        return name

    def section(self, title: str, lead: str, names: Iterable[str], *, narrow: bool = False) -> None:
        shown = list(names)
        self.sections.append((title, lead, shown, narrow))
        if narrow:  # the heading says what an empty one means
            self.optional_marks = tuple(one for one in self.optional_marks if one not in shown)

    @property
    def groups(self) -> list[Group]:
        return [
            Group(title, lead, [self[name] for name in names], narrow) for title, lead, names, narrow in self.sections
        ]

    @property
    def labels(self) -> dict[str, str]:
        """Each question with its heading, for the panel of a lost race."""
        heading = {name: title for title, _, names, _ in self.sections for name in names}
        return {name: f"{heading.get(name, '')}: {field.label}" for name, field in self.fields.items()}


class BusinessForm(StepForm):
    title = "Your business"
    lead = "Where the interview starts: every question after this one has its answer already, and you change it."

    def ask(self) -> None:
        kinds = [(one.value, f"{name}. {words}") for one, (name, words) in PRESET_WORDS.items()]
        self.section("Kind of business", "Decides what each question suggests. What you answered yourself stays.", [
            self.add("preset", pick_field("Preset", kinds, widget=forms.RadioSelect), self.answers.preset),
        ])  # fmt: skip
        self.section("Title", "What the document is called. Its number follows by itself.", [
            self.add("title", forms.CharField(label="Title of the policy", max_length=120), self.answers.title),
        ])  # fmt: skip

    def apply(self) -> Answers:
        preset = Preset(self.cleaned_data["preset"])
        start = preset_answers(preset, self.ground.setting, self.ground.base)
        return replace(start, title=self.cleaned_data["title"])


class TiersForm(StepForm):
    title = "Tiers"
    lead = "Who there is. A ticket starts at the lowest tier that can solve it and moves up from there."
    writes = ("tier.*",)

    def ask(self) -> None:
        counts = [(str(number), f"{number} tiers") for number in range(FEWEST_TIERS, MOST_TIERS + 1)]
        shown = preset_answers(
            Preset(self.answers.preset), self.ground.setting, self.ground.base, tiers=MOST_TIERS
        ).tiers  # fmt: skip
        known = {one.code: one for one in self.answers.tiers}
        names = {one.code for one in self.ground.setting.tiers}
        self.section("How many", "Each tier needs people of its own; a handoff between tiers takes time.", [
            self.add("count", pick_field("Number of tiers", counts), str(len(self.answers.tiers))),
        ])  # fmt: skip
        for one in shown:
            self._tier(known.get(one.code, one), is_new=one.code not in names)

    def _tier(self, one: TierAnswer, *, is_new: bool) -> None:
        fields = []
        if is_new:
            fields.append(
                self.add(f"{one.code}_name", forms.CharField(label="Name", max_length=60, required=False), one.name)
            )
        people = forms.IntegerField(
            label="People", min_value=0, max_value=9999, required=False,
            help_text="From it follows when a team is full.",
        )  # fmt: skip
        fields += [
            self.add(f"{one.code}_people", people, one.people, half=True),
            self.add(f"{one.code}_share", forms.DecimalField(
                label="Escalates at most, in percent", required=False, min_value=0, max_value=100, max_digits=4,
                decimal_places=1, help_text="Empty: rarely.",
            ), one.share_percent, half=True),
            self.add(f"{one.code}_expertise", forms.CharField(
                label="Expertise", max_length=200, required=False,
            ), one.expertise),
            self.add(f"{one.code}_handles", forms.CharField(
                label="Handles", max_length=300, required=False, help_text="In words, as the document says it.",
            ), one.handles),
        ]  # fmt: skip
        title = f"{one.code} {one.name}" if not is_new else f"{one.code}, a new tier"
        self.section(title, "Made with the draft, where it is counted above." if is_new else "", fields)

    def apply(self) -> Answers:
        values = self.cleaned_data
        start = preset_answers(
            Preset(self.answers.preset), self.ground.setting, self.ground.base, tiers=int(values["count"])
        )  # fmt: skip
        tiers = tuple(
            replace(
                one,
                name=values.get(f"{one.code}_name") or one.name,
                people=values[f"{one.code}_people"] or 0,
                share_percent=values[f"{one.code}_share"],
                expertise=values[f"{one.code}_expertise"] or one.expertise,
                handles=values[f"{one.code}_handles"] or one.handles,
            )
            for one in start.tiers
        )
        overflow = overflow_answers(self.ground.setting, tiers) if start.overflow else ()
        return replace(start, title=self.answers.title, tiers=tiers, overflow=overflow)


class ProblemsForm(StepForm):
    title = "Problems and triggers"
    lead = "What goes wrong today, and what ought to move a ticket up without anybody deciding it."
    writes = ("trigger.*", "prevention.*", "tier.*.follow_up")

    def ask(self) -> None:
        management = [
            (one.key, one.name) for one in self.ground.base.triggers if one.kind == TriggerKind.MANAGEMENT
        ]  # fmt: skip
        self.section("Problems of today", "Each one you name brings its remedy: a rule, a clock or a commitment.", [
            self.add("problems", ticks_field("What you suffer from", PROBLEM_WORDS.items()),
                     sorted(self.answers.problems)),
        ])  # fmt: skip
        attempts = forms.IntegerField(
            label="Attempts before an upset customer’s ticket moves up", min_value=1, max_value=50,
            help_text="A reply to the customer is an attempt; one more than this moves the ticket.",
        )  # fmt: skip
        self.section("Moves a ticket up by itself", "The tier above gets it, and the reason is on the ticket.", [
            self.add("triggers", ticks_field("Common triggers", COMMON_WORDS.items()), sorted(self.answers.triggers)),
            self.add("upset_attempts", attempts, self.answers.upset_attempts),
        ])  # fmt: skip
        self.section("Calls management", "The technical owner stays; a manager answers for the customer.", [
            self.add("management", ticks_field("Management triggers", management), list(self.answers.management)),
        ])  # fmt: skip

    def apply(self) -> Answers:
        values = self.cleaned_data
        problems = frozenset(Problem(one) for one in values["problems"])
        overflow = self.answers.overflow
        if Problem.SPIKES in problems and not overflow:
            overflow = overflow_answers(self.ground.setting, self.answers.tiers)
        return replace(
            self.answers,
            problems=problems,
            triggers=frozenset(Common(one) for one in values["triggers"]),
            management=tuple(values["management"]),
            upset_attempts=values["upset_attempts"],
            social=self.answers.social or Problem.PUBLIC in problems,
            overflow=overflow,
        )


def new_codes(text: str, known: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """Code → label of the lines of a text that name something not yet known."""
    labels = {label.lower() for label in known.values()}
    codes = set(taken)
    found: dict[str, str] = {}
    for line in text.splitlines():
        label = " ".join(line.split())
        code = slugify(label).replace("-", "_")[:40].strip("_")
        if code and label.lower() not in labels and code not in codes:
            labels.add(label.lower())
            codes.add(code)
            found[code] = label
    return found


class TypesForm(StepForm):
    title = "Issue types"
    lead = "What tickets are about. It decides which are technical, and which are critical whatever else is known."
    writes = ("trigger.critical_type", "trigger.complex_at_entry")

    def ask(self) -> None:
        new = dict(self.answers.new_types)
        if self.is_bound or self.initial:
            text = self.data.get("new_types") if self.is_bound else self.initial.get("new_types")
            new |= new_codes(str(text or "")[:2000], self.ground.setting.issue_types, self.ground.setting.known_types)
        choices = list((dict(self.ground.setting.issue_types) | new).items())
        lines = forms.CharField(
            label="Types that are missing", required=False, max_length=1200, widget=forms.Textarea(attrs={"rows": "3"}),
            help_text="One a line. They are added to the list when the draft is made; save to tick them below.",
        )  # fmt: skip
        self.section("More types", f"There are: {', '.join(self.ground.setting.issue_types.values()) or 'none yet'}.", [
            self.add("new_types", lines, "\n".join(dict(self.answers.new_types).values())),
        ])  # fmt: skip
        self.section("Technical", "All others are about orders, money or questions, and seldom need an engineer.", [
            self.add("technical", ticks_field("Technical issue types", choices), list(self.answers.technical_types)),
        ])  # fmt: skip
        self.section("Critical", "A ticket of such a type goes to where the gravest severity enters, at once.", [
            self.add("critical", ticks_field("Critical issue types", choices), list(self.answers.critical_types)),
        ])  # fmt: skip

    def clean_new_types(self) -> str:
        text: str = self.cleaned_data["new_types"]
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_TYPES:
            raise forms.ValidationError(f"At most {MOST_TYPES} new types at once.")
        for line in lines:
            if len(line) > LONGEST_LABEL:
                raise forms.ValidationError(f"“{line[:20]}…” is too long: at most {LONGEST_LABEL} characters.")
            if not slugify(line):
                raise forms.ValidationError(f"“{line}” has no letter that a code can be made of.")
        return "\n".join(lines)

    def apply(self) -> Answers:
        setting, values = self.ground.setting, self.cleaned_data
        return replace(
            self.answers,
            new_types=tuple(new_codes(values["new_types"], setting.issue_types, setting.known_types).items()),
            technical_types=tuple(values["technical"]),
            critical_types=tuple(values["critical"]),
        )


class SeveritiesForm(StepForm):
    title = "Severity"
    lead = "What makes an issue critical, and what follows from it. P1 is the gravest."
    writes = ("severity.*",)

    def ask(self) -> None:
        tiers = [(one.code, f"{one.code} {one.name}") for one in self.answers.tiers]
        for number, one in enumerate(self.answers.severities, start=1):
            definition = forms.CharField(label="Definition", max_length=200, help_text="How an agent recognises it.")
            self.section(f"P{number}", "", [
                self.add(f"p{number}_definition", definition, one.definition),
                self.add(f"p{number}_response", SpanField(label="First response within"), one.response_seconds,
                         half=True),
                self.add(f"p{number}_entry", pick_field("Enters at tier", tiers), one.entry, half=True),
                self.add(f"p{number}_always", forms.BooleanField(
                    label="Its clocks run around the clock", required=False
                ), one.around_the_clock),
            ])  # fmt: skip

    def apply(self) -> Answers:
        values = self.cleaned_data
        p1, p2, p3, p4 = (
            SeverityAnswer(
                values[f"p{number}_definition"], values[f"p{number}_response"], values[f"p{number}_entry"],
                values[f"p{number}_always"],
            )
            for number in range(1, 5)
        )  # fmt: skip
        return replace(self.answers, severities=(p1, p2, p3, p4))
