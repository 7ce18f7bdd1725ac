"""What falls due is marked, recorded and told once; everything else is only looked at again in time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from escalations.choices import ClockKind, ClockState, EscalationState, TicketState
from escalations.domain.clocks import Wait
from escalations.models import Clock, Escalation, Pause, Ticket, TicketReader
from escalations.services.answers import handoff_acknowledge
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_assign, ticket_wait
from journal import clock
from journal.models import Event, Heartbeat, OutboxMessage
from tests.factories import NOON, in_hours

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


def breaches(ticket: Ticket) -> list[dict]:
    found = Event.objects.filter(kind="clock.breached", subject_type="ticket", subject_id=ticket.pk).order_by("pk")
    return [event.data for event in found]


def clock_of(ticket: Ticket, kind: ClockKind) -> Clock:
    return Clock.objects.filter(ticket=ticket, kind=kind).latest("round")


def test_a_round_with_nothing_due_marks_nothing_and_sets_when_to_look_next(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        report = sweep()
        ticket.refresh_from_db()
    assert (report.looked_at, report.breached, report.mails) == (1, 0, 0)
    assert ticket.due_at == clock_of(ticket, ClockKind.TIER_RESOLUTION).due_at
    assert ticket.next_check_at == ticket.due_at + MOMENT


def test_a_deadline_is_kept_at_its_very_instant_and_passed_a_microsecond_later(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        sweep()
        due = clock_of(ticket, ClockKind.TIER_RESOLUTION).due_at
        traveller.to(due)
        assert sweep().breached == 0
        traveller.to(due + MOMENT)
        assert sweep().breached == 1
        assert sweep().looked_at == 0
    row = clock_of(ticket, ClockKind.TIER_RESOLUTION)
    assert (row.state, row.fired_at) == (ClockState.BREACHED, due + MOMENT)


def test_a_breach_is_told_to_the_owner_once_and_says_where_and_how_late(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(hours=1, seconds=20))
        sweep()
        sweep()
    (data,) = breaches(ticket)
    assert data == {
        "clock": "tier_resolution", "round": 1, "escalation": None, "clause": "tier.L1.resolution",
        "due_at": "2026-06-16T11:00:00+00:00", "seconds_late": 20, "late": False,
    }  # fmt: skip
    (mail,) = OutboxMessage.objects.all()
    assert mail.recipient == org.agent.email
    assert mail.subject == f"{ticket.ref} is not resolved at L1 in time"
    assert f"/tickets/{ticket.ref}/" in mail.body
    event = Event.objects.get(kind="clock.breached")
    assert event.occurred_at == NOON + timedelta(hours=1)


def test_a_ticket_that_nobody_owns_is_told_to_the_team_lead(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        lead = org.people["l1_second"]
        org.teams["L1"].lead = lead
        org.teams["L1"].save()
        ticket_assign(ticket=ticket, by=org.agent, owner=None)
        traveller.forward(timedelta(hours=1, seconds=1))
        sweep()
    assert [mail.recipient for mail in OutboxMessage.objects.all()] == [lead.email]


def test_people_who_left_and_people_who_may_not_see_it_are_not_told(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket(is_restricted=True)
        org.teams["L1"].lead = org.people["l1_second"]
        org.teams["L1"].save()
        TicketReader.objects.filter(ticket=ticket).delete()
        other = org.ticket()
        org.agent.is_active = False
        org.agent.save()
        traveller.forward(timedelta(hours=1, seconds=1))
        assert sweep().breached == 2
    assert [mail.recipient for mail in OutboxMessage.objects.all()] == [org.people["l1_second"].email]
    assert other.ref in OutboxMessage.objects.get().subject


def test_an_overdue_acknowledgement_is_told_to_the_receivers_but_never_to_the_sender(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        org.handoff(ticket)
        OutboxMessage.objects.all().delete()
        traveller.forward(timedelta(minutes=15, seconds=1))
        sweep()
    mails = OutboxMessage.objects.order_by("recipient")
    assert [mail.recipient for mail in mails] == ["l2_first@belay.example", "l2_second@belay.example"]
    assert {mail.subject for mail in mails} == {f"{ticket.ref} is not acknowledged in time"}


def test_an_acknowledgement_that_expires_starts_over_and_tells_again(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        escalation = org.handoff(ticket)
        handoff_acknowledge(escalation=escalation, by=org.receiver)
        expires = Escalation.objects.get().ack_expires_at
        traveller.to(expires)
        assert sweep().expired == 0
        traveller.to(expires + timedelta(seconds=3))
        report = sweep()
    assert (report.expired, report.breached, report.mails) == (1, 0, 2)
    escalation.refresh_from_db()
    assert (escalation.state, escalation.acknowledged_at, escalation.acknowledged_by, escalation.ack_expires_at) == (
        EscalationState.PENDING, None, None, None,
    )  # fmt: skip
    row = clock_of(ticket, ClockKind.ACKNOWLEDGEMENT)
    assert (row.round, row.state, row.started_at) == (2, ClockState.RUNNING, expires + timedelta(seconds=3))
    assert row.due_at == row.started_at + timedelta(minutes=15)
    assert Event.objects.get(kind="handoff.ack_expired").data["escalation"] == escalation.pk
    ticket.refresh_from_db()
    assert (ticket.due_kind, ticket.next_check_at) == (ClockKind.ACKNOWLEDGEMENT, row.due_at + MOMENT)


def test_an_acknowledgement_can_expire_again_and_again(org):
    with clock.travel(NOON) as traveller:
        escalation = org.handoff(org.ticket())
        for _ in range(3):
            handoff_acknowledge(escalation=escalation, by=org.receiver)
            traveller.forward(timedelta(minutes=15, seconds=1))
            assert sweep().expired == 1
    rounds = Clock.objects.filter(kind=ClockKind.ACKNOWLEDGEMENT).order_by("round").values_list("round", "state")
    assert list(rounds) == [(1, "met"), (2, "met"), (3, "met"), (4, "running")]


def test_a_pause_past_its_review_is_asked_about_once(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Log file asked for", review_at=in_hours(3))
        sweep()
        ticket.refresh_from_db()
        # The first response does not pause and is due later than the review.
        assert ticket.next_check_at == NOON + timedelta(hours=3)
        traveller.forward(timedelta(hours=3))
        assert sweep().reviews == 1
        traveller.forward(timedelta(hours=1))
        assert sweep().reviews == 0
    pause = Pause.objects.get()
    assert pause.review_asked_at == NOON + timedelta(hours=3)
    assert Event.objects.get(kind="pause.review_due").data["wait"] == "waiting_customer"
    assert OutboxMessage.objects.get().subject == f"{ticket.ref} waits: it is time to look again"


def test_clocks_that_were_past_due_when_imported_never_fire(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        Clock.objects.filter(ticket=ticket).update(is_late_record=True)
        traveller.forward(timedelta(days=30))
        assert sweep().breached == 0
    ticket.refresh_from_db()
    assert ticket.next_check_at is None
    assert not breaches(ticket)
    assert not OutboxMessage.objects.exists()


def test_after_hours_without_a_sweep_everything_fires_once_in_due_order_and_says_that_it_is_late(org):
    with clock.travel(NOON) as traveller:
        tickets = []
        for minutes in range(12):
            tickets.append(org.ticket(priority=1 if minutes % 3 == 0 else 3))
            traveller.forward(timedelta(minutes=1))
        traveller.forward(timedelta(hours=8))
        report = sweep(limit=4)
        again = sweep(limit=4)
    assert again.breached == 0
    fired = list(Event.objects.filter(kind="clock.breached").order_by("pk").values_list("occurred_at", flat=True))
    assert fired == sorted(fired)
    assert len(fired) == report.breached == report.late == Clock.objects.filter(state=ClockState.BREACHED).count()
    assert all(event.data["late"] for event in Event.objects.filter(kind="clock.breached"))
    mails = OutboxMessage.objects.filter(dedupe_key__startswith="clock:").order_by("pk")
    assert len({mail.dedupe_key for mail in mails}) == len(mails)


def test_statements_do_not_grow_with_what_is_due(org):
    def statements(count: int) -> int:
        with clock.travel(NOON) as traveller:
            for _ in range(count):
                org.ticket()
            traveller.forward(timedelta(hours=1, seconds=1))
            with CaptureQueriesContext(connection) as queries:
                assert sweep().breached == count
        return len(queries)

    assert statements(2) == statements(12)


def test_tickets_that_are_not_open_are_not_looked_at_again(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        Clock.objects.filter(ticket=ticket).update(state=ClockState.CANCELLED, stopped_at=NOON)
        Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.RESOLVED, resolved_at=NOON)
        sweep()
        ticket.refresh_from_db()
    assert (ticket.next_check_at, ticket.due_at, ticket.due_kind) == (None, None, "")


def test_each_round_leaves_a_heartbeat(org):
    with clock.travel(NOON):
        sweep()
    beat = Heartbeat.objects.get(name="sweep")
    assert beat.beat_at == NOON
    assert beat.notes == ["0 tickets looked at"]
