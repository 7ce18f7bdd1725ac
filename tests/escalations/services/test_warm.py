"""Warm transfer: asked for by either side, ended by a release or by itself."""

from datetime import timedelta

import pytest

from escalations.errors import NotAllowed, Overtaken
from escalations.models import Escalation, Message
from escalations.services.conversation import ticket_record_customer, ticket_reply
from escalations.services.moves import ticket_de_escalate
from escalations.services.resolutions import Feedback, ticket_resolve
from escalations.services.warm import handoff_release
from journal import clock
from journal.models import Event, OutboxMessage
from tests.factories import NOON, Organisation, accept

pytestmark = pytest.mark.django_db


def accepted(org: Organisation, *, is_warm: bool = True, keep_sender: bool = False) -> Escalation:
    escalation = org.handoff(org.ticket(), is_warm=is_warm)
    return accept(escalation, org.receiver, keep_sender=keep_sender)


def fresh(escalation: Escalation) -> Escalation:
    return Escalation.objects.get(pk=escalation.pk)


def test_the_sender_chooses_it_and_the_receiver_releases(org):
    escalation = org.handoff(org.ticket(), is_warm=True)
    assert not escalation.has_sender_beside  # until it is accepted the sender has it anyway
    escalation = accept(escalation, org.receiver)
    assert escalation.has_sender_beside
    released = handoff_release(escalation=escalation, by=org.people["l2_second"])
    assert not released.has_sender_beside
    assert (released.released_by, Event.objects.filter(kind="handoff.released").count()) == (org.people["l2_second"], 1)
    assert OutboxMessage.objects.filter(recipient=org.agent.email, subject__contains="releases you").count() == 1
    with pytest.raises(Overtaken, match="L2_Second Example was first"):
        handoff_release(escalation=escalation, by=org.receiver)


def test_the_receiver_asks_for_it(org):
    assert accepted(org, is_warm=False, keep_sender=True).has_sender_beside
    assert not accepted(org, is_warm=False).has_sender_beside


def test_only_those_who_hold_the_ticket_release(org):
    escalation = accepted(org)
    for other in (org.agent, org.people["l1_second"], org.people["l3_first"], org.process_owner):
        with pytest.raises(NotAllowed):
            handoff_release(escalation=escalation, by=other)
    assert fresh(escalation).has_sender_beside


def test_the_sender_may_answer_the_customer_while_they_stay_and_not_after(org):
    escalation = accepted(org)
    ticket_reply(ticket=escalation.ticket, by=org.agent, body="We are still on it.")
    with pytest.raises(NotAllowed):
        ticket_record_customer(ticket=escalation.ticket, by=org.agent, body="Well?", channel="email")
    with pytest.raises(NotAllowed):  # the sender themselves, not their team
        ticket_reply(ticket=escalation.ticket, by=org.people["l1_second"], body="Me too.")
    handoff_release(escalation=escalation, by=org.receiver)
    with pytest.raises(NotAllowed):
        ticket_reply(ticket=escalation.ticket, by=org.agent, body="One more thing.")
    assert Message.objects.count() == 1


def test_it_ends_when_the_sender_leaves_before_they_are_released(org):
    escalation = accepted(org)
    org.agent.is_active = False
    org.agent.save()
    assert not fresh(escalation).has_sender_beside
    with pytest.raises(Overtaken):
        handoff_release(escalation=escalation, by=org.receiver)
    with pytest.raises(NotAllowed):
        ticket_reply(ticket=escalation.ticket, by=org.agent, body="I have left.")


def test_of_a_receiver_who_left_the_team_releases(org):
    escalation = accepted(org)
    org.receiver.is_active = False
    org.receiver.save()
    with pytest.raises(NotAllowed):
        handoff_release(escalation=escalation, by=org.receiver)
    assert not handoff_release(escalation=escalation, by=org.people["l2_second"]).has_sender_beside


def test_it_ends_with_the_escalation(org):
    with clock.travel(NOON) as traveller:
        first, second, third = accepted(org), accepted(org), accepted(org)
        traveller.forward(timedelta(minutes=5))
        ticket_resolve(
            ticket=first.ticket, by=org.receiver, root_cause="configuration", what_was_done="Done.",
            feedback=Feedback(rating=4, was_necessary=True),
        )  # fmt: skip
        ticket_de_escalate(ticket=second.ticket, by=org.receiver, reason="within_tier", note="Routine now.")
        further = org.handoff(third.ticket, by=org.receiver, to="L3")
        accept(further, org.people["l3_first"])
    for escalation in (first, second, third):
        assert not fresh(escalation).has_sender_beside
        with pytest.raises((Overtaken, NotAllowed)):
            handoff_release(escalation=escalation, by=org.manager)
    with pytest.raises(NotAllowed):
        ticket_reply(ticket=third.ticket, by=org.agent, body="Still here.")
