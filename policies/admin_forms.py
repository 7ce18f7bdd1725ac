"""Forms of the administration: the checks that the studio makes, and conditions as lines."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model

from policies.choices import PolicyState
from policies.domain.diff import field_label
from policies.domain.triggers import Condition, Group
from policies.models import PolicyVersion, TriggerCondition, TriggerGroup
from policies.services.clean import conditions_problems, row_problems
from policies.services.rows import shown


def is_open(obj: Any) -> bool:
    """Whether a version, or the version of a row, is a draft."""
    version = getattr(obj, "version", obj)
    return version is None or not isinstance(version, PolicyVersion) or version.state == PolicyState.DRAFT


def changed_words(form: forms.ModelForm) -> list[tuple[str, str, str]]:
    """Each changed field of a form, old and new in words."""
    return [
        (field_label(name), _words(form, name, form.initial.get(name)), _words(form, name, form.cleaned_data.get(name)))
        for name in form.changed_data
    ]


def _words(form: forms.ModelForm, name: str, value: Any) -> str:
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField) and value is not None and not isinstance(value, Model):
        value = field.to_python(value)
    if isinstance(value, list):
        return "; ".join(f"{one.fact} {one.operator} {one.value}" for one in value)
    return shown(name, value)


class RowAdminForm(forms.ModelForm):
    """What the studio refuses is refused here, at the same fields."""

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors or getattr(self.instance, "version_id", None) is None:
            return
        if self.cleaned_data.get("DELETE"):
            return
        for field, text in row_problems(self.instance).items():
            self.add_error(field if field in self.fields else None, text)


class GroupAdminForm(forms.ModelForm):
    """A group whose conditions are lines such as `wait_time more 7200` or `segment any_of ["enterprise"]`."""

    lines = forms.CharField(
        label="Conditions", widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="One a line: fact, question, value as JSON. Lengths of time in seconds.",
    )  # fmt: skip

    class Meta:
        model = TriggerGroup
        fields = ("position", "join")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            rows = self.instance.conditions.all()
            self.initial["lines"] = "\n".join(_line(row) for row in rows)

    def clean_lines(self) -> list[Condition]:
        conditions = [_condition(line) for line in self.cleaned_data["lines"].splitlines() if line.strip()]
        problems = conditions_problems(
            "all", (Group(self.data.get(self.add_prefix("join"), "all"), tuple(conditions)),)
        )
        if problems:
            raise ValidationError([f"Line {(one.row or 0) + 1}: {one.message}" for one in problems])
        return conditions

    def save(self, commit: bool = True) -> Any:
        group = super().save(commit=commit)
        if commit:
            self._write(group)
        else:
            self.save_m2m = lambda: self._write(group)
        return group

    def _write(self, group: TriggerGroup) -> None:
        group.conditions.all().delete()
        TriggerCondition.objects.bulk_create(
            TriggerCondition(group=group, fact=one.fact, operator=one.operator, value=one.value, position=place)
            for place, one in enumerate(self.cleaned_data["lines"])
        )


def _line(row: TriggerCondition) -> str:
    value = "" if row.value is None else f" {json.dumps(row.value, ensure_ascii=False)}"
    return f"{row.fact} {row.operator}{value}"


def _condition(line: str) -> Condition:
    fact, _, rest = line.strip().partition(" ")
    operator, _, value = rest.strip().partition(" ")
    if not value.strip():
        return Condition(fact, operator, None)
    try:
        return Condition(fact, operator, json.loads(value))
    except json.JSONDecodeError:
        raise ValidationError(f"“{value}” is no JSON: write text in double quotes.") from None
