"""A calendar was revised: the clocks that count on it are recomputed, and the ticket's timeline says so."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.calendars import working_calendar
from accounts.models import CalendarRevision
from escalations.domain import clocks as core
from escalations.models import Clock, Pause, Ticket
from escalations.services.clocks import LIVE, WRITTEN_COLUMNS, clock_record, write_record
from escalations.services.sweep_problems import work_through
from escalations.services.sweep_sql import fire_clocks
from journal import clock
from journal.models import Event

# A page that read the calendar before it was revised may start a clock on the old revision for as long as it can
# take (its statements and its idle transaction time out before that); only then are all clocks known to have moved.
SETTLED_AFTER = timedelta(minutes=2)

HOLD = """
SELECT t.id
FROM escalations_ticket t
WHERE t.id IN (
        SELECT c.ticket_id FROM escalations_clock c
        WHERE c.calendar_revision_id = ANY(%(old)s) AND c.state IN ('running', 'paused')
    )
    AND NOT EXISTS (SELECT 1 FROM escalations_sweepproblem p WHERE p.ticket_id = t.id AND p.next_try_at > %(now)s)
ORDER BY t.id
LIMIT %(limit)s
FOR NO KEY UPDATE OF t SKIP LOCKED
"""


def move_clocks(*, limit: int, should_stop: Callable[[], bool]) -> tuple[int, int]:
    """Move live clocks to the current revision of their calendar: (tickets moved, tickets that failed).

    In batches of `limit` tickets; the tickets are marked due, so that the sweep computes what is next for them.
    """
    moved = failed = 0
    waiting = CalendarRevision.objects.filter(clocks_moved_at__isnull=True).values_list("calendar", flat=True)
    for current in CalendarRevision.objects.filter(calendar__in=set(waiting), superseded_at__isnull=True):
        old = dict(
            CalendarRevision.objects.filter(calendar=current.calendar_id, number__lt=current.number).values_list(
                "pk", "superseded_at"
            )
        )
        while not should_stop():
            held, broken = _move_batch(current, list(old), limit)
            moved += held - broken
            failed += broken
            if held < limit:
                break
        _settle(current, old)
    return moved, failed


def _settle(current: CalendarRevision, old: dict[int, datetime | None]) -> None:
    """Note that every clock has moved, once none can come any more."""
    last = max((at for at in old.values() if at is not None), default=None)
    now = clock.now()
    if last is not None and now - last < SETTLED_AFTER:
        return
    if not Clock.objects.filter(calendar_revision__in=list(old), state__in=LIVE).exists():
        CalendarRevision.objects.filter(
            calendar=current.calendar_id, number__lte=current.number, clocks_moved_at__isnull=True
        ).update(clocks_moved_at=now)


@transaction.atomic
def _move_batch(current: CalendarRevision, old: list[int], limit: int) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"old": old, "now": clock.now(), "limit": limit})
        ids = [pk for (pk,) in cursor.fetchall()]
    if not ids:
        return 0, 0
    now = clock.now()
    _, failed = work_through(ids, now, lambda some: _move(some, current, old, now))
    return len(ids), failed


def _move(ids: list[int], current: CalendarRevision, old: list[int], now: datetime) -> None:
    # What is overdue on the calendar that was in force has breached; no later revision takes that back.
    fire_clocks(ids, now=now, until=now)
    calendar = working_calendar(current)
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for pause in Pause.objects.filter(ticket__in=ids).order_by("started_at"):
        pauses[pause.ticket_id].append(pause)
    rows = list(Clock.objects.filter(ticket__in=ids, state__in=LIVE, calendar_revision__in=old).order_by("id"))
    changes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        before = row.due_at, row.remaining
        write_record(row, core.recalendar(clock_record(row, pauses[row.ticket_id]), now, calendar=calendar))
        row.calendar_revision = current
        if before != (row.due_at, row.remaining):
            changes[row.ticket_id].append(_change(row, *before))
    Clock.objects.bulk_update(rows, WRITTEN_COLUMNS)
    batches = dict(Ticket.objects.filter(pk__in=changes).values_list("pk", "batch_id"))
    Event.objects.bulk_create(
        Event(
            subject_type="ticket",
            subject_id=ticket_id,
            kind="calendar.moved",
            occurred_at=now,
            batch_id=batches[ticket_id],
            data={"calendar": current.definition["name"], "revision": current.number, "clocks": clocks},
        )
        for ticket_id, clocks in changes.items()
    )
    Ticket.objects.filter(pk__in=ids).open().update(next_check_at=now, updated_at=now)


def _change(row: Clock, due_at: datetime | None, remaining: int | None) -> dict[str, Any]:
    """Old and new deadline; of a clock that stands still, old and new business seconds left."""
    change: dict[str, Any] = {"clock": row.kind, "round": row.round}
    if due_at != row.due_at:
        change["due_at"] = [at.isoformat() if at else None for at in (due_at, row.due_at)]
    if remaining != row.remaining:
        change["remaining"] = [remaining, row.remaining]
    return change
