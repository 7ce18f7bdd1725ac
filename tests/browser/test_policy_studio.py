"""The studio in a browser: a draft is changed, a trigger tried, a finding settled; a second person publishes."""

import re

import pytest
from playwright.sync_api import Page, expect

from policies.choices import PolicyState
from policies.models import PolicyVersion
from policies.selectors import policy_in_force
from policies.services.drafts import draft_create
from policies.services.rows import row_save
from tests.browser.fits import assert_pages_fit
from tests.browser.people import signed_in
from tests.factories import Organisation

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_a_copy_to_a_publication(page: Page, live_server, transactional_db):
    org = Organisation()
    vp = org.person("vp", "vp_support")
    org.ticket(subject="Refund of a whole season", revenue_at_risk=80_000)
    ticket = org.ticket(subject="A question", revenue_at_risk=60_000)
    signed_in(page, live_server, org.process_owner)
    page.goto(f"{live_server.url}/policies/versions/")
    page.get_by_role("button", name="Start a draft from 2026.1").click()
    expect(page.get_by_role("heading", name="Escalation policy 2026.2")).to_be_visible()

    page.get_by_role("link", name="Triggers", exact=True).click()
    page.get_by_role("link", name="More than $50,000 revenue at risk", exact=True).click()
    page.get_by_label("Name", exact=True).fill("More than $75,000 revenue at risk")
    page.get_by_label("Value of Revenue at risk").fill("lots")
    page.get_by_role("button", name="Save trigger").click()
    expect(page.get_by_text("Write an amount, such as 5000 or 49.90.")).to_be_visible()
    expect(page.get_by_label("Value of Revenue at risk")).to_have_value("lots")
    page.get_by_label("Value of Revenue at risk").fill("75,000")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("What is asked about, condition 2").select_option("priority")
    expect(page.get_by_label("Question about Priority")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_label("Question about Priority").select_option("any_of")
    for name in ("P1", "P2", "P3"):
        page.get_by_label(name, exact=True).check()

    page.get_by_label("On one ticket").fill(ticket.ref)
    page.get_by_role("button", name="Try on open tickets").click()
    expect(page.get_by_text("1 open ticket matches now")).to_be_visible()
    expect(page.get_by_text("Does not match")).to_be_visible()
    page.get_by_role("button", name="Save trigger").click()
    expect(page.get_by_role("link", name="More than $75,000 revenue at risk", exact=True)).to_be_visible()

    page.get_by_role("link", name="Tiers", exact=True).click()
    page.get_by_role("link", name="L2 Technical support", exact=True).click()
    page.get_by_label("Acknowledges within").fill("3 h")
    page.get_by_role("button", name="Save tier").click()
    page.get_by_role("link", name="Proof 1 open").click()
    expect(page.get_by_text("P2 is answered within 2 h")).to_be_visible()
    page.get_by_role("link", name="Rules").click()
    page.get_by_role("link", name="L2 Technical support", exact=True).click()
    page.get_by_label("Acknowledges within").fill("1 h")
    page.get_by_role("button", name="Save tier").click()
    expect(page.get_by_role("heading", name="Tiers")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Proof")).click()
    expect(page.get_by_text("P2 is answered within 2 h")).to_have_count(0)

    signed_in(page, live_server, vp)
    page.goto(f"{live_server.url}/policies/versions/2026.2/publish/")
    expect(page.get_by_text("More than $75,000 revenue at risk").first).to_be_visible()
    page.get_by_role("button", name="Publish 2026.2").click()
    expect(page.get_by_role("button", name="Start a draft")).to_be_visible()
    assert policy_in_force()[0].code == "2026.2"


def test_triggers_are_dragged_into_order(page: Page, live_server, transactional_db):
    org = Organisation()
    draft = draft_create(version=org.policy, by=org.process_owner)
    signed_in(page, live_server, org.process_owner)
    page.goto(f"{live_server.url}/policies/versions/{draft.code}/rules/triggers/")
    rows = page.locator("[data-order-row]")
    first, third = rows.nth(0).get_attribute("data-order-row"), rows.nth(2)
    rows.nth(0).locator("[data-order-grip]").hover()
    page.mouse.down()
    third.hover()
    page.mouse.up()
    expect(rows.nth(2)).to_have_attribute("data-order-row", first or "")
    page.get_by_role("button", name=re.compile("^Move .* up$")).nth(2).click()
    expect(rows.nth(1)).to_have_attribute("data-order-row", first or "")
    assert str(draft.triggers.all()[1].pk) == first


def test_pages_of_the_studio(page: Page, live_server, transactional_db):
    org = Organisation()
    draft = draft_create(version=org.policy, by=org.process_owner)
    tier = draft.tiers.get(tier__code="L2")
    row_save(version=draft, section="tiers", pk=tier.pk, values={"ack_seconds": 10_800}, edit=0, by=org.process_owner)
    trigger = draft.triggers.get(key="enterprise_open_4h")
    base = f"/policies/versions/{draft.code}/"
    paths = ["/policies/versions/", base] + [
        base + rest
        for rest in (
            "edit/", "rules/", "rules/triggers/", "rules/authority/", f"rules/tiers/{tier.pk}/",
            f"rules/authority/{org.receiver.role_id}/", "rules/templates/create/", f"triggers/{trigger.pk}/",
            "triggers/create/", "proof/", "changes/", "publish/",
        )
    ]  # fmt: skip
    assert_pages_fit(page, live_server, [(org.process_owner, path) for path in paths])
    assert PolicyVersion.objects.filter(state=PolicyState.DRAFT).count() == 1


def test_the_process_owner_changes_a_calendar_and_sees_what_moves(page: Page, live_server, transactional_db):
    org = Organisation()
    ticket = org.ticket()
    signed_in(page, live_server, org.process_owner)
    page.goto(f"{live_server.url}/policies/versions/")
    page.get_by_role("link", name="Calendars").click()
    page.get_by_role("link", name=re.compile("^Edit calendar")).click()
    page.get_by_label("Saturday").fill("9 to noon")
    page.get_by_role("button", name="Add day").click()
    day = page.locator("[data-row]").last
    day.get_by_label("Date").fill("2027-06-16")
    day.get_by_label("Name").fill("Town day")
    page.get_by_role("button", name="Save calendar").last.click()
    expect(page.get_by_role("alert")).to_contain_text("What you typed is kept")
    expect(page.get_by_label("Saturday")).to_have_value("9 to noon")
    page.get_by_label("Saturday").fill("9-12")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", name="Days of the next year that change")).to_be_visible()
    page.get_by_role("button", name="Save calendar").last.click()
    expect(page.get_by_text("Revision 2 counts since")).to_be_visible()
    expect(page.get_by_text("09:00–12:00").first).to_be_visible()
    code = org.calendar.code
    paths = ("/calendars/", "/calendars/create/", f"/calendars/{code}/", f"/calendars/{code}/edit/",
             f"/citations/{org.policy.code}/?kind=clocks")  # fmt: skip
    assert_pages_fit(page, live_server, [(org.process_owner, path) for path in paths])
    assert org.calendar.current.number == 2
    assert ticket.clocks.exists()
