"""Rows of a draft: saved, removed and put in order, each checked, counted and recorded."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, Model
from django.utils.text import slugify

from accounts.errors import Overtaken, Refused
from accounts.models import User
from policies.choices import PickListName
from policies.domain.diff import field_label, field_words
from policies.models import PolicyVersion, Pool
from policies.sections import BY_KEY, Section
from policies.selectors import pick_labels
from policies.services.clean import row_problems
from policies.services.drafts import Changed, check_not_overtaken, draft_note, hold_draft

NOT_SAVED = "Not saved."
LONGEST_KEY = 40


LISTED = {"segment": PickListName.SEGMENT, "reason": PickListName.REASON, "action": PickListName.AUTHORITY}


def shown(field: str, value: Any) -> str:
    """A value of a row in words; people, teams and what lists offer by their names."""
    if isinstance(value, Model):
        return str(value)
    if field in LISTED and value:
        label = pick_labels(LISTED[field])[LISTED[field]].get(value)
        if label:
            return label
    plain = value if value is None or isinstance(value, bool | int | str) else str(value)
    return field_words(field, plain)


def row_values(row: Model, section: Section) -> dict[str, Any]:
    return {field: getattr(row, field) for field in section.fields}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changed:
    """Every field that differs, old and new in words."""
    return [
        (field_label(field), shown(field, before.get(field)), shown(field, after.get(field)))
        for field in after
        if before.get(field) != after.get(field)
    ]


def free_key(section: Section, version: PolicyVersion, name: str) -> str:
    """A key for a new row, from its name; the first that is free in the version."""
    stem = slugify(name)[: LONGEST_KEY - 4].strip("-").replace("-", "_") or section.key
    taken = set(section.model._default_manager.filter(version=version).values_list("key", flat=True))
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem}_{number}"
    return key


def new_row(section: Section, version: PolicyVersion, name: str) -> Model:
    """An unsaved row at the end of its section."""
    row = section.model(version=version)
    if section.keyed:
        row.key = free_key(section, version, name)  # type: ignore[attr-defined]
    if section.ordered:
        last = section.model._default_manager.filter(version=version).aggregate(last=Max("position"))["last"]
        row.position = 0 if last is None else last + 1  # type: ignore[attr-defined]
    return row


def held_row(section: Section, version: PolicyVersion, pk: int) -> Model:
    """A row of the held draft. Overtaken when it is gone."""
    row = section.rows(version).filter(pk=pk).first()
    if row is None:
        raise Overtaken(f"This {section.one} was removed meanwhile.")
    return row


@transaction.atomic
def row_save(
    *, version: PolicyVersion, section: str, pk: int | None, values: Mapping[str, Any], edit: int, by: User
) -> Model:
    """Create (`pk` None) or change a row. `edit` is the draft's count that the page was made at.

    Raises Refused with the fields that are wrong, EditConflict when somebody changed the row since, Overtaken when
    it or the draft is gone. What does not change leaves no record.
    """
    about = BY_KEY[section]
    draft = hold_draft(version)
    name = str(values.get("name") or values.get("text") or "")
    row = new_row(about, draft, name) if pk is None else held_row(about, draft, pk)
    row.version = draft  # type: ignore[attr-defined]
    before = {} if pk is None else row_values(row, about)
    if pk is not None:
        check_not_overtaken(draft, edit=edit, section=section, row=pk, by=by, current=before)
    wanted = {field: value for field, value in values.items() if field in about.fields}
    if pk is not None:
        wanted = {field: value for field, value in wanted.items() if field not in about.identity}
    for field, value in wanted.items():
        setattr(row, field, value)
    problems = row_problems(row)
    if problems:
        raise Refused(NOT_SAVED, problems)
    changes = changes_between(before, wanted)
    if pk is None or changes:
        row.save()
        how = "added" if pk is None else "changed"
        given = [one for one in changes if pk is not None or one[2] not in ("none", "no")]
        draft_note(version=draft, by=by, section=section, row=row.pk, name=row_name(row), how=how, changes=given)
    return row


def row_name(row: Model) -> str:
    """What people call a row of a draft."""
    match row._meta.model_name:
        case "policytier":
            return f"{row.tier.code} {row.tier.name}"  # type: ignore[attr-defined]
        case "contracttarget":
            return f"P{row.priority}, {shown('segment', row.segment) if row.segment else 'all others'}"  # type: ignore[attr-defined]
    return str(row)


@transaction.atomic
def row_delete(*, version: PolicyVersion, section: str, pk: int, edit: int, by: User) -> str:
    """Remove a row and say what it was called. Refused while something needs it."""
    about = BY_KEY[section]
    draft = hold_draft(version)
    row = held_row(about, draft, pk)
    current = row_values(row, about)
    check_not_overtaken(draft, edit=edit, section=section, row=pk, by=by, current=current)
    if isinstance(row, Pool):
        user = draft.triggers.filter(to_pool=row).first()
        if user is not None:
            raise Refused(f"The trigger “{user.name}” sends work to {row.name}. Give it another target first.")
    name = row_name(row)
    was = [(label, old, "") for label, old, _ in changes_between(current, dict.fromkeys(current))]
    row.delete()
    draft_note(version=draft, by=by, section=section, row=pk, name=name, how="removed", changes=was)
    return name


@transaction.atomic
def row_move(*, version: PolicyVersion, section: str, pk: int, to: int, by: User) -> None:
    """Put a row at place `to` (from 0) among those of its section; templates among those of their kind."""
    about = BY_KEY[section]
    if not about.ordered:
        raise Refused(f"{about.title} have an order of their own.")
    draft = hold_draft(version)
    row = held_row(about, draft, pk)
    rows = list(about.rows(draft))
    if section == "templates":
        rows = [one for one in rows if one.kind == row.kind]  # type: ignore[attr-defined]
    was = [one.pk for one in rows].index(pk)
    to = max(0, min(to, len(rows) - 1))
    if was == to:
        return
    rows.insert(to, rows.pop(was))
    for place, one in enumerate(rows):
        if one.position != place:  # type: ignore[attr-defined]
            one.position = place  # type: ignore[attr-defined]
            one.save(update_fields=["position"])
    draft_note(
        version=draft, by=by, section=section, row=0, name=row_name(row), how="moved",
        changes=[("Place", str(was + 1), str(to + 1))],
    )  # fmt: skip
