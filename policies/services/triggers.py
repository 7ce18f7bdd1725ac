"""A trigger of a draft with its conditions, saved as one thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.errors import Refused
from accounts.models import User
from policies.domain.compiling import understood
from policies.domain.triggers import Group, Names, Problem, TriggerRule, trigger_words
from policies.models import PolicyVersion, Trigger, TriggerCondition, TriggerGroup
from policies.offers import list_names
from policies.sections import BY_KEY
from policies.services.clean import conditions_problems, row_problems
from policies.services.drafts import check_not_overtaken, draft_note, hold_draft
from policies.services.practice import draft_triggers, trigger_groups
from policies.services.rows import NOT_SAVED, changes_between, held_row, new_row, row_values

SECTION = BY_KEY["triggers"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a trigger's groups hold together, and the groups."""

    join: str
    groups: tuple[Group, ...]


@dataclass(eq=False)
class ConditionsRefused(Exception):
    """Conditions that cannot be run, and what else is wrong by field."""

    problems: tuple[Problem, ...]
    fields: Mapping[str, str]


def conditions_of(row: Trigger) -> Conditions:
    return Conditions(row.join, trigger_groups(row))


def conditions_words(conditions: Conditions, names: Names | None = None) -> str:
    """The conditions as the document says them. Five statements without `names`."""
    trigger = understood(TriggerRule("", "", conditions.join, conditions.groups))
    if trigger is None:
        return "conditions that cannot be understood"
    return trigger_words(trigger, list_names() if names is None else names)


@transaction.atomic
def trigger_save(
    *, version: PolicyVersion, pk: int | None, values: Mapping[str, Any], conditions: Conditions, edit: int, by: User
) -> Trigger:
    """Create (`pk` None) or change a trigger.

    Raises ConditionsRefused when its conditions cannot run, Refused for its other fields, EditConflict (`current` has
    `conditions` too) when somebody changed it since `edit`, Overtaken when it or the draft is gone.
    """
    draft = hold_draft(version)
    row = new_row(SECTION, draft, str(values["name"])) if pk is None else held_row(SECTION, draft, pk)
    assert isinstance(row, Trigger)
    row.version = draft
    before = {} if pk is None else row_values(row, SECTION)
    had = None if pk is None else conditions_of(draft_triggers(draft).get(pk=pk))
    if pk is not None:
        check_not_overtaken(
            draft, edit=edit, section="triggers", row=pk, by=by, current={**before, "conditions": had}
        )  # fmt: skip
    for field, value in values.items():
        setattr(row, field, value)
    row.join = conditions.join
    wrong, fields = conditions_problems(conditions.join, conditions.groups), row_problems(row)
    if wrong:
        raise ConditionsRefused(wrong, fields)
    if fields:
        raise Refused(NOT_SAVED, fields)
    changes = list(changes_between(before, values)) if pk is not None else []
    if had != conditions:
        changes.append(("Conditions", conditions_words(had) if had else "none", conditions_words(conditions)))
    if pk is None or changes:
        row.save()
        if had != conditions:
            _write(row, conditions)
        how = "added" if pk is None else "changed"
        draft_note(version=draft, by=by, section="triggers", row=row.pk, name=row.name, how=how, changes=changes)
    return row


def _write(row: Trigger, conditions: Conditions) -> None:
    row.groups.all().delete()
    for place, group in enumerate(conditions.groups):
        kept = TriggerGroup.objects.create(trigger=row, join=group.join, position=place)
        TriggerCondition.objects.bulk_create(
            TriggerCondition(
                group=kept, fact=one.fact, operator=one.operator, value=stored(one.value), position=number
            )
            for number, one in enumerate(group.conditions)
        )  # fmt: skip


def stored(value: Any) -> Any:
    """As a row keeps it: lists in place of tuples."""
    return list(value) if isinstance(value, tuple | set | frozenset) else value
