"""My desk: what stands there, in which order and why, for whom, and at what cost."""

import re
import uuid
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from accounts.models import DutyShift, DutySwap, User
from accounts.services.absences import absence_create
from escalations.choices import ClockKind, ClockState, ConsultState, EscalationState, HandoverReason, ReadBackState
from escalations.domain.clocks import Wait
from escalations.models import Clock, Consult, Escalation, Mention, ReadBack, Ticket
from escalations.selectors.desk import desk_count
from escalations.selectors.inbox import counts
from escalations.services.answers import handoff_acknowledge, handoff_return
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.desk import Give, desk_hand_over
from escalations.services.resolutions import Feedback, ticket_resolve
from escalations.services.tickets import ticket_assign, ticket_restrict, ticket_wait
from journal import clock
from tests.factories import NOON, Organisation, accept, in_hours
from tests.queries import statements

pytestmark = pytest.mark.django_db


def rows(client, user: User) -> list[Any]:
    client.force_login(user)
    return [row for section in client.get("/").context["desk"].sections for row in section.rows]


def kinds(client, user: User) -> list[str]:
    return [row.kind for row in rows(client, user)]


def accepted(org: Organisation, **values: Any) -> Escalation:
    escalation = org.handoff(org.ticket(**values))
    accept(escalation, org.receiver)
    escalation.refresh_from_db()
    return escalation


def test_the_start_page_is_the_desk_of_who_works_tickets(client, org):
    client.force_login(org.agent)
    assert client.get("/").context["desk"].total == 0
    assert "Nothing needs you now" in client.get("/").content.decode()
    client.force_login(org.manager)
    assert client.get("/").status_code == 200
    client.force_login(org.process_owner)
    assert client.get("/").url.startswith("/queue/")


def test_handoffs_to_answer_with_the_time_left_and_the_act(client, org):
    with clock.travel(NOON) as time:
        escalation = org.handoff(org.ticket(subject="For the team"))
        org.handoff(org.ticket(), to_user=org.people["l2_second"])
        time.forward(timedelta(minutes=3))
        [row] = rows(client, org.receiver)
        assert row.subject == "For the team"
        assert row.reason == "Acknowledge within 12 min"
        assert row.asides == [f"{org.agent} hands it to your team"]
        client.post(row.act.url, dict(row.act.fields))
        escalation.refresh_from_db()
        assert escalation.state == EscalationState.ACKNOWLEDGED
        [row] = rows(client, org.receiver)
        assert (row.kind, row.act.label) == ("acknowledged", "Accept or return")
        # Seen by a colleague: it is theirs to accept.
        assert kinds(client, org.people["l2_second"]) == ["pending"]


def test_acknowledging_from_the_desk_leads_back_to_it(client, org):
    org.handoff(org.ticket())
    [row] = rows(client, org.receiver)
    assert client.post(row.act.url, dict(row.act.fields)).headers["Location"] == "/"


def test_counts_agree_with_the_inbox(client, org):
    """The desk leaves out what is addressed to a colleague by name and what a colleague acknowledged; nothing else."""
    for _ in range(3):
        org.handoff(org.ticket())
    org.handoff(org.ticket(), to_user=org.people["l2_second"])
    mine = org.handoff(org.ticket(), to_user=org.receiver)
    handoff_acknowledge(escalation=mine, by=org.receiver)
    theirs = org.handoff(org.ticket())
    handoff_acknowledge(escalation=theirs, by=org.people["l2_second"])
    back = org.handoff(org.ticket(), to="L3")
    handoff_return(escalation=back, by=org.people["l3_first"], reason="no_next_step", note="What first?")
    found, inbox = kinds(client, org.receiver), counts(org.receiver)
    assert found.count("pending") == inbox["waiting"] - 1
    assert found.count("acknowledged") == inbox["acknowledged"] - 1
    assert kinds(client, org.agent).count("returned") == counts(org.agent)["returned"] == 1


def test_the_number_beside_my_desk_is_what_stands_under_now(client, org):
    with clock.travel(NOON):
        org.handoff(org.ticket())
        ticket_note(ticket=org.ticket(), by=org.agent, body="@l2_first")
        client.force_login(org.receiver)
        desk = client.get("/").context["desk"]
        assert (desk.now, desk.total) == (1, 2)
        assert desk_count(org.receiver, now=NOON, zone=ZoneInfo("Europe/Berlin")) == 1
        other = client.get("/inbox/").content.decode()
        assert re.search(r'My desk<span class="count count--hot">1</span>', other)


def test_own_tickets_by_deadline_by_promise_and_by_how_long_the_customer_waits(client, org):
    with clock.travel(NOON) as time:
        quiet = org.ticket(subject="Quiet")
        ticket_reply(ticket=quiet, by=org.agent, body="Hello")
        promised = org.ticket(subject="Promised")
        ticket_reply(ticket=promised, by=org.agent, body="Soon", next_update_at=in_hours(1))
        org.ticket(subject="Waits")
        time.forward(timedelta(minutes=40))
        found = {row.subject: row for row in rows(client, org.agent)}
        assert found["Promised"].reason == "Update the customer within 20 min"
        assert found["Waits"].reason.lower().endswith("customer has waited 40 min")
        assert list(found) == ["Promised", "Waits", "Quiet"]


def test_a_wait_says_when_to_look_again(client, org):
    with clock.travel(NOON) as time:
        ticket = org.ticket()
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Trace id", review_at=in_hours(2))
        assert rows(client, org.agent)[0].reason == "Waits for the customer, look again 14:00"
        time.forward(timedelta(hours=3))
        [row] = rows(client, org.agent)
        assert row.reason == "Look again: it waits for the customer longer than planned"


def test_around_acceptance_each_side_sees_its_part(client, org):
    escalation = accepted(org)
    Escalation.objects.filter(pk=escalation.pk).update(is_warm=True)
    assert set(kinds(client, org.agent)) == {"read_back", "stay"}
    assert "release" in kinds(client, org.receiver)
    ReadBack.objects.update(
        state=ReadBackState.CORRECTED, correction="Both sites", answered_by=org.agent, answered_at=clock.now()
    )
    [row] = [row for row in rows(client, org.receiver) if row.kind == "corrected"]
    assert (row.reason, row.words) == (f"{org.agent} corrected your read-back", "Both sites")
    assert kinds(client, org.agent) == ["stay"]


def test_a_follow_up_that_is_due(client, org):
    with clock.travel(NOON):
        escalation = accepted(org)
        Clock.objects.filter(escalation=escalation, kind=ClockKind.FOLLOW_UP).delete()
        version = escalation.policy_version
        Clock.objects.create(
            ticket=escalation.ticket, escalation=escalation, kind=ClockKind.FOLLOW_UP, round=9,
            state=ClockState.RUNNING, policy_version=version, budget=3600, started_at=NOON,
            due_at=NOON + timedelta(minutes=30),
        )  # fmt: skip
        row = rows(client, org.receiver)[0]
        assert row.reason == "Contact the customer and confirm it within 30 min"
        assert row.asides[-1:] != []


def test_questions_to_the_team_and_answers_to_mine(client, org):
    ticket = org.ticket()
    consult = Consult.objects.create(
        ticket=ticket, question="Which key id?", asked_by=org.agent, asked_at=clock.now(), from_team=org.teams["L1"],
        to_team=org.teams["L2"],
    )  # fmt: skip
    [row] = rows(client, org.receiver)
    assert (row.reason, row.words) == (f"{org.agent} asks your team about it", "Which key id?")
    Consult.objects.update(
        state=ConsultState.ANSWERED, answer="The new one", answered_by=org.receiver, answered_at=clock.now()
    )
    assert kinds(client, org.receiver) == []
    row = rows(client, org.agent)[0]
    assert row.reason == f"{org.receiver} answered your question"
    assert row.asides  # the ticket itself is taken along
    Consult.objects.filter(pk=consult.pk).update(seen_at=clock.now())
    assert kinds(client, org.agent) == ["ticket"]


def test_mentions_and_feedback_until_they_are_read(client, org):
    ticket = org.ticket()
    ticket_note(ticket=ticket, by=org.agent, body="@l2_first does this ring a bell?")
    [row] = rows(client, org.receiver)
    assert (row.reason, row.words) == (f"{org.agent} mentions you", "@l2_first does this ring a bell?")
    assert client.post(row.act.url, dict(row.act.fields)).headers["Location"] == "/"
    assert kinds(client, org.receiver) == []
    done = accepted(org)
    ticket_resolve(
        ticket=done.ticket, by=org.receiver, root_cause="configuration", what_was_done="Done.",
        feedback=Feedback(rating=4, was_necessary=True),
    )  # fmt: skip
    [row] = [row for row in rows(client, org.agent) if row.kind == "feedback"]
    assert row.reason == f"{org.receiver} rated your handoff"
    client.post(row.act.url, dict(row.act.fields))
    assert "feedback" not in kinds(client, org.agent)


def test_a_mention_is_read_by_nobody_else(client, org):
    ticket_note(ticket=org.ticket(), by=org.agent, body="@l2_first")
    mention = Mention.objects.get()
    client.force_login(org.people["l2_second"])
    url = reverse("escalations:mention_seen", args=[mention.message.ticket.ref, mention.pk])
    assert client.post(url).status_code == 403
    mention.refresh_from_db()
    assert mention.seen_at is None


def test_what_came_with_a_desk_stands_there_with_its_note_until_it_is_read(client, org):
    ticket, to = org.ticket(), org.people["l1_second"]
    desk_hand_over(
        owner=org.agent, by=org.agent, key=uuid.uuid4(), reason=HandoverReason.SHIFT_END,
        tickets=[Give(ticket.pk, to, "Waits for the trace id")],
    )  # fmt: skip
    [row] = rows(client, to)
    assert (row.kind, row.words) == ("handed", "Waits for the trace id")
    assert row.reason == f"{org.agent} handed it to you"
    assert "waits" in row.asides[-1].lower()
    client.post(row.act.url, dict(row.act.fields))
    assert kinds(client, to) == ["ticket"]
    assert kinds(client, org.agent) == []


def test_a_swap_that_is_offered(client, org):
    colleague = org.people["l1_second"]
    shift = DutyShift.objects.create(
        team=org.teams["L1"], user=colleague, starts_at=in_hours(30), ends_at=in_hours(38)
    )  # fmt: skip
    DutySwap.objects.create(shift=shift, asked_by=colleague, offered_to=org.agent, asked_at=clock.now())
    [row] = rows(client, org.agent)
    assert row.reason.startswith(f"{colleague} asks you to take a shift")


def test_what_is_addressed_to_somebody_absent_stands_on_the_cover_s_desk(client, org):
    absent, cover = org.receiver, org.people["l2_second"]
    handoff = org.handoff(org.ticket(subject="To the absent"), to_user=absent)
    ticket_note(ticket=org.ticket(subject="Note"), by=org.agent, body="@l2_first")
    assert kinds(client, cover) == []
    absence = absence_create(
        user=absent, by=absent, starts_at=in_hours(-1), ends_at=in_hours(20), covered_by=cover
    )  # fmt: skip
    found = rows(client, cover)
    assert {row.kind for row in found} == {"pending", "mention"}
    assert all(any(text.startswith(f"For {absent}, away until") for text in row.asides) for row in found)
    assert f"You stand in for {absent}" in client.get("/").content.decode()
    mention = next(row for row in found if row.kind == "mention")
    assert client.post(mention.act.url, dict(mention.act.fields)).status_code == 303
    handoff_acknowledge(escalation=handoff, by=cover)
    absence.cancelled_at = clock.now()
    absence.save()
    assert kinds(client, cover) == ["acknowledged"]


def test_a_restricted_ticket_stands_on_no_desk_of_who_may_not_see_it(client, org):
    ticket = org.ticket(subject="Legal")
    Mention.objects.create(
        message=ticket_note(ticket=ticket, by=org.agent, body="Look"), user=org.receiver
    )  # fmt: skip
    assert kinds(client, org.receiver) == ["mention"]
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    assert kinds(client, org.receiver) == []
    client.force_login(org.receiver)
    assert client.get(reverse("escalations:desk_news"), {"since": (clock.now() - timedelta(1)).isoformat()}
                      ).status_code == 204  # fmt: skip


def test_news_say_how_many_and_move_no_row(client, org):
    with clock.travel(NOON) as time:
        client.force_login(org.receiver)
        time.forward(timedelta(minutes=1))
        org.handoff(org.ticket())
        ticket_note(ticket=org.ticket(), by=org.agent, body="@l2_first")
        url = reverse("escalations:desk_news")
        answer = client.get(url, {"since": NOON.isoformat()}, headers={"HX-Request": "true"})
        assert "2 new things on your desk" in answer.content.decode()
        assert client.get(url, {"since": clock.now().isoformat()}).status_code == 204
        assert client.get(url, {"since": "yesterday"}).status_code == 204
        ticket = org.ticket()
        ticket_assign(ticket=ticket, by=org.agent, owner=org.people["l1_second"])
        later = clock.now()
        time.forward(timedelta(minutes=1))
        ticket_record_customer(ticket=ticket, by=org.agent, body="Any news?", channel="email")
        client.force_login(org.people["l1_second"])
        assert client.get(url, {"since": later.isoformat()}).status_code in (200, 204)


def crowd(org: Organisation, number: int) -> None:
    for _ in range(number):
        org.handoff(org.ticket())
        ticket = org.ticket(by=org.people["l1_second"])
        ticket_note(ticket=ticket, by=org.agent, body="@l2_first @l1_first")
        ticket_reply(ticket=org.ticket(), by=org.agent, body="Hello", next_update_at=in_hours(2))
        accepted(org)


def test_statements_are_few_and_do_not_grow(client, org):
    crowd(org, 1)
    for user in (org.agent, org.receiver):
        client.force_login(user)
        client.get("/")
        few = statements(lambda: client.get("/"))
        assert len(few) < 15, few
    crowd(org, 4)
    for user in (org.agent, org.receiver):
        client.force_login(user)
        assert len(statements(lambda: client.get("/"))) <= len(few) + 1
        assert len(statements(lambda: client.get("/"))) < 15


def test_who_has_no_role_sees_no_desk(client, org):
    org.handoff(org.ticket(subject="Secret"))
    nobody = org.person("nobody", "l2_specialist", org.teams["L2"])
    User.objects.filter(pk=nobody.pk).update(role=None)
    client.force_login(nobody)
    assert "Secret" not in client.get("/", follow=True).content.decode()
    assert client.get(reverse("escalations:desk_news")).status_code == 403
    assert Ticket.objects.count() == 1
