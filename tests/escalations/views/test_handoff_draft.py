"""Autosave: kept at once, never over another window's text, and gone with the filing."""

import pytest
from django.urls import reverse

from escalations.services.handoffs import handoff_form_key
from escalations.services.tickets import ticket_change_priority
from journal.models import Draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(org):
    return org.ticket()


@pytest.fixture
def agent(client, org):
    client.force_login(org.agent)
    return client


def save(client, ticket, **fields):
    address = reverse("escalations:handoff_draft", args=[ticket.ref])
    return client.post(address, fields, headers={"X-Requested-With": "fetch"})


def form(client, ticket):
    return client.get(reverse("escalations:handoff_create", args=[ticket.ref])).content.decode()


def test_saves_and_answers_with_what_changed(agent, ticket, org):
    fields = {"likely_cause": "The key is cached.", "to": f"team:{org.teams['L3'].pk}", "steps-TOTAL_FORMS": "1"}
    answer = save(agent, ticket, **fields, **{"steps-0-step": "Replayed", "steps-0-minutes": "21"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Belay-Version"] == "1"
    assert answer["Belay-Saved"]
    assert 'id="meter"' in text
    assert "L3 must acknowledge by" in text
    assert "21 min so far." in text
    assert "The key is cached." in form(agent, ticket)


def test_survives_a_colleagues_change_of_the_ticket(agent, ticket, org):
    save(agent, ticket, likely_cause="Mine")
    ticket_change_priority(ticket=ticket, by=org.people["l1_second"], priority=2, reason="Louder")
    assert "Mine" in form(agent, ticket)


def test_keeps_what_cannot_be_filed(agent, ticket):
    answer = save(agent, ticket, next_update_at="tomorrow", likely_cause="a\x00b")
    assert answer.status_code == 200
    stored = Draft.objects.get(form=handoff_form_key(ticket)).data
    assert stored["next_update_at"] == "tomorrow"
    assert stored["likely_cause"] == "a\ufffdb"


def test_a_draft_is_its_authors_alone(agent, ticket, org, client):
    save(agent, ticket, likely_cause="Secret guess")
    client.force_login(org.people["l1_second"])
    assert "Secret guess" not in form(client, ticket)


def test_two_windows_get_both_versions_and_choose(agent, ticket):
    first = save(agent, ticket, likely_cause="One", scope="team")
    assert (
        save(agent, ticket, draft_version=first["Belay-Version"], likely_cause="Two", scope="team").status_code == 200
    )
    stale = save(agent, ticket, draft_version=first["Belay-Version"], likely_cause="Three", scope="team")
    text = stale.content.decode()
    assert stale.status_code == 409
    assert 'id="conflict"' in text
    assert "Two" in text
    assert "Three" in text
    assert "Scope" not in text
    create = reverse("escalations:handoff_create", args=[ticket.ref])
    choice = {"likely_cause": "Three", "scope": "team", "conflict-likely_cause": "theirs", "resolve": "chosen"}
    assert agent.post(create, choice).status_code == 303
    assert Draft.objects.get(form=handoff_form_key(ticket)).data["likely_cause"] == "Two"
    agent.post(create, {**choice, "take_all": "mine"})
    assert Draft.objects.get(form=handoff_form_key(ticket)).data["likely_cause"] == "Three"


def test_the_first_save_of_a_second_window_is_noticed(agent, ticket):
    save(agent, ticket, likely_cause="One")
    assert save(agent, ticket, draft_version="", likely_cause="Two").status_code == 409


def test_filing_from_a_window_that_missed_something_asks_first(agent, ticket, org):
    save(agent, ticket, likely_cause="One")
    create = reverse("escalations:handoff_create", args=[ticket.ref])
    answer = agent.post(create, {"do": "file", "likely_cause": "Two", "reason": "other"})
    assert answer.status_code == 409
    assert "Your other window saved this draft" in answer.content.decode()


def test_a_late_autosave_does_not_bring_a_filed_draft_back(agent, ticket, org):
    version = save(agent, ticket, likely_cause="One")["Belay-Version"]
    org.handoff(ticket)
    answer = save(agent, ticket, draft_version=version, likely_cause="One more word")
    assert answer.status_code == 409
    assert "handed this ticket to Integrations meanwhile" in answer.content.decode()
    assert not Draft.objects.exists()


def test_an_ended_session_answers_with_where_to_log_in(client, ticket):
    answer = save(client, ticket, likely_cause="One")
    assert answer.status_code == 401
    assert answer["Belay-Login"] == reverse("web:session_login")
