"""A handoff from filing to feedback, and what its clocks, hops and events say."""

from datetime import timedelta

import pytest

from escalations.choices import ClockKind, ClockState, EscalationState, HopKind
from escalations.errors import Overtaken, Refused
from escalations.models import Clock, Escalation, Hop
from escalations.services.answers import handoff_acknowledge, handoff_return
from escalations.services.resolutions import Feedback, ticket_resolve
from journal import clock
from journal.models import Event, OutboxMessage
from tests.factories import NOON, accept

pytestmark = pytest.mark.django_db


def states(ticket) -> dict[tuple[str, int], str]:
    return {(row.kind, row.round): row.state for row in Clock.objects.filter(ticket=ticket)}


def test_whole_way(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(minutes=30))
        escalation = org.handoff(ticket)
        assert states(ticket)[ClockKind.TIME_AT_TIER, 1] == ClockState.PAUSED
        traveller.forward(timedelta(minutes=7))
        handoff_acknowledge(escalation=escalation, by=org.receiver)
        assert states(ticket)[ClockKind.ACKNOWLEDGEMENT, 1] == ClockState.MET
        traveller.forward(timedelta(minutes=5))
        accept(escalation, org.receiver)
        ticket.refresh_from_db()
        assert (ticket.owner, ticket.team, ticket.tier.code) == (org.receiver, org.teams["L2"], "L2")
        assert states(ticket)[ClockKind.TIME_AT_TIER, 1] == ClockState.MET
        assert states(ticket)[ClockKind.TIME_AT_TIER, 2] == ClockState.RUNNING
        with pytest.raises(Overtaken, match="L2_First Example was first"):
            accept(escalation, org.people["l2_second"])
        traveller.forward(timedelta(hours=1))
        with pytest.raises(Refused):
            ticket_resolve(ticket=ticket, by=org.receiver, root_cause="configuration", what_was_done="Cache dropped.")
        ticket_resolve(
            ticket=ticket,
            by=org.receiver,
            root_cause="configuration",
            what_was_done="Cache dropped.",
            minutes={org.teams["L1"].tier: 21, org.teams["L2"].tier: 40},
            satisfaction=5,
            feedback=Feedback(rating=4, was_necessary=True),
        )
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.RESOLVED
    assert escalation.feedback.rating == 4
    assert not Clock.objects.filter(ticket=ticket, state__in=[ClockState.RUNNING, ClockState.PAUSED]).exists()
    hops = list(Hop.objects.filter(ticket=ticket).values_list("kind", "tier__code", "sla_seconds"))
    assert hops == [(HopKind.HELD, "L1", 1800), (HopKind.WAITING, "L1", 720), (HopKind.HELD, "L2", 3600)]
    events = Event.objects.filter(subject_type="ticket", subject_id=ticket.pk).order_by("id")
    assert list(events.values_list("kind", flat=True)) == [
        "ticket.created",
        "ticket.changed",
        "handoff.filed",
        "handoff.acknowledged",
        "handoff.accepted",
        "handoff.rated",
        "ticket.resolved",
    ]
    assert OutboxMessage.objects.filter(recipient=org.agent.email).count() == 2


def test_returned_handoff_is_resubmitted_as_the_same_escalation(org):
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    handoff_return(escalation=escalation, by=org.receiver, reason="no_next_step", note="What shall we do first?")
    again = org.handoff(ticket)
    assert again.pk == escalation.pk
    assert Escalation.objects.filter(ticket=ticket).count() == 1
    assert states(ticket)[ClockKind.ACKNOWLEDGEMENT, 2] == ClockState.RUNNING


def test_the_timeline_counts_the_acknowledgement_as_its_clock_does(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(hours=5, minutes=55))  # five minutes before the receiver's team closes
        escalation = org.handoff(ticket)
        traveller.forward(timedelta(hours=14, minutes=8))
        handoff_acknowledge(escalation=escalation, by=org.receiver)
    said = Event.objects.get(subject_type="ticket", subject_id=ticket.pk, kind="handoff.acknowledged").data
    assert (said["seconds"], said["state"]) == (8 * 60, ClockState.MET)
