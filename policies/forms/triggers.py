"""The editor of a trigger: its head as a form, its conditions as groups of rows that grow and shrink."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from accounts.models import Role, Team, Tier
from policies.choices import PickListName, TriggerAction, TriggerKind
from policies.domain.facts import FACTS, Kind
from policies.domain.triggers import Problem
from policies.domain.typed import NO, YES, TypedGroup, TypedRow, Widget, fitting, widget_of
from policies.forms.fields import SpanField
from policies.forms.rows import PRIORITIES, RowForm, active_teams
from policies.models import Pool
from policies.offers import Names
from policies.selectors import pick_choices
from policies.services.clean import TARGETS
from web.forms import BelayForm
from web.text import showable

ROW = re.compile(r"g(\d{1,2})-r(\d{1,2})-fact")
MOST_TYPED = 80  # rows that are read at all; compiling refuses far fewer
LONGEST_TYPED = 2_000
JOINS = [("all", "all"), ("any", "any")]


class TriggerForm(RowForm):
    half = ("kind", "action", "to_tier", "to_team", "to_pool", "to_priority", "notify_role", "reason",
            "head_start_seconds")  # fmt: skip
    optional_marks = ("notify_role", "reason", "head_start_seconds", "note")

    name = forms.CharField(label="Name", max_length=160, help_text="As the document says it.")
    kind = forms.ChoiceField(label="Section of the document", choices=TriggerKind.choices)
    is_active = forms.BooleanField(label="In use", required=False)
    action = forms.ChoiceField(label="What happens", choices=TriggerAction.choices)
    to_tier = forms.ModelChoiceField(
        label="To tier", queryset=Tier.objects.none(), required=False, empty_label="The next one"
    )
    to_team = forms.ModelChoiceField(label="To team", queryset=Team.objects.none(), required=False, empty_label="None")
    to_pool = forms.ModelChoiceField(label="To pool", queryset=Pool.objects.none(), required=False, empty_label="None")
    to_priority = forms.TypedChoiceField(
        label="To priority", coerce=int, required=False, empty_value=None, choices=[("", "Choose"), *PRIORITIES]
    )
    notify_role = forms.ModelChoiceField(
        label="Tells", queryset=Role.objects.none(), required=False, empty_label="Nobody besides"
    )
    reason = forms.ChoiceField(label="Reason given", required=False)
    head_start_seconds = SpanField(
        label="Sorted earlier by", required=False, least=0, help_text="An express lane. Empty: not earlier."
    )
    note = forms.CharField(label="Why the rule is there", max_length=300, required=False)

    def offer(self) -> None:
        self.fields["to_tier"].queryset = Tier.objects.filter(pk__in=self.version.tiers.values("tier"))
        self.fields["to_team"].queryset = active_teams()
        self.fields["to_pool"].queryset = self.version.pools.all()
        self.fields["notify_role"].queryset = Role.objects.all()
        self.fields["reason"].choices = [("", "None"), *pick_choices(PickListName.REASON)]

    def clean_head_start_seconds(self) -> int:
        return self.cleaned_data["head_start_seconds"] or 0

    def values(self) -> dict[str, Any]:
        """The head's values; targets that the action has not are dropped."""
        found = super().values()
        unfit = {"to_tier", "to_team", "to_pool", "to_priority"} - set(TARGETS.get(found["action"], ()))
        return found | dict.fromkeys(unfit)


class TryForm(BelayForm):
    """One ticket to try a trigger on."""

    try_ref = forms.CharField(label="On one ticket", max_length=40, required=False, help_text="Its number.")


def read_groups(data: MultiValueDict[str, str]) -> tuple[TypedGroup, ...]:
    """What an editor's form holds, in the order of its groups and rows."""
    found: dict[int, dict[int, TypedRow]] = {}
    for name in list(data):
        place = ROW.fullmatch(name)
        if place and sum(map(len, found.values())) < MOST_TYPED:
            found.setdefault(int(place[1]), {})[int(place[2])] = _row(data, name.removesuffix("fact"))
    for name in list(data):
        if (place := re.fullmatch(r"g(\d{1,2})-join", name)) and len(found) < MOST_TYPED:
            found.setdefault(int(place[1]), {})
    return tuple(
        TypedGroup(data.get(f"g{group}-join", "all"), tuple(found[group][row] for row in sorted(found[group])))
        for group in sorted(found)
    )


def _row(data: MultiValueDict[str, str], prefix: str) -> TypedRow:
    fact, operator = data.get(f"{prefix}fact", ""), data.get(f"{prefix}operator", "")
    if fact != data.get(f"{prefix}was", fact):
        return fitting(TypedRow(fact))  # another fact: what was asked of the one before means nothing
    texts = [text[:LONGEST_TYPED] for text in data.getlist(f"{prefix}value")]
    return TypedRow(fact, operator, tuple(text.replace("\x00", "") for text in texts))


def change_shape(groups: Sequence[TypedGroup], act: str) -> tuple[TypedGroup, ...]:
    """The groups after one of the editor's buttons: `add_group`, `add_row:0`, `remove_row:0:1`, `remove_group:0`."""
    verb, *places = act.split(":")
    numbers = [int(one) for one in places if one.isascii() and one.isdigit() and len(one) < 4]
    changed = list(groups)
    if verb == "add_group":
        changed.append(TypedGroup())
    elif numbers and numbers[0] < len(changed):
        group = changed[numbers[0]]
        if verb == "add_row":
            changed[numbers[0]] = replace(group, rows=(*group.rows, TypedRow()))
        elif verb == "remove_group":
            del changed[numbers[0]]
        elif verb == "remove_row" and len(numbers) == 2:
            rows = tuple(row for place, row in enumerate(group.rows) if place != numbers[1])
            changed[numbers[0]] = replace(group, rows=rows)
    return tuple(changed)


Choice = tuple[str, str, bool]
"""Value, words, chosen."""


@dataclass(frozen=True, slots=True)
class EditorRow:
    """A row as the page draws it. `prefix` begins the names of its fields; `wrong` is field → what is wrong."""

    prefix: str
    place: str
    number: int
    facts: list[Choice]
    operators: list[Choice]
    fact: str
    widget: str
    values: list[Choice]
    text: str
    captured: str
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def remove(self) -> str:
        """What its button says to the server."""
        return f"remove_row:{self.place.replace('-', ':')}"


@dataclass(frozen=True, slots=True)
class EditorGroup:
    number: int
    joins: list[Choice]
    rows: list[EditorRow]
    wrong: str = ""


def editor_row(group: int, number: int, row: TypedRow, names: Names, problems: Sequence[Problem] = ()) -> EditorRow:
    """One row, with the questions that fit its fact and the values that exist."""
    row = fitting(row)
    fact = FACTS.get(row.fact)
    asked = fact.operators if fact else ()
    widget = widget_of(fact, row.operator)
    wrong: dict[str, str] = {}
    for problem in problems:
        if (problem.group, problem.row) == (group, number):
            key = problem.field or "value"
            wrong[key] = f"{wrong.get(key, '')} {problem.message}".strip()
    return EditorRow(
        prefix=f"g{group}-r{number}-",
        place=f"{group}-{number}",
        number=number + 1,
        facts=[(one.name, one.label, one.name == row.fact) for one in FACTS.values()],
        operators=[(one.value, fact.says(one) if fact else "", one == row.operator) for one in asked],
        fact=fact.label if fact else "",
        widget=widget.value,
        values=_values(row, names, widget),
        text=showable(row.texts[0]) if row.texts else "",
        captured=fact.captured if fact else "",
        wrong=wrong,
    )


def _values(row: TypedRow, names: Names, widget: Widget) -> list[Choice]:
    """What can be chosen, and what is stored though it is not offered any more."""
    fact = FACTS.get(row.fact)
    if fact is None or widget not in (Widget.CHOICE, Widget.MANY):
        return []
    if fact.kind is Kind.YES_NO:
        return [(YES, "yes", YES in row.texts), (NO, "no", NO in row.texts)]
    known = {str(value): label for value, label in names.get(fact.source, {}).items()}
    gone = [
        (text, f"{showable(text)} (not offered any more)", True) for text in row.texts if text and text not in known
    ]
    return [(value, label, value in row.texts) for value, label in known.items()] + gone


def editor_groups(groups: Sequence[TypedGroup], names: Names, problems: Sequence[Problem] = ()) -> list[EditorGroup]:
    """The groups as the page draws them, each problem at its row and field."""
    return [
        EditorGroup(
            place,
            [(value, words, value == group.join) for value, words in JOINS],
            [editor_row(place, number, row, names, problems) for number, row in enumerate(group.rows)],
            " ".join(one.message for one in problems if one.group == place and one.row is None),
        )
        for place, group in enumerate(groups)
    ]
