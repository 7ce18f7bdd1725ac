"""Saying something on a ticket: once, to the right people, with nothing typed lost."""

import uuid
from urllib.parse import urlencode

import pytest
from django.test import Client

from escalations.choices import MessageKind
from escalations.models import Message
from escalations.services.resolutions import ticket_resolve
from escalations.views.form_drafts import DRAFT_CHARS
from journal.models import Draft, OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(org, client: Client) -> Client:
    client.force_login(org.agent)
    return client


def said(**values: str) -> dict[str, str]:
    return {"kind": "reply", "body": "Hello.", "channel": "email", "idempotency_key": uuid.uuid4().hex} | values


def test_reply_goes_out_once_however_often_it_is_sent(org, agent):
    ticket = org.ticket()
    url, form = f"{ticket.get_absolute_url()}messages/reply/", said()
    for _ in range(3):
        answer = agent.post(url, form)
        assert answer.status_code == 303
        assert "#" not in answer["Location"]
    assert Message.objects.get().kind == MessageKind.REPLY
    assert OutboxMessage.objects.filter(recipient=org.contact.email).count() == 1


@pytest.mark.parametrize("name", ["reply", "note"])
def test_what_the_radio_calls_a_note_never_reaches_the_customer(org, agent, name):
    ticket = org.ticket()
    agent.post(f"{ticket.get_absolute_url()}messages/{name}/", said(kind="note", body="Between us."))
    assert Message.objects.get().kind == MessageKind.NOTE
    assert not OutboxMessage.objects.filter(recipient=org.contact.email).exists()


def test_a_reply_cannot_be_smuggled_through_the_note_address(org, agent):
    ticket = org.ticket()
    assert agent.post(f"{ticket.get_absolute_url()}messages/note/", said(kind="reply")).status_code == 422
    assert not Message.objects.exists()


def test_call_is_recorded_and_not_mailed(org, agent):
    ticket = org.ticket()
    agent.post(f"{ticket.get_absolute_url()}messages/reply/", said(kind="call"))
    assert Message.objects.get().kind == MessageKind.CALL
    assert not OutboxMessage.objects.filter(recipient=org.contact.email).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"body": ""}, "required"),
        ({"body": "a\x00b"}, "control character"),
        ({"body": "x" * 20_001}, "too long"),
        ({"next_update_at": "2020-01-01T10:00"}, "Promise a time still to come."),
        ({"next_update_at": "soon"}, "Write day and time"),
        ({"channel": "pigeon"}, "not one of the available choices"),
        ({"idempotency_key": "no key"}, "damaged"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(org, agent, change, words):
    ticket = org.ticket()
    typed = said(body="Kept word for word.") | change
    answer = agent.post(f"{ticket.get_absolute_url()}messages/reply/", typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text
    if "body" not in change:
        assert "Kept word for word." in text
    assert not Message.objects.exists()


def test_a_refused_reply_can_be_sent_again_with_its_key(org, agent):
    ticket = org.ticket()
    form = said(next_update_at="2020-01-01T10:00")
    assert agent.post(f"{ticket.get_absolute_url()}messages/reply/", form).status_code == 422
    assert agent.post(f"{ticket.get_absolute_url()}messages/reply/", form | {"next_update_at": ""}).status_code == 303


def test_customer_words(org, agent):
    ticket = org.ticket()
    url = f"{ticket.get_absolute_url()}messages/customer/"
    form = said(body="When will it work?", channel="phone")
    assert agent.post(url, form).status_code == agent.post(url, form).status_code == 303
    assert Message.objects.get().kind == MessageKind.CUSTOMER
    future = agent.post(url, said(body="Later.", said_at="2090-01-01T10:00"))
    assert future.status_code == 422
    assert "Later." in future.content.decode()


def test_drafts_come_back_and_go_with_the_message(org, agent):
    ticket = org.ticket()
    url = f"{ticket.get_absolute_url()}drafts/reply/"
    first = agent.post(url, {"kind": "note", "body": "Half a thou"})
    assert first.status_code == 204
    assert first["Belay-Version"] == "1"
    second = agent.post(url, {"kind": "note", "body": "Half a thought", "draft_version": "1"})
    assert second["Belay-Version"] == "2"
    stale = agent.post(url, {"kind": "note", "body": "Another window", "draft_version": "1"})
    assert stale.status_code == 409
    assert "Half a thought" in agent.get(ticket.get_absolute_url()).content.decode()
    agent.force_login(org.people["l1_second"])
    assert "Half a thought" not in agent.get(ticket.get_absolute_url()).content.decode()
    agent.force_login(org.agent)
    agent.post(f"{ticket.get_absolute_url()}messages/reply/", said(kind="note", body="Half a thought"))
    assert not Draft.objects.exists()


@pytest.mark.parametrize("body", ["nul \x00 here", "half \ud83d", "x" * 90_000])
def test_any_text_can_be_kept_as_a_draft(org, agent, body):
    ticket = org.ticket()
    sent = urlencode({"body": body.encode("utf-8", "surrogatepass")})
    answer = agent.post(
        f"{ticket.get_absolute_url()}drafts/reply/", sent, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 204
    assert agent.get(ticket.get_absolute_url()).status_code == 200


def test_drafts_of_unknown_forms_and_endless_ones_are_refused(org, agent):
    ticket = org.ticket()
    assert agent.post(f"{ticket.get_absolute_url()}drafts/handoff/", {"body": "x"}).status_code == 404
    assert agent.post(f"{ticket.get_absolute_url()}drafts/reply/", {"body": "x" * (DRAFT_CHARS + 1)}).status_code == 422


def test_people_of_other_tiers_note_but_do_not_answer(org, client):
    ticket = org.ticket()
    client.force_login(org.people["l3_first"])
    assert client.post(f"{ticket.get_absolute_url()}messages/reply/", said()).status_code == 403
    assert client.post(f"{ticket.get_absolute_url()}messages/note/", said(kind="note")).status_code == 303


def test_a_resolved_ticket_can_still_be_answered(org, agent):
    ticket = org.ticket()
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="user_error", what_was_done="Explained.")
    assert agent.post(f"{ticket.get_absolute_url()}messages/reply/", said()).status_code == 303
