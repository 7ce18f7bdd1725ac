"""Around an acceptance, on the pages: one click, who was first, and what each side sees."""

from datetime import timedelta

import pytest
from django.urls import reverse

from escalations.choices import EscalationState, ReadBackState
from escalations.models import Escalation, FollowUp, ReadBack
from escalations.services.conversation import ticket_reply
from escalations.services.moves import ticket_de_escalate
from escalations.services.read_backs import read_back_confirm, read_back_correct
from escalations.services.warm import handoff_release
from journal import clock
from tests.factories import NOON, Organisation, accept

pytestmark = pytest.mark.django_db
ACCEPT = {
    "accept-problem": "Keys are cached.", "accept-next_action": "Drop the cache.",
    "accept-estimated_resolution_at": "2040-01-01T10:00", "accept-needs_resources": "no",
}  # fmt: skip


def accepted(org: Organisation, **filing) -> Escalation:
    escalation = org.handoff(org.ticket(), **filing)
    return accept(escalation, org.receiver)


def at(escalation: Escalation, name: str = "handoff_detail") -> str:
    return reverse(f"escalations:{name}", args=[escalation.ticket.ref, escalation.pk])


def text_of(client, user, url: str) -> str:
    client.force_login(user)
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


# --- read-back -------------------------------------------------------------------------------------------


def test_accepting_asks_for_the_read_back_and_keeps_what_was_typed(client, org):
    escalation = org.handoff(org.ticket())
    client.force_login(org.receiver)
    assert "The problem, in your words" in client.get(at(escalation)).content.decode()
    answer = client.post(at(escalation, "handoff_accept"), ACCEPT | {"accept-next_action": ""})
    assert answer.status_code == 422
    assert "The sender checks what you do first." in answer.content.decode()
    assert "Keys are cached." in answer.content.decode()
    assert client.post(at(escalation, "handoff_accept"), ACCEPT).status_code == 303
    assert ReadBack.objects.get().next_action == "Drop the cache."


def test_what_a_trigger_filed_is_accepted_without(client, org):
    escalation = org.handoff(org.ticket())
    Escalation.objects.update(origin="trigger", from_user=None)
    client.force_login(org.receiver)
    text = client.get(at(escalation)).content.decode()
    assert "The problem, in your words" not in text
    assert "until I release them" not in text
    form = {name: value for name, value in ACCEPT.items() if "problem" not in name and "action" not in name}
    assert client.post(at(escalation, "handoff_accept"), form).status_code == 303
    assert not ReadBack.objects.exists()


def test_one_click_confirms_from_the_ticket_and_leads_back_to_it(client, org):
    escalation = accepted(org)
    text = text_of(client, org.agent, escalation.ticket.get_absolute_url())
    assert "Drop the cache in both regions." in text
    assert "Confirm read-back" in text
    answer = client.post(
        at(escalation, "read_back_answer"),
        {"round": 1, "do": "confirm", "next": escalation.ticket.get_absolute_url()},
    )
    assert answer["Location"] == escalation.ticket.get_absolute_url()
    assert ReadBack.objects.get().state == ReadBackState.CONFIRMED
    text = text_of(client, org.receiver, escalation.ticket.get_absolute_url())
    assert "Read-back confirmed by L1_First Example" in text
    assert "Confirm read-back" not in text


def test_corrected_then_restated_on_the_handoff_s_page(client, org):
    escalation = accepted(org)
    client.force_login(org.agent)
    empty = client.post(at(escalation, "read_back_answer"), {"round": 1, "do": "correct", "correction": ""})
    assert empty.status_code == 422
    assert "The receiver restates by what you write." in empty.content.decode()
    client.post(at(escalation, "read_back_answer"), {"round": 1, "do": "correct", "correction": "One region only."})
    text = text_of(client, org.receiver, at(escalation))
    assert "One region only." in text
    half = client.post(at(escalation, "read_back_give"), {"problem": "In one region."})
    assert half.status_code == 422
    assert "In one region." in half.content.decode()
    client.post(at(escalation, "read_back_give"), {"problem": "In one region.", "next_action": "Drop it there."})
    assert "round 2" in text_of(client, org.agent, at(escalation))


def test_the_receiver_and_others_see_it_and_cannot_answer(client, org):
    escalation = accepted(org)
    for user in (org.receiver, org.people["l2_second"], org.people["l3_first"]):
        text = text_of(client, user, at(escalation))
        assert "Waits for L1_First Example to confirm it." in text
        assert "Confirm read-back" not in text
        assert client.post(at(escalation, "read_back_answer"), {"round": 1, "do": "confirm"}).status_code == 403


def test_the_second_of_two_tabs_gets_who_was_first_and_keeps_the_text(client, org):
    escalation = accepted(org)
    read_back_confirm(escalation=escalation, by=org.people["l1_second"], round=1)
    client.force_login(org.agent)
    answer = client.post(
        at(escalation, "read_back_answer"), {"round": 1, "do": "correct", "correction": "Not both regions."}
    )
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "L1_Second Example was first: the read-back is confirmed." in text
    assert "Not both regions." in text


def test_a_second_restatement_is_answered_by_who_was_first(client, org):
    escalation = accepted(org)
    client.force_login(org.people["l2_second"])
    answer = client.post(at(escalation, "read_back_give"), {"problem": "Mine.", "next_action": "Also mine."})
    assert answer.status_code == 409
    assert "L2_First Example was first" in answer.content.decode()
    assert "Also mine." in answer.content.decode()


# --- warm transfer ---------------------------------------------------------------------------------------


def test_both_sides_see_who_stays_and_the_receiver_releases(client, org):
    escalation = accepted(org, is_warm=True)
    ticket_url = escalation.ticket.get_absolute_url()
    for url in (ticket_url, at(escalation)):
        assert "You stay</b>" in text_of(client, org.agent, url).replace(" with it", "")
        text = text_of(client, org.receiver, url)
        assert "L1_First Example stays with it" in text
        assert "Release L1_First" in text
    client.force_login(org.receiver)
    answer = client.post(at(escalation, "handoff_release"), {"next": ticket_url})
    assert answer["Location"] == ticket_url
    assert "Release L1_First" not in client.get(ticket_url).content.decode()
    again = client.post(at(escalation, "handoff_release"))
    assert again.status_code == 409
    assert "L2_First Example was first: L1_First Example is released." in again.content.decode()


def test_the_sender_who_stays_answers_the_customer_from_the_page(client, org):
    escalation = accepted(org, is_warm=True)
    text = text_of(client, org.agent, escalation.ticket.get_absolute_url())
    assert "Send reply" in text
    assert "Record what the customer said" not in text
    handoff_release(escalation=escalation, by=org.receiver)
    text = text_of(client, org.agent, escalation.ticket.get_absolute_url())
    assert 'value="reply"' not in text


def test_the_receiver_asks_for_it_while_accepting(client, org):
    escalation = org.handoff(org.ticket())
    client.force_login(org.receiver)
    assert "L1_First stays with it until I release them" in client.get(at(escalation)).content.decode()
    client.post(at(escalation, "handoff_accept"), ACCEPT | {"accept-keep_sender": "on"})
    assert Escalation.objects.get().has_sender_beside


def test_the_sender_chooses_it_in_the_form(client, org):
    ticket = org.ticket()
    url = reverse("escalations:handoff_create", args=[ticket.ref])
    client.force_login(org.agent)
    assert "I stay with it until the receiver releases me" in client.get(url).content.decode()
    form = {
        "idempotency_key": "6b8ac80c-0f15-4a8c-b0fb-0c5b45f31a35", "reason": "technical_complexity",
        "to": f"team:{org.teams['L2'].pk}", "is_warm": "on", "steps-TOTAL_FORMS": "0",
    }  # fmt: skip
    draft = reverse("escalations:handoff_draft", args=[ticket.ref])
    live = client.post(draft, form).content.decode()
    assert "You stay with it until the receiver releases you" in live
    assert "checked" in client.get(url).content.decode().split('name="is_warm"')[1][:60]
    unticked = {name: value for name, value in form.items() if name != "is_warm"}
    client.post(draft, unticked | {"draft_version": "1"})
    assert "checked" not in client.get(url).content.decode().split('name="is_warm"')[1][:60]
    assert client.post(url, form | {"do": "file", "draft_version": "2"}).status_code == 303
    assert Escalation.objects.get().is_warm


# --- follow-up -------------------------------------------------------------------------------------------


def test_a_contact_is_recorded_and_the_sender_reads_when_and_how(client, org):
    with clock.travel(NOON) as traveller:
        escalation = accepted(org)
        traveller.forward(timedelta(minutes=40))
        text = text_of(client, org.receiver, escalation.ticket.get_absolute_url())
        assert "Customer not contacted yet" in text
        assert "20 min left" in text
        url = at(escalation, "follow_up_create")
        assert "Record contact" in client.get(url).content.decode()
        late = client.post(url, {"contacted_at": "2026-06-16T14:00", "channel": "phone"})
        assert late.status_code == 422
        assert "Give the time of the contact." in late.content.decode()
        form = {"contacted_at": "2026-06-16T12:32", "channel": "phone", "note": "Reached Hanna."}
        assert client.post(url, form).status_code == 303
        for page in (escalation.ticket.get_absolute_url(), at(escalation)):
            assert "Customer contacted 12:32 by phone" in text_of(client, org.agent, page)
        client.force_login(org.people["l2_second"])
        again = client.post(url, form | {"note": "I called as well."})
    assert again.status_code == 409
    assert "L2_First Example was first" in again.content.decode()
    assert "I called as well." in again.content.decode()
    assert FollowUp.objects.count() == 1


def test_its_clock_is_explained(client, org):
    with clock.travel(NOON):
        escalation = accepted(org)
        row = escalation.clocks.get(kind="follow_up")
        text = text_of(client, org.agent, f"{escalation.ticket.get_absolute_url()}?clock={row.pk}")
    assert "Why 13:00?" in text
    assert "L2_First Example accepted" in text
    assert "L2 contacts the customer within 1 h of accepting." in text
    assert "It runs on while the ticket waits." in text


def test_a_reply_needs_no_record(client, org):
    escalation = accepted(org)
    ticket_reply(ticket=escalation.ticket, by=org.receiver, body="I have it.")
    text = text_of(client, org.agent, escalation.ticket.get_absolute_url())
    assert "by e-mail" in text
    assert "recorded by hand" not in text
    assert "Record contact" not in text_of(client, org.receiver, at(escalation))


# --- what was escalated before ---------------------------------------------------------------------------


def test_a_re_escalation_is_said_everywhere(client, org):
    with clock.travel(NOON) as traveller:
        first = accepted(org)
        ticket = first.ticket
        ticket_de_escalate(
            ticket=ticket, by=org.receiver, reason="workaround_confirmed", note="Manual upload works meanwhile."
        )
        traveller.forward(timedelta(days=2))
        form = text_of(client, org.agent, reverse("escalations:handoff_create", args=[ticket.ref]))
        second = org.handoff(ticket)
        pages = [
            text_of(client, org.receiver, at(second)),
            text_of(client, org.receiver, ticket.get_absolute_url()),
            text_of(client, org.receiver, reverse("escalations:inbox_list")),
        ]
    assert "Escalated before." in form
    assert "de-escalated Tue 12:00: Workaround confirmed" in form
    assert "Manual upload works meanwhile." in form
    assert "Escalated before." in pages[0]
    assert "Escalated again." in pages[1]
    assert "Again: it was escalated within the last 30 days before" in pages[1]
    assert "Technical complexity, again" in pages[2]
    assert second.previous == first


def test_it_stands_on_paper_too(client, org):
    escalation = accepted(org, is_warm=True)
    text = text_of(client, org.receiver, at(escalation, "handoff_print"))
    assert "Drop the cache in both regions." in text
    assert "until released" in text


def test_an_accept_and_a_return_cannot_both_leave_a_read_back(client, org):
    escalation = org.handoff(org.ticket())
    client.force_login(org.people["l2_second"])
    client.post(at(escalation, "handoff_return"), {"return-reason": "no_next_step", "return-note": "What first?"})
    client.force_login(org.receiver)
    answer = client.post(at(escalation, "handoff_accept"), ACCEPT)
    assert answer.status_code == 409
    assert not ReadBack.objects.exists()
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.RETURNED


def test_the_page_costs_the_same_with_more_rounds(client, org, django_assert_max_num_queries):
    escalation = accepted(org)
    client.force_login(org.receiver)
    client.get(at(escalation))
    for number in range(1, 6):
        read_back_correct(escalation=escalation, by=org.agent, round=number, correction="Not yet.")
        client.post(at(escalation, "read_back_give"), {"problem": f"Try {number}.", "next_action": "Drop it."})
    assert ReadBack.objects.count() == 6
    with django_assert_max_num_queries(32):
        client.get(at(escalation))
