"""Deadlines of a merged ticket that its survivor takes over: what was due to the customer stays due."""

from collections.abc import Sequence
from datetime import datetime

from accounts.calendars import working_calendar
from accounts.domain.calendars import PauseSpan, counted_seconds, due_at
from escalations.choices import ClockKind, ClockState
from escalations.domain import clocks as core
from escalations.domain.clocks import Wait
from escalations.models import Clock
from escalations.services.clocks import LIVE, Target, TicketClocks

# Source: product.md, "duplicate tickets cancel or carry clocks". What a tier was to do is the survivor's matter.
CARRIED = (ClockKind.FIRST_RESPONSE, ClockKind.CONTRACT_RESOLUTION, ClockKind.PROMISED_UPDATE)


def carry_deadlines(merged: TicketClocks, survivor: TicketClocks) -> list[Clock]:
    """Start on the survivor what is due earlier on the merged ticket; the survivor's own later one is cancelled.

    The new clock keeps start, clause, policy and calendar, and its deadline to the second: waits of the merged ticket
    are in its budget, since the survivor did not wait then. What is overdue is not carried: it ends as the breach that
    it is on the merged ticket and is counted once. The caller saves both. Returns the clocks that were carried.
    """
    carried = []
    for kind in CARRIED:
        row = _earliest(merged, kind)
        if row is None or (kind == ClockKind.FIRST_RESPONSE and survivor.ticket.first_replied_at is not None):
            continue
        theirs = survivor.live(kind)
        if any(one.state not in LIVE or core.is_overdue(one, survivor.now) for one in theirs):
            continue
        if any(_due(one, survivor.now) <= _due(row, merged.now) for one in theirs):
            continue
        survivor.cancel(kind)
        carried.append(_start(row, survivor))
    return carried


def _earliest(clocks: TicketClocks, kind: ClockKind) -> Clock | None:
    rows = [row for row in clocks.live(kind) if row.state in LIVE and not core.is_overdue(row, clocks.now)]
    return min(rows, key=lambda row: _due(row, clocks.now), default=None)


def _due(row: Clock, now: datetime) -> datetime:
    """The deadline; of one that stands still, as if work went on now."""
    if row.state == ClockState.RUNNING and row.due_at is not None:
        return row.due_at
    return due_at(now, row.remaining or 0, working_calendar(row.calendar_revision))


def _start(row: Clock, survivor: TicketClocks) -> Clock:
    kind, calendar = ClockKind(row.kind), working_calendar(row.calendar_revision)
    spans = _spans(survivor, kind, row.started_at)
    due = _due(row, survivor.now)
    if row.state == ClockState.RUNNING:
        budget = counted_seconds(row.started_at, due, calendar, spans)
    else:
        budget = counted_seconds(row.started_at, survivor.now, calendar, spans) + (row.remaining or 0)
    target = Target(kind, budget, row.clause)
    made = survivor.start(
        target, version=row.policy_version, revision=row.calendar_revision, at=row.started_at
    )  # fmt: skip
    if made.state == ClockState.RUNNING:
        made.due_at = due
    return made


def _spans(clocks: TicketClocks, kind: ClockKind, since: datetime) -> Sequence[PauseSpan]:
    return [
        PauseSpan(one.started_at, one.ended_at or clocks.now, one.reason)
        for one in clocks.pauses
        if core.pauses_for(kind, Wait(one.wait)) and (one.ended_at is None or one.ended_at > since)
    ]
