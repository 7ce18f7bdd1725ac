"""A trigger's conditions as a filter of the queue: what the tester counts is what the queue shows, and no more."""

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest

from escalations.services.tickets import ticket_restrict
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
UPSET = json.dumps(["all", [["all", [["sentiment", "is", "upset"], ["wait_time", "at_least", 0]]]]])


def queue(client, when=UPSET, **more):
    return client.get(f"/queue/?{urlencode({'when': when, **more}, doseq=True)}")


def refs(answer) -> set[str]:
    return set(re.findall(r"BLY-\d+", answer.content.decode()))


@pytest.fixture
def upset(org):
    made = [org.ticket(priority=3 - place % 2, subject=f"Upset {place}", sentiment="upset") for place in range(3)]
    org.ticket(subject="Content", sentiment="satisfied")
    return made


def test_the_tester_leads_to_exactly_the_tickets_that_it_counts(client, org, upset):
    client.force_login(org.process_owner)
    form = {
        "join": "all", "g0-join": "all", "g0-r0-fact": "sentiment", "g0-r0-operator": "is", "g0-r0-value": "upset",
        "g0-r1-fact": "wait_time", "g0-r1-operator": "at_least", "g0-r1-value": "0 min",
    }  # fmt: skip
    tried = client.post("/triggers/try/", form).content.decode()
    link = unescape(re.search(r'<a href="(/queue/\?when=[^"]+)">3 open tickets match now', tried)[1])
    page = client.get(link)
    assert refs(page) == {ticket.ref for ticket in upset} == set(re.findall(r">(BLY-\d+)<", tried))
    assert "Sentiment is Upset and waiting time is at least 0 min" in unescape(page.content.decode())


def test_it_goes_together_with_other_filters_pages_and_the_export(client, org, upset, monkeypatch):
    client.force_login(org.agent)
    assert refs(queue(client, priority="2")) == {upset[1].ref}
    assert refs(queue(client, q="Upset 2")) == {upset[2].ref}
    text = queue(client, priority="2").content.decode()
    assert f'name="when" value="{UPSET.replace(chr(34), "&quot;")}"' in text  # the filters' form carries it along
    file = client.get(f"/queue/export/?{urlencode({'when': UPSET, 'format': 'csv'})}")
    assert b"".join(file.streaming_content).count(b"Upset ") == 3
    monkeypatch.setattr("escalations.selectors.queue.PAGE_SIZE", 2)
    monkeypatch.setattr("escalations.selectors.queue.Queue.page.__defaults__", (2,))
    first = queue(client)
    following = unescape(re.search(r'href="([^"]*cursor=[^"]+)"', first.content.decode())[1])
    second = client.get(following if following.startswith("/") else f"/queue/{following}")
    assert (len(refs(first)), refs(first) | refs(second)) == (2, {ticket.ref for ticket in upset})


def test_what_only_named_people_see_stays_theirs(client, org, upset):
    ticket_restrict(ticket=upset[0], by=org.agent, readers=[], restricted=True)
    client.force_login(org.process_owner)
    assert refs(queue(client)) == {upset[1].ref, upset[2].ref}
    client.force_login(org.agent)
    assert refs(queue(client)) == {ticket.ref for ticket in upset}


def test_it_asks_the_same_however_many_match(client, org, upset):
    client.force_login(org.agent)
    queue(client)
    few = len(statements(lambda: queue(client)))
    for place in range(6):
        org.ticket(subject=f"More {place}", sentiment="upset")
    assert len(statements(lambda: queue(client))) == few


@pytest.mark.parametrize("when", ["x", '["all",[]]', '["all",[["all",[["segment","is","a\\u0000"]]]]]', "[" * 5000])
def test_an_address_that_cannot_be_read_finds_nothing_and_says_so(client, org, upset, when):
    client.force_login(org.agent)
    page = queue(client, when=when)
    assert (page.status_code, refs(page)) == (200, set())


def test_a_saved_view_of_conditions_is_said_in_words_and_pinned_without_a_count(client, org, upset):
    client.force_login(org.agent)
    query = urlencode({"when": UPSET})
    made = client.post(f"/views/create/?{query}", {"name": "Upset ones", "query": query, "pin": "on"})
    assert made.status_code == 303, made.content.decode()
    rail = re.search(r'<a class="rail__link" href="/queue/\?view=\d+".*?</a>', client.get("/inbox/").content.decode())[
        0
    ]
    assert ("Upset ones" in rail, "count" in rail) == (True, False)
    assert refs(client.get(made["Location"])) == {ticket.ref for ticket in upset}
    page = unescape(client.get("/views/").content.decode())
    assert "Matches “Sentiment is Upset and waiting time is at least 0 min”" in page
