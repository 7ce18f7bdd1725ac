"""What is known of a customer, for the managers who keep it."""

from typing import Any

from django import forms
from django.db.models import Model

from accounts.choices import Ability
from accounts.models import Calendar, Region, User, validate_time_zone
from accounts.querysets import able
from escalations.models import Customer
from escalations.services.customers import FACTS
from policies.choices import PickListName
from policies.models import PickItem
from web.forms import BelayForm, VersionMixin

LISTS = {
    "segment": PickListName.SEGMENT,
    "contact_method": PickListName.CONTACT_METHOD,
    "update_frequency": PickListName.UPDATE_FREQUENCY,
}


class CustomerForm(VersionMixin, BelayForm):
    half = ("segment", "region", "time_zone", "calendar", "contact_method", "update_frequency", "renewal_on")
    optional_marks = ("calendar", "success_manager", "renewal_on", "relationship_notes")

    name = forms.CharField(label="Name", max_length=160)
    segment = forms.ChoiceField(label="Segment", required=False)
    region = forms.ModelChoiceField(
        label="Region", queryset=Region.objects.all(), required=False, empty_label="Not set"
    )
    is_vip = forms.BooleanField(label="VIP", required=False)
    time_zone = forms.CharField(
        label="Time zone", max_length=64, validators=[validate_time_zone], help_text="Such as Europe/Berlin."
    )
    calendar = forms.ModelChoiceField(
        label="Calendar of the contract",
        queryset=Calendar.objects.all(),
        required=False,
        empty_label="Around the clock",
    )
    contact_method = forms.ChoiceField(label="Prefers", required=False)
    update_frequency = forms.ChoiceField(label="Wants updates", required=False)
    success_manager = forms.ModelChoiceField(
        label="Customer success manager", queryset=User.objects.none(), required=False, empty_label="Nobody"
    )
    renewal_on = forms.DateField(
        label="Renewal", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    relationship_notes = forms.CharField(label="Relationship", required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        facts = {name: getattr(customer, name) for name in FACTS}
        rows = {name: value.pk for name, value in facts.items() if isinstance(value, Model)}
        kwargs["initial"] = facts | rows | {"version": customer.version}
        super().__init__(*args, **kwargs)
        for name in FACTS:
            self.fields[name].show_hidden_initial = True
        listed = PickItem.objects.filter(list__in=LISTS.values())
        rows = list(listed.values_list("list", "code", "label", "is_active"))
        for field, name in LISTS.items():
            kept = getattr(customer, field)
            offered = [
                (code, label) for which, code, label, active in rows if which == name and (active or code == kept)
            ]
            self.fields[field].choices = [("", "Not entered"), *offered]
        people = User.objects.filter(able(Ability.READ))
        self.fields["success_manager"].queryset = people.order_by("full_name")

    def changes(self) -> dict[str, Any]:
        """What was changed on this form."""
        return {name: self.cleaned_data[name] for name in FACTS if name in self.changed_data}
