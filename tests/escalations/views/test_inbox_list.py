"""The inbox: what is in which tab, in what order, at what cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from escalations.services.answers import handoff_acknowledge, handoff_return
from escalations.services.handoffs import handoff_redirect
from escalations.services.resolutions import Feedback, ticket_resolve
from escalations.services.tickets import ticket_restrict
from journal import clock
from tests.factories import NOON, accept

pytestmark = pytest.mark.django_db
INBOX = "/inbox/"


def titles(client, tab: str = "waiting") -> list[str]:
    return [row.subject for row in client.get(INBOX, {"tab": tab}).context["rows"]]


def test_waiting_is_ordered_by_the_acknowledgement_deadline(client, org):
    with clock.travel(NOON) as time:
        later = org.handoff(org.ticket(subject="Second"))
        time.forward(timedelta(minutes=-5))
        org.handoff(org.ticket(subject="First"))
        time.forward(timedelta(minutes=10))
        client.force_login(org.receiver)
        assert titles(client) == ["First", "Second"]
        handoff_acknowledge(escalation=later, by=org.people["l2_second"])
        assert titles(client) == ["First"]
        assert titles(client, "acknowledged") == ["Second"]


def test_is_for_the_team_and_never_the_senders_own(client, org):
    org.handoff(org.ticket(subject="For the team"))
    org.handoff(org.ticket(subject="For a colleague"), to_user=org.people["l2_second"])
    org.handoff(org.ticket(subject="For another tier"), to="L3")
    client.force_login(org.receiver)
    assert set(titles(client)) == {"For the team", "For a colleague"}
    client.force_login(org.agent)
    assert titles(client) == []
    assert set(titles(client, "mine")) == {"For the team", "For a colleague", "For another tier"}


def test_restricted_ones_are_for_those_named(client, org):
    ticket = org.ticket(subject="Legal")
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    org.handoff(ticket, to_user=org.receiver)
    client.force_login(org.people["l2_second"])
    assert titles(client) == []
    client.force_login(org.receiver)
    assert titles(client) == ["Legal"]


def test_what_came_back_and_how_it_was_rated(client, org):
    back = org.handoff(org.ticket(subject="Returned"))
    handoff_return(escalation=back, by=org.receiver, reason="no_next_step", note="What first?")
    done = org.handoff(org.ticket(subject="Resolved"))
    accept(done, org.receiver)
    ticket_resolve(
        ticket=done.ticket, by=org.receiver, root_cause="configuration", what_was_done="Done.",
        feedback=Feedback(rating=2, was_necessary=False),
    )  # fmt: skip
    client.force_login(org.agent)
    assert titles(client, "returned") == ["Returned"]
    assert org.receiver.full_name in client.get("/inbox/?tab=returned").content.decode()
    text = client.get(INBOX, {"tab": "feedback"}).content.decode()
    assert "2 of 5, not necessary" in text
    assert "Mark as read" in text
    counted = {tab["label"]: tab["count"] for tab in client.get(INBOX).context["tabs"]}
    assert counted == {
        "Waiting": None, "Acknowledged": None, "Returned to me": 1, "My handoffs": None, "Feedback": 1,
        "Consults": None,
    }  # fmt: skip
    org.handoff(back.ticket)
    assert titles(client, "returned") == []


def test_each_empty_tab_says_what_belongs_there(client, org):
    client.force_login(org.receiver)
    assert "Handoffs to Integrations appear here" in client.get(INBOX).content.decode()
    for tab in ("acknowledged", "returned", "mine", "feedback", "no such tab"):
        assert client.get(INBOX, {"tab": tab}).status_code == 200


@pytest.mark.parametrize("tab", ["waiting", "acknowledged", "returned", "mine", "feedback"])
def test_costs_the_same_however_much_waits(client, org, tab):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(INBOX, {"tab": tab})
        return len(queries)

    client.force_login(org.agent if tab in ("returned", "mine", "feedback") else org.receiver)

    def one() -> None:
        escalation = org.handoff(org.ticket())
        if tab == "acknowledged":
            handoff_acknowledge(escalation=escalation, by=org.receiver)
        if tab == "returned":
            handoff_return(escalation=escalation, by=org.receiver, reason="other", note="x")
        if tab == "feedback":
            accept(escalation, org.receiver)
            ticket_resolve(
                ticket=escalation.ticket, by=org.receiver, root_cause="unknown", what_was_done="x",
                feedback=Feedback(rating=3, was_necessary=True),
            )  # fmt: skip

    one()
    cost()
    before = cost()
    for _ in range(5):
        one()
    assert cost() == before


def test_the_poll_is_silent_until_something_comes(client, org):
    client.force_login(org.receiver)
    since = client.get(INBOX).context["since"]
    news = reverse("escalations:inbox_news") + "?" + urlencode({"since": since})
    assert client.get(news).status_code == 204
    org.handoff(org.ticket())
    far = org.handoff(org.ticket(), to="L3")
    answer = client.get(news)
    assert answer.status_code == 200
    assert "1 new handoff" in answer.content.decode()
    handoff_redirect(escalation=far, by=org.agent, to_team=org.teams["L2"], to_user=None, note="Rather them")
    assert "2 new handoffs" in client.get(news).content.decode()
    for nonsense in ("", "yesterday", "2026-06-16T10:00:00", "9999-99-99T10:00:00+00:00"):
        assert client.get(reverse("escalations:inbox_news"), {"since": nonsense}).status_code == 204


def test_the_poll_costs_little(client, org, django_assert_max_num_queries):
    client.force_login(org.receiver)
    since = client.get(INBOX).context["since"]
    with django_assert_max_num_queries(4):
        client.get(reverse("escalations:inbox_news"), {"since": since})


def test_many_are_paged(client, org):
    for _ in range(3):
        org.handoff(org.ticket())
    client.force_login(org.agent)
    assert client.get(INBOX, {"tab": "mine", "cursor": "nonsense"}).status_code == 200
