"""What one role may grant: ticks, and how far its credits go."""

from typing import Any

from django import forms

from policies.choices import SERVICE_CREDIT, PickListName
from policies.forms.fields import MoneyField
from policies.forms.versions import EditMixin
from policies.selectors import pick_choices
from policies.services.authority import RoleAuthority
from web.forms import BelayForm

CREDIT = [("none", "None"), ("limited", "Up to an amount"), ("unlimited", "Without limit")]
REACH = [("True", "Up to and including it"), ("False", "Below it")]


class AuthorityForm(EditMixin, BelayForm):
    half = ("limit", "inclusive")
    optional_marks = ("note",)

    actions = forms.MultipleChoiceField(
        label="May grant", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="What is not ticked, this role may not grant.",
    )  # fmt: skip
    credit = forms.ChoiceField(label="Service credits", choices=CREDIT, widget=forms.RadioSelect)
    limit = MoneyField(label="Amount, in USD", required=False, help_text="For “Up to an amount”.")
    inclusive = forms.TypedChoiceField(label="The amount", choices=REACH, coerce=lambda text: text == "True")
    note = forms.CharField(
        label="Remark on service credits", max_length=200, required=False, help_text="Printed with the clause."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actions"].choices = [
            one for one in pick_choices(PickListName.AUTHORITY) if one[0] != SERVICE_CREDIT
        ]

    @property
    def labels(self) -> dict[str, str]:
        return {name: str(field.label) for name, field in self.fields.items() if name != "edit"}

    @staticmethod
    def initial_of(authority: RoleAuthority) -> dict[str, Any]:
        return {
            "actions": sorted(authority.actions), "credit": authority.credit, "limit": authority.limit,
            "inclusive": str(authority.inclusive), "note": authority.note,
        }  # fmt: skip

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("credit") == "limited" and values.get("limit") is None and "limit" not in self.errors:
            self.add_error("limit", "Say up to which amount.")
        return values

    def wanted(self) -> RoleAuthority:
        values = self.cleaned_data
        limit = values["limit"] if values["credit"] == "limited" else None
        return RoleAuthority(
            frozenset(values["actions"]), values["credit"], limit, values["inclusive"],
            values["note"] if values["credit"] != "none" else "",
        )  # fmt: skip
