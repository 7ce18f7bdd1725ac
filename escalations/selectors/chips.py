"""The clock chip of each ticket in a list: its next deadline, or why none runs. One statement for all rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q

from accounts.calendars import working_calendar
from accounts.domain.calendars import Calendar
from accounts.models import CalendarRevision
from escalations.choices import OPEN_STATES, ClockState, TicketState
from escalations.domain import wording
from escalations.models import Clock
from web.marks import Chip

# The words' sign for a clock that was cancelled is the design's "stopped".
LOOKS = {wording.Sign.OFF: "stopped"}
NOTHING_RUNS = Chip("stopped", "No deadline", "No clock runs")
FIELDS = (
    "ticket_id", "kind", "state", "budget", "due_at", "remaining", "paused_at", "pause_reason", "stopped_at",
    "tier__code", "calendar_revision_id", "calendar_revision__calendar_id", "calendar_revision__number",
    "calendar_revision__created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revision:
    """A calendar revision by its key; its definition is read only where no process has built the calendar yet."""

    pk: int
    calendar_id: int
    number: int
    created_at: datetime

    @property
    def definition(self) -> Any:
        return CalendarRevision.objects.values_list("definition", flat=True).get(pk=self.pk)


def chips_for(rows: Iterable[Any], *, now: datetime, zone: ZoneInfo) -> Mapping[int, Chip]:
    """Ticket id → chip. Rows have id, state, due_at and resolved or not; see `escalations.domain.wording`."""
    shown = list(rows)
    clocks: dict[int, Any] = {}
    wanted = [row.id for row in shown if row.state in OPEN_STATES]
    for clock in _clocks(wanted):
        known = clocks.get(clock.ticket_id)
        if known is None or (clock.state != ClockState.PAUSED and known.state == ClockState.PAUSED):
            clocks[clock.ticket_id] = clock
    return {row.id: _chip(row, clocks.get(row.id), now, zone) for row in shown}


def chips_of(clock_ids: Iterable[int], *, now: datetime, zone: ZoneInfo) -> Mapping[int, Chip]:
    """Clock id → its chip, for rows that are about one clock. One statement."""
    rows = list(Clock.objects.filter(pk__in=list(clock_ids)).values_list("pk", *FIELDS, named=True))
    return {row.pk: _said(row, now, zone) for row in rows}


def _clocks(ticket_ids: list[int]) -> Iterable[Any]:
    """Of each ticket the clock that its row names as the next, and those that stand still, longest first."""
    next_due = Q(kind=F("ticket__due_kind"), due_at=F("ticket__due_at"), stopped_at__isnull=True)
    found = Clock.objects.filter(next_due | Q(state=ClockState.PAUSED), ticket__in=ticket_ids)
    return found.order_by(F("paused_at").asc(nulls_first=True), "id").values_list(*FIELDS, named=True)


def _chip(row: Any, clock: Any, now: datetime, zone: ZoneInfo) -> Chip:
    if row.state not in OPEN_STATES:
        return Chip("met" if row.state != TicketState.MERGED else "stopped", str(TicketState(row.state).label))
    if clock is None:
        return NOTHING_RUNS
    return _said(clock, now, zone)


def _said(clock: Any, now: datetime, zone: ZoneInfo) -> Chip:
    said = wording.chip(clock, now=now, calendar=_calendar(clock), zone=zone, tier=clock.tier__code or "")
    if clock.state == ClockState.PAUSED:
        return Chip("pause", said.text, said.when)
    return Chip(LOOKS.get(said.sign, said.sign.value), said.text, f"{said.what} · {said.when}")


def _calendar(clock: Any) -> Calendar:
    if clock.calendar_revision_id is None:
        return working_calendar(None)
    return working_calendar(
        Revision(  # type: ignore[arg-type]
            clock.calendar_revision_id, clock.calendar_revision__calendar_id, clock.calendar_revision__number,
            clock.calendar_revision__created_at,
        )
    )  # fmt: skip
