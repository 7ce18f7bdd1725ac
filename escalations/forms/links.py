"""Linking tickets: to an issue, into another by merging, apart by splitting. Shape only; services decide."""

from collections.abc import Iterable
from typing import Any

from django import forms

from escalations.choices import Priority
from escalations.models import Issue, Ticket
from policies.choices import PickListName
from policies.selectors import pick_choices
from web.forms import BelayForm, IdempotencyMixin, VersionMixin

ISSUES_OFFERED = 50
NOW, MESSAGE = "now", "message"


class IssueLinkForm(BelayForm):
    """One of the open issues, or the title of a new one."""

    optional_marks = ("title",)

    issue = forms.ModelChoiceField(
        label="Issue", queryset=Issue.objects.none(), required=False, empty_label="A new one, by its title"
    )
    title = forms.CharField(
        label="Title of a new issue", required=False, max_length=200, help_text="What is wrong, whoever reports it."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Issue.objects.filter(closed_at__isnull=True).order_by("-opened_at", "-pk")
        shown = list(newest[:ISSUES_OFFERED])
        field = self.fields["issue"]
        # Any open one is taken: more than these are linked from their own pages.
        field.queryset = Issue.objects.filter(closed_at__isnull=True)
        field.choices = [("", field.empty_label), *((str(one.pk), one.title) for one in shown)]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("issue") and not data.get("title") and "issue" not in self.errors:
            self.add_error("title", "Choose an issue, or say what is wrong.")
        return data


class MergeForm(BelayForm, IdempotencyMixin):
    """Into which ticket; with two customers somebody says that they know."""

    into = forms.CharField(widget=forms.HiddenInput, max_length=40)
    confirmed = forms.BooleanField(required=False)

    def __init__(self, *args: Any, ticket: Ticket, into: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if ticket.customer_id == into.customer_id:
            del self.fields["confirmed"]
        else:
            who = ticket.contact or ticket.customer
            self.fields["confirmed"].label = f"{who} is told elsewhere: these are two customers"


class SplitForm(BelayForm, IdempotencyMixin):
    """Which messages become a ticket of their own, and from when its clocks count."""

    messages = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, error_messages={"required": "Choose what the new ticket is about."}
    )
    subject = forms.CharField(
        label="Subject", max_length=300, error_messages={"required": "Say what the new ticket is about."}
    )
    priority = forms.TypedChoiceField(label="Priority", choices=Priority.choices, coerce=int, widget=forms.RadioSelect)
    since = forms.ChoiceField(
        label="Its clocks count",
        choices=[(MESSAGE, "From the first of these messages"), (NOW, "From now")],
        widget=forms.RadioSelect,
        help_text="First response and contract. The stay at its tier begins now.",
    )

    def __init__(self, *args: Any, offered: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["messages"].choices = [(str(pk), str(pk)) for pk in offered]

    @property
    def chosen(self) -> set[str]:
        """Ids that were ticked, for the list that the page draws itself."""
        value = self["messages"].value()
        return {str(one) for one in value} if isinstance(value, list | tuple) else set()


class IssueForm(BelayForm, VersionMixin):
    optional_marks = ("description", "product_area")

    title = forms.CharField(label="Title", max_length=200, help_text="What is wrong, whoever reports it.")
    description = forms.CharField(label="What is known", required=False, widget=forms.Textarea)
    product_area = forms.ChoiceField(label="Product area", required=False)

    def __init__(self, *args: Any, kept: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = pick_choices(PickListName.PRODUCT_AREA)
        extra = [(kept, kept)] if kept and kept not in {code for code, _ in offered} else []
        self.fields["product_area"].choices = [("", "Not entered"), *offered, *extra]

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("title", "description", "product_area")}
