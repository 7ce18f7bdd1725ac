"""What an act on many tickets asks for. `values()` is what the act's record keeps: plain JSON."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.choices import Ability
from accounts.models import User
from accounts.querysets import able
from escalations.choices import Priority
from escalations.domain.clocks import Wait
from escalations.filtersets import ref_number
from escalations.models import Ticket
from web.clock import now
from web.fields import LocalDateTimeField
from web.forms import BelayForm


class BulkForm(BelayForm):
    """Nothing is asked. The base of what is."""

    def values(self) -> dict[str, Any]:
        return {}


class BulkAssignForm(BulkForm):
    """An owner for all of them: somebody of a team that holds one of them, or nobody."""

    owner = forms.ModelChoiceField(label="Owner", queryset=User.objects.none(), required=False, empty_label="Nobody")

    def __init__(self, *args: Any, teams: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(able(Ability.WORK), team__in=set(teams))
        self.fields["owner"].queryset = people.order_by("full_name")

    def values(self) -> dict[str, Any]:
        owner = self.cleaned_data["owner"]
        return {"owner": owner.pk if owner else None, "owner_team": owner.team_id if owner else None}


class BulkPriorityForm(BulkForm):
    priority = forms.TypedChoiceField(label="Priority", choices=Priority.choices, coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Why",
        widget=forms.Textarea,
        help_text="It stands on the timeline of each, beside what it moves.",
    )

    def values(self) -> dict[str, Any]:
        return {"priority": self.cleaned_data["priority"], "reason": self.cleaned_data["reason"]}


class BulkWaitForm(BulkForm):
    wait = forms.ChoiceField(
        label="Waiting for",
        choices=[(Wait.CUSTOMER.value, "Customer"), (Wait.VENDOR.value, "Vendor")],
        widget=forms.RadioSelect,
        initial=Wait.CUSTOMER.value,
    )
    reason = forms.CharField(label="What for", help_text="It names the pause on every clock that stands still.")
    review_at = LocalDateTimeField(label="Look again", help_text="Nothing waits for ever: then you are asked.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["review_at"].initial = lambda: now() + timedelta(days=1)

    def clean_review_at(self) -> Any:
        at = self.cleaned_data["review_at"]
        if at is not None and at <= now():
            raise ValidationError("Choose a time that is still to come.")
        return at

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"wait": data["wait"], "reason": data["reason"], "review_at": data["review_at"].isoformat()}


class BulkNoteForm(BulkForm):
    body = forms.CharField(
        label="Internal note",
        widget=forms.Textarea,
        help_text="Only colleagues read it. It stays: no note is undone.",
    )

    def values(self) -> dict[str, Any]:
        return {"body": self.cleaned_data["body"]}


class BulkLinkForm(BulkForm):
    parent = forms.CharField(
        label="Parent ticket",
        max_length=30,
        help_text="Its number, such as BLY-4171. It carries the escalation.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_parent(self) -> int:
        number = ref_number(self.cleaned_data["parent"])
        if number is None or not Ticket.objects.visible_to(self.user).filter(pk=number).exists():
            raise ValidationError("There is no ticket with this number. Write it as it stands beside the subject.")
        return number

    def values(self) -> dict[str, Any]:
        return {"parent": self.cleaned_data["parent"]}


FORMS: dict[str, type[BulkForm]] = {"priority": BulkPriorityForm, "wait": BulkWaitForm, "note": BulkNoteForm}


def form_for(code: str, tickets: Sequence[Ticket], user: User, data: Any = None) -> BulkForm:
    """The form of an act, bound where `data` is given."""
    if code == "assign":
        return BulkAssignForm(data, teams=[ticket.team_id for ticket in tickets])
    if code == "link":
        return BulkLinkForm(data, user=user)
    return FORMS.get(code, BulkForm)(data)
