"""Lending one's authority. Shape only; the service decides."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import User
from policies.forms.fields import MoneyField
from web.fields import LocalDateTimeField
from web.forms import BelayForm


class DelegationForm(BelayForm):
    half = ("starts_at", "ends_at")
    optional_marks = ("starts_at", "limit")

    delegate = forms.ModelChoiceField(label="Who decides for you", queryset=User.objects.none(), empty_label="Choose")
    starts_at = LocalDateTimeField(label="From", required=False, help_text="Empty: from now on.")
    ends_at = LocalDateTimeField(label="Until")
    limit = MoneyField(
        label="Credits up to, in USD",
        required=False,
        help_text="Empty: up to your own limit. The smaller of both counts.",
    )
    reason = forms.CharField(label="Why", help_text="It stands beside every decision made under it.")

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["delegate"].queryset = people
