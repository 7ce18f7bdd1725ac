"""Merging: what ends, what goes along, what is refused, and what comes late."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from escalations.choices import ClockKind, ClockState, EscalationState, TicketState
from escalations.domain.clocks import Wait
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Attachment, Clock, Issue, Message, Ticket
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.merging import ticket_merge
from escalations.services.parents import ticket_link_parent
from escalations.services.resolutions import ticket_resolve
from escalations.services.splitting import ticket_split
from escalations.services.survivors import MergedAway
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_change_facts, ticket_restrict, ticket_wait
from journal import clock
from journal.models import Event, OutboxMessage
from tests.bed.deadlines import alarms
from tests.factories import NOON, CustomerFactory, accept, in_hours

pytestmark = pytest.mark.django_db
SILENT = ("no sweep for 90 s", "outbox unsent for 5 min")


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "tier", "owner", "contact", "merged_into").get(pk=ticket.pk)


def live(ticket: Ticket, kind: str) -> Clock | None:
    return Clock.objects.filter(ticket=ticket, kind=kind, stopped_at__isnull=True).first()


def test_the_clocks_of_the_merged_ticket_end_and_its_earlier_deadlines_go_along(org):
    with clock.travel(NOON) as time:
        early = org.ticket(priority=2)
        contract = live(early, ClockKind.CONTRACT_RESOLUTION)
        first_response = live(early, ClockKind.FIRST_RESPONSE)
        time.forward(timedelta(minutes=5))
        late = org.ticket(priority=3, by=org.people["l2_first"], team=org.teams["L2"])
        assert live(late, ClockKind.CONTRACT_RESOLUTION).due_at > contract.due_at
        ticket_merge(ticket=early, into=late, by=org.manager)
        assert not Clock.objects.filter(ticket=early, stopped_at__isnull=True).exists()
        for was in (contract, first_response):
            now = live(late, was.kind)
            assert (now.due_at, now.clause, now.started_at) == (was.due_at, was.clause, was.started_at)
            old = Clock.objects.filter(ticket=late, kind=was.kind).order_by("round").first()
            assert old.state == ClockState.CANCELLED
        assert fresh(late).waiting_since == NOON
        assert fresh(late).due_at == first_response.due_at
        told = Event.objects.get(kind="ticket.merged_in").data
        assert (told["carried"], told["facts"]) == (["first_response", "contract_resolution"], ["waiting_since"])
        assert alarms(clock.now(), *SILENT) == {}


def test_later_deadlines_are_cancelled(org):
    with clock.travel(NOON) as time:
        survivor = org.ticket()
        time.forward(timedelta(hours=1))
        duplicate = org.ticket()
        kept = live(survivor, ClockKind.CONTRACT_RESOLUTION)
        ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
        assert live(survivor, ClockKind.CONTRACT_RESOLUTION).pk == kept.pk
        assert Event.objects.get(kind="ticket.merged").data["carried"] == []


def test_a_deadline_that_stood_still_keeps_what_it_had_left(org):
    with clock.travel(NOON) as time:
        duplicate = org.ticket()
        contract = live(duplicate, ClockKind.CONTRACT_RESOLUTION)
        ticket_wait(ticket=duplicate, by=org.agent, wait=Wait.CUSTOMER, reason="Log", review_at=in_hours(30))
        time.forward(timedelta(hours=2))
        survivor = org.ticket(priority=4)
        Clock.objects.filter(ticket=survivor, kind=ClockKind.CONTRACT_RESOLUTION).delete()
        ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
        assert live(survivor, ClockKind.CONTRACT_RESOLUTION).due_at == contract.due_at + timedelta(hours=2)
        assert alarms(clock.now(), *SILENT) == {}


def test_an_earlier_promise_goes_along_and_an_overdue_one_ends_as_the_breach_it_is(org):
    with clock.travel(NOON) as time:
        survivor, first, second = org.ticket(), org.ticket(), org.ticket()
        ticket_reply(ticket=survivor, by=org.agent, body="x", next_update_at=in_hours(5))
        ticket_reply(ticket=first, by=org.agent, body="x", next_update_at=in_hours(2))
        ticket_reply(ticket=second, by=org.agent, body="x", next_update_at=in_hours(1))
        ticket_merge(ticket=first, into=survivor, by=org.agent)
        assert live(survivor, ClockKind.PROMISED_UPDATE).due_at == NOON + timedelta(hours=2)
        time.forward(timedelta(minutes=61))
        ticket_merge(ticket=second, into=survivor, by=org.agent)
        assert Clock.objects.get(ticket=second, kind=ClockKind.PROMISED_UPDATE).state == ClockState.BREACHED
        assert Event.objects.filter(kind="clock.breached", data__clock="promised_update").count() == 1
        assert live(survivor, ClockKind.PROMISED_UPDATE).due_at == NOON + timedelta(hours=2)
        sweep()
        assert alarms(clock.now(), *SILENT) == {}


def test_what_was_answered_on_the_survivor_needs_no_first_response_again(org):
    survivor, duplicate = org.ticket(), org.ticket()
    ticket_reply(ticket=survivor, by=org.agent, body="x")
    ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
    assert live(survivor, ClockKind.FIRST_RESPONSE) is None
    assert fresh(survivor).waiting_since == duplicate.waiting_since


# --- refusals -----------------------------------------------------------------------------------------


def test_no_cycle_can_come_about(org):
    first, second, third = org.ticket(), org.ticket(), org.ticket()
    with pytest.raises(Refused, match="into itself"):
        ticket_merge(ticket=first, into=first, by=org.agent)
    ticket_merge(ticket=first, into=second, by=org.agent)
    with pytest.raises(Overtaken, match="was merged into another"):
        ticket_merge(ticket=second, into=first, by=org.agent)
    ticket_merge(ticket=second, into=third, by=org.agent)
    with pytest.raises(Overtaken):
        ticket_merge(ticket=third, into=first, by=org.agent)
    assert fresh(third).merged_into is None


def test_merging_twice_is_merging_once(org):
    first, second, third = org.ticket(), org.ticket(), org.ticket()
    ticket_merge(ticket=first, into=second, by=org.agent)
    ticket_merge(ticket=first, into=second, by=org.agent)
    assert Event.objects.filter(kind="ticket.merged").count() == 1
    with pytest.raises(Overtaken, match="merged by now"):
        ticket_merge(ticket=first, into=third, by=org.agent)


def test_a_parent_is_not_merged_into_its_child_but_the_child_into_it(org):
    parent, child = org.ticket(), org.ticket()
    ticket_link_parent(ticket=child, parent=parent, by=org.agent)
    with pytest.raises(Refused, match="not merged into its child"):
        ticket_merge(ticket=parent, into=fresh(child), by=org.agent)
    ticket_merge(ticket=child, into=parent, by=org.agent)
    assert (fresh(child).parent, fresh(child).state) == (None, TicketState.MERGED)
    assert alarms(clock.now(), *SILENT) == {}


def test_children_go_along_but_not_under_a_child(org):
    parent, child, survivor, other = org.ticket(), org.ticket(), org.ticket(), org.ticket()
    ticket_link_parent(ticket=child, parent=parent, by=org.agent)
    ticket_link_parent(ticket=other, parent=survivor, by=org.agent)
    with pytest.raises(Refused, match="which has none"):
        ticket_merge(ticket=parent, into=other, by=org.agent)
    assert fresh(parent).is_open
    ticket_merge(ticket=parent, into=survivor, by=org.agent)
    assert fresh(child).parent_id == survivor.pk
    assert child.pauses.filter(wait=Wait.PARENT, ended_at__isnull=True).count() == 1
    assert alarms(clock.now(), *SILENT) == {}


def test_two_customers_need_a_confirmation(org):
    duplicate, survivor = org.ticket(), org.ticket(customer=CustomerFactory())
    with pytest.raises(Refused) as refused:
        ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
    assert set(refused.value.fields) == {"confirmed"}
    ticket_merge(ticket=duplicate, into=survivor, by=org.agent, confirmed=True)
    assert Event.objects.get(kind="ticket.merged").data["customers"] == 2


def test_a_restricted_ticket_is_not_merged_into_one_that_all_see(org):
    duplicate, survivor = org.ticket(), org.ticket()
    ticket_restrict(ticket=duplicate, by=org.agent, readers=[], restricted=True)
    with pytest.raises(Refused, match="seen by all"):
        ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
    hidden = org.ticket(by=org.people["l1_second"], is_restricted=True)
    with pytest.raises(NotAllowed):
        ticket_merge(ticket=duplicate, into=hidden, by=org.agent)


def test_who_merges(org):
    duplicate, survivor = org.ticket(), org.ticket(by=org.people["l2_first"], team=org.teams["L2"])
    with pytest.raises(NotAllowed):
        ticket_merge(ticket=duplicate, into=survivor, by=org.people["l2_first"])
    ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
    mail = OutboxMessage.objects.get(dedupe_key__startswith="merge:")
    assert (mail.recipient, mail.wanted_while) == (org.people["l2_first"].email, {"ticket": survivor.pk})


def test_a_resolved_ticket_does_not_go_on_for_two(org):
    duplicate, survivor = org.ticket(), org.ticket()
    ticket_resolve(ticket=survivor, by=org.agent, root_cause="configuration", what_was_done="Done.")
    with pytest.raises(Refused, match="Only an open ticket"):
        ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
    with pytest.raises(Overtaken):
        ticket_merge(ticket=survivor, into=duplicate, by=org.agent)


# --- handoffs -----------------------------------------------------------------------------------------


def test_a_handoff_that_waits_is_withdrawn_with_notice_and_an_accepted_one_has_moved_on(org):
    waiting, accepted, survivor = org.ticket(), org.ticket(), org.ticket()
    pending, taken = org.handoff(waiting), org.handoff(accepted)
    accept(taken, org.receiver)
    ticket_merge(ticket=waiting, into=survivor, by=org.agent)
    ticket_merge(ticket=accepted, into=survivor, by=org.receiver)
    pending.refresh_from_db()
    taken.refresh_from_db()
    assert (pending.state, taken.state) == (EscalationState.WITHDRAWN, EscalationState.MOVED_ON)
    assert OutboxMessage.objects.filter(dedupe_key__contains="withdrawn", recipient=org.receiver.email).exists()
    with pytest.raises(Overtaken, match="merged by now"):
        org.handoff(waiting)
    assert alarms(clock.now(), *SILENT) == {}


# --- late words ---------------------------------------------------------------------------------------


def test_the_customer_s_late_words_reach_the_survivor_through_every_merge(org):
    first, second, third = org.ticket(), org.ticket(), org.ticket()
    ticket_merge(ticket=first, into=second, by=org.agent)
    ticket_merge(ticket=second, into=third, by=org.agent)
    ticket_reply(ticket=third, by=org.agent, body="We look into it.")
    message = ticket_record_customer(ticket=fresh(first), by=org.agent, body="Any news?", channel="email")
    assert message.ticket_id == third.pk
    assert message.contact == first.contact
    assert fresh(third).waiting_since == message.said_at
    assert Event.objects.get(kind="ticket.forwarded").subject_id == first.pk
    assert Event.objects.get(kind="ticket.late_words").subject_id == third.pk


def test_late_words_are_recorded_by_somebody_who_does_not_see_the_survivor(org):
    first = org.ticket()
    survivor = org.ticket(is_restricted=True)
    ticket_merge(ticket=first, into=survivor, by=org.agent)
    second = org.people["l1_second"]
    ticket_record_customer(ticket=fresh(first), by=second, body="Any news?", channel="email")
    assert survivor.messages.get().body == "Any news?"
    with pytest.raises(NotAllowed):
        ticket_record_customer(ticket=survivor, by=second, body="Any news?", channel="email")


def test_a_reply_on_a_merged_ticket_is_not_sent(org):
    first, second = org.ticket(), org.ticket()
    ticket_merge(ticket=first, into=second, by=org.agent)
    with pytest.raises(MergedAway):
        ticket_reply(ticket=first, by=org.agent, body="Hello")
    assert not Message.objects.exists()
    ticket_note(ticket=first, by=org.agent, body="For the record.")


def test_a_customer_who_wrote_again_ends_the_survivor_s_wait_for_them(org):
    with clock.travel(NOON) as time:
        survivor = org.ticket()
        ticket_wait(ticket=survivor, by=org.agent, wait=Wait.CUSTOMER, reason="Log", review_at=in_hours(30))
        time.forward(timedelta(minutes=10))
        duplicate = org.ticket()
        ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
        assert fresh(survivor).state == TicketState.OPEN
        assert live(survivor, ClockKind.CONTRACT_RESOLUTION).state == ClockState.RUNNING
        assert alarms(clock.now(), *SILENT) == {}


def test_a_threat_to_leave_and_the_issue_go_along(org):
    duplicate, survivor = org.ticket(), org.ticket()
    ticket_change_facts(ticket=duplicate, by=org.agent, version=1, changes={"churn_threat": True})
    issue = Issue.objects.create(title="Keys cached", opened_at=clock.now())
    Ticket.objects.filter(pk=duplicate.pk).update(issue=issue)
    ticket_merge(ticket=duplicate, into=survivor, by=org.manager)
    found = fresh(survivor)
    assert (found.churn_threat, found.churn_threat_by, found.issue) == (True, org.agent, issue)


# --- split --------------------------------------------------------------------------------------------


def test_a_mistaken_merge_is_split_off_again_with_its_words_and_its_time(org):
    with clock.travel(NOON) as time:
        duplicate, survivor = org.ticket(), org.ticket()
        said = ticket_record_customer(ticket=duplicate, by=org.agent, body="Invoice is wrong", channel="email")
        time.forward(timedelta(minutes=30))
        ticket_merge(ticket=duplicate, into=survivor, by=org.agent)
        made = ticket_split(
            ticket=fresh(duplicate), by=org.agent, messages=[said.pk], subject="Invoice", priority=3, from_message=True
        )
        assert (made.split_from_id, made.customer_id, made.opened_at) == (duplicate.pk, org.customer.pk, NOON)
        assert live(made, ClockKind.FIRST_RESPONSE).started_at == NOON
        assert live(made, ClockKind.TIME_AT_TIER).started_at == NOON + timedelta(minutes=30)
        assert fresh(duplicate).state == TicketState.MERGED
        assert alarms(clock.now(), *SILENT) == {}


def test_a_second_matter_gets_a_ticket_with_its_messages_files_and_wait(org):
    with clock.travel(NOON) as time:
        ticket = org.ticket()
        ticket_reply(ticket=ticket, by=org.agent, body="We look into it.")
        time.forward(timedelta(minutes=10))
        other = ticket_record_customer(ticket=ticket, by=org.agent, body="And the invoice?", channel="email")
        file = Attachment.objects.create(
            ticket=ticket, message=other, name="invoice.txt", content_type="text/plain", size=3, sha256="0" * 64,
            file=ContentFile(b"log", name="log.txt"), uploaded_by=org.agent, uploaded_at=clock.now(),
        )  # fmt: skip
        assert fresh(ticket).waiting_since == other.said_at
        time.forward(timedelta(minutes=10))
        made = ticket_split(
            ticket=ticket, by=org.agent, messages=[other.pk], subject="Invoice", priority=4, from_message=False
        )
        file.refresh_from_db()
        assert (made.messages.get(), file.ticket) == (other, made)
        assert fresh(ticket).waiting_since is None
        assert (made.waiting_since, made.opened_at) == (other.said_at, clock.now())
        kinds = set(Event.objects.filter(subject_id=made.pk).values_list("kind", flat=True))
        assert {"ticket.created", "ticket.split_from"} <= kinds
        assert alarms(clock.now(), *SILENT) == {}


def test_what_was_answered_already_is_answered_on_the_new_ticket(org):
    with clock.travel(NOON) as time:
        ticket = org.ticket()
        asked = ticket_record_customer(ticket=ticket, by=org.agent, body="And the invoice?", channel="email")
        time.forward(timedelta(minutes=3))
        answer = ticket_reply(ticket=ticket, by=org.agent, body="Sent.")
        time.forward(timedelta(minutes=3))
        made = ticket_split(
            ticket=ticket, by=org.agent, messages=[asked.pk, answer.pk], subject="Invoice", priority=3,
            from_message=True,
        )  # fmt: skip
        assert (made.attempts, made.first_replied_at, made.waiting_since) == (1, answer.said_at, None)
        assert Clock.objects.get(ticket=made, kind=ClockKind.FIRST_RESPONSE).state == ClockState.MET


def test_a_split_chooses_messages_of_its_own_ticket(org):
    ticket, other = org.ticket(), org.ticket()
    elsewhere = ticket_note(ticket=other, by=org.agent, body="x")
    values = {"subject": "Invoice", "priority": 3, "from_message": True}
    for messages in ([], [elsewhere.pk]):
        with pytest.raises(Refused):
            ticket_split(ticket=ticket, by=org.agent, messages=messages, **values)
    with pytest.raises(NotAllowed):
        ticket_split(ticket=ticket, by=org.receiver, messages=[elsewhere.pk], **values)


def test_the_split_of_a_restricted_ticket_is_as_restricted(org):
    ticket = org.ticket(is_restricted=True)
    note = ticket_note(ticket=ticket, by=org.agent, body="x")
    made = ticket_split(
        ticket=ticket, by=org.agent, messages=[note.pk], subject="Invoice", priority=3, from_message=True
    )
    assert made.is_restricted
    assert set(made.readers.values_list("user", flat=True)) == {org.agent.pk}
