"""Parent and child: whose clocks run, who escalates, what flows down, and how it ends."""

from datetime import timedelta

import pytest

from escalations.choices import ClockKind, ClockState, EscalationState, HopKind, TicketState
from escalations.domain.clocks import Wait
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, Escalation, Message, Resolution, Ticket
from escalations.services.outages import ticket_resolve_all, ticket_update_all
from escalations.services.parents import ticket_link_parent, ticket_unlink_parent
from escalations.services.resolutions import ticket_reopen, ticket_resolve
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_restrict, ticket_resume, ticket_wait
from journal import clock
from journal.models import Event, OutboxMessage
from tests.bed.deadlines import alarms
from tests.factories import NOON, ContactFactory, Organisation, accept, in_hours
from tests.queries import statements

pytestmark = pytest.mark.django_db
SILENT = ("no sweep for 90 s", "outbox unsent for 5 min")


def family(org: Organisation, count: int = 2) -> tuple[Ticket, list[Ticket]]:
    """A parent with `count` children, each of a contact of its own."""
    parent = org.ticket(subject="Logins fail")
    children = []
    for number in range(count):
        child = org.ticket(subject=f"Cannot log in, {number}")
        Ticket.objects.filter(pk=child.pk).update(contact=ContactFactory(customer=org.customer))
        children.append(ticket_link_parent(ticket=child, parent=parent, by=org.agent))
    return parent, children


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "tier", "owner", "contact").get(pk=ticket.pk)


def state(ticket: Ticket, kind: str) -> str:
    return Clock.objects.filter(ticket=ticket, kind=kind).latest("round").state


def resolve(parent: Ticket, org: Organisation, children, **more):
    return ticket_resolve_all(
        ticket=parent, by=org.agent, children=[one.pk for one in children], root_cause="product_defect",
        what_was_done="Turned back.", **more,
    )  # fmt: skip


# --- linking ------------------------------------------------------------------------------------------


def test_a_child_s_tier_stands_still_and_what_its_customer_has_runs_on(org):
    with clock.travel(NOON) as time:
        _, (child,) = family(org, 1)
        assert state(child, ClockKind.TIME_AT_TIER) == state(child, ClockKind.TIER_RESOLUTION) == ClockState.PAUSED
        assert (
            state(child, ClockKind.FIRST_RESPONSE) == state(child, ClockKind.CONTRACT_RESOLUTION) == ClockState.RUNNING
        )
        assert child.hops.get(span__endswith__isnull=True).kind == HopKind.HELD
        time.forward(timedelta(hours=3))
        sweep()
        assert alarms(clock.now(), *SILENT) == {}
        # The limit of two hours has passed on the wall and did not ring; unlinked, it has what it had.
        ticket_unlink_parent(ticket=child, by=org.agent)
        limit = child.clocks.get(kind=ClockKind.TIME_AT_TIER)
        assert (limit.state, limit.due_at) == (ClockState.RUNNING, NOON + timedelta(hours=5))
    assert fresh(child).parent is None


def test_depth_is_one(org):
    parent, (child, other) = family(org)
    third = org.ticket()
    with pytest.raises(Refused, match="child itself"):
        ticket_link_parent(ticket=third, parent=child, by=org.agent)
    with pytest.raises(Refused, match="cannot become a child"):
        ticket_link_parent(ticket=parent, parent=third, by=org.agent)
    with pytest.raises(Refused, match="own parent"):
        ticket_link_parent(ticket=third, parent=third, by=org.agent)
    with pytest.raises(Refused, match="child itself"):
        ticket_link_parent(ticket=parent, parent=other, by=org.agent)
    assert Ticket.objects.filter(parent__isnull=False).count() == 2


def test_only_open_tickets_are_linked(org):
    parent, child = org.ticket(), org.ticket()
    ticket_resolve(ticket=parent, by=org.agent, root_cause="configuration", what_was_done="Done.")
    with pytest.raises(Refused, match="only an open ticket carries others"):
        ticket_link_parent(ticket=child, parent=parent, by=org.agent)
    with pytest.raises(Overtaken):
        ticket_link_parent(ticket=parent, parent=child, by=org.agent)


def test_linking_twice_is_linking_once_and_relinking_tells_both(org):
    parent, (child,) = family(org, 1)
    ticket_link_parent(ticket=child, parent=parent, by=org.agent)
    assert Event.objects.filter(kind="ticket.parent_linked").count() == 1
    other = org.ticket()
    ticket_link_parent(ticket=child, parent=other, by=org.agent)
    assert fresh(child).parent == other
    told = Event.objects.filter(subject_id=parent.pk, kind__startswith="ticket.child")
    assert list(told.values_list("kind", flat=True)) == ["ticket.child_linked", "ticket.child_unlinked"]
    assert child.pauses.filter(wait=Wait.PARENT, ended_at__isnull=True).count() == 1


def test_who_links_and_unlinks(org):
    parent, child = org.ticket(), org.ticket()
    outsider = org.people["l2_first"]
    with pytest.raises(NotAllowed):
        ticket_link_parent(ticket=child, parent=parent, by=outsider)
    ticket_link_parent(ticket=child, parent=parent, by=org.manager)
    with pytest.raises(NotAllowed):
        ticket_unlink_parent(ticket=child, by=outsider)
    Ticket.objects.filter(pk=parent.pk).update(team=org.teams["L2"], tier=org.teams["L2"].tier, owner=outsider)
    ticket_unlink_parent(ticket=child, by=outsider)
    assert fresh(child).parent is None


def test_a_wait_for_the_customer_and_one_for_the_parent_do_not_end_each_other(org):
    with clock.travel(NOON) as time:
        _, (child,) = family(org, 1)
        ticket_wait(ticket=child, by=org.agent, wait=Wait.CUSTOMER, reason="Log", review_at=in_hours(5))
        time.forward(timedelta(minutes=30))
        ticket_resume(ticket=child, by=org.agent)
        assert state(child, ClockKind.TIME_AT_TIER) == ClockState.PAUSED
        assert state(child, ClockKind.CONTRACT_RESOLUTION) == ClockState.RUNNING
        assert list(child.pauses.filter(ended_at__isnull=True).values_list("wait", flat=True)) == [Wait.PARENT]


# --- one escalation -----------------------------------------------------------------------------------


def test_a_child_does_not_escalate_and_the_refusal_leads_to_the_parent(org):
    parent, (child,) = family(org, 1)
    with pytest.raises(Refused, match="carries the escalation") as refused:
        org.handoff(child)
    assert refused.value.way_out == parent.ref
    assert not Escalation.objects.exists()
    org.handoff(parent)
    ticket_unlink_parent(ticket=child, by=org.agent)
    org.handoff(child)


def test_the_way_to_a_restricted_parent_is_not_named(org):
    parent, (child,) = family(org, 1)
    ticket_restrict(ticket=parent, by=org.manager, readers=[], restricted=True)
    with pytest.raises(Refused) as refused:
        org.handoff(child, by=org.people["l1_second"])
    assert (refused.value.way_out, parent.ref in str(refused.value)) == ("", False)


def test_linking_withdraws_the_handoff_that_waits_and_says_so(org):
    parent, child = org.ticket(), org.ticket()
    escalation = org.handoff(child)
    ticket_link_parent(ticket=child, parent=parent, by=org.agent)
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.WITHDRAWN
    assert Event.objects.get(kind="handoff.withdrawn").data["note"].startswith("Linked to a parent")
    assert OutboxMessage.objects.filter(dedupe_key__contains="withdrawn").exists()
    assert [pause.wait for pause in child.pauses.filter(ended_at__isnull=True)] == [Wait.PARENT]
    assert alarms(clock.now(), *SILENT) == {}


# --- updates flow down --------------------------------------------------------------------------------


def test_an_update_is_a_reply_on_every_child(org):
    with clock.travel(NOON):
        parent, children = family(org, 3)
        message, flow = ticket_update_all(
            ticket=parent, by=org.agent, body="We are on it.", next_update_at=in_hours(2)
        )  # fmt: skip
        assert [one.pk for one in flow.told] == [one.pk for one in children]
        for child in children:
            told = fresh(child)
            assert (told.attempts, told.first_replied_at, told.waiting_since) == (1, NOON, None)
            assert told.messages.get().flowed_from == message
            assert state(child, ClockKind.FIRST_RESPONSE) == ClockState.MET
            promise = child.clocks.get(kind=ClockKind.PROMISED_UPDATE)
            assert (promise.state, promise.due_at) == (ClockState.RUNNING, in_hours(2))
            assert told.due_at is not None
        assert OutboxMessage.objects.filter(dedupe_key__startswith=f"message:{message.pk}:").count() == 4
        assert alarms(clock.now(), *SILENT) == {}


def test_one_mail_an_address_and_none_where_no_address_is_known(org):
    parent, (first, second, third, fourth) = family(org, 4)
    Ticket.objects.filter(pk=second.pk).update(contact=fresh(first).contact)
    Ticket.objects.filter(pk=third.pk).update(contact=ContactFactory(customer=org.customer, email=""))
    Ticket.objects.filter(pk=fourth.pk).update(contact=org.contact)
    message, flow = ticket_update_all(ticket=parent, by=org.agent, body="We are on it.")
    assert [one.pk for one in flow.unreachable] == [third.pk]
    assert (fresh(third).attempts, state(third, ClockKind.FIRST_RESPONSE)) == (0, ClockState.RUNNING)
    mails = OutboxMessage.objects.filter(dedupe_key__startswith="message:").order_by("pk")
    assert {mail.recipient for mail in mails} == {org.contact.email, fresh(first).contact.email}
    assert mails.count() == 2
    both = mails.get(recipient=fresh(first).contact.email)
    assert f"This is about {first.ref}, {second.ref}." in both.body
    assert Message.objects.filter(flowed_from=message).count() == 3


def test_a_restricted_child_is_told_nothing_by_those_who_do_not_see_it(org):
    parent, (child, other) = family(org)
    ticket_restrict(ticket=child, by=org.people["l1_second"], readers=[], restricted=True)
    child.readers.filter(user=org.agent).delete()
    _, flow = ticket_update_all(ticket=parent, by=org.agent, body="We are on it.")
    assert ([one.pk for one in flow.told], flow.unreachable) == ([other.pk], [])
    assert not child.messages.exists()
    outcome = resolve(parent, org, [child, other])
    assert [one.pk for one in outcome.resolved] == [other.pk]
    assert outcome.left == []
    assert fresh(child).is_open
    assert state(child, ClockKind.TIME_AT_TIER) == ClockState.RUNNING


# --- the end ------------------------------------------------------------------------------------------


def test_thirty_children_are_resolved_once_with_their_parent(org):
    with clock.travel(NOON) as time:
        parent, children = family(org, 30)
        shared = fresh(children[0]).contact
        Ticket.objects.filter(pk__in=[one.pk for one in children[:10]]).update(contact=shared)
        time.forward(timedelta(minutes=40))
        outcome = resolve(parent, org, children, words="It works again.")
        assert (len(outcome.resolved), outcome.left) == (30, [])
        assert Resolution.objects.count() == 31
        assert Event.objects.filter(kind="ticket.resolved").count() == 31
        assert set(Ticket.objects.values_list("state", flat=True)) == {TicketState.RESOLVED}
        addresses = OutboxMessage.objects.filter(dedupe_key__startswith="message:").values_list("recipient", flat=True)
        assert len(addresses) == len(set(addresses)) == 22
        assert alarms(clock.now(), *SILENT) == {}
        hop = children[0].hops.get()
        assert (hop.work_seconds, hop.sla_seconds) == (2400, 2400)


def test_the_cost_does_not_grow_with_the_children(org):
    def cost(count: int) -> tuple[int, int]:
        parent, children = family(org, count)
        told = statements(lambda: ticket_update_all(ticket=parent, by=org.agent, body="x", next_update_at=in_hours(2)))
        ended = statements(lambda: resolve(parent, org, children, words="It works."))
        return len(told), len(ended)

    cost(2)
    assert cost(3) == cost(12)


def test_what_cannot_be_resolved_with_it_stays_open_and_runs_on(org):
    parent, (chosen, not_chosen) = family(org)
    accepted = org.ticket()
    escalation = org.handoff(accepted, by=org.people["l1_second"])
    accept(escalation, org.receiver)
    ticket_link_parent(ticket=fresh(accepted), parent=parent, by=org.receiver)
    outcome = resolve(parent, org, [chosen, accepted])
    assert [one.pk for one in outcome.resolved] == [chosen.pk]
    ((left, why),) = outcome.left
    assert left.pk == accepted.pk
    assert "owes its sender a word" in why
    for one in (not_chosen, accepted):
        assert fresh(one).is_open
        assert state(one, ClockKind.TIME_AT_TIER) == ClockState.RUNNING
        assert Event.objects.filter(subject_id=one.pk, kind="ticket.parent_ended").exists()
    assert alarms(clock.now(), *SILENT) == {}


def test_a_restricted_parent_tells_its_children_nothing_but_the_end(org):
    parent, (child,) = family(org, 1)
    ticket_restrict(ticket=parent, by=org.agent, readers=[], restricted=True)
    resolve(parent, org, [child], root_cause_details="A stolen key.")
    said = Resolution.objects.get(ticket=child)
    assert (said.what_was_done, said.root_cause_details) == ("Resolved with the parent ticket.", "")


def test_reopening_the_parent_carries_the_open_ones_and_leaves_the_others_resolved(org):
    parent, (first, second) = family(org)
    resolve(parent, org, [first])
    assert state(second, ClockKind.TIME_AT_TIER) == ClockState.RUNNING
    ticket_reopen(ticket=parent, by=org.agent, reason="It came back.")
    assert (fresh(first).state, fresh(second).state) == (TicketState.RESOLVED, TicketState.NEW)
    assert Event.objects.get(kind="ticket.reopened").data["children"] == 1
    assert state(second, ClockKind.TIME_AT_TIER) == ClockState.PAUSED
    ticket_reopen(ticket=first, by=org.agent, reason="For them too.")
    assert state(first, ClockKind.TIME_AT_TIER) == ClockState.PAUSED
    assert alarms(clock.now(), *SILENT) == {}
