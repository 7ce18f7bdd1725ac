"""Asking for a credit, and the reasons that go with an answer. Shape only; services decide."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from policies.forms.fields import MoneyField
from web.forms import BelayForm, IdempotencyMixin


class OnceForm(BelayForm, IdempotencyMixin):
    """A form that does its thing once, however often it is sent."""

    def clean_idempotency_key(self) -> uuid.UUID:
        try:
            return uuid.UUID(self.cleaned_data["idempotency_key"])
        except ValueError:
            raise ValidationError("This form is damaged. Reload the page.") from None


class CreditForm(OnceForm):
    half = ("action", "amount")

    action = forms.ChoiceField(label="What")
    amount = MoneyField(label="Amount in USD", required=False, help_text="For a service credit only.")
    reason = forms.CharField(
        label="Why", widget=forms.Textarea, help_text="What the customer lost, and what the contract promises."
    )

    def __init__(self, *args: Any, actions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = actions


class ApproveForm(OnceForm):
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)


class ReasonForm(OnceForm):
    reason = forms.CharField(label="Why", widget=forms.Textarea)
