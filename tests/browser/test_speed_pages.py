"""What makes a day quick, in a real browser: the palette, keys, selecting, saved views; every page held to axe."""

import re

import pytest
from playwright.sync_api import Page, expect

from escalations.models import Escalation, SavedView, Ticket
from escalations.selectors.queue import Queue
from tests.browser.axe import assert_accessible
from tests.factories import Organisation

pytestmark = pytest.mark.django_db(transaction=True)


def handed(org: Organisation, count: int) -> list[Ticket]:
    tickets = [org.ticket(subject=f"Export number {number} stops") for number in range(count)]
    for ticket in tickets:
        org.handoff(ticket)
    return tickets


def test_the_palette_is_a_combobox_from_any_page(org: Organisation, visit, page: Page):
    ticket = org.ticket()
    visit("/inbox/", org.agent)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search or jump")
    expect(field).to_be_focused()
    expect(page.get_by_role("option", name="Queue")).to_be_visible()
    assert_accessible(page)
    field.type("webh del")
    found = page.get_by_role("option", name=re.compile("Webhook deliveries stop"))
    expect(found).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(found.get_attribute("id")))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name=re.compile("All tickets with"))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{ticket.get_absolute_url()}")
    # On the ticket its acts come first; what is done at once comes with its undo.
    page.keyboard.press("/")
    expect(page.get_by_role("group", name=f"{ticket.ref}: do")).to_be_visible()
    field.type("priority")
    page.keyboard.press("Enter")
    page.wait_for_url("**/priority/")
    # From the search box by mouse, and away with Escape.
    page.get_by_role("searchbox", name="Search or jump").click()
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search or jump")).to_have_count(0)


def test_keys_move_select_and_acknowledge_but_never_in_a_field(org: Organisation, visit, page: Page):
    first, _ = handed(org, 2)
    visit("/queue/?handoff=unseen", org.receiver)
    page.get_by_role("searchbox", name="Filter these tickets by words").type("ajx?/")
    assert not Escalation.objects.filter(state="acknowledged").exists()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("a")
    toast = page.locator("#toasts")
    expect(toast).to_contain_text(f"{first.ref} acknowledged")
    row = page.get_by_role("row").filter(has_text=first.ref)
    expect(row).to_contain_text("Acknowledged")
    assert_accessible(page)
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("1 ticket no longer acknowledged")
    expect(row.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert set(Escalation.objects.values_list("state", flat=True)) == {"pending"}
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_a_range_and_everything_that_matches(org: Organisation, visit, page: Page, monkeypatch):
    monkeypatch.setattr(Queue.page, "__defaults__", (4,))
    handed(org, 6)
    visit("/queue/?handoff=unseen", org.receiver)
    boxes = page.locator("[data-select-row]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    bar = page.get_by_role("group", name="Selected tickets")
    expect(bar).to_contain_text("3 selected")
    page.get_by_label("Select the 4 on this page").check()
    bar.get_by_role("button", name="Select all 6 that match").click()
    expect(bar).to_contain_text("All that match")
    assert_accessible(page)
    bar.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("heading", name="6 tickets will change")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Acknowledge: 6 tickets").click()
    expect(page.get_by_role("heading", name="6 tickets acknowledged")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Take back 6").click()
    expect(page.get_by_text(re.compile("^6 taken back"))).to_be_visible()
    visit("/bulk/")
    assert_accessible(page)
    assert set(Escalation.objects.values_list("state", flat=True)) == {"pending"}


def test_a_view_is_saved_in_place_and_stands_in_the_rail(org: Organisation, visit, page: Page):
    org.ticket(sentiment="upset")
    visit("/queue/?sentiment=upset", org.agent)
    page.get_by_role("link", name="Save this view").click()
    sheet = page.get_by_role("dialog", name="Save this view")
    expect(sheet.get_by_label("Name")).to_be_focused()
    assert_accessible(page)
    sheet.get_by_role("button", name="Save view").click()
    sheet.get_by_label("Name").fill("Upset")
    sheet.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Upset 1")).to_have_attribute(
        "aria-current", "page"
    )
    assert SavedView.objects.get().query == "sentiment=upset"
    for path in ("/views/", "/views/create/", "/search/?q=web"):
        visit(path)
        assert_accessible(page)
