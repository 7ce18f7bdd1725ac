"""Real connections racing each other, and what happens when the guard is taken away.

Each race has a negative control: the same with its guard removed must go wrong, or the race proves nothing.
"""

import random
import threading
import time
import uuid
from contextlib import ExitStack
from datetime import timedelta
from unittest import mock

import psycopg
import pytest
from django.db import connection, transaction

from accounts.models import User
from escalations.choices import ClockKind, ClockState, EscalationState, Origin
from escalations.errors import Overtaken
from escalations.models import Clock, Escalation, Ticket
from escalations.services import answers, handoffs
from escalations.services import sweep as sweep_service
from escalations.services.answers import handoff_acknowledge, handoff_return
from escalations.services.clocks import TicketClocks
from escalations.services.sweep import sweep
from escalations.services.sweep_sql import Done
from escalations.tasks import sweep as sweep_task
from journal import clock
from journal.models import Event
from tests.bed.deadlines import alarms, many_tickets, tally
from tests.bed.racing import finish, of_kind, race, spawn
from tests.bed.unlocked import hold_escalation_unlocked, hold_ticket_unlocked
from tests.factories import Organisation, accept

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
RACERS = 50


# --- taking guards away ------------------------------------------------------------------------------


def nothing(*args, **kwargs):
    return []


@pytest.fixture
def without_pending_constraint(superuser_connection: psycopg.Connection):
    found = superuser_connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'escalation_one_pending'")
    definition = found.fetchone()[0]
    superuser_connection.execute("DROP INDEX escalation_one_pending")
    yield
    superuser_connection.execute("SET session_replication_role = replica")
    superuser_connection.execute("DELETE FROM escalations_escalation")
    superuser_connection.execute(definition)


@pytest.fixture
def without_escalation_states(superuser_connection: psycopg.Connection):
    superuser_connection.execute("ALTER TABLE escalations_escalation DISABLE TRIGGER USER")
    yield
    superuser_connection.execute("ALTER TABLE escalations_escalation ENABLE TRIGGER USER")


@pytest.fixture
def without_clock_states(superuser_connection: psycopg.Connection):
    superuser_connection.execute("ALTER TABLE escalations_clock DISABLE TRIGGER USER")
    yield
    superuser_connection.execute("ALTER TABLE escalations_clock ENABLE TRIGGER USER")


# --- one handoff, however often it is submitted ---------------------------------------------------


def test_fifty_submits_of_one_form_file_one_handoff(org):
    ticket, key = org.ticket(), uuid.uuid4()
    results = race(*[lambda: org.handoff(ticket, key=key)] * RACERS)
    assert {result.pk for result in of_kind(results, Escalation)} == {Escalation.objects.get().pk}
    assert len(of_kind(results, Escalation)) == RACERS
    assert Event.objects.filter(kind="handoff.filed").count() == 1
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_fifty_tabs_file_one_handoff_and_the_others_are_told(org):
    ticket = org.ticket()
    results = race(*[lambda: org.handoff(ticket)] * RACERS)
    assert (len(of_kind(results, Escalation)), len(of_kind(results, Overtaken))) == (1, RACERS - 1)
    assert Escalation.objects.count() == 1
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_control_without_lock_and_constraint_several_are_filed(org, without_pending_constraint):
    ticket = org.ticket()
    with (
        mock.patch.object(handoffs, "hold_ticket", hold_ticket_unlocked),
        mock.patch.object(handoffs, "_set_to_wait", nothing),
    ):
        race(*[lambda: org.handoff(ticket)] * RACERS)
    assert Escalation.objects.filter(state=EscalationState.PENDING).count() > 1
    assert "two handoffs pending on a ticket" in alarms(clock.now())


# --- one winner ---------------------------------------------------------------------------------------


def receivers(org: Organisation, count: int) -> list[User]:
    return [org.person(f"receiver{number}", "l2_specialist", org.teams["L2"]) for number in range(count)]


def unguarded() -> ExitStack:
    """Answers without their locks, and without the rows whose constraints would stop a second winner all the same."""
    stack = ExitStack()
    for name, other in (
        ("hold_escalation", hold_escalation_unlocked),
        ("start_stay", nothing),
        ("start_follow_up", nothing),
        ("hop_change", nothing),
    ):
        stack.enter_context(mock.patch.object(answers, name, other))
    stack.enter_context(mock.patch.object(handoffs, "hop_change", nothing))
    return stack


def test_of_fifty_acceptors_one_wins(org):
    escalation = org.handoff(org.ticket())
    results = race(*[lambda by=by: accept(escalation, by) for by in receivers(org, RACERS)])
    (winner,) = of_kind(results, Escalation)
    assert len(of_kind(results, Overtaken)) == RACERS - 1
    ticket = Ticket.objects.get()
    assert (ticket.owner, ticket.team) == (winner.accepted_by, org.teams["L2"])
    assert Event.objects.filter(kind="handoff.accepted").count() == 1
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_control_without_the_lock_several_win(org, without_escalation_states):
    escalation = org.handoff(org.ticket())
    # What a trigger filed takes no read-back, whose number would be another guard.
    Escalation.objects.filter(pk=escalation.pk).update(origin=Origin.TRIGGER, from_user=None)
    with unguarded():
        results = race(*[lambda by=by: accept(escalation, by) for by in receivers(org, RACERS)])
    assert len(of_kind(results, Escalation)) > 1


def accept_against_return(org: Organisation, rounds: int) -> int:
    """How often both were told that they succeeded."""
    both = 0
    first, second = org.people["l2_first"], org.people["l2_second"]
    for _ in range(rounds):
        escalation = org.handoff(org.ticket())
        results = race(
            lambda: accept(escalation, first),  # noqa: B023
            lambda: handoff_return(escalation=escalation, by=second, reason="no_next_step", note="What first?"),  # noqa: B023
        )
        both += len(of_kind(results, Escalation)) == 2
        assert of_kind(results, Escalation)
    return both


def test_accept_and_return_at_the_same_moment_have_one_winner(org):
    assert accept_against_return(org, 15) == 0
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_control_without_the_lock_accept_and_return_both_win(org, without_escalation_states):
    with unguarded():
        assert accept_against_return(org, 15) > 0


# --- acknowledged or breached, never both ---------------------------------------------------------------


def contradictions() -> int:
    """Acknowledgement clocks that are met though a breach was recorded, or breached without exactly one record."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM escalations_clock c
            CROSS JOIN LATERAL (
                SELECT count(*) AS records FROM journal_event e
                WHERE e.subject_type = 'ticket' AND e.subject_id = c.ticket_id AND e.kind = 'clock.breached'
                    AND e.data ->> 'clock' = c.kind AND (e.data ->> 'round')::int = c.round
            ) AS said
            WHERE c.kind = 'acknowledgement' AND said.records <> (c.state = 'breached')::int
            """
        )
        return cursor.fetchone()[0]


def acknowledge_against_sweep(org: Organisation, rounds: int) -> dict[str, int]:
    """Let somebody acknowledge while the sweep comes by, at the very deadline: outcomes by state of the clock."""
    rng, aim = random.Random(rounds), 0.004
    outcomes: dict[str, int] = {}
    for _ in range(rounds):
        escalation = org.handoff(org.ticket())
        due = clock.now() + timedelta(seconds=aim + 0.02)
        row = Clock.objects.filter(escalation=escalation, kind=ClockKind.ACKNOWLEDGEMENT)
        row.update(due_at=due)
        Ticket.objects.filter(pk=escalation.ticket_id).update(next_check_at=due)

        early = max(0.0, aim + rng.uniform(-0.001, 0.001))

        def answer(escalation=escalation, due=due, early=early) -> Escalation:
            time.sleep(max(0.0, (due - clock.now()).total_seconds() - early))
            return handoff_acknowledge(escalation=escalation, by=org.receiver)

        def sweep_past(due=due) -> None:
            while clock.now() <= due + timedelta(milliseconds=8):
                sweep()

        results = race(answer, sweep_past)
        assert of_kind(results, Exception) == []
        state = row.get().state
        outcomes[state] = outcomes.get(state, 0) + 1
        # Keep to the very moment, however fast this machine is: earlier after a breach, later when it was met.
        aim = max(0.0, aim + (0.004 if state == ClockState.BREACHED else -0.002))
    return outcomes


def test_acknowledging_while_the_sweep_comes_by_is_met_or_breached_and_never_both(org):
    outcomes = acknowledge_against_sweep(org, 60)
    assert set(outcomes) == {ClockState.MET, ClockState.BREACHED}
    assert sum(outcomes.values()) == 60
    assert contradictions() == 0
    assert alarms(clock.now()) == {}


def test_control_without_the_lock_it_is_met_and_breached(org, without_clock_states):
    escalation = org.handoff(org.ticket())
    due = clock.now() + timedelta(seconds=1)
    Clock.objects.filter(escalation=escalation).update(due_at=due)
    has_read, has_swept = threading.Event(), threading.Event()
    real = TicketClocks.__init__

    def read_and_dawdle(self, ticket, now):
        real(self, ticket, now)
        if threading.current_thread() is not threading.main_thread() and not has_read.is_set():
            has_read.set()
            assert has_swept.wait(10)

    def sweep_meanwhile() -> None:
        assert has_read.wait(10)
        while clock.now() <= due:
            time.sleep(0.02)
        Ticket.objects.update(next_check_at=clock.now())
        sweep()
        has_swept.set()

    with (
        mock.patch.object(answers, "hold_escalation", hold_escalation_unlocked),
        mock.patch.object(TicketClocks, "__init__", read_and_dawdle),
    ):
        race(lambda: handoff_acknowledge(escalation=escalation, by=org.receiver), sweep_meanwhile)
    assert contradictions() == 1
    assert "met, though its breach was recorded" in alarms(clock.now())


# --- many sweeps ----------------------------------------------------------------------------------------

DUE = 400


def four_sweeps() -> None:
    """Two loops and two workers' tasks at once, in processes of their own."""
    loops = [spawn(lambda: sweep(limit=15)) for _ in range(2)]
    workers = [spawn(sweep_task) for _ in range(2)]
    assert finish(*loops, *workers) == [0] * 4


def test_two_loops_and_two_workers_do_everything_once(org):
    many_tickets(org, DUE, first_due=clock.now() - timedelta(minutes=1), every=timedelta(milliseconds=1))
    with mock.patch.object(sweep_service, "BATCH", 15):
        four_sweeps()
    assert tally() == (DUE, DUE, DUE)
    assert alarms(clock.now()) == {}


def act_then_mark(ids: list[int], *, now, until) -> Done:
    """What the sweep must not be: look, act, and mark afterwards."""
    due = list(Clock.objects.filter(ticket__in=ids, state=ClockState.RUNNING, due_at__lt=until))
    Event.objects.bulk_create(
        Event(
            subject_type="ticket", subject_id=row.ticket_id, kind="clock.breached", occurred_at=now,
            data={"clock": row.kind, "round": row.round},
        )
        for row in due
    )  # fmt: skip
    time.sleep(0.02)
    Clock.objects.filter(pk__in=[row.pk for row in due]).update(state=ClockState.BREACHED, fired_at=now)
    return Done(tuple(ids), len(due))


def pick_unlocked(*, now, limit: int) -> list[tuple[int, object]]:
    due = Ticket.objects.filter(next_check_at__lte=now).order_by("next_check_at", "pk")
    return list(due.values_list("pk", "next_check_at")[:limit])


def test_control_without_lock_and_condition_things_are_done_twice(org, without_clock_states):
    many_tickets(org, 60, first_due=clock.now() - timedelta(minutes=1), every=timedelta(milliseconds=1))
    with (
        mock.patch.object(sweep_service, "pick", pick_unlocked),
        mock.patch.object(sweep_service, "fire_clocks", act_then_mark),
    ):
        four_sweeps()
    assert Event.objects.filter(kind="clock.breached").count() > 60
    assert "fired twice" in alarms(clock.now())


def test_a_ticket_that_somebody_holds_is_left_for_the_next_round(org):
    many_tickets(org, 3, first_due=clock.now() - timedelta(minutes=1), every=timedelta(milliseconds=1))
    first = Ticket.objects.order_by("pk").first()
    with transaction.atomic():
        Ticket.objects.select_for_update(no_key=True).get(pk=first.pk)
        (report,) = race(sweep)
    assert report.breached == 2
    assert sweep().breached == 1
