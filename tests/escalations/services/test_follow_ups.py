"""The follow-up clock: started by accepting, met by the first reply or a recorded contact, cancelled with the stay."""

from datetime import timedelta

import pytest

from escalations.choices import ClockKind, ClockState
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, Escalation, FollowUp
from escalations.services.conversation import ticket_note, ticket_reply
from escalations.services.follow_ups import follow_up_record
from escalations.services.moves import ticket_de_escalate, ticket_transfer
from escalations.services.resolutions import Feedback, ticket_resolve
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_change_priority
from journal import clock
from journal.models import Event, OutboxMessage
from policies.models import PolicyTier
from policies.services.versions import version_publish
from policies.shipped import draft_shipped_policy
from tests.factories import NOON, Organisation, accept

pytestmark = pytest.mark.django_db


def accepted(org: Organisation, *, to: str = "L2", **filing) -> Escalation:
    escalation = org.handoff(org.ticket(), to=to, **filing)
    by = org.people[f"{to.lower()}_first"]
    return accept(escalation, by)


def the_clock(escalation: Escalation) -> Clock:
    return Clock.objects.get(escalation=escalation, kind=ClockKind.FOLLOW_UP)


def test_accepting_starts_it_on_the_receiving_team_s_calendar(org):
    with clock.travel(NOON):
        row = the_clock(accepted(org, to="L4"))
    assert (row.budget, row.clause, row.tier.code) == (14_400, "tier.L4.follow_up", "L4")
    assert row.due_at == NOON + timedelta(hours=4)  # 14:00 UTC is 16:00 in Berlin, before they close
    with clock.travel(NOON + timedelta(hours=5, minutes=30)):
        late = the_clock(accepted(org))
    assert late.due_at == NOON + timedelta(hours=20, minutes=30)  # half an hour today, the rest tomorrow from 08:00


def test_the_first_reply_meets_it_and_is_the_evidence(org):
    with clock.travel(NOON) as traveller:
        escalation = accepted(org)
        traveller.forward(timedelta(minutes=20))
        ticket_note(ticket=escalation.ticket, by=org.receiver, body="Reading.")
        assert the_clock(escalation).state == ClockState.RUNNING
        message = ticket_reply(ticket=escalation.ticket, by=org.receiver, body="I have it.", channel="phone")
        ticket_reply(ticket=escalation.ticket, by=org.receiver, body="And now this.")
    row = FollowUp.objects.get()
    assert (row.message, row.channel, row.contacted_at) == (message, "phone", NOON + timedelta(minutes=20))
    assert the_clock(escalation).state == ClockState.MET
    assert Event.objects.filter(kind="handoff.followed_up").count() == 1


def test_a_reply_of_the_sender_who_stays_is_none(org):
    escalation = accepted(org, is_warm=True)
    ticket_reply(ticket=escalation.ticket, by=org.agent, body="Still with you.")
    assert not FollowUp.objects.exists()
    assert the_clock(escalation).state == ClockState.RUNNING


def test_a_contact_made_elsewhere_is_recorded(org):
    with clock.travel(NOON) as traveller:
        escalation = accepted(org)
        traveller.forward(timedelta(minutes=40))
        row = follow_up_record(
            escalation=escalation, by=org.receiver, contacted_at=NOON + timedelta(minutes=32), channel="phone",
            note="Reached Hanna.",
        )  # fmt: skip
    stopped = the_clock(escalation)
    assert (stopped.state, stopped.stopped_at) == (ClockState.MET, NOON + timedelta(minutes=32))
    assert (row.message, row.recorded_at) == (None, NOON + timedelta(minutes=40))


def test_what_cannot_be_recorded(org):
    with clock.travel(NOON) as traveller:
        escalation = accepted(org)
        traveller.forward(timedelta(minutes=10))

        def record(by=org.receiver, minutes=5):
            at = NOON + timedelta(minutes=minutes)
            return follow_up_record(escalation=escalation, by=by, contacted_at=at, channel="phone")

        for stranger in (org.agent, org.people["l3_first"]):
            with pytest.raises(NotAllowed):
                record(by=stranger)
        with pytest.raises(Refused, match="still to come"):
            record(minutes=11)
        with pytest.raises(Refused, match="before the handoff was accepted"):
            record(minutes=-1)
        record()
        with pytest.raises(Overtaken, match="L2_First Example was first"):
            record(by=org.people["l2_second"])


@pytest.mark.parametrize("swept", [True, False])
def test_recorded_too_late_it_stays_late_whether_the_sweep_came_by_or_not(org, swept):
    with clock.travel(NOON) as traveller:
        escalation = accepted(org)
        traveller.forward(timedelta(minutes=61))
        if swept:
            sweep()
        follow_up_record(
            escalation=escalation, by=org.receiver, contacted_at=NOON + timedelta(minutes=50), channel="phone"
        )
    row = the_clock(escalation)
    assert (row.state, row.stopped_at) == (ClockState.BREACHED, NOON + timedelta(minutes=61))
    assert Event.objects.filter(kind="clock.breached", data__clock="follow_up").count() == 1


def test_its_breach_is_told_to_whoever_holds_the_ticket_and_to_nobody_else(org):
    with clock.travel(NOON) as traveller:
        escalation = accepted(org)
        OutboxMessage.objects.all().delete()
        traveller.forward(timedelta(minutes=61))
        sweep()
    told = OutboxMessage.objects.filter(subject__contains="has not heard").values_list("recipient", flat=True)
    assert list(told) == [org.receiver.email]
    assert the_clock(escalation).state == ClockState.BREACHED


def test_it_ends_with_the_stay(org):
    with clock.travel(NOON) as traveller:
        resolved, moved_on, lowered, passed_on = (accepted(org) for _ in range(4))
        traveller.forward(timedelta(minutes=5))
        ticket_resolve(
            ticket=resolved.ticket, by=org.receiver, root_cause="configuration", what_was_done="Done.",
            feedback=Feedback(rating=4, was_necessary=True),
        )  # fmt: skip
        further = org.handoff(moved_on.ticket, by=org.receiver, to="L3")
        assert the_clock(moved_on).state == ClockState.RUNNING  # until somebody else has it, it is still owed
        accept(further, org.people["l3_first"])
        ticket_de_escalate(ticket=lowered.ticket, by=org.receiver, reason="within_tier", note="Routine now.")
        ticket_transfer(
            ticket=passed_on.ticket, by=org.receiver, to_team=org.teams["L2"], to_user=org.people["l2_second"], note="-"
        )
    for escalation in (resolved, moved_on, lowered):
        assert the_clock(escalation).state == ClockState.CANCELLED
    assert the_clock(further).state == ClockState.RUNNING
    assert the_clock(passed_on).state == ClockState.RUNNING  # the new holder owes it
    with pytest.raises(Overtaken):
        follow_up_record(escalation=resolved, by=org.receiver, contacted_at=NOON, channel="phone")


def test_a_change_to_p1_moves_it_to_the_wall_clock(org):
    with clock.travel(NOON + timedelta(hours=5, minutes=30)) as traveller:
        escalation = accepted(org)
        traveller.forward(timedelta(minutes=1))
        ticket_change_priority(ticket=escalation.ticket, by=org.receiver, priority=1, reason="All are down.")
        assert the_clock(escalation).due_at == NOON + timedelta(hours=6, minutes=30)
        ticket_change_priority(ticket=escalation.ticket, by=org.receiver, priority=3, reason="Not quite.")
        assert the_clock(escalation).due_at == NOON + timedelta(hours=20, minutes=30)


def test_a_tier_without_a_target_has_no_clock_but_a_contact_can_be_recorded(org):
    draft = draft_shipped_policy(code="2026.2", by=org.process_owner)
    PolicyTier.objects.filter(version=draft).update(follow_up_seconds=None)
    version_publish(version=draft, by=org.manager)
    escalation = accepted(org)
    assert not Clock.objects.filter(kind=ClockKind.FOLLOW_UP).exists()
    follow_up_record(escalation=escalation, by=org.receiver, contacted_at=clock.now(), channel="chat")
