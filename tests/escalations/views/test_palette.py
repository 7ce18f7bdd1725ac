"""The palette and the search page: what they find, for whom, and by how many statements."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.models.people import PERSON_WORDS
from escalations.models import TicketRead
from escalations.selectors.palette import people_found, prefix_query, tickets_found, tickets_read
from escalations.services.reading import ticket_read
from escalations.services.resolutions import ticket_resolve
from escalations.services.saved_views import saved_view_create
from escalations.services.tickets import ticket_restrict
from tests.factories import CustomerFactory
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def ask(client: Client, words: str = "", at: str = "/queue/") -> dict[str, list[tuple[str, str]]]:
    """Group → (label, address) of what is found."""
    text = client.get("/palette/", {"q": words, "at": at}).content.decode()
    found = {}
    for part in text.split('<div role="group"')[1:]:
        title = re.search(r'role="presentation">([^<]*)<', part)[1]
        items = re.findall(r'href="([^"]*)".*?<span class="palette__label">([^<]*)</span>', part)
        found[title] = [(label, url.replace("&amp;", "&")) for url, label in items]
    return found


def labels(found, title: str) -> list[str]:
    return [label for label, _ in found.get(title, [])]


def test_words_find_tickets_customers_people_views_pages_and_acts(org, client):
    ticket = org.ticket(subject="Webhook imports stop")
    customer = CustomerFactory(name="Imprint & Sons")
    importer = org.person("imelda", "l2_specialist", org.teams["L2"])
    importer.full_name = "Imelda Import"
    importer.save()
    view = saved_view_create(by=org.agent, name="Imports that failed", query="priority=1")
    client.force_login(org.agent)
    found = ask(client, "imp")
    assert found["Open tickets"] == [("Webhook imports stop", ticket.get_absolute_url())]
    assert found["Views"] == [("Imports that failed", view.get_absolute_url())]
    assert found["Customers"] == [("Imprint & Sons".replace("&", "&amp;"), f"/customers/{customer.pk}/")]
    assert found["People"] == [("Imelda Import", "/queue/?owner=imelda")]
    assert found["Search"][0][1] == "/queue/?q=imp&state=any"
    assert labels(ask(client, "inb"), "Pages") == ["Inbox"]
    assert "Imports" not in labels(found, "Pages")


def test_a_number_finds_the_ticket_open_or_not(org, client):
    ticket = org.ticket(external_id="INC0000057")
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="configuration", what_was_done="Done.")
    client.force_login(org.receiver)
    for words in (ticket.ref, ticket.ref.lower(), str(ticket.pk)):
        assert found_urls(ask(client, words)) == [ticket.get_absolute_url()]
    # By words only what is open, and the heading says so: the last line leads to all.
    found = ask(client, "webhook")
    assert not {"Tickets", "Open tickets"} & set(found)
    assert labels(found, "Search") == ["All tickets with “webhook”"]


def found_urls(found, title: str = "Tickets") -> list[str]:
    return [url for _, url in found[title]]


def test_every_word_begins_one(org, client):
    ticket = org.ticket(subject="Webhook deliveries stop after key rotation")
    client.force_login(org.agent)
    assert found_urls(ask(client, "deliv rot"), "Open tickets") == [ticket.get_absolute_url()]
    for words in ("deliv xylo", "%", "'", "a & b | !", "\\", "<script>", "🧗", "the", ":*"):
        assert not {"Tickets", "Open tickets"} & set(ask(client, words)), words


def test_empty_shows_what_was_read_last_first(org, client, noon):
    tickets = [org.ticket(subject=f"Number {number}") for number in range(8)]
    for ticket in tickets:
        ticket_read(ticket=ticket, by=org.agent)
        noon.forward(timedelta(minutes=1))
    saved_view_create(by=org.agent, name="Mine", query="owner=me")
    client.force_login(org.agent)
    found = ask(client)
    assert next(iter(found)) == "Read last"
    assert labels(found, "Read last") == [f"Number {number}" for number in (7, 6, 5, 4, 3, 2)]
    assert labels(found, "Views") == ["Mine"]
    assert "Queue" in labels(found, "Pages")
    assert "Create ticket" in labels(found, "Do")


def test_over_a_ticket_its_acts_come_first(org, client):
    ticket = org.ticket()
    client.force_login(org.people["l1_second"])
    title = f"{ticket.ref}: do"
    found = ask(client, at=ticket.get_absolute_url())
    assert next(iter(found)) == title
    assert {"Reply to the customer", "Take it", "Escalate", "Resolve", "Set to wait", "Change priority"} <= set(
        labels(found, title)
    )
    assert "Close ticket" not in labels(found, title)
    assert labels(ask(client, "esc", at=f"{ticket.get_absolute_url()}hops/"), title) == ["Escalate", "De-escalate"]
    text = client.get("/palette/", {"q": "take", "at": ticket.get_absolute_url()}).content.decode()
    assert f'href="/bulk/one/" data-post="one" data-value="take:{ticket.ref}"' in text
    # Somebody who only reads it.
    client.force_login(org.process_owner)
    assert labels(ask(client, at=ticket.get_absolute_url()), title) == ["Links", "Solved before", "Hop ledger"]


def test_what_is_restricted_is_never_found(org, client):
    hidden = org.ticket(subject="Subpoena of a customer", external_id="LAW-7")
    ticket_read(ticket=hidden, by=org.manager)
    ticket_restrict(ticket=hidden, by=org.agent, readers=[], restricted=True)
    view = saved_view_create(by=org.agent, name="Subpoenas", query="")
    client.force_login(org.manager)
    for words in ("subpoena", "LAW-7", hidden.ref, str(hidden.pk), "subpoenas", ""):
        for path in ("/palette/", "/search/"):
            text = client.get(path, {"q": words, "at": hidden.get_absolute_url()}).content.decode()
            assert "Subpoena of" not in text
            assert hidden.get_absolute_url() not in text
            assert f"view={view.pk}" not in text
    client.force_login(org.agent)
    assert found_urls(ask(client, "subpoena"), "Open tickets") == [hidden.get_absolute_url()]


def test_who_has_no_role_finds_nothing_of_tickets(org, client):
    org.ticket()
    org.agent.role = None
    org.agent.save()
    client.force_login(org.agent)
    for words in ("", "webhook", "pell", "first"):
        assert not {"Tickets", "Open tickets", "Read last", "Views", "Customers", "People", "Do"} & set(
            ask(client, words)
        )


def test_five_statements_at_most(org, client):
    ticket = org.ticket()
    ticket_read(ticket=ticket, by=org.agent)
    client.force_login(org.agent)
    client.get("/palette/")
    around = 2  # session and person
    for words in ("", "webhook", ticket.ref, "pellworth fr"):
        seen = statements(lambda words=words: client.get("/palette/", {"q": words, "at": ticket.get_absolute_url()}))
        assert len(seen) <= 5 + around, seen


def plan(queryset) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return json.dumps(json.loads(queryset.explain(format="json")))


def test_names_words_and_reads_are_found_by_their_index(org):
    """The tables are small here; on large ones the planner needs no such hint."""
    queries = statements(
        lambda: (people_found(["ann"]), tickets_read(org.agent), tickets_found(org.agent, "ke", ["ke"]))
    )
    assert len(queries) == 3
    from_reads = TicketRead.objects.filter(user=org.agent).order_by("-read_at").values("pk")[:60]
    assert "ticket_read_newest" in plan(from_reads)
    people = type(org.agent).objects.annotate(words=PERSON_WORDS).filter(words=prefix_query(["ann"], "simple"))
    assert "person_words" in plan(people)


def test_without_a_script_the_page_finds_the_same(org, client):
    ticket = org.ticket()
    client.force_login(org.agent)
    text = client.get("/search/", {"q": "webhook"}).content.decode()
    assert f'<a href="{ticket.get_absolute_url()}">' in text
    empty = client.get("/search/").content.decode()
    assert "<h2" in empty
    assert 'action="/search/"' in empty
