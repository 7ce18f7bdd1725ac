"""Issues: list, page, form; what is counted is what the reader sees."""

import pytest
from django.test import Client

from escalations.models import Issue, Ticket
from escalations.services.issues import issue_close, issue_create, ticket_link_issue
from escalations.services.tickets import ticket_restrict
from tests.factories import CustomerFactory, Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(org, client: Client) -> Client:
    client.force_login(org.agent)
    return client


def text(answer) -> str:
    return answer.content.decode()


def issue(org: Organisation, title: str = "Keys stay cached") -> Issue:
    return issue_create(by=org.agent, title=title, description="After every rotation.")


def test_the_list_finds_by_the_beginnings_of_words_and_keeps_closed_ones_apart(org, agent):
    issue(org)
    closed = issue(org, "Export is cut off")
    issue_close(issue=closed, by=org.agent)
    assert "Keys stay cached" in text(agent.get("/issues/"))
    assert "Export is cut off" not in text(agent.get("/issues/"))
    assert "Export is cut off" in text(agent.get("/issues/?state=closed"))
    assert "Keys stay cached" in text(agent.get("/issues/?q=rotat"))
    assert "No issue has these words" in text(agent.get("/issues/?q=invoice"))
    assert agent.get("/issues/?q=%00'&state=x&cursor=y").status_code == 200


def test_statements_of_the_list_do_not_grow(org, agent):
    issue(org)
    agent.get("/issues/")
    few = len(statements(lambda: agent.get("/issues/")))
    for number in range(20):
        issue(org, f"Another {number}")
    assert len(statements(lambda: agent.get("/issues/"))) <= few


def test_the_page_counts_what_the_reader_sees_and_escalated_episodes(org, client):
    one = issue(org)
    first, second, hidden = org.ticket(), org.ticket(customer=CustomerFactory(name="Oskerby")), org.ticket()
    for ticket in (first, second, hidden):
        ticket_link_issue(ticket=ticket, issue=one, by=org.agent)
    ticket_restrict(ticket=hidden, by=org.agent, readers=[], restricted=True)
    org.handoff(first)
    client.force_login(org.people["l1_second"])
    page = text(client.get(f"/issues/{one.pk}/"))
    assert "All 2 in the queue" in page
    assert "<dt>Escalated in 90 days</dt><dd>1</dd>" in page
    assert "Oskerby" in page
    assert client.get("/issues/999999/").status_code == 404
    listed = text(client.get(f"/queue/?issue={one.pk}"))
    assert first.ref in listed
    assert "Keys stay cached" in listed


def test_it_is_changed_closed_and_opened_again(org, agent):
    one = issue(org)
    form = {"title": "Keys stay cached in EU-1", "description": "x", "product_area": "webhooks", "version": "1"}
    assert agent.post(f"/issues/{one.pk}/edit/", form | {"title": ""}).status_code == 422
    assert agent.post(f"/issues/{one.pk}/edit/", form).status_code == 303
    stale = agent.post(f"/issues/{one.pk}/edit/", form | {"title": "Mine"})
    assert stale.status_code == 409
    assert 'value="Mine"' in text(stale)
    page = text(agent.get(f"/issues/{one.pk}/"))
    assert "It was called “Keys stay cached”" in page
    assert agent.post(f"/issues/{one.pk}/close/").status_code == 303
    assert agent.post(f"/issues/{one.pk}/close/").status_code == 409
    ticket = org.ticket()
    closed = agent.post(f"{ticket.get_absolute_url()}links/issue/", {"issue": one.pk, "title": ""})
    assert closed.status_code == 422
    assert agent.post(f"/issues/{one.pk}/reopen/").status_code == 303
    assert Ticket.objects.get().issue is None


def test_one_open_issue_has_one_title(org, agent):
    issue(org)
    form = {"title": "keys stay cached", "description": "", "product_area": "", "version": "0"}
    assert agent.post("/issues/create/", form).status_code == 422
    assert agent.post("/issues/create/", form | {"title": "Something else"}).status_code == 303
