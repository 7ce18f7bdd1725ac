"""Races around an acceptance, each with a control that goes wrong once its guard is taken away."""

from contextlib import contextmanager
from unittest import mock

import psycopg
import pytest

from escalations.choices import ConsultState, EscalationState, ReadBackState
from escalations.errors import Overtaken
from escalations.models import Consult, Escalation, ReadBack, Resolution
from escalations.services import consults, read_backs, resolutions, warm
from escalations.services.answers import handoff_return
from escalations.services.consults import consult_answer, consult_ask
from escalations.services.read_backs import read_back_confirm, read_back_correct
from escalations.services.resolutions import Feedback, ticket_resolve
from escalations.services.warm import handoff_release
from journal import clock
from journal.models import Event
from tests.bed.deadlines import alarms
from tests.bed.racing import of_kind, race
from tests.bed.unlocked import hold_escalation_unlocked, hold_ticket_unlocked
from tests.factories import Organisation, accept

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = 12


@contextmanager
def without_states(connection: psycopg.Connection, *tables: str):
    for table in tables:
        connection.execute(f"ALTER TABLE escalations_{table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        connection.execute(f"ALTER TABLE escalations_{table} ENABLE TRIGGER USER")


# --- confirmed or corrected --------------------------------------------------------------------------------


def confirm_against_correct(org: Organisation, rounds: int) -> int:
    """How often both were told that their word counts."""
    both = 0
    for _ in range(rounds):
        escalation = accept(org.handoff(org.ticket()), org.receiver)
        results = race(
            lambda: read_back_confirm(escalation=escalation, by=org.agent, round=1),  # noqa: B023
            lambda: read_back_correct(
                escalation=escalation,  # noqa: B023
                by=org.people["l1_second"],
                round=1,
                correction="One region only.",
            ),
        )
        assert of_kind(results, ReadBack)
        both += len(of_kind(results, ReadBack)) == 2
    return both


def test_a_read_back_is_confirmed_or_corrected_and_the_other_is_told(org):
    assert confirm_against_correct(org, ROUNDS) == 0
    answered = Event.objects.filter(kind__in=["handoff.read_back_confirmed", "handoff.read_back_corrected"])
    assert answered.count() == ReadBack.objects.exclude(state=ReadBackState.GIVEN).count() == ROUNDS
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_control_without_the_lock_it_is_both(org, superuser_connection):
    with (
        without_states(superuser_connection, "readback"),
        mock.patch.object(read_backs, "hold_escalation", hold_escalation_unlocked),
    ):
        assert confirm_against_correct(org, ROUNDS) > 0


# --- accepted with a read-back, or returned -----------------------------------------------------------------


def test_accept_with_a_read_back_against_return_leaves_one_of_the_two(org):
    for _ in range(ROUNDS):
        escalation = org.handoff(org.ticket())
        results = race(
            lambda: accept(escalation, org.people["l2_first"]),  # noqa: B023
            lambda: handoff_return(
                escalation=escalation,  # noqa: B023
                by=org.people["l2_second"],
                reason="no_next_step",
                note="What first?",
            ),
        )
        assert (len(of_kind(results, Escalation)), len(of_kind(results, Overtaken))) == (1, 1)
        state = Escalation.objects.get(pk=escalation.pk).state
        assert ReadBack.objects.filter(escalation=escalation).exists() == (state == EscalationState.ACCEPTED)


# --- released, or resolved ----------------------------------------------------------------------------------


def release_against_resolve(org: Organisation, rounds: int) -> int:
    """How often a resolved ticket was left with an escalation that goes on, or its sender released after its end."""
    wrong = 0
    for _ in range(rounds):
        escalation = accept(org.handoff(org.ticket(), is_warm=True), org.receiver)
        race(
            lambda: handoff_release(escalation=escalation, by=org.people["l2_second"]),  # noqa: B023
            lambda: ticket_resolve(
                ticket=escalation.ticket,  # noqa: B023
                by=org.receiver,
                root_cause="configuration",
                what_was_done="Done.",
                feedback=Feedback(rating=4, was_necessary=True),
            ),
        )
        now = Escalation.objects.get(pk=escalation.pk)
        assert Resolution.objects.filter(ticket=escalation.ticket_id).count() == 1
        is_late = now.released_at is not None and now.ended_at is not None and now.released_at > now.ended_at
        wrong += now.state != EscalationState.RESOLVED or is_late
    return wrong


def test_releasing_while_somebody_resolves_loses_neither(org):
    assert release_against_resolve(org, ROUNDS) == 0
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_control_without_the_lock_one_overwrites_the_other(org, superuser_connection):
    with (
        without_states(superuser_connection, "escalation"),
        mock.patch.object(warm, "hold_escalation", hold_escalation_unlocked),
        mock.patch.object(resolutions, "hold_ticket", hold_ticket_unlocked),
    ):
        # Until it happens, as it does within a few on most machines.
        assert any(release_against_resolve(org, 1) for _ in range(ROUNDS * 20))


# --- one answer ---------------------------------------------------------------------------------------------


def answers_at_once(org: Organisation, rounds: int) -> int:
    """How often more than one answer was taken."""
    several = 0
    people = [org.person(f"expert{number}", "l3_engineer", org.teams["L3"]) for number in range(6)]
    for _ in range(rounds):
        consult = consult_ask(
            ticket=org.ticket(), by=org.agent, to_team=org.teams["L3"], to_user=None, question="Is it known?"
        )
        results = race(
            *[lambda by=by: consult_answer(consult=consult, by=by, answer=f"By {by}") for by in people]  # noqa: B023
        )
        taken = of_kind(results, Consult)
        assert taken
        several += len(taken) > 1
    return several


def test_of_many_answers_one_stands_and_the_others_are_told(org):
    assert answers_at_once(org, 4) == 0
    assert Event.objects.filter(kind="ticket.consult_answered").count() == 4
    assert Consult.objects.filter(state=ConsultState.ANSWERED).count() == 4


def test_control_without_the_lock_several_answer(org, superuser_connection):
    with (
        without_states(superuser_connection, "consult"),
        mock.patch.object(consults, "hold_ticket", hold_ticket_unlocked),
    ):
        assert answers_at_once(org, 4) > 0
