"""Acts on many tickets: each once, each for itself, and taken back only where nobody has acted since."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection

from escalations.choices import BulkState, ClockKind, ClockState, EscalationState, TicketState
from escalations.domain.bulk import ACTS, LIMIT
from escalations.domain.clocks import Wait
from escalations.errors import NotAllowed, Refused
from escalations.models import BulkAction, BulkLine, Clock, Escalation, Message, Ticket
from escalations.services import bulk
from escalations.services.answers import handoff_acknowledge
from escalations.services.bulk import bulk_go_on, bulk_once, bulk_run, bulk_undo
from escalations.services.bulk_acts import WORKS
from escalations.services.handoffs import handoff_withdraw
from escalations.services.resolutions import ticket_resolve
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_assign, ticket_change_priority, ticket_restrict, ticket_wait
from journal import audit, clock
from journal.models import Event, OutboxMessage
from journal.services import KeyOfAnother
from tests.bed.deadlines import alarms
from tests.factories import NOON, accept, in_hours
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MANY = 40


def run(by, code, tickets, **values) -> BulkAction:
    return bulk_run(key=uuid.uuid4(), code=code, tickets=[one.pk for one in tickets], by=by, values=values)


def lines(action) -> dict[int, BulkLine]:
    return {line.ticket_id: line for line in action.lines.all()}


def ack(escalation) -> list[Clock]:
    return list(Clock.objects.filter(escalation=escalation, kind=ClockKind.ACKNOWLEDGEMENT).order_by("round"))


def kinds(ticket) -> list[str]:
    stream = Event.objects.filter(subject_type="ticket", subject_id=ticket.pk)
    return list(stream.order_by("pk").values_list("kind", flat=True))


# --- doing -----------------------------------------------------------------------------------------------


def test_each_ticket_has_its_own_result(org):
    ours, other, restricted = org.ticket(), org.ticket(), org.ticket()
    first, _ = org.handoff(ours), org.handoff(restricted)
    ticket_restrict(ticket=restricted, by=org.agent, readers=[], restricted=True)
    action = run(org.receiver, "acknowledge", [ours, other, restricted])
    found = lines(action)
    assert (found[ours.pk].is_done, found[ours.pk].message) == (True, "")
    assert (found[other.pk].is_done, found[other.pk].message) == (False, "No handoff waits on it any more.")
    assert restricted.pk not in found
    first.refresh_from_db()
    assert first.state == EscalationState.ACKNOWLEDGED


def test_what_changed_since_the_count_is_said_on_its_line(org):
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    handoff_withdraw(escalation=escalation, by=org.agent, note="Solved it")
    action = run(org.receiver, "acknowledge", [ticket])
    assert lines(action)[ticket.pk].message == "No handoff waits on it any more."


def test_restricted_between_the_count_and_the_act(org, monkeypatch):
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    seen = bulk._begin

    def slow(*args):
        action = seen(*args)
        ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
        return action

    monkeypatch.setattr(bulk, "_begin", slow)
    action = run(org.receiver, "acknowledge", [ticket])
    assert lines(action)[ticket.pk].message == "This ticket is open only to the people named on it."
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.PENDING


def test_the_same_form_sent_twice_does_it_once(org):
    ticket, key = org.ticket(), uuid.uuid4()
    for _ in range(2):
        action = bulk_run(key=key, code="note", tickets=[ticket.pk], by=org.agent, values={"body": "Known issue"})
    assert BulkAction.objects.get() == action
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_a_key_of_somebody_else_is_refused(org):
    ticket, key = org.ticket(), uuid.uuid4()
    bulk_run(key=key, code="note", tickets=[ticket.pk], by=org.agent, values={"body": "Known issue"})
    with pytest.raises(KeyOfAnother):
        bulk_run(key=key, code="note", tickets=[ticket.pk], by=org.receiver, values={"body": "Known issue"})
    with pytest.raises(KeyOfAnother):
        bulk_run(key=key, code="take", tickets=[ticket.pk], by=org.agent)


def half_way() -> list[tuple[str]]:
    """What the auditor says of acts that were begun and not ended."""
    query = next(one for one in audit.queries() if one.name.startswith("act on many tickets stopped"))
    with connection.cursor() as cursor:
        cursor.execute(query.sql, {"now": clock.now()})
        return cursor.fetchall()


def test_whoever_was_stopped_goes_on_where_it_stopped(org, monkeypatch, noon):
    tickets, key, done = [org.ticket() for _ in range(3)], uuid.uuid4(), []
    real = bulk._do_line

    def dies(action, line, ticket, by):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(ticket)
        real(action, line, ticket, by)

    monkeypatch.setattr(bulk, "_do_line", dies)
    values = {"key": key, "code": "note", "tickets": [one.pk for one in tickets], "values": {"body": "Known"}}
    with pytest.raises(KeyboardInterrupt):
        bulk_run(by=org.agent, **values)
    assert half_way() == []
    noon.forward(timedelta(minutes=11))
    assert half_way() == [("L1_First Example, note, 2 left",)]
    monkeypatch.setattr(bulk, "_do_line", real)
    action = bulk_run(by=org.agent, **values)
    assert half_way() == []
    assert [line.is_done for line in action.lines.all()] == [True] * 3
    assert [Message.objects.filter(ticket=one).count() for one in tickets] == [1, 1, 1]


def test_no_more_than_the_limit_and_not_none(org, monkeypatch):
    monkeypatch.setattr(bulk, "LIMIT", 1)
    with pytest.raises(Refused, match="No ticket was selected"):
        run(org.agent, "take", [])
    with pytest.raises(Refused, match="2 tickets are selected; 1 at once is the most"):
        run(org.agent, "take", [org.ticket(), org.ticket()])
    assert not BulkAction.objects.exists()
    assert LIMIT == 500


def test_a_ticket_costs_the_same_however_many_there_are(org):
    few, many = [org.ticket() for _ in range(2)], [org.ticket() for _ in range(12)]
    for ticket in few + many:
        org.handoff(ticket)
    run(org.receiver, "acknowledge", [few.pop()])  # what a process asks once is asked
    one = len(statements(lambda: run(org.receiver, "acknowledge", few)))
    twelve = len(statements(lambda: run(org.receiver, "acknowledge", many)))
    per_ticket = (twelve - one) / 11
    assert per_ticket == int(per_ticket)
    assert per_ticket <= 40


# --- taking back -------------------------------------------------------------------------------------------


def test_many_acknowledged_and_taken_back(org, noon):
    """Two hundred of them do so in a browser: tests/browser/test_working_day.py."""
    tickets = [org.ticket() for _ in range(MANY)]
    escalations = {one.pk: org.handoff(one) for one in tickets}
    due = {pk: ack(one)[0].due_at for pk, one in escalations.items()}
    noon.forward(timedelta(minutes=4))
    action = run(org.receiver, "acknowledge", tickets)
    assert action.lines.filter(is_done=True).count() == MANY
    assert not Escalation.objects.filter(state=EscalationState.PENDING).exists()
    noon.forward(timedelta(minutes=2))
    bulk_undo(action=action, by=org.receiver)
    assert (action.state, action.undone_at) == (BulkState.UNDONE, NOON + timedelta(minutes=6))
    assert action.lines.filter(is_undone=True).count() == MANY
    assert Escalation.objects.filter(state=EscalationState.PENDING).count() == MANY
    for ticket in tickets:
        first, second = ack(escalations[ticket.pk])
        assert (first.state, second.state) == (ClockState.CANCELLED, ClockState.RUNNING)
        assert (second.started_at, second.due_at) == (NOON, due[ticket.pk])
        assert kinds(ticket)[-2:] == ["handoff.acknowledged", "handoff.unacknowledged"]
    ticket = Ticket.objects.get(pk=tickets[0].pk)
    assert ticket.due_at == min(row.due_at for row in ticket.clocks.filter(state=ClockState.RUNNING))
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_taking_an_acknowledgement_back_gains_no_time(org, noon):
    """Its deadline passes while it stands acknowledged: taken back, it has rung, once, and its people are told."""
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    due = ack(escalation)[0].due_at
    noon.to(due - timedelta(minutes=1))
    action = run(org.receiver, "acknowledge", [ticket])
    noon.to(due + timedelta(minutes=5))
    bulk_undo(action=action, by=org.receiver)
    first, second = ack(escalation)
    assert (first.state, second.state) == ("cancelled", "breached")
    assert (second.fired_at, second.stopped_at) == (clock.now(), None)
    sweep()
    rung = Event.objects.filter(kind="clock.breached", data__clock="acknowledgement")
    assert [(event.occurred_at, event.data["round"], event.data["late"]) for event in rung] == [(due, 2, False)]
    assert OutboxMessage.objects.filter(subject__contains="is not acknowledged in time").count() == 2
    assert alarms(clock.now(), "no sweep for 90 s") == {}


def test_a_late_acknowledgement_taken_back_goes_on_being_late(org, noon):
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    noon.to(ack(escalation)[0].due_at + timedelta(minutes=1))
    sweep()
    action = run(org.receiver, "acknowledge", [ticket])
    bulk_undo(action=action, by=org.receiver)
    [only] = ack(escalation)
    assert (only.state, only.stopped_at, only.round) == (ClockState.BREACHED, None, 1)
    assert Event.objects.filter(kind="clock.breached", data__clock="acknowledgement").count() == 1


def test_an_acknowledgement_that_expired_is_not_taken_back(org, noon):
    """Expiry has started a full round of its own; counting that from the first start would be wrong twice."""
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    action = run(org.receiver, "acknowledge", [ticket])
    noon.forward(timedelta(hours=2))
    sweep()
    rounds = len(ack(escalation))
    bulk_undo(action=action, by=org.receiver)
    assert lines(action)[ticket.pk].undo_message == "Belay changed the handoff since."
    assert len(ack(escalation)) == rounds


def test_taking_back_after_somebody_acted(org):
    ticket, kept = org.ticket(), org.ticket()
    escalation = org.handoff(ticket)
    org.handoff(kept)
    action = run(org.receiver, "acknowledge", [ticket, kept])
    colleague = org.people["l2_second"]
    accept(escalation, colleague)
    bulk_undo(action=action, by=org.receiver)
    found = lines(action)
    assert found[kept.pk].is_undone
    assert (found[ticket.pk].is_undone, found[ticket.pk].undo_message) == (
        False, "L2_Second Example changed the handoff since.",
    )  # fmt: skip
    ticket.refresh_from_db()
    assert ticket.owner == colleague


def test_changed_there_and_back_is_not_ours_any_more(org):
    """The same value as we left it, but by somebody who meant it."""
    ticket = org.ticket(priority=3)
    action = run(org.agent, "priority", [ticket], priority=2, reason="Many ask")
    for priority in (4, 2):
        ticket_change_priority(ticket=ticket, by=org.manager, priority=priority, reason="Thought about it")
    bulk_undo(action=action, by=org.agent)
    assert lines(action)[ticket.pk].undo_message == "Manager Example changed the priority since."
    ticket.refresh_from_db()
    assert ticket.priority == 2


def test_undo_twice_does_nothing_more(org):
    ticket = org.ticket()
    org.handoff(ticket)
    action = run(org.receiver, "acknowledge", [ticket])
    bulk_undo(action=action, by=org.receiver)
    before, at = kinds(ticket), action.undone_at
    bulk_undo(action=action, by=org.receiver)
    assert kinds(ticket) == before
    assert action.undone_at == at
    # Nor is it done again by sending the form once more.
    bulk_go_on(action=action, by=org.receiver)
    assert kinds(ticket) == before


def test_only_who_did_it_takes_it_back(org):
    ticket = org.ticket()
    action = run(org.agent, "priority", [ticket], priority=2, reason="Many ask")
    for other in (org.people["l1_second"], org.manager):
        with pytest.raises(NotAllowed, match="L1_First Example did this"):
            bulk_undo(action=action, by=other)


def test_who_acknowledged_alone_can_take_it_back(org):
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    handoff_acknowledge(escalation=escalation, by=org.people["l2_second"])
    with pytest.raises(NotAllowed, match="L2_Second Example acknowledged it"):
        bulk.WORKS["acknowledge"].undo(ticket, org.receiver, {}, {"escalation": escalation.pk})


def test_notes_stay(org):
    action = run(org.agent, "note", [org.ticket()], body="Known issue")
    with pytest.raises(Refused, match="nothing is ever deleted"):
        bulk_undo(action=action, by=org.agent)
    assert {code for code, act in ACTS.items() if act.can_undo} >= {"acknowledge", "take", "priority", "close"}
    assert all(ACTS[code].can_undo is (work.undo is not None) for code, work in WORKS.items())
    assert set(WORKS) == set(ACTS)


def test_owner_priority_wait_and_close_come_back(org):
    colleague = org.people["l1_second"]
    ticket = org.ticket(priority=3)
    due = dict(ticket.clocks.values_list("kind", "due_at"))
    taken = run(colleague, "take", [ticket])
    raised = run(org.agent, "priority", [ticket], priority=2, reason="Many ask")
    values = {"wait": "waiting_customer", "reason": "Trace asked for", "review_at": in_hours(8).isoformat()}
    waiting = run(org.agent, "wait", [ticket], **values)
    ticket.refresh_from_db()
    assert (ticket.owner, ticket.priority, ticket.state) == (colleague, 2, TicketState.WAITING_CUSTOMER)
    resumed = run(org.agent, "resume", [ticket])
    bulk_undo(action=resumed, by=org.agent)
    pause = ticket.pauses.get(ended_at__isnull=True)
    assert (pause.reason, pause.review_at) == ("Trace asked for", in_hours(8))
    # What it waits for was set anew by taking back the resuming: the first act is no longer the last word.
    bulk_undo(action=waiting, by=org.agent)
    assert lines(waiting)[ticket.pk].undo_message == "You changed what it waits for since."
    for action, by in ((raised, org.agent), (taken, colleague)):
        bulk_undo(action=action, by=by)
        assert lines(action)[ticket.pk].is_undone, lines(action)[ticket.pk].undo_message
    ticket.refresh_from_db()
    assert (ticket.owner, ticket.priority) == (org.agent, 3)
    run(org.agent, "resume", [ticket])
    assert dict(ticket.clocks.filter(state="running").values_list("kind", "due_at")).items() <= due.items()


def test_set_to_wait_for_another_comes_back_to_the_first(org):
    ticket = org.ticket()
    ticket_assign(ticket=ticket, by=org.agent, owner=org.people["l1_second"])
    from_vendor = {"reason": "Their part", "review_at": in_hours(5)}
    ticket_wait(ticket=ticket, by=org.agent, wait=Wait.VENDOR, **from_vendor)
    values = {"wait": "waiting_customer", "reason": "Trace", "review_at": in_hours(8).isoformat()}
    action = run(org.agent, "wait", [ticket], **values)
    bulk_undo(action=action, by=org.agent)
    pause = ticket.pauses.get(ended_at__isnull=True)
    assert (pause.wait, pause.reason, pause.review_at) == ("waiting_vendor", "Their part", in_hours(5))


def test_closed_by_mistake(org):
    ticket = org.ticket()
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="configuration", what_was_done="Done.")
    resolved_at = Ticket.objects.get(pk=ticket.pk).resolved_at
    action = bulk_once(code="close", ticket=ticket, by=org.agent)
    bulk_undo(action=action, by=org.agent)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_at, ticket.resolved_at) == (TicketState.RESOLVED, None, resolved_at)
    assert kinds(ticket)[-2:] == ["ticket.closed", "ticket.unclosed"]
    assert not ticket.clocks.filter(state="running").exists()


def test_an_owner_who_has_left_gets_nothing_back(org):
    ticket = org.ticket()
    action = run(org.people["l1_second"], "take", [ticket])
    org.agent.is_active = False
    org.agent.save()
    bulk_undo(action=action, by=org.people["l1_second"])
    assert "is not in Front" in lines(action)[ticket.pk].undo_message


def test_one_ticket_on_its_page_is_a_bulk_act_of_one(org):
    ticket = org.ticket()
    action = bulk_once(code="priority", ticket=ticket, by=org.agent, values={"priority": 1, "reason": "Down"})
    assert [line.before["priority"] for line in action.lines.all()] == [3]
    with pytest.raises(Refused, match="has this priority already"):
        bulk_once(code="priority", ticket=ticket, by=org.agent, values={"priority": 1, "reason": "Down"})
    assert BulkAction.objects.count() == 1


def test_children_of_one_parent_and_back(org):
    parent, children = org.ticket(subject="Outage"), [org.ticket() for _ in range(3)]
    action = run(org.agent, "link", [*children, parent], parent=parent.pk)
    assert {child.pk for child in parent.children.all()} == {child.pk for child in children}
    assert lines(action)[parent.pk].message == f"{parent.ref} cannot be its own parent."
    bulk_undo(action=action, by=org.agent)
    assert not parent.children.exists()
    assert all(line.is_undone for line in lines(action).values() if line.is_done)
    assert alarms(clock.now(), "no sweep for 90 s") == {}
