"""A ticket that is being written survives a reload, an ended session and a second window."""

import uuid
from typing import Any

import pytest

from escalations.models import Ticket
from journal.models import Draft
from tests.factories import Organisation

pytestmark = pytest.mark.django_db
URL, DRAFT, DISCARD = "/tickets/create/", "/tickets/create/draft/", "/tickets/create/discard/"


@pytest.fixture
def agent(org, client):
    client.force_login(org.agent)
    return client


def form(org: Organisation, key: str, **more: Any) -> dict[str, Any]:
    return {
        "idempotency_key": key, "customer": str(org.customer.pk), "subject": "Webhooks stop", "priority": "2",
        "description": "Nothing arrives.", "sentiment": "", "draft_version": "", "draft_window": "a",
    } | more  # fmt: skip


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def test_it_is_kept_and_found_again(org, agent, key):
    kept = agent.post(DRAFT, form(org, key))
    assert (kept.status_code, kept["Belay-Version"], kept["Belay-Page"]) == (204, "1", f"{URL}?draft={key}")
    page = agent.get(kept["Belay-Page"])
    shown = page.context["form"]
    assert shown["subject"].value() == "Webhooks stop"
    assert str(shown["priority"].value()) == "2"
    assert shown["idempotency_key"].value() == key
    assert shown.known_customer == org.customer
    offered = agent.get(URL).content.decode()
    assert "Webhooks stop</b>" in offered
    assert f"{URL}?draft={key}" in offered


def test_it_goes_with_the_ticket_or_when_it_is_thrown_away(org, agent, key):
    agent.post(DRAFT, form(org, key))
    for _ in range(2):
        assert agent.post(URL, form(org, key)).status_code == 303
    assert Ticket.objects.count() == 1
    assert not Draft.objects.exists()
    assert agent.get(f"{URL}?draft={key}").status_code == 303
    agent.post(DRAFT, form(org, uuid.uuid4().hex))
    assert agent.post(DISCARD, {"draft": Draft.objects.get().form.partition(":")[2]}).status_code == 303
    assert not Draft.objects.exists()


def test_two_tickets_in_two_windows_are_two_drafts(org, agent):
    for subject in ("One", "Two"):
        assert agent.post(DRAFT, form(org, uuid.uuid4().hex, subject=subject)).status_code == 204
    assert Draft.objects.count() == 2
    assert [one.subject for one in agent.get(URL).context["begun"]] == ["Two", "One"]


def test_one_ticket_in_two_windows_is_chosen(org, agent, key):
    agent.post(DRAFT, form(org, key, subject="From window one"))
    second = form(org, key, subject="From window two", draft_window="b")
    panel = agent.post(DRAFT, second)
    assert panel.status_code == 409
    assert "From window one" in panel.content.decode()
    sending = agent.post(URL, second)
    assert sending.status_code == 409
    assert "From window one" in sending.content.decode()
    assert not Ticket.objects.exists()
    chosen = agent.post(URL, second | {"between": "drafts", "resolve": "chosen", "conflict-subject": "theirs"})
    assert chosen["Location"] == f"{URL}?draft={key}"
    assert Draft.objects.get().data["subject"] == ["From window one"]


def test_it_is_its_authors_alone(org, agent, client, key):
    agent.post(DRAFT, form(org, key))
    client.force_login(org.people["l1_second"])
    assert "Webhooks stop" not in client.get(URL).content.decode()
    assert client.get(f"{URL}?draft={key}").status_code == 303
    client.post(DISCARD, {"draft": key})
    assert Draft.objects.exists()


@pytest.mark.parametrize("key", ["", "x", "../..", "\x00"])
def test_a_key_that_no_form_has_is_not_there(org, agent, key):
    assert agent.post(DRAFT, form(org, key)).status_code == 404
    assert agent.get(URL, {"draft": key}).status_code == 404
    assert agent.post(DISCARD, {"draft": key}).status_code == 404
