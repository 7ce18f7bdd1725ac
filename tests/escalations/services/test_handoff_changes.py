"""While a handoff waits: taken back, sent elsewhere, completed; and who may do what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalations.choices import ClockKind, ClockState, EscalationState, HopKind
from escalations.domain.handoff import CONTENT_FIELDS
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, Handoff, Hop
from escalations.services.answers import handoff_acknowledge, handoff_return
from escalations.services.completing import HandoffConflict, handoff_complete
from escalations.services.handoffs import handoff_redirect, handoff_withdraw
from escalations.services.tickets import ticket_restrict
from journal import clock
from journal.models import Event, OutboxMessage
from tests.factories import COMPLETE, NOON, accept, in_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(org):
    return org.ticket()


def clock_of(ticket, kind, number: int = 1) -> Clock:
    return Clock.objects.get(ticket=ticket, kind=kind, round=number)


def test_withdrawing_gives_the_time_back_to_its_holder(org):
    with clock.travel(NOON) as time:
        ticket = org.ticket()
        escalation = org.handoff(ticket)
        time.forward(timedelta(minutes=5))
        handoff_withdraw(escalation=escalation, by=org.agent, note="Found it")
        limit = clock_of(ticket, ClockKind.TIME_AT_TIER)
        assert limit.state == ClockState.RUNNING
        assert limit.due_at == NOON + timedelta(hours=2, minutes=5)
    assert clock_of(ticket, ClockKind.ACKNOWLEDGEMENT).state == ClockState.CANCELLED
    assert list(Hop.objects.filter(ticket=ticket).values_list("kind", flat=True)) == [HopKind.WAITING, HopKind.HELD]
    assert OutboxMessage.objects.filter(subject__contains="takes").count() == 2
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.WITHDRAWN


@pytest.mark.parametrize("who", ["agent", "l1_second", "manager"])
def test_the_senders_side_withdraws(org, ticket, who):
    by = org.manager if who == "manager" else org.agent if who == "agent" else org.people[who]
    escalation = org.handoff(ticket)
    assert handoff_withdraw(escalation=escalation, by=by, note="x").state == EscalationState.WITHDRAWN


def test_the_receiver_withdraws_nothing(org, ticket):
    escalation = org.handoff(ticket)
    with pytest.raises(NotAllowed):
        handoff_withdraw(escalation=escalation, by=org.receiver, note="x")


def test_withdrawn_is_not_resubmitted_but_filed_anew(org, ticket):
    first = org.handoff(ticket)
    handoff_withdraw(escalation=first, by=org.agent, note="x")
    assert org.handoff(ticket).pk != first.pk


def test_redirecting_is_the_same_escalation_with_a_new_clock(org):
    with clock.travel(NOON) as time:
        ticket = org.ticket()
        escalation = org.handoff(ticket)
        time.forward(timedelta(minutes=10))
        handoff_acknowledge(escalation=escalation, by=org.receiver)
        handoff_redirect(
            escalation=escalation,
            by=org.agent,
            to_team=org.teams["L3"],
            to_user=org.people["l3_first"],
            note="Platform",
        )
    escalation.refresh_from_db()
    assert (escalation.state, escalation.to_tier.code) == (EscalationState.PENDING, "L3")
    assert escalation.acknowledged_by is None
    second = clock_of(ticket, ClockKind.ACKNOWLEDGEMENT, 2)
    assert (second.state, second.budget) == (ClockState.RUNNING, 1800)
    assert Event.objects.filter(kind="handoff.redirected").count() == 1
    with pytest.raises(NotAllowed):
        accept(escalation, org.receiver)


@pytest.mark.parametrize(
    ("team", "person"), [("L1", None), ("L2", None), ("L3", "l2_first"), ("L2", "manager"), ("L3", "agent")]
)
def test_redirecting_goes_up_to_people_of_the_team(org, ticket, team, person):
    to_user = {"manager": org.manager, "agent": org.agent, None: None}.get(person) or org.people.get(person or "")
    with pytest.raises(Refused):
        handoff_redirect(
            escalation=org.handoff(ticket), by=org.manager, to_team=org.teams[team], to_user=to_user, note="x"
        )


def test_restricted_tickets_need_a_named_person_who_then_sees_them(org, ticket):
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    with pytest.raises(Refused, match="to a person"):
        org.handoff(ticket)
    escalation = org.handoff(ticket, to_user=org.receiver)
    with pytest.raises(Refused):
        handoff_redirect(escalation=escalation, by=org.agent, to_team=org.teams["L3"], to_user=None, note="x")
    handoff_redirect(
        escalation=escalation, by=org.agent, to_team=org.teams["L3"], to_user=org.people["l3_first"], note="x"
    )
    assert ticket.readers.filter(user=org.people["l3_first"]).exists()
    with pytest.raises(NotAllowed, match="people named"):
        handoff_acknowledge(escalation=escalation, by=org.people["l3_second"])


def test_nobody_answers_their_own_handoff(org, ticket):
    escalation = org.handoff(ticket, by=org.manager)
    for act in (
        lambda: handoff_acknowledge(escalation=escalation, by=org.manager),
        lambda: handoff_return(escalation=escalation, by=org.manager, reason="other", note="x"),
        lambda: accept(escalation, org.manager),
    ):
        with pytest.raises(Refused, match="You filed this handoff"):
            act()


def test_completing_saves_carries_and_counts(org, ticket):
    thin = replace(COMPLETE, recommended_action="", sentiment="")
    escalation = org.handoff(ticket, content=thin)
    better = replace(COMPLETE, sentiment="upset", next_update_at=in_hours(3).isoformat())
    saved = handoff_complete(escalation=escalation, by=org.agent, version=1, content=better, fields=CONTENT_FIELDS)
    assert (saved.version, saved.is_complete) == (2, True)
    ticket.refresh_from_db()
    assert ticket.sentiment == "upset"
    assert clock_of(ticket, ClockKind.PROMISED_UPDATE).state == ClockState.RUNNING
    assert Event.objects.get(kind="handoff.completed").data["fields"] == [
        "next_update_at", "recommended_action", "sentiment",
    ]  # fmt: skip
    again = handoff_complete(escalation=escalation, by=org.agent, version=2, content=better, fields=CONTENT_FIELDS)
    assert again.version == 2


def test_a_stale_version_never_overwrites(org, ticket):
    escalation = org.handoff(ticket)
    one, two = replace(COMPLETE, likely_cause="One"), replace(COMPLETE, likely_cause="Two")
    handoff_complete(escalation=escalation, by=org.agent, version=1, content=one, fields=CONTENT_FIELDS)
    other = org.people["l1_second"]
    with pytest.raises(HandoffConflict) as caught:
        handoff_complete(escalation=escalation, by=other, version=1, content=two, fields=CONTENT_FIELDS)
    assert (caught.value.theirs, caught.value.mine) == ({"likely_cause": "One"}, {"likely_cause": "Two"})
    base, more = COMPLETE.fingerprints(), replace(COMPLETE, scope="team")
    handoff_complete(escalation=escalation, by=other, version=1, content=more, fields=CONTENT_FIELDS, base=base)
    content = Handoff.objects.get(escalation=escalation).content
    assert (content["likely_cause"], content["scope"]) == ("One", "team")


def test_completing_is_for_the_sender_while_it_waits(org, ticket):
    escalation = org.handoff(ticket)
    with pytest.raises(NotAllowed):
        handoff_complete(escalation=escalation, by=org.receiver, version=1, content=COMPLETE, fields=CONTENT_FIELDS)
    handoff_return(escalation=escalation, by=org.receiver, reason="other", note="x")
    with pytest.raises(Overtaken):
        handoff_complete(escalation=escalation, by=org.agent, version=1, content=COMPLETE, fields=CONTENT_FIELDS)


def test_a_promise_that_stands_is_not_promised_again(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        org.handoff(ticket, next_update_at=NOON + timedelta(hours=3, seconds=27))
        escalation = ticket.escalations.get()
        handoff_return(escalation=escalation, by=org.receiver, reason="other", note="x")
        org.handoff(ticket, next_update_at=NOON + timedelta(hours=3))
    assert Clock.objects.filter(ticket=ticket, kind=ClockKind.PROMISED_UPDATE).count() == 1
