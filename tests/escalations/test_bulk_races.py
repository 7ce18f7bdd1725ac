"""Many at once on the same tickets: one winner each, one effect of a form, one taking back. With controls."""

import uuid
from unittest import mock

import pytest
from django.db import transaction

from escalations.choices import EscalationState
from escalations.models import BulkAction, BulkLine, Escalation, Message, Ticket
from escalations.services import answers, bulk
from escalations.services.bulk import bulk_run, bulk_undo
from journal import clock
from journal.models import Event
from tests.bed.deadlines import alarms
from tests.bed.racing import of_kind, race
from tests.escalations.test_races import hold_escalation_unlocked, without_escalation_states  # noqa: F401
from tests.factories import Organisation, accept

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
MANY = 50
SENDERS = 8


@pytest.fixture
def org(transactional_db) -> Organisation:
    return Organisation()


def handed(org: Organisation, count: int) -> list[Ticket]:
    tickets = [org.ticket() for _ in range(count)]
    for ticket in tickets:
        org.handoff(ticket)
    return tickets


def hold_unlocked(action: BulkAction, line_id: int, ticket_id: int):
    line = BulkLine.objects.get(pk=line_id)
    return line, Ticket.objects.get(pk=ticket_id)


def acknowledge(by, tickets) -> BulkAction:
    return bulk_run(key=uuid.uuid4(), code="acknowledge", tickets=[one.pk for one in tickets], by=by)


def both_acknowledge(org: Organisation, count: int) -> list[int]:
    """How often each ticket was told to somebody that they acknowledged it."""
    tickets = handed(org, count)
    people = [org.people["l2_first"], org.people["l2_second"]]
    actions = of_kind(race(*[lambda by=by: acknowledge(by, tickets) for by in people]), BulkAction)
    assert len(actions) == 2
    return [BulkLine.objects.filter(ticket=one, is_done=True).count() for one in tickets]


def test_two_people_acknowledge_the_same_fifty(org):
    assert both_acknowledge(org, MANY) == [1] * MANY
    assert Event.objects.filter(kind="handoff.acknowledged").count() == MANY
    assert BulkLine.objects.filter(is_done=False, message__contains="was first").count() <= MANY
    assert not BulkLine.objects.filter(is_done=False, message="").exists()
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_control_without_locks_both_are_told_that_they_did(org, without_escalation_states):  # noqa: F811
    with (
        mock.patch.object(bulk, "_hold", hold_unlocked),
        mock.patch.object(answers, "hold_escalation", hold_escalation_unlocked),
    ):
        assert max(both_acknowledge(org, MANY)) == 2


def sent_at_once(org: Organisation, count: int) -> list[int]:
    """How many notes each ticket has after one form arrived several times at the same moment."""
    tickets, key = [org.ticket() for _ in range(count)], uuid.uuid4()
    values = {"key": key, "code": "note", "tickets": [one.pk for one in tickets], "values": {"body": "Known issue"}}
    results = race(*[lambda: bulk_run(by=org.agent, **values)] * SENDERS)
    assert {action.pk for action in of_kind(results, BulkAction)} == {BulkAction.objects.get().pk}
    return [Message.objects.filter(ticket=one).count() for one in tickets]


def test_one_form_arriving_eight_times_does_it_once(org):
    assert sent_at_once(org, 6) == [1] * 6


def test_control_without_the_line_held_it_is_done_again(org):
    with mock.patch.object(bulk, "_hold", hold_unlocked):
        assert max(sent_at_once(org, 6)) > 1


def test_undo_pressed_eight_times_takes_back_once(org):
    tickets = handed(org, 6)
    action = acknowledge(org.receiver, tickets)
    results = race(*[lambda: bulk_undo(action=BulkAction.objects.get(pk=action.pk), by=org.receiver)] * SENDERS)
    assert len(of_kind(results, BulkAction)) == SENDERS
    assert Event.objects.filter(kind="handoff.unacknowledged").count() == 6
    assert action.lines.filter(is_undone=True).count() == 6
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_taking_back_while_a_colleague_accepts(org):
    """Whoever comes first: an accepted handoff is never put back to waiting, and nobody is told both."""
    for _ in range(8):
        [ticket] = handed(org, 1)
        escalation = Escalation.objects.get(ticket=ticket)
        action = acknowledge(org.receiver, [ticket])
        colleague = org.people["l2_second"]
        race(
            lambda: bulk_undo(action=action, by=org.receiver),  # noqa: B023
            lambda: accept(escalation, colleague),  # noqa: B023
        )
        escalation.refresh_from_db()
        assert escalation.state == EscalationState.ACCEPTED
        with transaction.atomic():
            line = action.lines.get()
        assert line.is_undone or "L2_Second Example changed the handoff since." in line.undo_message
    assert alarms(clock.now(), "no sweep for 90 s") == {}
