"""One row of a draft's section. Shape only; what fits together is `policies.services.clean`'s matter."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import Model

from accounts.models import Calendar, Skill, Team, Tier
from policies.choices import PickListName, ResponseKind, TemplateKind
from policies.domain.templates import PLACEHOLDERS
from policies.forms.fields import MoneyField, SpanField
from policies.forms.versions import EditMixin
from policies.models import PolicyVersion
from policies.sections import Section
from policies.selectors import pick_choices
from web.forms import BelayForm

PRIORITIES = [(number, f"P{number}") for number in range(1, 5)]


def active_teams() -> Any:
    return Team.objects.filter(is_active=True).select_related("tier")


class RowForm(EditMixin, BelayForm):
    """The base: made for a section of a draft and, when it exists, its row. Identity fields go once a row exists."""

    whole: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, section: Section, version: PolicyVersion, row: Model | None, **kwargs: Any) -> None:
        given = {name: getattr(row, name) for name in section.fields} if row else {}
        kwargs["initial"] = {**given, "edit": version.edit, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.version, self.row = version, row
        self.offer()
        if row is not None:
            for name in section.identity:
                self.fields.pop(name, None)

    def offer(self) -> None:
        """Fill the choices that depend on the draft."""

    @property
    def labels(self) -> dict[str, str]:
        return {name: str(field.label) for name, field in self.fields.items() if name != "edit"}

    def values(self) -> dict[str, Any]:
        """The values of a valid form by the names of the row's fields."""
        return {name: value for name, value in self.cleaned_data.items() if name != "edit"}


class TierForm(RowForm):
    half = ("ack_seconds", "follow_up_seconds", "time_limit_seconds", "resolution_seconds",
            "target_escalation_percent", "hourly_cost")  # fmt: skip
    optional_marks = ("ack_seconds", "follow_up_seconds", "time_limit_seconds", "target_escalation_percent")

    tier = forms.ModelChoiceField(label="Tier", queryset=Tier.objects.none(), empty_label="Choose")
    issue_types = forms.CharField(label="Handles", max_length=300, help_text="In words, as the document says it.")
    expertise = forms.CharField(label="Expertise", max_length=200)
    ack_seconds = SpanField(label="Acknowledges within", required=False, help_text="Empty for the entry tier.")
    time_limit_seconds = SpanField(
        label="Escalates after", required=False, help_text="Empty: tickets may stay as long as they need."
    )
    resolution_seconds = SpanField(label="Resolves within", help_text="A missed target is marked; nothing moves.")
    follow_up_seconds = SpanField(
        label="Contacts the customer within", required=False, help_text="After accepting a handoff."
    )
    target_escalation_percent = forms.DecimalField(
        label="Escalates at most, in percent", required=False, max_digits=4, decimal_places=1, min_value=0,
        max_value=100, help_text="Empty: rarely.",
    )  # fmt: skip
    hourly_cost = MoneyField(label="Cost of an hour", most=Decimal("999999.99"), help_text="Labour, in USD.")

    def offer(self) -> None:
        self.fields["tier"].queryset = Tier.objects.exclude(pk__in=self.version.tiers.values("tier"))


class SeverityForm(RowForm):
    half = ("first_response_seconds", "head_start_seconds", "entry_tier", "entry_team")
    optional_marks = ("entry_team", "head_start_seconds")

    priority = forms.TypedChoiceField(label="Level", coerce=int, choices=PRIORITIES)
    definition = forms.CharField(label="Meaning", max_length=200)
    first_response_seconds = SpanField(label="First response within")
    head_start_seconds = SpanField(
        label="Head start in the queue", required=False, least=0,
        help_text="So much earlier than its due time it is sorted. Empty: none.",
    )  # fmt: skip
    entry_tier = forms.ModelChoiceField(label="Enters at tier", queryset=Tier.objects.none(), empty_label="Choose")
    entry_team = forms.ModelChoiceField(
        label="Enters at team", queryset=Team.objects.none(), required=False, empty_label="Any team of the tier"
    )
    path = forms.CharField(label="Path", max_length=120, help_text="As the document says it: L2, then L3.")
    runs_around_the_clock = forms.BooleanField(label="Its clocks run around the clock", required=False)

    def offer(self) -> None:
        taken = set(self.version.severities.values_list("priority", flat=True))
        self.fields["priority"].choices = [one for one in PRIORITIES if one[0] not in taken]
        self.fields["entry_tier"].queryset = Tier.objects.filter(pk__in=self.version.tiers.values("tier"))
        self.fields["entry_team"].queryset = active_teams()

    def clean_head_start_seconds(self) -> int:
        return self.cleaned_data["head_start_seconds"] or 0


class ResponseForm(RowForm):
    kind = forms.ChoiceField(label="What")
    seconds = SpanField(label="Within")

    def offer(self) -> None:
        taken = set(self.version.responses.values_list("kind", flat=True))
        self.fields["kind"].choices = [one for one in ResponseKind.choices if one[0] not in taken]


class ContractForm(RowForm):
    half = ("priority", "segment", "resolution_seconds", "calendar")
    optional_marks = ("calendar",)

    priority = forms.TypedChoiceField(label="Level", coerce=int, choices=PRIORITIES)
    segment = forms.ChoiceField(label="Customers", required=False)
    resolution_seconds = SpanField(label="Resolved within")
    calendar = forms.ModelChoiceField(
        label="Calendar", queryset=Calendar.objects.none(), required=False, empty_label="The customer’s own"
    )

    def offer(self) -> None:
        self.fields["segment"].choices = [("", "All others"), *pick_choices(PickListName.SEGMENT)]
        self.fields["calendar"].queryset = Calendar.objects.order_by("name")


class PoolForm(RowForm):
    half = ("team", "skill")
    optional_marks = ("skill",)

    name = forms.CharField(label="Name", max_length=80)
    team = forms.ModelChoiceField(label="Team", queryset=Team.objects.none(), empty_label="Choose")
    skill = forms.ModelChoiceField(
        label="Skill", queryset=Skill.objects.none(), required=False, empty_label="The whole team",
        help_text="Those who work alone in it, by the expertise matrix.",
    )  # fmt: skip

    def offer(self) -> None:
        self.fields["team"].queryset = active_teams()
        self.fields["skill"].queryset = Skill.objects.order_by("name")


class OverflowForm(RowForm):
    half = ("open_tickets", "waiting_seconds")
    optional_marks = ("open_tickets", "waiting_seconds")

    team = forms.ModelChoiceField(label="Team", queryset=Team.objects.none(), empty_label="Choose")
    to_team = forms.ModelChoiceField(label="Goes to", queryset=Team.objects.none(), empty_label="Choose")
    open_tickets = forms.IntegerField(
        label="More open tickets than", required=False, min_value=1, max_value=100_000,
        error_messages={"invalid": "Write a whole number, such as 40."},
    )  # fmt: skip
    waiting_seconds = SpanField(label="A handoff waits longer than", required=False)

    def offer(self) -> None:
        self.fields["team"].queryset = active_teams()
        self.fields["to_team"].queryset = active_teams()


class TemplateForm(RowForm):
    half = ("kind", "name")
    optional_marks = ("subject",)

    kind = forms.ChoiceField(label="Sent for", choices=TemplateKind.choices)
    name = forms.CharField(label="Name", max_length=80, help_text="As people choose it.")
    subject = forms.CharField(label="Subject", max_length=200, required=False)
    body = forms.CharField(
        label="Message", max_length=8000, widget=forms.Textarea(attrs={"rows": "8"}),
        help_text=f"Filled from the ticket: {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}.",
    )  # fmt: skip


class CommitmentForm(RowForm):
    text = forms.CharField(
        label="What we undertake", max_length=300, widget=forms.Textarea(attrs={"rows": "2"}),
        help_text="One sentence, as the document says it.",
    )  # fmt: skip

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].split())


FORMS: dict[str, type[RowForm]] = {
    "tiers": TierForm, "severities": SeverityForm, "responses": ResponseForm, "contracts": ContractForm,
    "pools": PoolForm, "overflows": OverflowForm, "templates": TemplateForm, "commitments": CommitmentForm,
}  # fmt: skip
