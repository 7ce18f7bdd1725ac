"""What people do on the ticket page: say something, change facts, wait, resolve. Shape only; services decide."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from accounts.choices import Ability
from accounts.models import Tier, User
from accounts.querysets import able
from escalations.choices import Complexity, Priority, Sentiment
from escalations.domain.clocks import Wait
from escalations.models import Ticket
from escalations.services.tickets import FACTS
from policies.choices import PickListName
from policies.selectors import pick_choices
from web.fields import LocalDateTimeField, MinutesField
from web.formats import counted
from web.forms import BelayForm, DraftMixin, VersionMixin

REPLY, CALL, NOTE = "reply", "call", "note"
PHONE = "phone"


class MessageForm(BelayForm, DraftMixin):
    """The compose box: a reply, a call that was made, or an internal note."""

    kind = forms.ChoiceField(
        label="What it is",
        choices=[(REPLY, "Reply"), (CALL, "Call"), (NOTE, "Internal note")],
        widget=forms.RadioSelect,
        initial=REPLY,
    )
    body = forms.CharField(
        label="Message", widget=forms.Textarea(attrs={"rows": 2}), error_messages={"required": "Write the message."}
    )
    channel = forms.ChoiceField(label="Sent by", required=False)
    next_update_at = LocalDateTimeField(label="Promise the next update", required=False)
    to_children = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, channels: list[tuple[str, str]], only_note: bool = False, children: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        # Of an outage everybody is told, unless somebody says otherwise.
        if children:
            self.fields["to_children"].label = f"and to the customers of {counted(children, 'child', 'children')}"
        else:
            del self.fields["to_children"]
        self.fields["channel"].choices = [(code, label) for code, label in channels if code != PHONE]
        if only_note:
            self.fields["kind"].choices = [(NOTE, "Internal note")]
            self.fields["kind"].initial = NOTE


class CustomerWordsForm(BelayForm, DraftMixin):
    """What the customer said, where it did not reach Belay by itself."""

    half = ("channel", "said_at")
    optional_marks = ("said_at",)

    body = forms.CharField(label="In the customer’s own words", widget=forms.Textarea)
    channel = forms.ChoiceField(label="Came by")
    said_at = LocalDateTimeField(label="When", required=False, help_text="Empty: just now.")

    def __init__(self, *args: Any, channels: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channels


class PriorityForm(BelayForm):
    priority = forms.TypedChoiceField(label="Priority", choices=Priority.choices, coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Why", widget=forms.Textarea, help_text="It stands on the timeline, beside the deadlines it moves."
    )


class OwnerField(forms.ModelChoiceField):
    """Somebody of the team; behind the name whether they are there (`notes`: by id)."""

    notes: Mapping[int, str] = {}

    def label_from_instance(self, obj: User) -> str:
        note = self.notes.get(obj.pk, "")
        return f"{obj}, {note}" if note else str(obj)


class AssignForm(BelayForm):
    owner = OwnerField(label="Owner", queryset=User.objects.none(), required=False, empty_label="Nobody")

    def __init__(self, *args: Any, ticket: Ticket, notes: Mapping[int, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].notes = notes or {}
        self.fields["owner"].queryset = User.objects.filter(able(Ability.WORK), team=ticket.team_id).order_by(
            "full_name"
        )


class WaitForm(BelayForm):
    wait = forms.ChoiceField(label="Waiting for", widget=forms.RadioSelect)
    reason = forms.CharField(label="What for", help_text="It names the pause on every clock that stands still.")
    review_at = LocalDateTimeField(label="Look again", help_text="Nothing waits for ever: then you are asked.")

    def __init__(self, *args: Any, waits: list[Wait], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {Wait.CUSTOMER: "Customer", Wait.VENDOR: "Vendor"}
        self.fields["wait"].choices = [(wait.value, words[wait]) for wait in waits]


class ReopenForm(BelayForm):
    reason = forms.CharField(label="Why", widget=forms.Textarea, help_text="A new round of its clocks starts now.")


class RestrictForm(BelayForm):
    restricted = forms.TypedChoiceField(
        label="Who sees this ticket",
        choices=[("no", "All support staff"), ("yes", "Only the people named")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    readers = forms.ModelMultipleChoiceField(
        label="People named",
        queryset=User.objects.none(),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="You and the owner are always among them. Everybody else gets “There is nothing here”.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(able(Ability.READ))
        self.fields["readers"].queryset = people.order_by("full_name")


def _listed(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, show_hidden_initial=True)


class FactsForm(BelayForm, VersionMixin):
    """The ticket's facts. Each field remembers what it showed, so that only what was changed here is saved."""

    half = (
        "category", "issue_type", "product_area", "channel", "complexity", "sentiment", "revenue_at_risk",
        "order_value", "public_complaint", "concern", "vendor", "vendor_reference",
    )  # fmt: skip

    subject = forms.CharField(label="Subject", max_length=300, show_hidden_initial=True)
    description = forms.CharField(label="Description", required=False, widget=forms.Textarea, show_hidden_initial=True)
    category = _listed("Category")
    issue_type = _listed("Issue type")
    product_area = _listed("Product area")
    channel = _listed("Channel")
    sentiment = _listed("Sentiment")
    complexity = _listed("Complexity")
    revenue_at_risk = forms.DecimalField(
        label="Revenue at risk", required=False, min_value=0, max_digits=14, decimal_places=2, show_hidden_initial=True
    )
    order_value = forms.DecimalField(
        label="Order value", required=False, min_value=0, max_digits=14, decimal_places=2, show_hidden_initial=True
    )
    public_complaint = _listed("Public complaint")
    concern = _listed("Legal, compliance or security concern")
    vendor = forms.CharField(label="Vendor", required=False, max_length=80, show_hidden_initial=True)
    vendor_reference = forms.CharField(
        label="Vendor’s reference number", required=False, max_length=80, show_hidden_initial=True
    )
    churn_threat = forms.BooleanField(label="The customer threatens to leave", required=False, show_hidden_initial=True)
    engineering_required = forms.BooleanField(label="Engineering is required", required=False, show_hidden_initial=True)
    workaround_confirmed = forms.BooleanField(
        label="The customer confirmed the workaround", required=False, show_hidden_initial=True
    )

    LISTS = {
        "category": PickListName.CATEGORY,
        "issue_type": PickListName.ISSUE_TYPE,
        "product_area": PickListName.PRODUCT_AREA,
        "channel": PickListName.CHANNEL,
        "public_complaint": PickListName.PUBLIC_COMPLAINT,
        "concern": PickListName.CONCERN,
    }

    def __init__(self, *args: Any, ticket: Ticket, lists: Mapping[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(ticket, name) for name in FACTS} | {"version": ticket.version}
        super().__init__(*args, **kwargs)
        for name, which in self.LISTS.items():
            self.fields[name].choices = _with_kept(lists[which], getattr(ticket, name))
        self.fields["sentiment"].choices = [("", "Not known"), *Sentiment.choices]
        self.fields["complexity"].choices = [("", "Not assessed"), *Complexity.choices]


def _with_kept(choices: list[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    """The list, with the ticket's own value kept where it is out of use by now."""
    known = {code for code, _ in choices}
    kept = [(value, value)] if value and value not in known else []
    return [("", "Not entered"), *choices, *kept]


class ChurnForm(BelayForm, VersionMixin):
    """What anybody who reads the ticket may report."""

    churn_threat = forms.BooleanField(label="The customer threatens to leave", required=False)


STARS = [(str(number), str(number)) for number in range(1, 6)]
YES_NO = [("yes", "Yes"), ("no", "No")]


class ChildrenField(forms.MultipleChoiceField):
    """Ids of tickets. One that is no longer offered was resolved or unlinked meanwhile: the service leaves it alone."""

    def to_python(self, value: Any) -> list[str]:
        return [pk for pk in super().to_python(value) if pk.isascii() and pk.isdigit() and len(pk) < 19]

    def valid_value(self, value: Any) -> bool:
        return True


class ResolveForm(BelayForm, DraftMixin):
    """What is captured at resolution. `tiers`: those whose minutes are asked for; with `rated` the handoff's word."""

    optional_marks = ("root_cause_details", "satisfaction", "avoidable_by", "comment", "words")

    root_cause = forms.ChoiceField(
        label="Root cause", error_messages={"required": "Choose what it was: prevention starts with it."}
    )
    root_cause_details = forms.CharField(label="More about the cause", required=False, widget=forms.Textarea)
    what_was_done = forms.CharField(
        label="What was done",
        widget=forms.Textarea,
        help_text="The next person with this problem reads it.",
        error_messages={"required": "Say what was done."},
    )
    satisfaction = forms.ChoiceField(
        label="Customer satisfaction, 1 to 5",
        required=False,
        choices=[("", "Not known"), *STARS],
        widget=forms.RadioSelect,
    )
    customer_lost = forms.BooleanField(label="The customer was lost because of it", required=False)
    rating = forms.ChoiceField(
        label="The handoff, 1 to 5",
        choices=STARS,
        widget=forms.RadioSelect,
        error_messages={"required": "Rate the handoff: its sender learns by it."},
    )
    was_necessary = forms.ChoiceField(
        label="Was the escalation necessary?",
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages={"required": "Say yes or no."},
    )
    avoidable_by = forms.ChoiceField(label="What would have avoided it", required=False)
    comment = forms.CharField(label="Word to the sender", required=False, widget=forms.Textarea)
    children = ChildrenField(label="Children that end with it", required=False, widget=forms.CheckboxSelectMultiple)
    words = forms.CharField(
        label="Last word to all customers",
        required=False,
        widget=forms.Textarea,
        help_text="Sent to this ticket’s customer and to those of the children chosen, one mail each.",
    )

    FEEDBACK = ("rating", "was_necessary", "avoidable_by", "comment")

    def __init__(
        self, *args: Any, tiers: list[Tier], rated: bool, children: Sequence[Ticket] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tiers = tiers
        if children:
            self.fields["children"].choices = [(str(one.pk), f"{one.ref} {one.subject}") for one in children]
        else:
            del self.fields["children"], self.fields["words"]
        for tier in tiers:
            self.fields[f"minutes_{tier.pk}"] = MinutesField(label=f"{tier.code}, minutes", required=False)
        self.half = tuple(f"minutes_{tier.pk}" for tier in tiers)
        self.fields["root_cause"].choices = [("", "Choose"), *pick_choices(PickListName.ROOT_CAUSE)]
        if rated:
            self.fields["avoidable_by"].choices = [("", "Nothing would have"), *pick_choices(PickListName.BARRIER)]
        else:
            for name in self.FEEDBACK:
                del self.fields[name]

    @property
    def has_children(self) -> bool:
        return "children" in self.fields

    @property
    def rated(self) -> bool:
        return "rating" in self.fields

    def minutes(self) -> dict[Tier, int]:
        return {tier: self.cleaned_data.get(f"minutes_{tier.pk}") or 0 for tier in self.tiers}

    def cause_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("root_cause", "root_cause_details", "what_was_done")]

    def minute_fields(self) -> list[forms.BoundField]:
        return [self[f"minutes_{tier.pk}"] for tier in self.tiers]

    def customer_fields(self) -> list[forms.BoundField]:
        return [self["satisfaction"], self["customer_lost"]]

    def feedback_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FEEDBACK] if self.rated else []
