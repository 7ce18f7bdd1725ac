"""The bar that says what arrived: counts this view only, never one's own doing, and says nothing when nothing did."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from escalations.services.tickets import ticket_restrict
from tests.factories import NOON, accept
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def ask(client):
    def asked(user, **params):
        client.force_login(user)
        return client.get("/queue/news/?" + urlencode({"since": NOON.isoformat(), **params}))

    return asked


def test_nothing_new_is_204(org, ask):
    org.ticket(by=org.people["l1_second"])
    assert ask(org.agent).status_code == 204


def test_new_tickets_are_counted_and_linked_without_a_place(org, ask, noon):
    noon.forward(timedelta(minutes=5))
    for _ in range(3):
        org.ticket(by=org.people["l1_second"], priority=2)
    text = ask(org.agent, priority="2", sort="newest").content.decode()
    assert "3 new tickets since 12:00. Show them" in text
    assert 'href="/queue/?priority=2&amp;sort=newest"' in text
    assert ask(org.agent, priority="4").status_code == 204


def test_own_tickets_are_no_news(org, ask, noon):
    noon.forward(timedelta(minutes=5))
    org.ticket()
    assert ask(org.agent).status_code == 204
    assert "1 new ticket since" in ask(org.manager).content.decode()


def test_handoff_that_was_accepted_arrives_with_its_new_team(org, ask, noon):
    ticket = org.ticket()
    noon.forward(timedelta(minutes=5))
    escalation = org.handoff(ticket)
    assert ask(org.people["l2_second"], team="mine").status_code == 204
    accept(escalation, org.receiver)
    assert "1 new ticket" in ask(org.people["l2_second"], team="mine").content.decode()


def test_restricted_ticket_is_news_to_those_named_only(org, ask, noon):
    noon.forward(timedelta(minutes=5))
    ticket = org.ticket(by=org.people["l1_second"])
    ticket_restrict(ticket=ticket, by=org.people["l1_second"], readers=[org.receiver], restricted=True)
    assert ask(org.agent).status_code == 204
    assert ask(org.receiver).status_code == 200


@pytest.mark.parametrize("since", ["", "yesterday", "2026-06-16T10:00:00", "\x00"])
def test_unreadable_since_says_nothing(org, ask, since):
    assert ask(org.agent, since=since).status_code == 204


def test_poll_is_a_handful_of_statements(org, client):
    org.ticket()
    client.force_login(org.agent)
    # Session, person, now, the choices' codes, the count.
    assert len(statements(lambda: client.get("/queue/news/", {"since": NOON.isoformat()}))) <= 5
