"""A whole desk changes hands: what goes with it, what is refused line by line, and that it happens once."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Absence, User
from accounts.services.absences import absence_create
from escalations.choices import ClockKind, EscalationState, HandoverReason, TicketState
from escalations.errors import NotAllowed, Refused
from escalations.models import Clock, DeskHandover, DeskHandoverLine, Hop, Mention, Ticket
from escalations.services.answers import handoff_acknowledge
from escalations.services.desk import Give, Leave, desk_hand_over, results_of
from escalations.services.reading import ticket_read
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_assign, ticket_restrict
from journal import clock
from journal.models import Draft, Event, OutboxMessage
from journal.services import draft_save
from tests.bed.deadlines import alarms
from tests.factories import NOON, Organisation, accept, in_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def to(org) -> User:
    return org.people["l1_second"]


def give(org: Organisation, *tickets: Give, **values: Any) -> DeskHandover:
    return desk_hand_over(
        owner=values.pop("owner", org.agent), by=values.pop("by", org.agent),
        key=values.pop("key", None) or uuid.uuid4(), reason=values.pop("reason", HandoverReason.SHIFT_END),
        tickets=tickets, **values,
    )  # fmt: skip


def sound() -> bool:
    return alarms(clock.now(), "no sweep for 90 s") == {}


def test_tickets_go_to_the_new_holder_with_hop_event_and_note(org, to):
    with clock.travel(NOON) as time:
        ticket = org.ticket()
        time.forward(timedelta(hours=1))
        done = give(org, Give(ticket.pk, to, "Waits for the trace id. "))
        ticket.refresh_from_db()
        assert (ticket.owner, ticket.state) == (to, TicketState.OPEN)
        hops = list(Hop.objects.filter(ticket=ticket).order_by("span"))
        assert [hop.holder for hop in hops] == [org.agent, to]
        assert hops[0].span.upper == hops[1].span.lower
        event = Event.objects.get(kind="ticket.handed_over")
        assert event.data["changes"]["owner"] == [str(org.agent), str(to)]
        assert event.data["note"] == "Waits for the trace id."
        line = DeskHandoverLine.objects.get()
        assert (line.ticket, line.to_user, line.note, line.seen_at) == (ticket, to, "Waits for the trace id.", None)
        assert [result.outcome for result in results_of(done)] == ["given"]
        assert sound()


def test_the_clocks_run_on_as_they_were(org, to):
    ticket = org.ticket()
    before = list(Clock.objects.filter(ticket=ticket).values_list("kind", "state", "due_at", "round"))
    give(org, Give(ticket.pk, to))
    assert list(Clock.objects.filter(ticket=ticket).values_list("kind", "state", "due_at", "round")) == before


def test_the_same_submit_twice_hands_over_once(org, to):
    ticket, key = org.ticket(), uuid.uuid4()
    draft_save(user=org.agent, form=f"desk:{org.agent.pk}", data={"note": ["x"]}, version=None)
    first = give(org, Give(ticket.pk, to), key=key)
    again = give(org, Give(ticket.pk, to), key=key)
    assert first == again
    assert Event.objects.filter(kind="ticket.handed_over").count() == 1
    assert not Draft.objects.exists()


def test_what_changed_meanwhile_is_reported_and_the_rest_goes(org, to):
    kept, gone, moved = org.ticket(subject="Kept"), org.ticket(subject="Gone"), org.ticket(subject="Moved")
    ticket_resolve(ticket=gone, by=org.agent, root_cause="configuration", what_was_done="Done.")
    ticket_assign(ticket=moved, by=org.manager, owner=org.people["l1_second"])
    done = give(org, *[Give(one.pk, to, "My note", one.version) for one in (kept, gone, moved)])
    results = {result.subject: result for result in results_of(done)}
    assert results["Kept"].outcome == "given"
    assert results["Gone"].words == "Not handed over: it is resolved by now."
    assert results["Moved"].words == f"Not handed over: it is with {to} by now."
    assert results["Gone"].note == "My note"
    assert list(done.lines.values_list("ticket", flat=True)) == [kept.pk]


def test_a_ticket_that_only_changed_goes_and_says_so(org, to):
    ticket = org.ticket()
    give_it = Give(ticket.pk, to, "Note", version=ticket.version)
    Ticket.objects.filter(pk=ticket.pk).update(version=ticket.version + 1)
    assert results_of(give(org, give_it))[0].words.endswith("It changed while you wrote your note")


def test_to_the_team_when_nobody_is_on_duty(org):
    ticket = org.ticket()
    done = give(org, Give(ticket.pk, None, "For the morning"))
    ticket.refresh_from_db()
    assert ticket.owner is None
    assert results_of(done)[0].outcome == "to_team"
    assert Hop.objects.get(ticket=ticket, span__endswith__isnull=True).holder is None
    assert sound()


def test_who_left_and_who_is_away_get_nothing_and_it_is_said_why(org, to):
    """Edge case of product.md: people who left."""
    first, second = org.ticket(), org.ticket()
    User.objects.filter(pk=to.pk).update(is_active=False)
    to.refresh_from_db()
    away = org.person("l1_third", "l1_agent", org.teams["L1"])
    absence_create(user=away, by=away, starts_at=in_hours(-1), ends_at=in_hours(5))
    done = give(org, Give(first.pk, to), Give(second.pk, away))
    assert [result.outcome for result in results_of(done)] == ["refused", "refused"]
    assert "has left" in results_of(done)[0].words
    assert "is away" in results_of(done)[1].words
    assert set(Ticket.objects.values_list("owner", flat=True)) == {org.agent.pk}


def test_the_lead_hands_over_the_desk_of_somebody_who_left(org, to):
    ticket = org.ticket()
    org.teams["L1"].lead = to
    org.teams["L1"].save()
    User.objects.filter(pk=org.agent.pk).update(is_active=False)
    third = org.person("l1_third", "l1_agent", org.teams["L1"])
    give(org, Give(ticket.pk, third), by=to, reason=HandoverReason.OTHER)
    ticket.refresh_from_db()
    assert ticket.owner == third


def test_a_colleague_does_not_hand_over_another_s_desk(org, to):
    ticket = org.ticket()
    with pytest.raises(NotAllowed):
        give(org, Give(ticket.pk, to), by=to)
    with pytest.raises(NotAllowed):
        give(org, Give(ticket.pk, to), by=org.receiver)
    assert not DeskHandover.objects.exists()


def test_a_restricted_ticket_names_its_new_holder_and_never_goes_to_a_team(org, to):
    named, team = org.ticket(), org.ticket()
    for one in (named, team):
        ticket_restrict(ticket=one, by=org.agent, readers=[], restricted=True)
    done = give(org, Give(named.pk, to), Give(team.pk, None))
    assert [result.outcome for result in results_of(done)] == ["given", "refused"]
    assert named.readers.filter(user=to).exists()
    assert Ticket.objects.visible_to(to).filter(pk=named.pk).exists()


def test_who_may_not_see_a_ticket_is_not_told_what_it_is(org, to):
    ticket = org.ticket(subject="A legal matter")
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    results = results_of(give(org, Give(ticket.pk, to), by=org.manager))
    assert [(result.ref, result.outcome) for result in results] == [("", "refused")]
    assert "legal" not in str(results)


def test_a_handoff_that_waits_for_the_giver_goes_on_to_a_colleague(org):
    """Received and acknowledged, not accepted: the new one has not seen it, so it asks again."""
    ticket = org.ticket()
    escalation = org.handoff(ticket, to_user=org.receiver)
    handoff_acknowledge(escalation=escalation, by=org.receiver)
    colleague = org.people["l2_second"]
    done = give(org, owner=org.receiver, by=org.receiver, handoffs=[Give(escalation.pk, colleague, "Logs are in")])
    escalation.refresh_from_db()
    assert (escalation.state, escalation.to_user) == (EscalationState.PENDING, colleague)
    assert escalation.acknowledged_by is None
    assert Clock.objects.filter(escalation=escalation, kind=ClockKind.ACKNOWLEDGEMENT, state="running").count() == 1
    assert results_of(done)[0].outcome == "readdressed"
    assert DeskHandoverLine.objects.get().to_user == colleague
    assert Event.objects.get(kind="handoff.readdressed").data["note"] == "Logs are in"
    ticket.refresh_from_db()
    assert ticket.owner == org.agent
    assert sound()


def test_one_addressed_by_name_goes_back_to_the_team_and_its_clock_runs_on(org):
    escalation = org.handoff(org.ticket(), to_user=org.receiver)
    due = Clock.objects.get(escalation=escalation, kind=ClockKind.ACKNOWLEDGEMENT).due_at
    give(org, owner=org.receiver, by=org.receiver, handoffs=[Give(escalation.pk, None)])
    escalation.refresh_from_db()
    assert (escalation.to_user, escalation.to_team) == (None, org.teams["L2"])
    assert Clock.objects.get(escalation=escalation, kind=ClockKind.ACKNOWLEDGEMENT).due_at == due
    assert sound()


def test_a_handoff_is_not_passed_to_its_sender_nor_after_it_was_answered(org):
    first = org.handoff(org.ticket(), to_user=org.receiver)
    User.objects.filter(pk=org.agent.pk).update(team=org.teams["L2"])
    answered = org.handoff(org.ticket(), by=org.people["l1_second"], to_user=org.receiver)
    accept(answered, org.receiver)
    done = give(
        org, owner=org.receiver, by=org.receiver,
        handoffs=[Give(first.pk, org.agent), Give(answered.pk, org.people["l2_second"])],
    )  # fmt: skip
    assert [result.outcome for result in results_of(done)] == ["refused", "refused"]
    assert "sent this handoff" in results_of(done)[0].words


def test_before_leave_the_absence_is_entered_with_its_cover(org, to):
    with clock.travel(NOON):
        ticket = org.ticket()
        leave = Leave(in_hours(6), in_hours(80), to, "Holiday")
        give(org, Give(ticket.pk, to), reason=HandoverReason.LEAVE, leave=leave)
        absence = Absence.objects.get()
        assert (absence.user, absence.covered_by, absence.note) == (org.agent, to, "Holiday")


def test_an_absence_that_cannot_be_entered_changes_nothing(org, to):
    ticket = org.ticket()
    with pytest.raises(Refused):
        give(org, Give(ticket.pk, to), reason=HandoverReason.LEAVE, leave=Leave(in_hours(9), in_hours(2), to))
    ticket.refresh_from_db()
    assert ticket.owner == org.agent
    assert not DeskHandover.objects.exists()


def test_nothing_to_hand_over_is_refused(org):
    with pytest.raises(Refused, match="nothing to hand over"):
        give(org)


def test_each_new_holder_gets_one_mail_and_reads_by_opening_the_ticket(org, to):
    first, second = org.ticket(), org.ticket()
    give(org, Give(first.pk, to), Give(second.pk, to))
    mail = OutboxMessage.objects.get(recipient=to.email)
    assert mail.subject == f"{org.agent} hands you 2 tickets"
    ticket_read(ticket=first, by=to)
    assert set(DeskHandoverLine.objects.filter(seen_at__isnull=False).values_list("ticket", flat=True)) == {first.pk}
    assert not Mention.objects.exists()
