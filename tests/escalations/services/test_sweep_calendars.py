"""A calendar revised while clocks run: they are recomputed, the timeline says so, and nothing used is lost."""

from datetime import date, timedelta

import pytest

from accounts.models import CalendarException, CalendarRevision
from accounts.services.calendars import calendar_revise
from escalations.choices import ClockKind, ClockState
from escalations.domain.clocks import Wait
from escalations.models import Clock, Ticket
from escalations.services.sweep import sweep
from escalations.services.sweep_calendars import SETTLED_AFTER
from escalations.services.tickets import ticket_resume, ticket_wait
from journal import clock
from journal.models import Event
from tests.factories import NOON, Organisation, in_hours

pytestmark = pytest.mark.django_db


def row_of(ticket: Ticket, kind: ClockKind) -> Clock:
    return Clock.objects.get(ticket=ticket, kind=kind)


def close_on(org: Organisation, day: date, name: str = "Company day") -> CalendarRevision:
    CalendarException.objects.create(calendar=org.calendar, date=day, name=name)
    return calendar_revise(calendar=org.calendar, by=org.administrator)


def test_a_holiday_added_while_a_clock_runs_moves_its_deadline(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()  # noon in Berlin, closing at 18:00: 8 h of first response end at 10:00 tomorrow
        before = row_of(ticket, ClockKind.FIRST_RESPONSE).due_at
        sweep()
        traveller.forward(timedelta(hours=1))
        revision = close_on(org, date(2026, 6, 17))
        report = sweep()
    row = row_of(ticket, ClockKind.FIRST_RESPONSE)
    assert report.moved == 1
    assert (before.isoformat(), row.due_at.isoformat()) == ("2026-06-17T08:00:00+00:00", "2026-06-18T08:00:00+00:00")
    assert row.calendar_revision == revision
    event = Event.objects.get(kind="calendar.moved")
    assert event.subject_id == ticket.pk
    assert event.data["revision"] == 2
    assert {
        "clock": "first_response",
        "round": 1,
        "due_at": [before.isoformat(), row.due_at.isoformat()],
    } in event.data["clocks"]
    # One that ends today is none of the holiday's business, yet it counts on the new revision too.
    assert row_of(ticket, ClockKind.TIER_RESOLUTION).calendar_revision == revision
    assert "tier_resolution" not in {one["clock"] for one in event.data["clocks"]}


def test_what_was_overdue_before_the_revision_stays_a_breach(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(hours=2))  # an hour past "resolve at tier"
        close_on(org, date(2026, 6, 16))
        sweep()
    row = row_of(ticket, ClockKind.TIER_RESOLUTION)
    assert (row.state, row.due_at) == (ClockState.BREACHED, NOON + timedelta(hours=1))


def test_a_clock_that_stands_still_keeps_its_pause_and_gets_its_new_remainder(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(minutes=30))
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.VENDOR, reason="Partner looks", review_at=in_hours(48))
        close_on(org, date(2026, 6, 16))  # today is off after all: the half hour did not count
        sweep()
        row = row_of(ticket, ClockKind.TIER_RESOLUTION)
        assert (row.state, row.remaining, row.pause_reason) == (ClockState.PAUSED, 3600, "Partner looks")
        traveller.to(NOON + timedelta(days=1))
        ticket_resume(ticket=ticket, by=org.agent)
    assert row_of(ticket, ClockKind.TIER_RESOLUTION).due_at == NOON + timedelta(days=1, hours=1)
    change = next(
        one for one in Event.objects.get(kind="calendar.moved").data["clocks"] if one["clock"] == "tier_resolution"
    )
    assert change["remaining"] == [1800, 3600]


def test_around_the_clock_does_not_care(org):
    with clock.travel(NOON):
        ticket = org.ticket(priority=1)
        before = list(Clock.objects.filter(ticket=ticket).order_by("id").values_list("due_at", "calendar_revision"))
        close_on(org, date(2026, 6, 16))
        assert sweep().moved == 0
    assert list(Clock.objects.filter(ticket=ticket).order_by("id").values_list("due_at", "calendar_revision")) == before


def test_two_revisions_in_a_row_move_once_to_the_newest(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        close_on(org, date(2026, 6, 17))
        newest = close_on(org, date(2026, 6, 18))
        sweep()
        sweep()
    assert row_of(ticket, ClockKind.FIRST_RESPONSE).calendar_revision == newest
    assert Event.objects.filter(kind="calendar.moved").count() == 1


def test_a_revision_counts_as_done_only_when_no_page_can_still_start_a_clock_on_the_old_one(org):
    with clock.travel(NOON) as traveller:
        old = org.calendar.current
        org.ticket()
        revision = close_on(org, date(2026, 6, 17))
        sweep()
        assert CalendarRevision.objects.get(pk=revision.pk).clocks_moved_at is None
        straggler = org.ticket()
        Clock.objects.filter(ticket=straggler, calendar_revision=revision).update(calendar_revision=old)
        traveller.forward(SETTLED_AFTER)
        sweep()
        assert not Clock.objects.filter(ticket=straggler, calendar_revision=old).exists()
    assert CalendarRevision.objects.get(pk=revision.pk).clocks_moved_at is not None


def test_many_tickets_are_moved_in_batches(org):
    with clock.travel(NOON):
        for _ in range(7):
            org.ticket()
        close_on(org, date(2026, 6, 17))
        assert sweep(limit=3).moved == 7
    assert Event.objects.filter(kind="calendar.moved").count() == 7
