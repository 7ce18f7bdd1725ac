"""Writing the record: events, drafts, idempotency keys and outbox rows, all in the caller's transaction."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from journal import clock
from journal.models import Batch, Draft, Event, Heartbeat, IdempotencyKey, OutboxMessage

Subject = tuple[str, int]


def event_append(
    *,
    subject: Subject,
    kind: str,
    at: datetime,
    actor: AbstractBaseUser | None = None,
    data: Mapping[str, Any] | None = None,
    batch: Batch | None = None,
) -> Event:
    """Record one thing that happened. `data` holds fact changes as {field: [old, new]} and plain facts."""
    return Event.objects.create(
        subject_type=subject[0],
        subject_id=subject[1],
        kind=kind,
        actor=actor,
        occurred_at=at,
        data=dict(data or {}),
        batch=batch,
    )


def outbox_put(
    *,
    key: str,
    recipient: str,
    subject: str,
    body: str,
    channel: str = "email",
    wanted_while: Mapping[str, Any] | None = None,
) -> None:
    """Queue one message; a second one with the same key is the same message and is dropped."""
    outbox_put_many(
        [
            OutboxMessage(
                dedupe_key=key,
                channel=channel,
                recipient=recipient,
                subject=subject[:300],
                body=body,
                wanted_while=dict(wanted_while or {}),
            )
        ]
    )


def outbox_put_many(messages: Iterable[OutboxMessage]) -> None:
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True)


@dataclass(eq=False)
class DraftConflict(Exception):
    """The draft was saved elsewhere (another tab) since this page loaded it. Carries what is stored."""

    stored: Draft


@transaction.atomic
def draft_save(
    *, user: AbstractBaseUser, form: str, data: Mapping[str, Any], version: int | None, base_version: int = 0
) -> Draft:
    """Keep what somebody typed. `version` is the one the page holds (None: first save); stale → DraftConflict."""
    now = clock.now()
    draft, created = Draft.objects.select_for_update().get_or_create(
        user_id=user.pk,
        form=form,
        defaults={"data": dict(data), "saved_at": now, "base_version": base_version},
    )
    if created:
        return draft
    if draft.data == dict(data):
        return draft  # sent twice: a page that is left saves once more
    if version is not None and draft.version != version:
        raise DraftConflict(draft)
    draft.data, draft.saved_at, draft.version = dict(data), now, draft.version + 1
    draft.save(update_fields=["data", "saved_at", "version"])
    return draft


def draft_discard(*, user: AbstractBaseUser, form: str) -> None:
    Draft.objects.filter(user_id=user.pk, form=form).delete()


class KeyOfAnother(Exception):
    """The idempotency key was used by another person or for another form."""


# One statement tells who was first; bulk_create(ignore_conflicts=True) does not say.
CLAIM = """
INSERT INTO journal_idempotencykey (key, user_id, purpose) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING key
"""


def claim_submit(*, key: uuid.UUID, user: AbstractBaseUser, purpose: str) -> tuple[IdempotencyKey, bool]:
    """Claim a form's key inside the business transaction: (row, True) for the first arrival.

    A second arrival waits for the first to commit and gets (row, False) with the first one's result.
    """
    mine = IdempotencyKey(key=key, user_id=user.pk, purpose=purpose)
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [key, user.pk, purpose])
        if cursor.fetchone():
            return mine, True
    stored = IdempotencyKey.objects.select_for_update().get(pk=key)
    if stored.user_id != user.pk or stored.purpose != purpose:
        raise KeyOfAnother(str(key))
    return stored, stored.result is None


def settle_submit(*, claim: IdempotencyKey, result: Mapping[str, Any]) -> None:
    claim.result = dict(result)
    IdempotencyKey.objects.filter(pk=claim.pk).update(result=claim.result)


def heartbeat(name: str, *, notes: Iterable[str] = ()) -> None:
    """A driver has done its round. One statement, of its own unless the caller holds a transaction."""
    beat = Heartbeat(name=name, beat_at=clock.now(), notes=[note[:200] for note in notes])
    Heartbeat.objects.bulk_create(
        [beat], update_conflicts=True, unique_fields=["name"], update_fields=["beat_at", "notes"]
    )
