"""Why this deadline: whatever happened to a clock, the sum shown is the deadline stored."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import CalendarException
from accounts.services.calendars import calendar_revise
from escalations.choices import ClockState
from escalations.domain.clocks import Wait
from escalations.models import Clock, Pause
from escalations.selectors.clock_strip import clock_rows, deadline_sum, on_strip, why
from escalations.selectors.ticket import escalations_of
from escalations.services.answers import handoff_acknowledge
from escalations.services.clocks import TicketClocks, clock_record
from escalations.services.conversation import ticket_reply
from escalations.services.tickets import ticket_change_priority, ticket_resume, ticket_wait
from journal import clock
from tests.factories import NOON, Organisation, accept, in_hours

BERLIN = ZoneInfo("Europe/Berlin")


def sums_hold(ticket) -> None:
    """start + what every line adds == the deadline shown == the deadline stored, to the second."""
    pauses = list(Pause.objects.filter(ticket=ticket))
    for row in clock_rows(ticket):
        now = clock.now()
        found = deadline_sum(clock_record(row, pauses), row, now)
        shown = why(row, ticket=ticket, pauses=pauses, escalations=escalations_of(ticket), now=now, zone=BERLIN)
        added = sum(line.seconds for line in shown.lines)
        assert found.started + timedelta(seconds=added) == shown.total == found.due, (row.kind, row.state)
        if row.due_at is not None and row.state != ClockState.PAUSED:
            assert shown.total == row.due_at.replace(microsecond=0), (row.kind, row.state)


def test_sum_through_handoff_and_pauses(org):
    with clock.travel(NOON + timedelta(seconds=37)) as traveller:
        ticket = org.ticket()
        sums_hold(ticket)
        traveller.forward(timedelta(minutes=13, seconds=11))
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Log file", review_at=in_hours(20))
        sums_hold(ticket)
        traveller.forward(timedelta(hours=26))
        ticket_resume(ticket=ticket, by=org.agent)
        sums_hold(ticket)
        escalation = org.handoff(ticket)
        traveller.forward(timedelta(minutes=4))
        handoff_acknowledge(escalation=escalation, by=org.receiver)
        accept(escalation, org.receiver)
        sums_hold(ticket)
        traveller.forward(timedelta(days=3))
        sums_hold(ticket)


def test_priority_up_down_up_keeps_the_pauses_in_the_sum(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket(priority=3)
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Log file", review_at=in_hours(4))
        traveller.forward(timedelta(minutes=42))
        ticket_resume(ticket=ticket, by=org.agent)
        for priority in (2, 3, 2):
            ticket_change_priority(ticket=ticket, by=org.agent, priority=priority, reason="Looked again.")
            traveller.forward(timedelta(minutes=7))
            sums_hold(ticket)
        row = ticket.clocks.get(kind="contract_resolution")
        shown = why(row, ticket=ticket, pauses=list(ticket.pauses.all()), escalations=[], now=clock.now(), zone=BERLIN)
    assert [line.value for line in shown.lines if "Log file" in line.label] == ["+ 42 min"]
    assert row.budget == 8 * 3600
    assert shown.clause_text.startswith("P2 of Enterprise")


def test_holiday_added_while_a_clock_runs_shows_once_the_clock_has_moved(org):
    with clock.travel(NOON + timedelta(hours=5)) as traveller:  # 17:00 in Berlin
        ticket = org.ticket()
        row = ticket.clocks.get(kind="time_at_tier")
        CalendarException.objects.create(calendar=org.calendar, date="2026-06-17", name="Company day")
        revision = calendar_revise(calendar=org.calendar, by=None)
        shown = why(clock_rows(ticket)[0], ticket=ticket, pauses=[], escalations=[], now=clock.now(), zone=BERLIN)
        assert "has changed since" in shown.calendar_note or shown.hours == "24×7"
        clocks = TicketClocks(ticket, clock.now())
        for live in clocks.live():
            if live.calendar_revision_id:
                clocks.recalendar(live, revision)
        clocks.save()
        traveller.forward(timedelta(minutes=1))
        sums_hold(ticket)
        row = next(one for one in clock_rows(ticket) if one.pk == row.pk)
        shown = why(row, ticket=ticket, pauses=[], escalations=[], now=clock.now(), zone=BERLIN)
    labels = [line.label for line in shown.lines]
    assert any(label.startswith("Holiday: Company day") for label in labels)
    assert "Holidays" not in labels
    assert shown.due.startswith("Thu 18 Jun")


def test_a_promise_cites_no_clause_and_names_its_instant(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        ticket_reply(ticket=ticket, by=org.agent, body="Soon.", next_update_at=in_hours(2))
        row = ticket.clocks.get(kind="promised_update")
        shown = why(row, ticket=ticket, pauses=[], escalations=[], now=clock.now(), zone=BERLIN)
        sums_hold(ticket)
    assert shown.due == "Tue 16 Jun, 14:00 CEST"
    assert shown.clause_no == ""
    assert "the promise is marked as broken" in shown.means[0]


def test_an_overdue_clock_keeps_its_clause_when_the_priority_changes(org):
    """A breach is judged by what held at its deadline."""
    with clock.travel(NOON) as traveller:
        ticket = org.ticket(priority=2, by=org.receiver)
        traveller.forward(timedelta(hours=3))
        ticket_change_priority(ticket=ticket, by=org.receiver, priority=3, reason="Looked again.")
        row = ticket.clocks.get(kind="first_response")
        assert row.state == ClockState.BREACHED
        assert row.clause == "severity.P2"
        sums_hold(ticket)


def test_nights_are_one_line_that_opens_into_its_stretches(org):
    with clock.travel(NOON):
        ticket = org.ticket(priority=3, by=org.agent)
        row = Clock.objects.get(ticket=ticket, kind="first_response")
        Clock.objects.filter(pk=row.pk).update(budget=40 * 3600, due_at=NOON + timedelta(days=6))
        row = next(one for one in clock_rows(ticket) if one.pk == row.pk)
        shown = why(row, ticket=ticket, pauses=[], escalations=[], now=clock.now(), zone=BERLIN)
    nights = next(line for line in shown.lines if "nights" in line.label)
    weekend = next(line for line in shown.lines if line.label.startswith("Weekend"))
    assert len(nights.parts) == 3
    assert nights.seconds == 3 * 14 * 3600
    assert weekend.seconds == (6 + 48 + 8) * 3600


def test_live_ones_first_then_what_ended_within_a_day(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        ticket_reply(ticket=ticket, by=org.agent, body="Hello.")
        traveller.forward(timedelta(hours=1))
        rows = on_strip(clock_rows(ticket), clock.now())
        assert rows[-1].kind == "first_response"
        assert rows[-1].state == ClockState.MET
        assert [row.due_at for row in rows[:-1]] == sorted(row.due_at for row in rows[:-1])
        traveller.forward(timedelta(days=2))
        assert all(row.kind != "first_response" for row in on_strip(clock_rows(ticket), clock.now()))


def test_fragment_opens_and_closes(org, client):
    ticket = org.ticket()
    row = ticket.clocks.get(kind="time_at_tier")
    client.force_login(org.agent)
    url = f"{ticket.get_absolute_url()}clocks/{row.pk}/"
    opened = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert 'id="why"' in opened
    assert "<html" not in opened
    closed = client.get(f"{url}?close=1", headers={"HX-Request": "true"}).content.decode()
    assert 'id="why"' not in closed
    assert "<html" in client.get(url).content.decode()


def test_a_clock_of_another_ticket_is_not_there(org, client):
    ticket, other = org.ticket(), org.ticket()
    client.force_login(org.agent)
    assert client.get(f"{ticket.get_absolute_url()}clocks/{other.clocks.first().pk}/").status_code == 404


MOVES = st.lists(
    st.tuples(st.sampled_from(["wait", "vendor", "resume", "priority", "reply"]), st.integers(1, 40_000)), max_size=7
)


class AnyHistory(TestCase):
    @settings(max_examples=20, phases=[Phase.generate])
    @given(MOVES)
    def test_sums_hold_after_any_history(self, moves):
        org = Organisation()
        with clock.travel(NOON + timedelta(seconds=23)) as traveller:
            ticket = org.ticket(priority=3)
            for move, seconds in moves:
                traveller.forward(timedelta(seconds=seconds))
                ticket.refresh_from_db()
                self.act(org, ticket, move, seconds)
                sums_hold(ticket)

    def act(self, org, ticket, move, seconds) -> None:
        waits = {"wait": Wait.CUSTOMER, "vendor": Wait.VENDOR}
        if move in waits and ticket.state != waits[move]:
            ticket_wait(
                ticket=ticket, by=org.agent, wait=waits[move], reason=json.dumps(seconds), review_at=in_hours(1)
            )
        elif move == "resume" and ticket.state.startswith("waiting"):
            ticket_resume(ticket=ticket, by=org.agent)
        elif move == "priority":
            ticket_change_priority(ticket=ticket, by=org.agent, priority=seconds % 4 + 1, reason="Looked again.")
        elif move == "reply":
            ticket_reply(ticket=ticket, by=org.agent, body="Hello.", next_update_at=in_hours(seconds / 3600))
