"""Who else is on a ticket: said while they are there, to those who see it, and cheaply."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Presence
from escalations.selectors.presence import listed, said
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_restrict
from journal import clock
from tests.factories import NOON
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(org):
    return org.ticket()


@pytest.fixture
def call(ticket):
    """One call of an open page, as somebody."""

    def called(user, **values):
        client = Client()
        client.force_login(user)
        return client.post(reverse("escalations:ticket_presence", args=[ticket.ref]), values)

    return called


def test_two_people_see_each_other(org, call):
    with clock.travel(NOON):
        assert call(org.agent).status_code == 204
        assert "L1_First Example is reading this" in call(org.receiver).content.decode()
        assert "L2_First Example is reading this" in call(org.agent).content.decode()


def test_what_is_shown_already_is_not_sent_again(org, call):
    with clock.travel(NOON):
        call(org.agent)
        assert call(org.receiver, here="L1_First Example is reading this").status_code == 204
        call(org.agent, writing="1")
        text = call(org.receiver, here="L1_First Example is reading this").content.decode()
        assert "L1_First Example is writing here" in text


def test_the_form_of_the_handoff_warns_whoever_writes_one_too(org, call):
    second = org.people["l1_second"]
    with clock.travel(NOON):
        call(org.agent, at="handoff")
        call(org.agent)
        on_form, on_page = call(second, at="handoff").content.decode(), call(org.receiver).content.decode()
    assert "Somebody else writes a handoff on this ticket: L1_First Example." in on_form
    assert "L1_First Example and L1_Second Example are writing a handoff" in on_page
    assert "reading this" not in on_page


def test_who_is_silent_for_45_seconds_is_gone(org, call):
    with clock.travel(NOON) as time:
        call(org.agent)
        time.forward(timedelta(seconds=44))
        assert call(org.receiver).status_code == 200
        time.forward(timedelta(seconds=2))
        text = call(org.receiver, here="L1_First Example is reading this").content.decode()
        assert "is reading this" not in text


def test_who_leaves_is_gone_at_once(org, call):
    with clock.travel(NOON):
        call(org.agent)
        assert call(org.agent, left="1").status_code == 204
        assert call(org.receiver).status_code == 204


def test_a_restricted_ticket_tells_nobody_who_reads_it(org, ticket, call):
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    call(org.agent)
    assert call(org.manager).status_code == 404
    assert not Presence.objects.filter(user=org.manager).exists()


def test_only_posts_say_that_somebody_is_there(org, ticket, client):
    client.force_login(org.agent)
    assert client.get(reverse("escalations:ticket_presence", args=[ticket.ref])).status_code == 405
    client.get(ticket.get_absolute_url())
    assert not Presence.objects.exists()


def test_a_call_costs_one_write_and_one_read(org, call):
    call(org.agent)
    call(org.receiver)
    said = [sql for sql in statements(lambda: call(org.agent)) if "accounts_presence" in sql]
    assert [sql.split()[0] for sql in said] == ["INSERT", "SELECT"]
    assert Presence.objects.count() == 2


def test_the_sweep_forgets(org, call):
    with clock.travel(NOON) as time:
        call(org.agent)
        time.forward(timedelta(minutes=5))
        sweep()
        assert Presence.objects.exists()
        time.forward(timedelta(minutes=6))
        sweep()
        assert not Presence.objects.exists()


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C"),
     (["A", "B", "C", "D"], "A, B and 2 others")],
)  # fmt: skip
def test_many_names_are_listed_short(names, words):
    assert listed(names) == words


def test_each_person_does_one_thing_the_strongest():
    found = said([("A", "ticket"), ("A", "handoff"), ("B", "writing"), ("B", "ticket"), ("C", "ticket")])
    assert found.lines == ("A is writing a handoff", "B is writing here", "C is reading this")
    assert found.writes_handoff == "A"


def test_who_still_writes_hears_that_somebody_filed(org, ticket, call):
    second = org.people["l1_second"]
    assert call(org.agent, at="handoff").status_code == 204
    escalation = org.handoff(ticket, by=second)
    answer = call(org.agent, at="handoff").content.decode()
    assert "L1_Second Example handed this ticket to Integrations meanwhile." in answer
    assert call(org.agent, at="handoff", here=str(escalation.pk)).status_code == 204
    assert call(org.agent).status_code == 204
    assert "in another window" in call(second, at="handoff").content.decode()
    assert call(org.receiver, at="handoff", completes="1").content.decode().count("meanwhile") == 0
