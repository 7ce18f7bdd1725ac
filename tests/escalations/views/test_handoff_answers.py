"""Answering on the page: what is offered, what is asked, and who was first."""

import pytest
from django.urls import reverse

from escalations.choices import EscalationState
from escalations.services.answers import handoff_acknowledge
from escalations.services.resolutions import Feedback, ticket_resolve
from tests.factories import accept

pytestmark = pytest.mark.django_db


@pytest.fixture
def escalation(org):
    return org.handoff(org.ticket())


def at(escalation, act: str = "detail") -> str:
    return reverse(f"escalations:handoff_{act}", args=[escalation.ticket.ref, escalation.pk])


ACCEPT = {
    "accept-problem": "Keys are cached.",
    "accept-next_action": "Drop the cache.",
    "accept-estimated_resolution_at": "2040-01-01T10:00",
    "accept-needs_resources": "no",
}


def test_the_receiver_is_offered_answers_and_the_sender_other_acts(client, org, escalation):
    client.force_login(org.receiver)
    assert client.get(at(escalation)).context["actions"] == {"acknowledge", "accept", "return"}
    client.force_login(org.agent)
    assert client.get(at(escalation)).context["actions"] == {"complete", "withdraw", "redirect"}
    client.force_login(org.people["l3_first"])
    page = client.get(at(escalation))
    assert page.context["actions"] == set()
    assert "Acknowledge</button>" not in page.content.decode()


def test_nobody_answers_their_own_handoff_not_even_a_manager(client, org):
    escalation = org.handoff(org.ticket(), by=org.manager)
    client.force_login(org.manager)
    assert not client.get(at(escalation)).context["actions"] & {"acknowledge", "accept", "return"}
    assert client.post(at(escalation, "accept"), ACCEPT).status_code == 403
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.PENDING


def test_a_manager_may_answer_for_the_team(client, org, escalation):
    client.force_login(org.manager)
    assert client.post(at(escalation, "accept"), ACCEPT).status_code == 303
    escalation.refresh_from_db()
    assert escalation.accepted_by == org.manager


def test_acknowledge_accept_and_what_the_page_then_says(client, org, escalation):
    client.force_login(org.receiver)
    client.post(at(escalation, "acknowledge"))
    text = client.get(at(escalation)).content.decode()
    assert "Accept or return it by" in text
    answer = client.post(at(escalation, "accept"), ACCEPT | {"accept-needs_resources": "yes"})
    assert answer.status_code == 422
    assert "Name what you need, and from whom." in answer.content.decode()
    form = ACCEPT | {"accept-needs_resources": "yes", "accept-resources_details": "A test account"}
    assert client.post(at(escalation, "accept"), form).status_code == 303
    text = client.get(at(escalation)).content.decode()
    assert "A test account" in text
    assert "Sun 1 Jan 2040, 10:00 CET" in text


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "The sender tells the customer by it."),
        (
            ACCEPT | {"accept-estimated_resolution_at": "2020-01-01T10:00"},
            "a time still to come",
        ),
        (ACCEPT | {"accept-next_update_at": "2020-01-01T10:00"}, "a time that is still to come"),
        (ACCEPT | {"accept-needs_resources": "perhaps"}, "not one of the available choices"),
        (ACCEPT | {"accept-resources_details": "a\x00"}, "invisible control character"),
    ],
)
def test_an_incomplete_acceptance_comes_back(client, org, escalation, form, says):
    client.force_login(org.receiver)
    answer = client.post(at(escalation, "accept"), form)
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_return_needs_a_reason_and_a_word(client, org, escalation):
    client.force_login(org.receiver)
    assert client.post(at(escalation, "return"), {"return-reason": "no_next_step"}).status_code == 422
    client.post(at(escalation, "return"), {"return-reason": "no_next_step", "return-note": "What first?"})
    client.force_login(org.agent)
    page = client.get(at(escalation))
    text = page.content.decode()
    assert "L2_First Example returned it: No next step given." in text
    assert "What first?" in text
    assert "Complete and file again" in text


def test_whoever_comes_second_is_told_who_was_first(client, org, escalation):
    accept(escalation, org.people["l2_second"])
    client.force_login(org.receiver)
    for act, form in (("accept", ACCEPT), ("accept", {}), ("return", {}), ("acknowledge", {})):
        answer = client.post(at(escalation, act), form)
        assert answer.status_code == 409
        assert "L2_Second Example was first" in answer.content.decode()


def test_others_answer_nothing(client, org, escalation):
    client.force_login(org.people["l3_first"])
    for act in ("accept", "return", "acknowledge", "withdraw", "redirect"):
        assert client.post(at(escalation, act), {}).status_code == 403


def test_withdraw_and_redirect(client, org, escalation):
    client.force_login(org.agent)
    form = {"redirect-to": f"user:{org.people['l3_first'].pk}", "redirect-note": "Platform knows this"}
    assert client.post(at(escalation, "redirect"), form).status_code == 303
    escalation.refresh_from_db()
    assert escalation.to_user == org.people["l3_first"]
    again = client.post(at(escalation, "redirect"), form)
    assert again.status_code == 422
    assert "already" in again.content.decode()
    assert client.post(at(escalation, "withdraw"), {"withdraw-note": ""}).status_code == 422
    assert client.post(at(escalation, "withdraw"), {"withdraw-note": "Found it"}).status_code == 303
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.WITHDRAWN
    assert client.post(at(escalation, "withdraw"), {"withdraw-note": "Found it"}).status_code == 409


def test_acknowledged_from_the_inbox_leads_back_to_it(client, org, escalation):
    client.force_login(org.receiver)
    answer = client.post(at(escalation, "acknowledge"), {"back": "inbox"})
    assert answer["Location"] == reverse("escalations:inbox_list")


def test_feedback_is_the_senders_to_read_and_stays_read(client, org, escalation):
    handoff_acknowledge(escalation=escalation, by=org.receiver)
    accept(escalation, org.receiver)
    ticket_resolve(
        ticket=escalation.ticket, by=org.receiver, root_cause="configuration", what_was_done="Cache dropped.",
        feedback=Feedback(rating=4, was_necessary=False, avoidable_by="knowledge_gap", comment="Known since March."),
    )  # fmt: skip
    seen = reverse("escalations:feedback_seen", args=[escalation.ticket.ref, escalation.pk])
    client.force_login(org.receiver)
    assert "Mark as read" not in client.get(at(escalation)).content.decode()
    client.post(seen)
    escalation.refresh_from_db()
    assert escalation.feedback.seen_at is None
    client.force_login(org.agent)
    text = client.get(at(escalation)).content.decode()
    assert "rated the handoff 4 of 5" in text
    assert "Known since March." in text
    assert "Knowledge gap" in text
    client.post(seen)
    escalation.feedback.refresh_from_db()
    assert escalation.feedback.seen_at is not None
    assert "Mark as read" not in client.get(at(escalation)).content.decode()


def test_print_and_fragment(client, org, escalation):
    client.force_login(org.receiver)
    text = client.get(at(escalation, "print")).content.decode()
    assert "Deliveries are signed with the old key id." in text
    assert 'class="rail"' not in text
    fragment = client.get(at(escalation), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment


def test_reading_costs_the_same_with_more_steps_and_history(client, org, escalation, django_assert_max_num_queries):
    client.force_login(org.receiver)
    with django_assert_max_num_queries(30):
        client.get(at(escalation))
