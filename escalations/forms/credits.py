"""Asking for a credit, and the reasons that go with an answer. Shape only; services decide."""

from typing import Any

from django import forms

from policies.forms.fields import MoneyField
from web.forms import BelayForm, IdempotencyMixin


class CreditForm(BelayForm, IdempotencyMixin):
    half = ("action", "amount")

    action = forms.ChoiceField(label="What")
    amount = MoneyField(label="Amount in USD", required=False, help_text="For a service credit only.")
    reason = forms.CharField(
        label="Why", widget=forms.Textarea, help_text="What the customer lost, and what the contract promises."
    )

    def __init__(self, *args: Any, actions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = actions


class ApproveForm(BelayForm, IdempotencyMixin):
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)


class ReasonForm(BelayForm, IdempotencyMixin):
    reason = forms.CharField(label="Why", widget=forms.Textarea)
