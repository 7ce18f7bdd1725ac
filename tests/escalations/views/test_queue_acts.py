"""Export, search, and where "/" leads."""

import csv
import io

import pytest
from openpyxl import load_workbook

from escalations.columns import COLUMNS
from escalations.export_columns import ALWAYS, EVERY_FACT, FACTS_OF
from escalations.models import Ticket
from escalations.services.tickets import ticket_restrict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


# --- export --------------------------------------------------------------------------------------------


def read_csv(answer) -> list[dict[str, str]]:
    assert "attachment" in answer["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_csv_holds_exactly_the_view_in_its_order(org, client):
    for priority in (3, 1, 4):
        org.ticket(priority=priority, subject=f"=P{priority}()", category="technical")
    client.force_login(org.agent)
    rows = read_csv(client.get("/queue/export/?format=csv&priority=1&priority=3"))
    assert [row["Priority"] for row in rows] == ["P1", "P3"]
    assert rows[1]["Subject"] == "'=P3()"
    assert (rows[1]["Owner"], rows[1]["Team"]) == ("L1_First Example", "Front")
    assert rows[1]["Due at (Europe/Berlin)"] == "2026-06-16 13:00:00"
    assert "Category" not in rows[1]


def test_a_file_has_the_columns_that_are_shown_in_their_order(org, client):
    org.ticket(category="technical")
    client.force_login(org.agent)
    [row] = read_csv(client.get("/queue/export/?format=csv&column=opened&column=category&column=where"))
    assert list(row) == [
        "Priority", "Ticket", "Subject", "Customer", "Segment", "VIP", "Opened at (Europe/Berlin)", "Category", "Tier",
        "Team",
    ]  # fmt: skip
    assert row["Opened at (Europe/Berlin)"] == "2026-06-16 12:00:00"
    [everything] = read_csv(client.get("/queue/export/?format=csv&column=opened&facts=all"))
    assert everything["Category"] == "Technical"
    assert len(everything) == len(EVERY_FACT)


def test_every_column_of_the_page_has_its_facts_in_a_file():
    named = {key for column in COLUMNS for key in FACTS_OF.get(column.key, (column.key,))}
    assert all(EVERY_FACT.get(key) for key in (*named, *ALWAYS))


def test_the_inbox_as_a_file(org, client):
    first, second = org.ticket(priority=3, subject="=HYPERLINK()"), org.ticket(priority=1, team=org.teams["L1"])
    for ticket in (first, second):
        org.handoff(ticket)
    hidden = org.ticket(subject="For lawyers")
    org.handoff(hidden)
    ticket_restrict(ticket=hidden, by=org.agent, readers=[], restricted=True)
    client.force_login(org.receiver)
    rows = read_csv(client.get("/inbox/export/?format=csv"))
    assert [row["Ticket"] for row in rows] == [first.ref, second.ref]
    assert rows[0]["Subject"] == "'=HYPERLINK()"
    assert (rows[0]["From"], rows[0]["To team"], rows[0]["Reason"]) == (
        "L1_First Example", "Integrations", "Technical complexity",
    )  # fmt: skip
    assert rows[0]["Filed at (Europe/Berlin)"] == "2026-06-16 12:00:00"
    assert read_csv(client.get("/inbox/export/?tab=mine")) == []
    sheet = load_workbook(io.BytesIO(b"".join(client.get("/inbox/export/?format=xlsx").streaming_content))).active
    assert sheet["A2"].value == first.ref


def test_xlsx(org, client):
    ticket = org.ticket()
    client.force_login(org.agent)
    answer = client.get("/queue/export/?format=xlsx&sort=waiting")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [sheet["B1"].value, sheet["B2"].value] == ["Ticket", ticket.ref]


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


def test_home_is_the_desk_of_who_works_and_the_queue_of_who_reads(org, client):
    for user in (org.agent, org.receiver):
        client.force_login(user)
        assert "My desk" in client.get("/").content.decode()
    client.force_login(org.administrator)
    assert client.get("/").url == "/queue/"


def test_rail_counts_what_waits_and_what_the_team_holds(org, client):
    org.handoff(org.ticket())
    client.force_login(org.receiver)
    text = client.get("/queue/").content.decode()
    assert '<span class="count count--hot">1</span>' in text
    client.force_login(org.agent)
    assert "count--hot" not in client.get("/queue/").content.decode()
