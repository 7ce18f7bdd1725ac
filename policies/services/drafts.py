"""Drafts: made from a version, changed under a lock, every change recorded with what it was before."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from accounts.errors import EditConflict, Overtaken, Refused
from accounts.models import User
from journal import clock
from journal.models import Event
from journal.services import event_append
from policies.choices import PolicyState, PublicationState
from policies.models import PolicyVersion
from policies.services import versions

SUBJECT = "policy"
Changed = Sequence[tuple[str, str, str]]
"""Field, old, new: in words."""


def hold_draft(version: PolicyVersion) -> PolicyVersion:
    """The draft, locked until the transaction ends. Overtaken when it is none any more, or waits to be published."""
    held = PolicyVersion.objects.select_for_update(no_key=True).filter(pk=version.pk).first()
    if held is None:
        raise Overtaken(f"Draft {version.code} was deleted meanwhile. Nothing was saved.")
    if held.state != PolicyState.DRAFT:
        raise Overtaken(f"Policy {held.code} was published meanwhile. Start a draft from it to go on.")
    waiting = held.publications.filter(state=PublicationState.WAITING).select_related("by").first()
    if waiting is not None:
        raise Overtaken(
            f"{waiting.by} has confirmed draft {held.code} for publication. Call that off to go on editing."
        )
    return held


def changed_since(version: PolicyVersion, *, edit: int, section: str, row: int) -> Event | None:
    """The latest change of this row since the draft's `edit`-th change."""
    return (
        Event.objects.filter(
            subject_type=SUBJECT, subject_id=version.pk, data__edit__gt=edit, data__section=section, data__row=row
        )
        .select_related("actor")
        .order_by("-id")
        .first()
    )


def check_not_overtaken(
    version: PolicyVersion, *, edit: int, section: str, row: int, by: User, current: Mapping[str, Any]
) -> None:
    """Raises EditConflict when the row was changed since `edit`. `version` is held."""
    if version.edit == edit:
        return
    event = changed_since(version, edit=edit, section=section, row=row)
    if event is not None:
        who = "You, in another window," if event.actor_id == by.pk else str(event.actor or "Somebody")
        raise EditConflict(who, event.occurred_at, current)


def draft_note(
    *, version: PolicyVersion, by: User, section: str, row: int, name: str, how: str, changes: Changed = ()
) -> None:
    """Count the change and record it. `version` is held."""
    version.edit += 1
    version.save(update_fields=["edit"])
    event_append(
        subject=(SUBJECT, version.pk),
        kind="policy.edited",
        at=clock.now(),
        actor=by,
        data={
            "edit": version.edit,
            "section": section,
            "row": row,
            "name": name,
            "how": how,
            "changes": [list(one) for one in changes],
        },
    )


@transaction.atomic
def draft_create(*, version: PolicyVersion, by: User) -> PolicyVersion:
    """A new draft with the same rows as any version, recorded."""
    draft = versions.version_copy(version=version, by=by)
    event_append(
        subject=(SUBJECT, draft.pk), kind="policy.drafted", at=clock.now(), actor=by, data={"from": version.code}
    )
    return draft


@transaction.atomic
def draft_describe(*, version: PolicyVersion, title: str, note: str, edit: int, by: User) -> PolicyVersion:
    """Change what the draft is called and what it says about itself. EditConflict with both versions."""
    draft = hold_draft(version)
    current = {"title": draft.title, "note": draft.note}
    wanted = {"title": title, "note": note}
    check_not_overtaken(draft, edit=edit, section="version", row=draft.pk, by=by, current=current)
    changes = [
        (label, current[name] or "none", wanted[name] or "none")
        for name, label in (("title", "Title"), ("note", "About"))
        if current[name] != wanted[name]
    ]
    if changes:
        draft.title, draft.note = title, note
        draft.save(update_fields=["title", "note"])
        draft_note(
            version=draft, by=by, section="version", row=draft.pk, name=draft.code, how="changed", changes=changes
        )
    return draft


@transaction.atomic
def draft_delete(*, version: PolicyVersion, by: User) -> None:
    """Remove a draft with its rows. Its record stays. Refused while another draft was started from it."""
    draft = hold_draft(version)
    follower = PolicyVersion.objects.filter(base=draft).first()
    if follower is not None:
        raise Refused(f"Draft {follower.code} was started from this one. Delete that first, or keep both.")
    event_append(
        subject=(SUBJECT, draft.pk), kind="policy.deleted", at=clock.now(), actor=by, data={"code": draft.code}
    )
    draft.delete()
