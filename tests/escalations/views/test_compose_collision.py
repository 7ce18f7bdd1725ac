"""The forms of the ticket page in two windows, and words that arrive while others are written."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from escalations.models import Message, Ticket
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from journal.models import Draft, Event
from web.forms import new_key

pytestmark = pytest.mark.django_db
FETCH = {"X-Requested-With": "fetch"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ticket(org) -> Ticket:
    return org.ticket()


@pytest.fixture
def agent(org) -> Client:
    client = Client()
    client.force_login(org.agent)
    return client


def url(ticket: Ticket, name: str, *more: str) -> str:
    return reverse(f"escalations:{name}", args=[ticket.ref, *more])


def seen(ticket: Ticket) -> int:
    return Event.objects.filter(subject_id=ticket.pk).order_by("-pk").values_list("pk", flat=True)[0]


def reply(ticket: Ticket, **more: Any) -> dict[str, Any]:
    said = {"kind": "reply", "body": "We look into it.", "channel": "email", "idempotency_key": new_key()}
    return said | {"seen": seen(ticket)} | more


# --- the conversation moved on ---------------------------------------------------------------------------


def test_what_was_said_meanwhile_is_shown_before_sending(org, ticket, agent):
    typed = reply(ticket, body="Is it still broken?")
    ticket_record_customer(ticket=ticket, by=org.people["l1_second"], body="It works again!", channel="email")
    ticket_note(ticket=ticket, by=org.people["l1_second"], body="They found the switch.")
    answer = agent.post(url(ticket, "message_reply"), typed)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "2 new messages since you began." in text
    assert text.index("It works again!") < text.index('id="timeline"')
    assert "Is it still broken?" in text
    assert not Message.objects.filter(kind="reply").exists()
    # Read, and sent all the same: the page knows what it has shown.
    assert f'name="seen" value="{seen(ticket)}"' in text
    assert agent.post(url(ticket, "message_reply"), typed | {"seen": seen(ticket)}).status_code == 303
    assert Message.objects.filter(kind="reply").count() == 1


def test_the_same_form_sent_twice_does_not_take_itself_for_news(org, ticket, agent):
    typed = reply(ticket)
    for _ in range(2):
        assert agent.post(url(ticket, "message_reply"), typed).status_code == 303
    assert Message.objects.filter(kind="reply").count() == 1


def test_ones_own_reply_from_another_window_is_news(org, ticket, agent):
    typed = reply(ticket)
    ticket_reply(ticket=ticket, by=org.agent, body="We look into it.")
    assert agent.post(url(ticket, "message_reply"), typed).status_code == 409
    assert Message.objects.filter(kind="reply").count() == 1


def test_changes_of_facts_hold_nobody_up(org, ticket, agent):
    typed = reply(ticket)
    Event.objects.create(
        subject_type="ticket", subject_id=ticket.pk, kind="ticket.changed", data={"changes": {}},
        occurred_at=ticket.opened_at,
    )  # fmt: skip
    assert agent.post(url(ticket, "message_reply"), typed).status_code == 303


def test_a_page_without_the_mark_sends_as_before(org, ticket, agent):
    typed = reply(ticket, seen="")
    ticket_note(ticket=ticket, by=org.people["l1_second"], body="Meanwhile.")
    assert agent.post(url(ticket, "message_note"), typed | {"kind": "note"}).status_code == 303


def test_the_page_hears_of_it_while_somebody_writes(org, ticket, agent):
    began = seen(ticket)
    news = f"{url(ticket, 'ticket_news')}?seen={began}"
    assert agent.get(news, headers=HTMX).status_code == 204
    ticket_record_customer(ticket=ticket, by=org.people["l1_second"], body="It works again!", channel="email")
    text = agent.get(news, headers=HTMX).content.decode()
    assert 'id="compose_news" hx-swap-oob="true"' in text
    assert "1 new message since you began." in text
    assert "It works again!" in text
    assert f'name="seen" value="{seen(ticket)}"' in text
    typed = reply(ticket, seen=seen(ticket))
    assert agent.post(url(ticket, "message_reply"), typed).status_code == 303


# --- two windows of one person ---------------------------------------------------------------------------

FORMS = [
    ("reply", "message_reply", "body", {"kind": "reply", "channel": "email"}),
    ("customer", "message_customer", "body", {"channel": "email"}),
    ("resolve", "ticket_resolve", "what_was_done", {"root_cause": "product_defect"}),
]


@pytest.mark.parametrize(("form", "view", "field", "others"), FORMS)
def test_the_second_window_is_shown_both_texts(org, ticket, agent, form, view, field, others):
    draft = url(ticket, "form_draft", form)
    one, two = others | {field: "From window one"}, others | {field: "From window two"}
    first = agent.post(draft, one | {"draft_window": "a"}, headers=FETCH)
    assert (first.status_code, first["Belay-Version"]) == (204, "1")
    again = agent.post(draft, one | {"draft_window": "a", field: "From window one!"}, headers=FETCH)
    assert again.status_code == 204
    panel = agent.post(draft, two | {"draft_window": "b"}, headers=FETCH)
    assert panel.status_code == 409
    text = panel.content.decode()
    assert "Your other window saved this draft at" in text
    assert "From window one!" in text
    assert "From window two" in text
    chosen = two | {"between": "drafts", "resolve": "chosen", f"conflict-{field}": "theirs"}
    assert agent.post(url(ticket, view), chosen).status_code == 303
    assert Draft.objects.get().data[field] == ["From window one!"]
    assert (
        "From window one!"
        in agent.get(url(ticket, "ticket_resolve" if form == "resolve" else "ticket_detail")).content.decode()
    )


@pytest.mark.parametrize(("form", "view", "field", "others"), FORMS)
def test_sending_never_drops_what_another_window_saved(org, ticket, agent, form, view, field, others):
    agent.post(url(ticket, "form_draft", form), others | {field: "A long analysis", "draft_window": "a"}, headers=FETCH)
    typed = reply(ticket) | others | {field: "Short", "draft_window": "b", "draft_version": ""}
    answer = agent.post(url(ticket, view), typed)
    assert answer.status_code == 409
    assert "A long analysis" in answer.content.decode()
    assert Draft.objects.get().data[field] == ["A long analysis"]
    ticket.refresh_from_db()
    assert ticket.is_open
    assert not Message.objects.exists()
    everything = typed | {"between": "drafts", "take_all": "mine"}
    assert agent.post(url(ticket, view), everything).status_code == 303
    assert Draft.objects.get().data[field] == ["Short"]


def test_the_window_that_saved_sends_without_a_question(org, ticket, agent):
    agent.post(url(ticket, "form_draft", "reply"), reply(ticket, body="Half", draft_window="a"), headers=FETCH)
    whole = reply(ticket, body="Half and whole", draft_window="a", draft_version="")
    assert agent.post(url(ticket, "message_reply"), whole).status_code == 303
    assert not Draft.objects.exists()


def test_a_page_that_shows_the_draft_sends_it(org, ticket, agent):
    agent.post(url(ticket, "form_draft", "reply"), reply(ticket, body="Half", draft_window="a"), headers=FETCH)
    page = agent.get(ticket.get_absolute_url())
    version = page.context["reply_form"]["draft_version"].value()
    typed = reply(ticket, body="Whole", draft_version=version)
    assert agent.post(url(ticket, "message_reply"), typed).status_code == 303


# --- churn threat ----------------------------------------------------------------------------------------


def test_a_reported_churn_threat_is_not_offered_again(org, ticket):
    client = Client()
    client.force_login(org.receiver)
    assert "Report churn threat" in client.get(ticket.get_absolute_url()).content.decode()
    Ticket.objects.filter(pk=ticket.pk).update(churn_threat=True)
    text = client.get(ticket.get_absolute_url()).content.decode()
    assert "Report churn threat" not in text
    assert "Take churn threat back" in text
