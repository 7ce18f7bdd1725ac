"""Export, search, and where "/" leads."""

import csv
import io

import pytest
from openpyxl import load_workbook

from escalations.models import Ticket
from journal import clock
from tests.factories import NOON, Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon():
    with clock.travel(NOON):
        yield


@pytest.fixture
def org() -> Organisation:
    return Organisation()


# --- export --------------------------------------------------------------------------------------------


def test_csv_holds_exactly_the_view_in_its_order(org, client):
    for priority in (3, 1, 4):
        org.ticket(priority=priority, subject=f"=P{priority}()", category="technical")
    client.force_login(org.agent)
    answer = client.get("/queue/export/?format=csv&priority=1&priority=3")
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row["Priority"] for row in rows] == ["P1", "P3"]
    assert rows[1]["Subject"] == "'=P3()"
    assert (rows[1]["Owner"], rows[1]["Team"], rows[1]["Category"]) == ("L1_First Example", "Front", "Technical")
    assert rows[1]["Due at"] == "2026-06-16 13:00:00"


def test_xlsx(org, client):
    ticket = org.ticket()
    client.force_login(org.agent)
    answer = client.get("/queue/export/?format=xlsx&sort=waiting")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [sheet["A1"].value, sheet["A2"].value] == ["Ticket", ticket.ref]


def test_too_large_a_view_is_not_written(org, client, monkeypatch):
    monkeypatch.setattr("escalations.views.queue.EXPORT_LIMIT", 1)
    monkeypatch.setattr("escalations.selectors.queue.CAP", 1)
    org.ticket()
    org.ticket()
    client.force_login(org.agent)
    answer = client.get("/queue/export/?priority=3", follow=True)
    assert answer.redirect_chain == [("/queue/?priority=3", 302)]
    assert "Narrow the view first" in answer.content.decode()


# --- search --------------------------------------------------------------------------------------------


def test_search_jumps_to_a_number_and_lists_words(org, client):
    ticket = org.ticket(external_id="INC0000057")
    client.force_login(org.receiver)
    for words in (ticket.ref, ticket.ref.lower(), str(ticket.pk), "INC0000057"):
        assert client.get("/search/", {"q": words}).url == ticket.get_absolute_url()
    text = client.get("/search/", {"q": "webhook key"}).content.decode()
    assert f'<a href="{ticket.get_absolute_url()}">' in text
    assert 'href="/queue/?q=webhook+key&amp;state=any"' in text
    nothing = client.get("/search/", {"q": "BLY-99999999"}).content.decode()
    assert 'href="/queue/?q=BLY-99999999&amp;state=any"' in nothing
    assert client.get("/search/").status_code == client.get("/search/", {"q": "a\x00b"}).status_code == 200


def test_number_that_two_sources_use_is_listed(org, client):
    org.ticket(external_id="7-77")
    Ticket.objects.filter(pk=org.ticket().pk).update(source="other", external_id="7-77")
    client.force_login(org.agent)
    text = client.get("/search/", {"q": "7-77"}).content.decode()
    assert text.count("Webhook deliveries stop") == 2


# --- home ----------------------------------------------------------------------------------------------


def test_home_leads_to_what_waits(org, client):
    client.force_login(org.agent)
    assert client.get("/").url == "/queue/?owner=me"
    org.handoff(org.ticket())
    assert client.get("/").url == "/queue/?owner=me"
    client.force_login(org.receiver)
    assert client.get("/").url == "/inbox/"
    client.force_login(org.manager)
    assert client.get("/").url == "/queue/"
    client.force_login(org.administrator)
    assert client.get("/").url == "/queue/"


def test_rail_counts_what_waits_and_what_the_team_holds(org, client):
    org.handoff(org.ticket())
    client.force_login(org.receiver)
    text = client.get("/queue/").content.decode()
    assert '<span class="count count--hot">1</span>' in text
    client.force_login(org.agent)
    assert "count--hot" not in client.get("/queue/").content.decode()
