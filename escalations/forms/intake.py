"""The form that opens a ticket. Shape only: where the ticket starts is the policy's matter."""

from typing import Any

from django import forms
from django.urls import reverse_lazy

from accounts.choices import Ability
from accounts.models import Region, Team, User
from accounts.querysets import able
from escalations.choices import Complexity, Priority, Sentiment
from escalations.models import Contact, Customer
from escalations.services.intake import NewContact, NewCustomer
from policies.choices import PickListName
from policies.models import PickItem
from web.fields import IconRadioSelect
from web.forms import BelayForm, DraftMixin
from web.marks import MOOD_ICONS

NEW = "new"
LISTS = {
    "category": PickListName.CATEGORY,
    "issue_type": PickListName.ISSUE_TYPE,
    "product_area": PickListName.PRODUCT_AREA,
    "channel": PickListName.CHANNEL,
    "public_complaint": PickListName.PUBLIC_COMPLAINT,
    "concern": PickListName.CONCERN,
    "new_segment": PickListName.SEGMENT,
}
FACTS = (
    "category", "issue_type", "product_area", "channel", "sentiment", "churn_threat", "revenue_at_risk", "order_value",
    "public_complaint", "concern", "complexity", "engineering_required", "vendor", "vendor_reference",
    "workaround_confirmed",
)  # fmt: skip

# While it is typed the page says what the customer may have reported already.
LOOKS_FOR_DUPLICATES = {
    "hx-get": reverse_lazy("escalations:ticket_create_duplicates"),
    "hx-trigger": "input changed delay:500ms",
    "hx-include": "#ticket_create_customer",
    "hx-target": "#ticket_create_duplicates",
    "hx-swap": "outerHTML",
}


def _money(label: str) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_digits=14, decimal_places=2)


def _listed(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False)


class TicketCreateForm(DraftMixin, BelayForm):
    """`customer` is the row's id, or "new" with the fields that begin with `new_`."""

    half = (
        "category", "issue_type", "product_area", "channel", "complexity", "revenue_at_risk", "order_value",
        "public_complaint", "concern", "vendor", "vendor_reference", "new_segment", "new_region", "contact_email",
        "contact_phone",
    )  # fmt: skip
    optional_marks = ("description", "contact", "contact_name", "contact_email", "contact_phone", "new_region")

    customer_words = forms.CharField(label="Customer", required=False, max_length=160)
    customer = forms.CharField(label="Customer", required=False, max_length=20)
    new_name = forms.CharField(label="Name of the new customer", required=False, max_length=160)
    new_segment = _listed("Segment")
    new_region = forms.ModelChoiceField(label="Region", queryset=Region.objects.all(), required=False)
    new_is_vip = forms.BooleanField(label="VIP", required=False)
    contact = forms.ModelChoiceField(
        label="Contact", queryset=Contact.objects.none(), required=False, empty_label="Not said"
    )
    contact_name = forms.CharField(label="Contact who is not listed", required=False, max_length=120)
    contact_email = forms.EmailField(label="E-mail", required=False)
    contact_phone = forms.CharField(label="Phone", required=False, max_length=40)

    subject = forms.CharField(label="Subject", max_length=300, widget=forms.TextInput(attrs=LOOKS_FOR_DUPLICATES))
    description = forms.CharField(
        label="Description", required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The customer’s own words, and what you know already.",
    )  # fmt: skip
    channel = _listed("Came by")
    category = _listed("Category")
    issue_type = _listed("Issue type")
    product_area = _listed("Product area")

    priority = forms.TypedChoiceField(
        label="Priority", choices=Priority.choices, coerce=int, initial=Priority.P3, widget=forms.RadioSelect,
        error_messages={"required": "Choose a priority: its first response is due by it."},
    )  # fmt: skip
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.none(), required=False, empty_label="Where the policy starts it",
        help_text="Only where you know better than the policy.",
    )  # fmt: skip

    sentiment = forms.ChoiceField(
        label="Sentiment", required=False, choices=[("", "Not known"), *Sentiment.choices],
        widget=IconRadioSelect(icons={**MOOD_ICONS, "": "mood-empty"}), initial="",
    )  # fmt: skip
    churn_threat = forms.BooleanField(label="The customer threatens to leave", required=False)
    revenue_at_risk = _money("Revenue at risk")
    order_value = _money("Order value")
    public_complaint = _listed("Public complaint")
    concern = _listed("Legal, compliance or security concern")

    complexity = forms.ChoiceField(
        label="Complexity", required=False, choices=[("", "Not assessed"), *Complexity.choices]
    )
    engineering_required = forms.BooleanField(label="Engineering is required", required=False)
    workaround_confirmed = forms.BooleanField(label="The customer confirmed a workaround", required=False)
    vendor = forms.CharField(label="Vendor", required=False, max_length=80)
    vendor_reference = forms.CharField(label="Vendor’s reference number", required=False, max_length=80)

    is_restricted = forms.BooleanField(label="Only the people named see it", required=False)
    readers = forms.ModelMultipleChoiceField(
        label="People named", queryset=User.objects.none(), required=False, widget=forms.SelectMultiple({"size": 6}),
        help_text="You and the owner are always among them. Everybody else gets “There is nothing here”.",
    )  # fmt: skip

    def __init__(self, *args: Any, customer: Customer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_customer = customer
        lists: dict[str, list[tuple[str, str]]] = {}
        for name, code, label in PickItem.objects.filter(list__in=LISTS.values(), is_active=True).values_list(
            "list", "code", "label"
        ):
            lists.setdefault(name, []).append((code, label))
        for field, name in LISTS.items():
            self.fields[field].choices = [("", "Not entered"), *lists.get(name, [])]
        if customer is not None:
            self.fields["contact"].queryset = customer.contacts.all()
        self.fields["team"].queryset = Team.objects.filter(is_active=True).select_related("tier")
        self.fields["team"].label_from_instance = lambda team: f"{team.tier} {team}"
        people = User.objects.filter(able(Ability.READ))
        self.fields["readers"].queryset = people.order_by("full_name")

    def clean_subject(self) -> str:
        subject: str = self.cleaned_data["subject"].strip()
        return subject

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("customer") == NEW:
            if not data.get("new_name") and "new_name" not in self.errors:
                self.add_error("new_name", "A new customer needs a name.")
        elif self.known_customer is None and "customer" not in self.errors:
            self.add_error("customer_words", "Choose the customer from the list, or enter a new one.")
        if (data.get("contact_email") or data.get("contact_phone")) and not data.get("contact_name"):
            self.add_error("contact_name", "Whose address is this? Write the name.")
        return data

    # --- what the service takes ------------------------------------------------------------------

    def who(self) -> Customer | NewCustomer:
        data = self.cleaned_data
        if data["customer"] == NEW or self.known_customer is None:
            return NewCustomer(data["new_name"], data["new_segment"], data["new_is_vip"], data["new_region"])
        return self.known_customer

    def whom(self) -> Contact | NewContact | None:
        data = self.cleaned_data
        if data["contact_name"]:
            return NewContact(data["contact_name"], data["contact_email"], data["contact_phone"])
        contact: Contact | None = data["contact"]
        return contact

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FACTS}

    # --- sections --------------------------------------------------------------------------------

    def section(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names]

    def request_fields(self) -> list[forms.BoundField]:
        return self.section("subject", "description", "channel", "category", "issue_type", "product_area")

    def business_fields(self) -> list[forms.BoundField]:
        return self.section(
            "sentiment", "churn_threat", "revenue_at_risk", "order_value", "public_complaint", "concern"
        )

    def technical_fields(self) -> list[forms.BoundField]:
        return self.section("complexity", "engineering_required", "workaround_confirmed", "vendor", "vendor_reference")

    def sight_fields(self) -> list[forms.BoundField]:
        return self.section("is_restricted", "readers")
