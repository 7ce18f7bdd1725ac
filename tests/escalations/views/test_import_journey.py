"""An import in a real browser: its scripts, its content policy, and axe on each step."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from escalations.models import Ticket
from tests.escalations.import_tables import INCIDENT_ROWS, as_csv
from tests.factories import PASSWORD, Organisation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
GRAVE = ("serious", "critical")


def check(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in GRAVE] == []


def test_a_manager_brings_tickets_along(page: Page, live_server) -> None:
    Organisation()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/accounts/login/?next=/imports/")
    page.fill("input[name=login]", "manager")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")

    page.get_by_role("link", name="Import tickets").first.click()
    rows = [*INCIDENT_ROWS, INCIDENT_ROWS[0]]
    page.set_input_files("input[type=file]", {"name": "export.csv", "mimeType": "text/csv", "buffer": as_csv(rows)})
    page.get_by_role("button", name="Upload file").click()

    page.get_by_label("Subject from several columns").fill("{area}: {symptom}")
    for field, column in (
        ("customer", "site"), ("contact", "raised_by"), ("state", "status_name"), ("priority", "urgency"),
        ("team", "queue"), ("owner", "handler"), ("opened_at", "raised"),
    ):  # fmt: skip
        page.locator(f"#id_c_{field}").select_option(column)
    page.locator("#id_d_state").select_option("")
    check(page)
    page.get_by_role("button", name="Save columns").click()

    page.get_by_label("Group 7").select_option("front")
    page.locator("#id_o_team").select_option("integrations")
    check(page)
    page.get_by_role("button", name="Save values").click()

    expect(page.get_by_text("Network: Slow").first).to_be_visible()
    check(page)
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("Line 2 has the same number, INC1.")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Import 4 tickets").click()
    expect(page.get_by_role("heading", name="The first of its tickets")).to_be_visible()
    assert Ticket.objects.count() == 4
    assert said == []
