"""Same-tier transfer and de-escalation: what may go where, and what becomes of clocks, hops and the escalation."""

from datetime import timedelta

import pytest

from accounts.models import Absence, Tier
from escalations.choices import ClockKind, ClockState, EscalationState, HopKind, TicketState
from escalations.domain.clocks import Wait
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, Escalation, Hop, Ticket, TicketReader
from escalations.services.moves import ticket_de_escalate, ticket_transfer
from escalations.services.tickets import ticket_restrict, ticket_wait
from journal import clock
from journal.models import Event, OutboxMessage
from tests.factories import NOON, Organisation, accept, in_hours, make_calendar

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Organisation:
    made = Organisation()
    made.other = made.make_team(Tier.objects.get(code="L1"), "Echo")
    made.other.calendar = make_calendar("late", opens=12, closes=20)
    made.other.save()
    made.friend = made.person("friend", "l1_agent", made.other)
    return made


def move(org: Organisation, ticket: Ticket, to_user=None, *, to=None, by=None, note="Speaks French.") -> Ticket:
    return ticket_transfer(ticket=ticket, by=by or org.agent, to_team=to or org.other, to_user=to_user, note=note)


def accepted(org: Organisation, ticket: Ticket | None = None, to: str = "L2", by=None) -> Escalation:
    escalation = org.handoff(ticket or org.ticket(), to=to, by=by)
    receiver = org.people[f"{to.lower()}_first"]
    return accept(escalation, receiver)


# --- transfer --------------------------------------------------------------------------------------------


def test_a_transfer_moves_the_holder_and_leaves_the_clocks_as_they_started(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        rows = Clock.objects.order_by("pk").values_list("kind", "due_at", "state", "calendar_revision")
        before = list(rows)
        traveller.forward(timedelta(minutes=20))
        move(org, ticket, org.friend)
        assert list(rows.all()) == before
    ticket.refresh_from_db()
    assert (ticket.team, ticket.owner, ticket.tier.code, ticket.tier_since) == (org.other, org.friend, "L1", NOON)
    hops = list(Hop.objects.values_list("kind", "team__name", "holder__username"))
    assert hops == [(HopKind.HELD, "Front", "l1_first"), (HopKind.HELD, "Echo", "friend")]
    said = Event.objects.get(kind="ticket.transferred").data
    assert (said["from_team"], said["to_team"], said["note"]) == ("Front", "Echo", "Speaks French.")
    assert not Escalation.objects.exists()
    assert OutboxMessage.objects.get(subject__contains="transfers").recipient == org.friend.email


def test_to_a_team_without_naming_anybody(org):
    ticket = move(org, org.ticket())
    assert ticket.owner is None
    assert OutboxMessage.objects.get(subject__contains="transfers").recipient == org.friend.email


@pytest.mark.parametrize(("tier", "way"), [("L2", "Escalate it"), ("L3", "Escalate it")])
def test_to_a_higher_tier_is_a_handoff(org, tier, way):
    with pytest.raises(Refused) as refused:
        move(org, org.ticket(), to=org.teams[tier])
    assert way in refused.value.fields["to_team"]


def test_to_a_lower_tier_is_a_de_escalation(org):
    escalation = accepted(org)
    with pytest.raises(Refused) as refused:
        move(org, escalation.ticket, by=org.receiver)
    assert "De-escalate it" in refused.value.fields["to_team"]


def test_not_to_oneself_nor_to_whom_it_is_with(org):
    ticket = org.ticket()
    with pytest.raises(Refused, match="to yourself"):
        move(org, ticket, org.agent, to=org.teams["L1"])
    with pytest.raises(Refused, match="already"):
        move(org, ticket, org.agent, to=org.teams["L1"], by=org.people["l1_second"])


def test_not_to_who_left_or_is_away(org):
    ticket, now = org.ticket(), clock.now()
    Absence.objects.create(
        user=org.friend, covered_by=org.people["l1_second"], starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    with pytest.raises(Refused, match=r"is away\. L1_Second Example answers meanwhile"):
        move(org, ticket, org.friend)
    Absence.objects.all().update(cancelled_at=now)
    org.friend.is_active = False
    org.friend.save()
    with pytest.raises(Refused, match="has left"):
        move(org, ticket, org.friend)
    with pytest.raises(Refused, match="does not work in"):
        move(org, ticket, org.receiver)


def test_not_while_a_handoff_waits(org):
    ticket = org.ticket()
    org.handoff(ticket)
    with pytest.raises(Refused, match="Withdraw it first"):
        move(org, ticket)


def test_only_by_those_who_hold_it_with_a_word_why(org):
    ticket = org.ticket()
    with pytest.raises(NotAllowed):
        move(org, ticket, by=org.receiver)
    with pytest.raises(Refused, match="Say why"):
        move(org, ticket, note="  ")


def test_a_restricted_ticket_goes_to_a_person_who_is_then_named(org):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    with pytest.raises(Refused, match="to a person"):
        move(org, ticket)
    move(org, ticket, org.friend)
    assert TicketReader.objects.filter(ticket=ticket, user=org.friend, named_by=org.agent).exists()


def test_a_ticket_that_waits_goes_on_waiting(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(minutes=5))
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Example asked for", review_at=in_hours(24))
        traveller.forward(timedelta(minutes=5))
        move(org, ticket, org.friend)
    ticket.refresh_from_db()
    assert ticket.state == TicketState.WAITING_CUSTOMER
    assert Hop.objects.get(span__endswith__isnull=True).kind == HopKind.PAUSED


# --- de-escalation ---------------------------------------------------------------------------------------


def test_back_to_the_sender_unless_somebody_says_otherwise(org):
    with clock.travel(NOON) as traveller:
        escalation = accepted(org)
        ticket = escalation.ticket
        traveller.forward(timedelta(minutes=30))
        ticket_de_escalate(ticket=ticket, by=org.receiver, reason="workaround_confirmed", note="Manual upload works.")
        states = {(row.kind, row.round): row.state for row in Clock.objects.filter(ticket=ticket)}
    ticket.refresh_from_db()
    escalation.refresh_from_db()
    assert (ticket.owner, ticket.team, ticket.tier.code) == (org.agent, org.teams["L1"], "L1")
    assert ticket.tier_since == NOON + timedelta(minutes=30)
    assert escalation.state == EscalationState.DE_ESCALATED
    assert (escalation.de_escalated_by, escalation.de_escalation_reason) == (org.receiver, "workaround_confirmed")
    assert escalation.ended_at == NOON + timedelta(minutes=30)
    assert states[ClockKind.TIME_AT_TIER, 2] == ClockState.MET
    assert states[ClockKind.TIER_RESOLUTION, 2] == ClockState.CANCELLED
    assert states[ClockKind.FOLLOW_UP, 1] == ClockState.CANCELLED
    assert states[ClockKind.TIME_AT_TIER, 3] == states[ClockKind.TIER_RESOLUTION, 3] == ClockState.RUNNING
    assert states[ClockKind.CONTRACT_RESOLUTION, 1] == ClockState.RUNNING
    assert Hop.objects.get(span__endswith__isnull=True).holder == org.agent
    assert OutboxMessage.objects.get(subject__contains="de-escalates").recipient == org.agent.email
    said = Event.objects.get(kind="handoff.de_escalated").data
    assert (said["from_tier"], said["to_tier"], said["escalation"]) == ("L2", "L1", escalation.pk)


@pytest.mark.parametrize("why", ["left", "away", "moved"])
def test_of_a_sender_who_is_not_there_the_team_gets_it(org, why):
    escalation, now = accepted(org), clock.now()
    if why == "away":
        Absence.objects.create(user=org.agent, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    else:
        org.agent.is_active, org.agent.team = why != "left", org.other
        org.agent.save()
    ticket = ticket_de_escalate(ticket=escalation.ticket, by=org.receiver, reason="within_tier", note="Routine.")
    assert (ticket.owner, ticket.team) == (None, org.teams["L1"])


def test_past_a_tier_and_to_any_lower_team(org):
    ticket = accepted(org, to="L4").ticket
    by = org.people["l4_first"]
    lowered = ticket_de_escalate(
        ticket=ticket, by=by, reason="solution_known", note="Fix is out.", to_team=org.teams["L3"],
        to_user=org.people["l3_second"],
    )  # fmt: skip
    assert (lowered.tier.code, lowered.owner) == ("L3", org.people["l3_second"])
    # It was handed up to L4, not to L3: whoever lowers it further says to whom.
    with pytest.raises(Refused) as refused:
        ticket_de_escalate(ticket=ticket, by=org.people["l3_second"], reason="other", note="Routine.")
    assert "to_team" in refused.value.fields
    ticket_de_escalate(
        ticket=ticket, by=org.people["l3_second"], reason="other", note="Routine.", to_team=org.teams["L1"]
    )
    assert Event.objects.filter(kind="handoff.de_escalated").count() == 2


def test_a_ticket_that_entered_high_can_be_lowered_too(org):
    ticket = org.ticket(by=org.people["l3_first"], priority=1)
    ticket_de_escalate(
        ticket=ticket, by=org.people["l3_first"], reason="less_urgent", note="One user.", to_team=org.teams["L2"]
    )
    assert Event.objects.get(kind="handoff.de_escalated").data["escalation"] is None


def test_what_is_no_de_escalation(org):
    ticket = accepted(org).ticket

    def lower(by=org.receiver, note="Routine.", **more):
        return ticket_de_escalate(ticket=ticket, by=by, reason="other", note=note, **more)

    for stranger in (org.agent, org.people["l3_first"], org.process_owner):
        with pytest.raises(NotAllowed):
            lower(stranger)
    with pytest.raises(Refused) as same:
        lower(to_team=org.teams["L2"])
    assert "Transfer it" in same.value.fields["to_team"]
    with pytest.raises(Refused) as higher:
        lower(to_team=org.teams["L3"])
    assert "Escalate it" in higher.value.fields["to_team"]
    with pytest.raises(Refused, match="justification"):
        lower(note=" ")
    org.handoff(ticket, by=org.receiver, to="L3")
    with pytest.raises(Refused, match="waits for an answer"):
        lower()


def test_what_came_down_meanwhile_is_not_lowered_twice(org):
    ticket = accepted(org).ticket
    ticket_de_escalate(ticket=ticket, by=org.manager, reason="other", note="Routine.")
    with pytest.raises((Refused, Overtaken)):
        ticket_de_escalate(ticket=ticket, by=org.manager, reason="other", note="Routine.")
    assert Event.objects.filter(kind="handoff.de_escalated").count() == 1


def test_belay_itself_can_lower_it(org):
    ticket = accepted(org).ticket
    ticket_de_escalate(ticket=ticket, by=None, reason="workaround_confirmed", note="The customer confirmed it.")
    event = Event.objects.get(kind="handoff.de_escalated")
    assert event.actor is None
    assert Escalation.objects.get().de_escalated_by is None
    assert OutboxMessage.objects.get(subject__contains="Belay de-escalates").recipient == org.agent.email


def test_down_and_up_again_is_a_re_escalation_for_thirty_days(org):
    with clock.travel(NOON) as traveller:
        first = accepted(org)
        ticket = first.ticket
        ticket_de_escalate(ticket=ticket, by=org.receiver, reason="other", note="Routine.")
        traveller.forward(timedelta(days=30))
        again = accepted(org, ticket)
        assert again.previous == first
        ticket_de_escalate(ticket=ticket, by=org.receiver, reason="other", note="Routine.")
        traveller.forward(timedelta(days=30, seconds=1))
        assert accepted(org, ticket).previous is None
