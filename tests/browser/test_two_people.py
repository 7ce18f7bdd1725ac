"""Two people on one ticket, in two real browsers: they see each other, and nothing that either typed is lost."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from escalations.models import Escalation, SimilarUse, Ticket
from escalations.services.resolutions import ticket_resolve
from journal.models import Draft
from tests.browser.axe import assert_accessible
from tests.browser.people import signed_in
from tests.factories import Organisation

pytestmark = pytest.mark.django_db(transaction=True)
SAVED = re.compile(r"Saved \d\d:\d\d")
Desk = Callable[[User, str], Page]


@pytest.fixture
def ticket(org: Organisation) -> Ticket:
    return org.ticket()


@pytest.fixture
def desk(browser: Browser, live_server, browser_context_args) -> Iterator[Desk]:
    """A browser of its own for somebody, on a page of ours; what their consoles complain of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(user: User, path: str) -> Page:
        context = browser.new_context(**browser_context_args)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        signed_in(page, live_server, user)
        page.goto(live_server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def create(ticket: Ticket) -> str:
    return reverse("escalations:handoff_create", args=[ticket.ref])


def test_two_people_file_one_handoff(org, ticket, desk):
    tomasz, katja = (desk(person, create(ticket)) for person in (org.agent, org.people["l1_second"]))
    # They know of each other before either has filed.
    expect(katja.get_by_role("status").get_by_text("writes a handoff on this ticket: L1_First Example")).to_be_visible()

    for page, cause in ((tomasz, "The key id is cached."), (katja, "The clock of EU-1 is wrong.")):
        page.get_by_label("Reason").select_option(label="Technical complexity")
        page.get_by_label("Likely cause").fill(cause)
        expect(page.locator("[data-saved]")).to_have_text(SAVED)
    tomasz.get_by_label("Technical description").fill("Deliveries are signed with the old key id.")
    katja.get_by_label("Recommended action").fill("Compare the clocks.")
    tomasz.get_by_role("button", name="File handoff").click()
    tomasz.wait_for_url("**/handoffs/*/")

    katja.get_by_role("button", name="File handoff").click()
    panel = katja.locator("#conflict")
    expect(panel).to_contain_text("L1_First Example filed this handoff at")
    expect(panel).to_contain_text("The key id is cached.")
    expect(panel).to_contain_text("The clock of EU-1 is wrong.")
    expect(katja.get_by_role("alert").filter(has_text="Your text is kept as your draft")).to_be_visible()
    assert Draft.objects.get(user=org.people["l1_second"]).data["likely_cause"] == "The clock of EU-1 is wrong."
    assert_accessible(katja)
    assert katja.evaluate("document.documentElement.scrollWidth") <= 1280

    panel.get_by_label("The key id is cached.").check()
    panel.get_by_role("button", name="Save these choices").click()
    katja.wait_for_url("**/handoffs/*/")
    content = Escalation.objects.get(ticket=ticket).handoff.content
    assert content["likely_cause"] == "The key id is cached."
    assert content["recommended_action"] == "Compare the clocks."
    assert content["technical_description"] == "Deliveries are signed with the old key id."
    assert not Draft.objects.exists()


def test_two_people_complete_one_handoff(org, ticket, desk):
    escalation = org.handoff(ticket)
    path = reverse("escalations:handoff_edit", args=[ticket.ref, escalation.pk])
    one, two = (desk(person, path) for person in (org.agent, org.people["l1_second"]))
    one.get_by_label("Likely cause").fill("From the first")
    two.get_by_label("Likely cause").fill("From the second")
    two.get_by_label("Business impact").fill("Trucks wait at the gate.")
    expect(two.locator("[data-saved]")).to_have_text(SAVED)
    one.get_by_role("button", name="Save handoff").click()
    one.wait_for_url("**/handoffs/*/")

    # The second closes the browser; a day later the draft is there, and so is what the first saved.
    two.close()
    again = desk(org.people["l1_second"], path)
    expect(again.get_by_label("Likely cause")).to_have_value("From the second")
    again.get_by_role("button", name="Save handoff").click()
    panel = again.locator("#conflict")
    expect(panel).to_contain_text("From the first")
    panel.get_by_role("button", name="Take all of mine").click()
    again.wait_for_url("**/handoffs/*/")
    content = Escalation.objects.get().handoff.content
    assert (content["likely_cause"], content["business_impact"]) == ("From the second", "Trucks wait at the gate.")


def test_words_that_arrive_while_a_reply_is_written(org, ticket, desk):
    writer = desk(org.agent, ticket.get_absolute_url())
    reader = desk(org.people["l1_second"], ticket.get_absolute_url())
    writer.get_by_label("Message").fill("Is it still broken?")
    expect(reader.get_by_role("status").get_by_text("L1_First Example is reading this")).to_be_visible()
    reader.get_by_label("Internal note").check()
    reader.get_by_label("Message").fill("They wrote by chat: it works again.")
    reader.get_by_role("button", name="Add note").click()
    expect(reader.get_by_text("Internal note added.")).to_be_visible()

    writer.get_by_role("button", name="Send reply").click()
    news = writer.locator("#compose_news")
    expect(news).to_contain_text("1 new message since you began.")
    expect(news).to_contain_text("They wrote by chat: it works again.")
    expect(writer.get_by_label("Message")).to_have_value("Is it still broken?")
    assert_accessible(writer)
    writer.get_by_label("Message").fill("Good to hear that it works again.")
    writer.get_by_role("button", name="Send reply").click()
    expect(writer.get_by_text("Reply sent.")).to_be_visible()


def test_what_was_solved_before_is_found_while_the_handoff_is_written(org, desk):
    solved = org.ticket(subject="Webhook deliveries stop after key rotation", description="Old key id in signatures.")
    ticket_resolve(
        ticket=solved, by=org.agent, root_cause="product_defect", what_was_done="Purged the cache of key ids.",
        minutes={solved.tier: 40},
    )  # fmt: skip
    ticket = org.ticket(subject="Nothing arrives", description="Since noon.")
    page = desk(org.agent, create(ticket))
    panel = page.locator("#similar")
    expect(panel).to_contain_text("Nothing like it was solved before.")
    page.get_by_label("Technical description").press_sequentially("Signatures carry the old key id since the rotation")
    expect(panel).to_contain_text(solved.subject)
    expect(panel).to_contain_text("in 40 min")
    # The form is as it was: the panel renews itself beside it.
    expect(page.get_by_label("Technical description")).to_be_focused()
    assert_accessible(page)
    panel.get_by_role("button", name="Use as likely cause").click()
    expect(page.get_by_label("Likely cause")).to_have_value(f"Like {solved.ref}: Purged the cache of key ids.")
    panel.get_by_role("button", name="This answers it").click()
    expect(panel).to_contain_text("said that it answers this")
    assert SimilarUse.objects.get().stage == "handoff"

    beside = desk(org.agent, ticket.get_absolute_url())
    beside.set_viewport_size({"width": 375, "height": 812})
    expect(beside.locator("#similar")).to_contain_text("Solved before")
    assert beside.evaluate("document.documentElement.scrollWidth") <= 375
