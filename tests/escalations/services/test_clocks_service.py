"""Clocks of real tickets at the edges of calendars and priorities."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.calendars import working_calendar
from escalations.choices import ClockKind, ClockState
from escalations.domain import clocks as core
from escalations.domain.clocks import Wait
from escalations.models import Clock, Pause, Ticket
from escalations.services.answers import handoff_acknowledge
from escalations.services.clocks import clock_record
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_change_priority, ticket_resume, ticket_wait
from journal import clock
from journal.models import Event
from tests.factories import NOON, accept, in_hours

pytestmark = pytest.mark.django_db
CLOSING = datetime(2026, 6, 16, 16, 0, tzinfo=UTC)  # 18:00 in Berlin


def row_of(ticket: Ticket, kind: ClockKind) -> Clock:
    return Clock.objects.filter(ticket=ticket, kind=kind).latest("round")


def test_an_escalation_one_minute_before_closing_is_due_fourteen_minutes_after_opening(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.to(CLOSING - timedelta(minutes=1))
        org.handoff(ticket)
        row = row_of(ticket, ClockKind.ACKNOWLEDGEMENT)
        assert row.due_at == datetime(2026, 6, 17, 6, 14, tzinfo=UTC)
        traveller.to(CLOSING + timedelta(hours=10))
        sweep()
        row.refresh_from_db()
        assert row.state == ClockState.RUNNING


def test_a_p1_counts_around_the_clock_beside_a_p3_in_business_hours(org):
    with clock.travel(CLOSING - timedelta(minutes=5)):
        urgent, ordinary = org.ticket(priority=1), org.ticket(priority=3)
    assert row_of(urgent, ClockKind.FIRST_RESPONSE).due_at == CLOSING + timedelta(minutes=10)
    assert row_of(urgent, ClockKind.TIER_RESOLUTION).due_at == CLOSING + timedelta(hours=23, minutes=55)
    assert row_of(ordinary, ClockKind.FIRST_RESPONSE).due_at == datetime(2026, 6, 17, 13, 55, tzinfo=UTC)
    assert row_of(ordinary, ClockKind.TIER_RESOLUTION).due_at == datetime(2026, 6, 17, 6, 55, tzinfo=UTC)


def test_a_p1_may_be_acknowledged_late_at_night_and_a_p3_not_before_morning(org):
    with clock.travel(CLOSING + timedelta(hours=1)) as traveller:
        urgent, ordinary = org.ticket(priority=1), org.ticket(priority=3)
        org.handoff(urgent, by=org.manager, to="L4")
        org.handoff(ordinary)
        traveller.forward(timedelta(hours=2))
        sweep()
    assert row_of(urgent, ClockKind.ACKNOWLEDGEMENT).state == ClockState.BREACHED
    assert row_of(ordinary, ClockKind.ACKNOWLEDGEMENT).state == ClockState.RUNNING


def test_priority_up_down_and_up_keeps_the_pauses_and_what_was_used(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket(priority=3)
        traveller.forward(timedelta(minutes=20))
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Log file", review_at=in_hours(24))
        traveller.forward(timedelta(minutes=40))
        ticket_change_priority(ticket=ticket, by=org.agent, priority=2, reason="More users")
        ticket_resume(ticket=ticket, by=org.agent)
        first = row_of(ticket, ClockKind.CONTRACT_RESOLUTION).due_at
        traveller.forward(timedelta(minutes=10))
        ticket_change_priority(ticket=ticket, by=org.agent, priority=3, reason="Fewer users")
        ticket_change_priority(ticket=ticket, by=org.agent, priority=2, reason="More again")
    row = row_of(ticket, ClockKind.CONTRACT_RESOLUTION)
    # 8 h of the contract around the clock, and 40 minutes during which it stood still.
    assert row.due_at == first == NOON + timedelta(hours=8, minutes=40)
    assert row.clause == "contract.P2.enterprise"
    assert row_of(ticket, ClockKind.TIER_RESOLUTION).due_at == NOON + timedelta(hours=1, minutes=40)


def test_every_deadline_is_the_sum_of_its_start_its_budget_and_its_pauses(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(minutes=10))
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.VENDOR, reason="Partner", review_at=in_hours(24))
        traveller.forward(timedelta(hours=20))
        ticket_resume(ticket=ticket, by=org.agent)
        escalation = org.handoff(ticket)
        traveller.forward(timedelta(minutes=4))
        accept(escalation, org.receiver)
        now = clock.now()
    pauses = list(Pause.objects.filter(ticket=ticket))
    for row in Clock.objects.filter(ticket=ticket, state=ClockState.RUNNING).select_related("calendar_revision"):
        record = clock_record(row, pauses)
        calendar = working_calendar(row.calendar_revision)
        assert core.due_at(record.started_at, record.budget, calendar, record.spans(now)) == row.due_at


def test_an_answer_that_comes_too_late_says_that_it_was_a_breach_though_no_sweep_came_by(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        escalation = org.handoff(ticket)
        traveller.forward(timedelta(minutes=15, seconds=1))
        handoff_acknowledge(escalation=escalation, by=org.receiver)
        sweep()
    row = row_of(ticket, ClockKind.ACKNOWLEDGEMENT)
    assert (row.state, row.stopped_at) == (ClockState.BREACHED, NOON + timedelta(minutes=15, seconds=1))
    (event,) = Event.objects.filter(kind="clock.breached")
    assert (event.data["clock"], event.data["seconds_late"], event.data["late"]) == ("acknowledgement", 1, False)


def test_a_contract_that_begins_to_count_while_the_ticket_waits_leaves_every_wait_out(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket(priority=4)  # no contract target
        by = org.people["l4_first"]
        traveller.forward(timedelta(minutes=10))
        ticket_wait(ticket=ticket, by=by, wait=Wait.VENDOR, reason="Partner", review_at=in_hours(24))
        traveller.forward(timedelta(minutes=30))
        ticket_resume(ticket=ticket, by=by)
        traveller.forward(timedelta(minutes=20))
        ticket_wait(ticket=ticket, by=by, wait=Wait.CUSTOMER, reason="Log file", review_at=in_hours(24))
        traveller.forward(timedelta(hours=5))
        ticket_change_priority(ticket=ticket, by=by, priority=3, reason="More users")
        row = row_of(ticket, ClockKind.CONTRACT_RESOLUTION)
        # 40 h from the opening, of which 10 and 20 minutes were used.
        assert (row.state, row.remaining) == (ClockState.PAUSED, 40 * 3600 - 30 * 60)
        ticket_resume(ticket=ticket, by=by)
    assert row_of(ticket, ClockKind.CONTRACT_RESOLUTION).due_at == NOON + timedelta(hours=40 + 5.5)
