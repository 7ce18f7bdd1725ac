"""Rating somebody in one skill."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.choices import Dimension, Level
from web.forms import BelayForm

CHOICES = [("", "Not rated"), *[(str(level.value), f"{level.value} {level.label}") for level in Level]]


class RatingForm(BelayForm):
    """A level in each of the four dimensions. `seen` carries what the form was shown with."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, levels: Mapping[str, int | None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for dimension in Dimension:
            level = levels[dimension.value]
            self.fields[dimension.value] = forms.ChoiceField(
                label=dimension.label, choices=CHOICES, required=False, widget=forms.RadioSelect,
                initial="" if level is None else str(level),
            )  # fmt: skip
        self.fields["seen"].initial = json.dumps(dict(levels))

    def levels(self) -> dict[str, int | None]:
        values = {dimension.value: self.cleaned_data[dimension.value] for dimension in Dimension}
        return {key: int(value) if value else None for key, value in values.items()}

    def seen_levels(self) -> dict[str, int | None]:
        """What was shown; nothing known of a damaged form, so that it counts as changed."""
        try:
            found = json.loads(self.cleaned_data["seen"])
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
