"""A handoff from hand to hand, in a real browser."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from escalations.choices import EscalationState
from escalations.models import Escalation, Ticket
from escalations.services.answers import handoff_acknowledge, handoff_return
from escalations.services.conversation import ticket_record_customer
from journal import clock
from journal.models import Draft
from tests.browser.axe import assert_accessible
from tests.browser.people import end_sessions, signed_in
from tests.factories import COMPLETE, PASSWORD, Organisation

pytestmark = pytest.mark.django_db(transaction=True)
SAVED = re.compile(r"Saved \d\d:\d\d")
LOG = {"name": "gateway-log.txt", "mimeType": "text/plain", "buffer": b"401 signature mismatch, key id k_0411\n"}
STEPS = (
    ("Replayed 20 deliveries from the console", "All 401, old key id in header", "12"),
    ("Compared key ids in EU-1 and EU-2", "EU-1 old, EU-2 new", "9"),
    ("Rotated the key once more", "No change in EU-1", "14"),
)


@pytest.fixture
def ticket(org: Organisation) -> Ticket:
    ticket = org.ticket()
    ticket_record_customer(ticket=ticket, by=org.agent, body="1,140 shipments have no status.", channel="email")
    return ticket


def in_form(days: int = 2) -> str:
    """A working day's morning, as a date and time field takes it."""
    return f"{clock.now() + timedelta(days=days):%Y-%m-%dT10:00}"


def fill_step(page: Page, number: int, step: tuple[str, str, str]) -> None:
    page.get_by_label(f"Step {number}", exact=True).fill(step[0])
    page.get_by_label(f"Result of step {number}").fill(step[1])
    page.get_by_label(f"Minutes for step {number}").fill(step[2])


def read_back(page: Page) -> None:
    page.get_by_label("The problem, in your words").fill("The old key stays cached.")
    page.get_by_label("Your next action").fill("Drop the cache.")
    choose(page, "Additional resources needed", "No")


def choose(page: Page, group: str, option: str) -> None:
    page.get_by_role("group", name=group).get_by_label(option, exact=True).check()


def test_from_the_queue_to_the_feedback(org, ticket, visit, page):
    org.ticket(subject="Something else entirely")
    visit("/queue/", org.agent)
    page.get_by_role("searchbox").first.fill("webhook rotation")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Webhook deliveries stop after key rotation").first.click()
    page.get_by_role("link", name="Escalate").click()

    expect(page.get_by_label("In the customer’s own words")).to_have_value("1,140 shipments have no status.")
    page.get_by_label("Reason").select_option(label="Technical complexity")
    page.get_by_label("Technical description").fill("EU-1 workers sign with the old key id.")
    fill_step(page, 1, STEPS[0])
    page.get_by_role("button", name="Add step").click()
    fill_step(page, 2, STEPS[1])
    expect(page.locator("[data-saved]")).to_have_text(SAVED)
    expect(page.locator("#minutes-spent")).to_have_text("21 min so far.")
    page.locator("input[name=files]").set_input_files(LOG)
    expect(page.get_by_role("link", name="gateway-log.txt")).to_be_visible()

    # The page is reloaded in the middle of a word.
    page.get_by_label("Likely cause").fill("The key id is cached until restart.")
    page.reload()
    expect(page.get_by_label("Likely cause")).to_have_value("The key id is cached until restart.")
    expect(page.get_by_label("Step 2", exact=True)).to_have_value(STEPS[1][0])
    expect(page.get_by_role("link", name="gateway-log.txt")).to_be_visible()

    # The login ends in the middle as well.
    end_sessions()
    page.get_by_role("button", name="Add step").click()
    fill_step(page, 3, STEPS[2])
    page.get_by_label("Recommended action").fill("Drop the cache in EU-1.")
    choose(page, "Reproduced", "Yes")
    expect(page.locator("[data-saved]")).to_contain_text("your session has ended")
    page.get_by_role("button", name="File handoff").click()
    dialog = page.get_by_role("dialog", name="Log in to go on")
    dialog.get_by_label("User name or e-mail").fill(org.agent.username)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/handoffs/*/")

    escalation = Escalation.objects.get(ticket=ticket)
    content = escalation.handoff.content
    assert [(row["step"], row["result"], str(row["minutes"])) for row in content["steps"]] == list(STEPS)
    assert content["likely_cause"] == "The key id is cached until restart."
    assert content["recommended_action"] == "Drop the cache in EU-1."
    assert content["reproduced"] == "yes"
    assert [one.name for one in escalation.handoff.attachments.all()] == ["gateway-log.txt"]
    assert not Draft.objects.exists()

    visit("/inbox/", org.receiver)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#toasts")).to_contain_text(f"{ticket.ref} acknowledged")
    visit("/inbox/?tab=acknowledged")
    page.get_by_role("link", name="Webhook deliveries stop after key rotation").click()
    expect(page.get_by_text("All 401, old key id in header")).to_be_visible()
    read_back(page)
    page.get_by_label("Estimated resolution").fill(in_form())
    page.get_by_role("button", name="Accept handoff").click()
    expect(page.get_by_text("It is yours now")).to_be_visible()

    visit(reverse("escalations:ticket_resolve", args=[ticket.ref]))
    page.get_by_label("Root cause", exact=True).select_option(label="Configuration error")
    page.get_by_label("What was done").fill("Dropped the cache; rotation now tells every worker.")
    page.get_by_role("group", name="The handoff, 1 to 5").get_by_label("5").check()
    choose(page, "Was the escalation necessary?", "Yes")
    page.get_by_label("Word to the sender").fill("The log made it a matter of minutes.")
    page.get_by_role("button", name="Resolve ticket").click()
    page.wait_for_url("**/tickets/*/")

    visit("/inbox/?tab=feedback", org.agent)
    expect(page.get_by_text("5 of 5, necessary")).to_be_visible()
    page.get_by_role("link", name="Webhook deliveries stop after key rotation").click()
    expect(page.get_by_text("The log made it a matter of minutes.")).to_be_visible()
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)


def test_a_thin_handoff_is_returned_and_filed_again(org, ticket, visit, page):
    create = reverse("escalations:handoff_create", args=[ticket.ref])
    visit(create, org.agent)
    expect(page.locator("#foot-missing")).to_contain_text("missing")
    page.get_by_label("Reason").select_option(label="Other")
    page.get_by_role("button", name="File handoff").click()
    page.wait_for_url("**/handoffs/*/")
    escalation = Escalation.objects.get(ticket=ticket)

    visit(escalation.get_absolute_url(), org.receiver)
    expect(page.get_by_text("Not given. L2 begins with it.")).to_be_visible()
    page.locator("#return > summary").click()
    page.get_by_role("button", name="Return handoff").click()
    expect(page.get_by_text("The sender completes it by what you write.").first).to_be_visible()
    page.locator("#return").get_by_label("Reason").select_option(label="No next step given")
    page.get_by_label("What is needed").fill("What shall we do first?")
    page.get_by_role("button", name="Return handoff").click()
    expect(page.get_by_text("returned to L1_First Example")).to_be_visible()

    visit("/inbox/?tab=returned", org.agent)
    page.get_by_role("link", name="Webhook deliveries stop after key rotation").click()
    expect(page.get_by_text("What shall we do first?").first).to_be_visible()
    page.get_by_role("link", name="Complete and file again").click()
    page.get_by_label("Recommended action").fill("Drop the cache in EU-1.")
    expect(page.locator("[data-saved]")).to_have_text(SAVED)
    expect(page.locator("#id_recommended_action_need")).to_have_count(0)
    page.get_by_role("button", name="File handoff").click()
    page.wait_for_url("**/handoffs/*/")
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.PENDING
    assert escalation.resubmitted_at is not None
    assert Escalation.objects.count() == 1


def test_on_a_phone_a_receiver_acknowledges_and_accepts(org, ticket, visit, page):
    page.set_viewport_size({"width": 375, "height": 740})
    escalation = org.handoff(ticket)
    visit(escalation.get_absolute_url(), org.receiver)
    bar = page.get_by_role("group", name="Answer the handoff")
    expect(bar.get_by_role("button", name="Acknowledge")).to_be_in_viewport()
    with page.expect_navigation():
        bar.get_by_role("button", name="Acknowledge").click()
    bar.get_by_role("link", name="Accept").click()
    expect(page.get_by_label("Estimated resolution")).to_be_in_viewport()
    read_back(page)
    page.get_by_label("Estimated resolution").fill(in_form())
    page.get_by_role("button", name="Accept handoff").click()
    expect(page.get_by_text("It is yours now")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    escalation.refresh_from_db()
    assert escalation.accepted_by == org.receiver


def test_two_windows_choose_between_their_versions(org, ticket, visit, page, live_server):
    create = reverse("escalations:handoff_create", args=[ticket.ref])
    visit(create, org.agent)
    other = page.context.new_page()
    other.goto(f"{live_server.url}{create}")
    other.get_by_label("Likely cause").fill("From the other window")
    expect(other.locator("[data-saved]")).to_have_text(SAVED)
    page.get_by_label("Likely cause").fill("From this window")
    panel = page.locator("#conflict")
    expect(panel).to_contain_text("From the other window")
    panel.get_by_label("From the other window").check()
    panel.get_by_role("button", name="Save these choices").click()
    expect(page.get_by_label("Likely cause")).to_have_value("From the other window")


def test_a_forbidden_file_is_named_and_nothing_is_lost(org, ticket, visit, page):
    visit(reverse("escalations:handoff_create", args=[ticket.ref]), org.agent)
    page.get_by_label("Likely cause").fill("The key is cached.")
    page.locator("input[name=files]").set_input_files(
        {"name": "tool.exe", "mimeType": "image/png", "buffer": b"MZ\x90\x00\x03"}
    )
    expect(page.get_by_text("tool.exe: Belay does not take this kind of file.")).to_be_visible()
    expect(page.get_by_label("Likely cause")).to_have_value("The key is cached.")


def test_one_key_acknowledges_in_the_inbox(org, ticket, visit, page):
    escalation = org.handoff(ticket)
    visit("/inbox/", org.receiver)
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text(f"{ticket.ref} acknowledged")
    # The row stays under the cursor and says so.
    expect(page.get_by_role("row").filter(has_text=ticket.ref)).to_contain_text("Acknowledged")
    tabs = page.get_by_role("navigation", name="Inbox")
    expect(tabs.get_by_role("link", name="Acknowledged 1")).to_be_visible()
    expect(tabs.get_by_role("link", name="Waiting", exact=True)).to_be_visible()
    rail = page.get_by_role("navigation", name="Main")
    assert [rail.get_by_role("link", name=name).count() for name in ("Belay", "My desk", "Inbox")] == [1, 1, 1]
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.ACKNOWLEDGED


def test_without_a_script_the_form_files_too(org, ticket, browser, live_server, browser_context_args):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = context.new_page()
    signed_in(page, live_server, org.agent)
    page.goto(f"{live_server.url}{reverse('escalations:handoff_create', args=[ticket.ref])}")
    fill_step(page, 1, STEPS[0])
    page.get_by_role("button", name="Add step").click()
    fill_step(page, 2, STEPS[1])
    page.locator("input[name=files]").set_input_files(LOG)
    page.get_by_role("button", name="Upload chosen files").click()
    page.get_by_label("Reason").select_option(label="Product bug")
    page.get_by_role("button", name="File handoff").click()
    page.wait_for_url("**/handoffs/*/")
    handoff = Escalation.objects.get(ticket=ticket).handoff
    assert len(handoff.content["steps"]) == 2
    assert handoff.attachments.count() == 1
    context.close()


def test_every_page_of_a_handoff_is_accessible(org, ticket, visit, page):
    waiting = org.handoff(org.ticket(), content=replace(COMPLETE, urgency="", steps=()))
    seen = org.handoff(org.ticket())
    handoff_acknowledge(escalation=seen, by=org.receiver)
    back = org.handoff(org.ticket())
    handoff_return(escalation=back, by=org.receiver, reason="other", note="What first?")
    create = reverse("escalations:handoff_create", args=[ticket.ref])
    mine = [create, create.replace("create", "preview"), f"{waiting.get_absolute_url()}edit/",
            waiting.get_absolute_url(), back.get_absolute_url(), "/inbox/?tab=mine"]  # fmt: skip
    theirs = ["/inbox/", "/inbox/?tab=acknowledged", waiting.get_absolute_url(), seen.get_absolute_url(),
              f"{seen.get_absolute_url()}print/"]  # fmt: skip
    for user, paths in ((org.agent, mine), (org.receiver, theirs)):
        signed_in_as: User | None = user
        for path in paths:
            visit(path, signed_in_as)
            assert_accessible(page)
            signed_in_as = None
