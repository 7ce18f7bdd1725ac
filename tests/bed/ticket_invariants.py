"""What must hold of a ticket after each step of its random life (tests/bed/ticket_model.py)."""

from datetime import datetime

from hypothesis.stateful import RuleBasedStateMachine, invariant

from accounts.calendars import working_calendar
from accounts.domain.deadline import explain
from escalations.choices import WAITING_FOR_RECEIVER, ClockKind, ClockState, TicketState
from escalations.domain import clocks as core
from escalations.domain.clocks import Wait
from escalations.models import Clock, Escalation, Hop, Pause, Ticket
from escalations.services.clocks import clock_record
from journal import clock
from tests.bed.deadlines import alarms

# Right after a sweep nothing is overdue; between sweeps these may be, for as long as nobody sweeps.
WAITING_FOR_A_SWEEP = (
    "running and overdue by 2 min", "review due for 2 min and not asked for", "no sweep for 90 s",
    "acknowledged without an end, or 2 min past it", "clock on a calendar that was revised 10 min ago",
)  # fmt: skip
# Mail is sent by the outbox's own runs; rows carry the database's real time, which this clock does not move.
NOT_HERE = ("outbox unsent for 5 min",)


class WhatMustHold(RuleBasedStateMachine):
    """`unheld` are the times between a resolution and the next reopening, `is_swept`: nothing came since a sweep."""

    def __init__(self) -> None:
        super().__init__()
        self.unheld: list[tuple[datetime, datetime]] = []
        self.is_swept = False

    @property
    def ticket(self) -> Ticket:
        return Ticket.objects.select_related("owner", "team", "tier").get()

    @invariant()
    def the_auditor_is_content(self) -> None:
        if Ticket.objects.exists():
            found = alarms(clock.now(), *NOT_HERE, *(() if self.is_swept else WAITING_FOR_A_SWEEP))
            assert not found, found

    @invariant()
    def hops_are_one_chain_from_the_opening(self) -> None:
        hops = list(Hop.objects.order_by("span"))
        if not hops:
            return
        ticket = self.ticket
        assert hops[0].span.lower == ticket.opened_at, hops
        for before, after in zip(hops, hops[1:], strict=False):
            gap = (before.span.upper, after.span.lower)
            assert gap[0] == gap[1] or gap in self.unheld, gap
        assert (hops[-1].span.upper is None) == ticket.is_open

    @invariant()
    def what_is_shown_is_the_first_of_the_live_clocks(self) -> None:
        if not Ticket.objects.exists():
            return
        ticket = self.ticket
        live = [
            (row.due_at, row.kind)
            for row in Clock.objects.all()
            if row.state == ClockState.RUNNING or (row.state == ClockState.BREACHED and row.stopped_at is None)
        ]
        assert (ticket.due_at, ticket.due_kind) == min(live, default=(None, ""))

    @invariant()
    def every_deadline_is_explained_by_its_sum(self) -> None:
        pauses, now = list(Pause.objects.order_by("started_at")), clock.now()
        for row in Clock.objects.select_related("calendar_revision"):
            record, calendar = clock_record(row, pauses), working_calendar(row.calendar_revision)
            if row.state == ClockState.RUNNING and row.kind != ClockKind.PROMISED_UPDATE:
                due = explain(row.started_at, row.budget, calendar, record.spans(now)).due
                assert due == row.due_at, f"{row.kind}: {row.due_at} is shown, {due} explained, {record}"
            if row.state == ClockState.PAUSED:
                left = max(0, row.budget - core.used_seconds(record, row.paused_at, calendar))
                assert row.remaining == left, f"{row.kind}: {row.remaining} is shown, {left} explained, {record}"
            waits = [one.since for one in record.open_pauses]
            if row.state == ClockState.PAUSED:
                # Nothing is left only where the budget or the open hours shrank while it stood still.
                assert waits, record
                assert (row.remaining == 0) == (row.due_at is not None), record
            elif row.state == ClockState.RUNNING:
                # A wait that begins at the very deadline or later holds nothing back any more.
                assert all(since >= row.due_at for since in waits), record

    @invariant()
    def states_agree(self) -> None:
        if not Ticket.objects.exists():
            return
        ticket, waits = self.ticket, set(Pause.objects.filter(ended_at=None).values_list("wait", flat=True))
        outside = {TicketState.WAITING_CUSTOMER, TicketState.WAITING_VENDOR}
        assert waits & outside == {ticket.state} & outside
        pending = Escalation.objects.filter(state__in=WAITING_FOR_RECEIVER).exists()
        assert (Wait.HANDOFF.value in waits) == pending
        if not ticket.is_open:
            assert not waits
