"""The queue: which tickets, in what order, what each row says, and what a page of it costs."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from escalations.domain.clocks import Wait
from escalations.models import Ticket, TicketRead
from escalations.selectors import counts
from escalations.selectors.queue import PAGE_SIZE
from escalations.selectors.waiting import rail_counts
from escalations.services.conversation import ticket_reply
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_assign, ticket_restrict, ticket_wait
from tests.factories import CustomerFactory, in_hours
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
XSS = "<img src=x onerror=alert(1)><script>alert(2)</script>{{ 7|add:7 }}"


@pytest.fixture
def show(client: Client):
    """Opens the queue with filters as somebody and gives the answer."""

    def shown(user, status: int = 200, headers=None, **params):
        client.force_login(user)
        answer = client.get("/queue/?" + urlencode(params, doseq=True), headers=headers or {})
        assert answer.status_code == status
        return answer

    return shown


def refs(answer) -> list[str]:
    """The references of the rows, in their order."""
    text = answer.content.decode()
    return [part.split('"')[0] for part in text.split('name="ticket" value="')[1:]]


def test_most_urgent_first_by_weight(org, show):
    usual = org.ticket(priority=3)
    grave = org.ticket(priority=1)
    assert refs(show(org.agent)) == [grave.ref, usual.ref]


def test_who_only_reads_selects_nothing(org, show):
    ticket = org.ticket()
    text = show(org.process_owner).content.decode()
    assert ticket.ref in text
    assert "data-select-row" not in text
    assert "data-select-all" not in text
    assert "data-select-row" in show(org.agent).content.decode()


def test_what_the_bar_sends_empty_is_no_filter(org, show):
    found = org.ticket(subject="Webhook keys")
    answer = show(org.agent, q="webhook", due="")
    assert refs(answer) == [found.ref]
    assert "Remove the filter Due" not in answer.content.decode()


def test_row_says_what_one_decides_by(org, show):
    customer = CustomerFactory(name="Oskerby Energy", segment="enterprise", is_vip=True, region=org.region)
    ticket = org.ticket(subject="Ingest backlog", customer=customer, sentiment="upset")
    text = show(org.agent).content.decode()
    for words in ("Ingest backlog", ticket.ref, "Oskerby Energy", "Enterprise", "VIP", "Front", "Upset", "1 h left"):
        assert words in text
    assert "Resolve at L1 · 13:00" in text
    assert f"/tickets/{ticket.ref}/" in text
    assert f"/tickets/{ticket.ref}/handoff/create/" in text


def test_nothing_that_people_wrote_becomes_markup(org, show):
    customer = CustomerFactory(name=f"C {XSS}")
    org.ticket(subject=f"S {XSS}", customer=customer)
    text = show(org.agent, q="S", customer=customer.pk).content.decode()
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 2
    assert "{{ 7|add:7 }}" in text


def test_paused_ticket_names_its_reason_and_sorts_last(org, show, noon):
    ticket, other = org.ticket(priority=1, team=org.teams["L1"]), org.ticket(priority=4)
    ticket_assign(ticket=ticket, by=org.agent, owner=org.agent)
    ticket_reply(ticket=ticket, by=org.agent, body="Which version is it?", channel="email")
    ticket_wait(
        ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Version of the plug-in", review_at=in_hours(48)
    )
    noon.forward(timedelta(hours=3))
    answer = show(org.agent)
    assert refs(answer) == [other.ref, ticket.ref]
    assert "Paused 3 h" in answer.content.decode()
    assert "Version of the plug-in" in answer.content.decode()
    assert refs(show(org.agent, state="waiting_customer")) == [ticket.ref]


def test_closed_tickets_are_there_when_asked_for(org, show):
    ticket = org.ticket()
    ticket_resolve(ticket=ticket, by=org.agent, root_cause="configuration", what_was_done="Done.")
    assert refs(show(org.agent)) == []
    for state in ("resolved", "any"):
        assert refs(show(org.agent, state=state)) == [ticket.ref]
    assert "Newest first" in show(org.agent, state="any").content.decode()


def test_tabs_are_links_with_counts(org, show):
    mine = org.ticket()
    org.ticket(priority=1)
    text = show(org.agent).content.decode()
    assert '<a href="/queue/?owner=me">Mine <span class="count">1</span></a>' in text
    assert '<a href="/queue/" aria-current="page">All open <span class="count">2</span></a>' in text
    assert refs(show(org.agent, owner="me")) == [mine.ref]
    assert 'href="/queue/?team=mine"' not in show(org.manager).content.decode()


def test_chip_takes_its_filter_away_and_keeps_the_rest(org, show):
    text = show(org.agent, tier="L2", priority=["1", "2"], sort="newest").content.decode()
    assert 'href="/queue/?priority=1&amp;priority=2&amp;sort=newest"' in text
    assert "P1, P2" in text


def test_unknown_code_finds_nothing_rather_than_everything(org, show):
    org.ticket()
    answer = show(org.agent, team="no-such-team")
    assert refs(answer) == []
    assert "No ticket passes these filters" in answer.content.decode()


@pytest.mark.parametrize(
    "params",
    [
        {"q": "nul\x00byte"}, {"q": "x" * 5000}, {"q": "\ud83d"}, {"q": "' OR 1=1 --"}, {"q": "a & | ! ( :*"},
        {"customer": "x"}, {"customer": "9" * 40}, {"customer": "-1"}, {"tier": ["a"] * 300}, {"cursor": "forged"},
        {"sort": "nonsense"}, {"column": "nonsense"}, {"priority": "\x00"}, {"due": "never"},
    ],
)  # fmt: skip
def test_bad_addresses_are_answered(org, client, params):
    org.ticket()
    client.force_login(org.agent)
    query = urlencode(params, doseq=True, errors="surrogatepass")
    assert client.get(f"/queue/?{query}").status_code == 200


def test_unreadable_words_are_named(org, show):
    org.ticket()
    answer = show(org.agent, q="a\x07b")
    assert refs(answer) == []
    assert "This view cannot be read" in answer.content.decode()


# --- sight ---------------------------------------------------------------------------------------------


def test_restricted_ticket_shows_in_no_count_search_export_or_row(org, show, client):
    ticket = org.ticket(subject="Subpoena about invoices", external_id="LAW-7")
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    for params in ({}, {"q": "Subpoena"}, {"is_restricted": "yes"}, {"team": "front"}, {"q": ticket.ref}):
        answer = show(org.people["l1_second"], **params)
        assert refs(answer) == []
        assert "Subpoena about" not in answer.content.decode()
        assert 'All open <span class="count">1' not in answer.content.decode()
    for path in (f"/search/?q={ticket.ref}", "/search/?q=LAW-7"):
        text = client.get(path).content.decode()
        assert "Subpoena" not in text
        assert ticket.get_absolute_url() not in text
    assert b"Subpoena" not in b"".join(client.get("/queue/export/?format=csv").streaming_content)
    assert refs(show(org.agent, q="Subpoena")) == [ticket.ref]
    assert "Restricted" in show(org.agent).content.decode()


def test_role_without_reading_has_no_queue(org, client):
    org.agent.role.abilities = []
    org.agent.role.save()
    client.force_login(org.agent)
    for path in ("/queue/", "/queue/news/", "/queue/export/", "/search/?q=x"):
        assert client.get(path).status_code == 404


# --- unread --------------------------------------------------------------------------------------------


def test_unread_is_what_concerns_me_and_changed_since_i_opened_it(org, show, client, noon):
    ticket = org.ticket()
    elsewhere = org.ticket(priority=1)
    text = show(org.agent).content.decode()
    assert text.count('class="is-unread"') == 1
    client.post(f"/tickets/{ticket.ref}/read/")
    assert show(org.agent).content.decode().count('class="is-unread"') == 0
    noon.forward(timedelta(minutes=5))
    ticket_reply(ticket=ticket, by=org.people["l1_second"], body="We look.", channel="email")
    assert show(org.agent).content.decode().count('class="is-unread"') == 1
    assert TicketRead.objects.filter(ticket=elsewhere).count() == 0


def test_read_mark_is_no_get_and_needs_sight(org, client):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    client.force_login(org.receiver)
    assert client.get(f"/tickets/{ticket.ref}/read/").status_code == 405
    assert client.post(f"/tickets/{ticket.ref}/read/").status_code == 404


# --- pages ---------------------------------------------------------------------------------------------


def clones(ticket: Ticket, number: int) -> None:
    """As many more tickets like this one, each due a minute after the one before."""
    names = [f.name for f in Ticket._meta.concrete_fields if not f.primary_key and not f.generated]
    values = {name: getattr(ticket, name) for name in names}
    Ticket.objects.bulk_create(
        Ticket(**values | {"queue_key": ticket.queue_key + timedelta(minutes=place), "subject": f"Clone {place}"})
        for place in range(1, number + 1)
    )


def link(answer, rel: str) -> str:
    text = answer.content.decode()
    return text.split(f'" rel="{rel}"')[0].rsplit('href="', 1)[1].replace("&amp;", "&")


def test_pages_follow_each_other_and_lead_back(org, show, client):
    clones(org.ticket(), PAGE_SIZE + 10)
    first = show(org.agent)
    assert len(refs(first)) == PAGE_SIZE
    assert f"{PAGE_SIZE} of {PAGE_SIZE + 11}" in first.content.decode()
    second = client.get("/queue/" + link(first, "next"))
    assert len(refs(second)) == 11
    assert not set(refs(first)) & set(refs(second))
    assert refs(client.get("/queue/" + link(second, "prev"))) == refs(first)


@pytest.mark.parametrize("sort", ["urgency", "newest", "waiting", "updated"])
def test_every_order_turns_its_pages(org, show, client, sort):
    clones(org.ticket(), PAGE_SIZE)
    first = show(org.agent, sort=sort)
    second = client.get("/queue/" + link(first, "next"))
    assert len({*refs(first), *refs(second)}) == PAGE_SIZE + 1


def test_longest_waiting_puts_those_who_wait_for_us_first(org, show, noon):
    answered = org.ticket()
    ticket_reply(ticket=answered, by=org.agent, body="We look.", channel="email")
    noon.forward(timedelta(minutes=1))
    waiting = org.ticket()
    assert refs(show(org.agent, sort="waiting")) == [waiting.ref, answered.ref]


def test_statements_do_not_grow_with_the_rows(org, client):
    client.force_login(org.agent)
    ticket = org.ticket()
    client.get("/queue/")
    few = statements(lambda: client.get("/queue/"))
    clones(ticket, 60)
    many = statements(lambda: client.get("/queue/"))
    assert len(many) == len(few), many
    # Session, person, now, choices, keys, rows, clocks, counts; and the shell's: waiting handoffs, the desk's count,
    # pinned views, hours, heartbeat.
    assert len(many) <= 16, many


def test_counts_beside_links_are_as_exact_as_that_of_the_view(org, show, monkeypatch):
    clones(org.ticket(), 205)
    text = show(org.agent).content.decode()
    assert '<a href="/queue/?owner=me">Mine <span class="count">206</span></a>' in text
    assert 'aria-current="page">All open <span class="count">206</span></a>' in text
    assert f"{PAGE_SIZE} of 206" in text
    # Of large numbers those beside links may be a minute old; that of the view itself is not.
    clones(org.ticket(), 4)
    text = show(org.agent).content.decode()
    assert '<a href="/queue/?owner=me">Mine <span class="count">206</span></a>' in text
    assert 'aria-current="page">All open <span class="count">211</span></a>' in text
    monkeypatch.setattr("escalations.selectors.counts.CAP", 205)
    monkeypatch.setattr("escalations.selectors.queue.CAP", 205)
    counts._many.clear()
    text = show(org.agent).content.decode()
    assert '<a href="/queue/?owner=me">Mine <span class="count">205+</span></a>' in text
    assert 'aria-current="page">All open <span class="count">205+</span></a>' in text


def test_counts_forget_who_loses_the_right_to_read(org, show, client):
    """They are compiled once a person: what that rests on is in their key."""
    org.ticket()
    show(org.agent)
    assert rail_counts(org.agent)[:2] == (0, 1)
    org.agent.role.abilities = []
    assert rail_counts(org.agent)[:2] == (0, 0)


# --- look ----------------------------------------------------------------------------------------------


def test_columns_and_density_are_in_the_address(org, show):
    org.ticket(channel="phone")
    text = show(org.agent, column=["owner", "channel"], density="compact").content.decode()
    assert "density-compact" in text
    assert "Phone" in text
    assert '<th scope="col">Sentiment</th>' not in text
    assert 'name="column" value="channel"' in text


def test_fragment_for_scripts_page_for_browsers(org, show):
    assert show(org.agent).content.startswith(b"<!doctype html>")
    part = show(org.agent, headers={"HX-Request": "true"})
    assert part.content.startswith(b'<div class="queue-page" id="queue">')


def test_empty_queue_says_why_and_where_to(org, show):
    assert "No open tickets" in show(org.agent).content.decode()
    assert "You hold no open ticket" in show(org.agent, owner="me").content.decode()
    assert "Nothing matches these words" in show(org.agent, q="nowhere").content.decode()


def test_words_that_name_a_customer_lead_to_it(org, show):
    text = show(org.agent, q="pellw").content.decode()
    assert f'<a href="/customers/{org.customer.pk}/">Pellworth Freight</a>' in text
