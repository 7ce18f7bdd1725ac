"""A working day in a real browser: a shift from desk to handover, an outage that ends once, many at once, few keys."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from escalations.choices import EscalationState, TicketState
from escalations.models import Consult, DeskHandover, Escalation, FollowUp, Message, ReadBack, Ticket
from escalations.services.conversation import ticket_record_customer
from escalations.services.parents import ticket_link_parent
from journal import clock
from tests.browser.axe import assert_accessible
from tests.factories import ContactFactory, Organisation, in_hours

pytestmark = pytest.mark.django_db(transaction=True)
SUBJECT = "Webhook deliveries stop after key rotation"
# Beyond the words that nobody can prefill: the claim on a complete handoff of a prefilled ticket.
MOST_INPUTS = 12
LONG = 90_000
FREE_TEXT = (
    "Technical description", "Business impact", "Step 1", "Result of step 1", "Likely cause", "Recommended action",
)  # fmt: skip


def at_ten(days: int = 2) -> str:
    """A morning some days on, as a date and time field takes it."""
    return f"{clock.now() + timedelta(days=days):%Y-%m-%dT10:00}"


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press the button and wait for the page that follows."""
    with page.expect_navigation(timeout=LONG):
        page.get_by_role("button", name=name).last.click()


def of(name: str, *args: object) -> str:
    return reverse(f"escalations:{name}", args=args)


def test_a_shift_from_its_desk_to_its_handover(org: Organisation, visit, page: Page):
    agent, colleague, receiver = org.agent, org.people["l1_second"], org.receiver
    ticket = org.ticket()
    ticket_record_customer(ticket=ticket, by=agent, body="1,140 shipments have no status.", channel="email")
    other = org.ticket(subject="Export stops at 10,000 rows")

    # The desk says what needs them; the ticket is answered.
    visit("/", agent)
    expect(page.get_by_role("heading", name="My desk")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name=SUBJECT).first.click()
    page.get_by_label("Message", exact=True).fill("We are looking into it.")
    press(page, "Send reply")
    expect(page.get_by_text("We are looking into it.").first).to_be_visible()

    # A question to another team; the ticket stays.
    visit(of("consult_create", ticket.ref))
    page.get_by_label("Ask", exact=True).select_option(value=f"team:{org.teams['L2'].pk}")
    page.get_by_label("Question").fill("Is the key cached in EU-1?")
    press(page, "Ask question")
    visit(of("consult_detail", ticket.ref, Consult.objects.get().pk), receiver)
    page.get_by_label("Answer", exact=True).fill("Yes, until the worker restarts.")
    press(page, "Answer question")

    # Handed over with the answer, and the sender stays with it.
    visit(f"{of('handoff_create', ticket.ref)}?consult={Consult.objects.get().pk}", agent)
    page.get_by_label("Reason").select_option(label="Technical complexity")
    page.get_by_label("Technical description").fill("Deliveries are signed with the old key id.")
    page.get_by_label("I stay with it until the receiver releases me").check()
    press(page, "File handoff")
    page.wait_for_url("**/handoffs/*/")
    escalation = Escalation.objects.get()
    assert escalation.is_warm
    assert "until the worker restarts" in escalation.handoff.content["additional_context"]

    # Accepted with a read-back, which the sender corrects once and then confirms.
    visit(escalation.get_absolute_url(), receiver)
    page.locator("#accept > summary").click()
    page.get_by_label("The problem, in your words").fill("Keys expire too early.")
    page.get_by_label("Your next action").fill("Restart the workers.")
    page.get_by_label("Estimated resolution").fill(at_ten())
    page.get_by_role("group", name="Additional resources needed").get_by_label("No", exact=True).check()
    press(page, "Accept handoff")
    expect(page.get_by_text("It is yours now")).to_be_visible()

    visit(escalation.get_absolute_url(), agent)
    assert_accessible(page)
    page.locator("summary", has_text="Correct").click()
    page.get_by_label("What is different").fill("They do not expire: the old key stays cached.")
    press(page, "Correct read-back")
    visit(escalation.get_absolute_url(), receiver)
    page.get_by_label("The problem, in your words").fill("The old key stays cached after a rotation.")
    page.get_by_label("Your next action").fill("Drop the cache, then restart.")
    press(page, "Send read-back")
    visit("/", agent)
    press(page, re.compile("^Confirm"))
    expect(page.get_by_role("heading", name="My desk")).to_be_visible()
    assert list(ReadBack.objects.order_by("round").values_list("state", flat=True)) == ["corrected", "confirmed"]

    # The customer is contacted, and the sender may go.
    visit(of("follow_up_create", ticket.ref, escalation.pk), receiver)
    page.get_by_label("How").select_option(label="Phone")
    press(page, "Record contact")
    assert FollowUp.objects.get().recorded_by == receiver
    visit(escalation.get_absolute_url(), receiver)
    press(page, re.compile("^Release"))
    escalation.refresh_from_db()
    assert escalation.released_by == receiver

    # The end of the shift.
    visit(of("desk_handover", agent.pk), agent)
    assert_accessible(page)
    page.locator("select[name=to]").select_option(value=f"user:{colleague.pk}")
    page.get_by_label(f"Note on {other.ref}").fill("The customer sends a sample tonight.")
    press(page, "Hand over desk")
    assert DeskHandover.objects.get().from_user == agent
    visit("/", colleague)
    expect(page.get_by_text("The customer sends a sample tonight.")).to_be_visible()
    other.refresh_from_db()
    assert other.owner == colleague


def test_an_outage_with_thirty_children_ends_once(org: Organisation, visit, page: Page):
    parent = org.ticket(subject="EU-1 delivers nothing", by=org.agent)
    children = [org.ticket(subject=f"No deliveries at site {number}") for number in range(30)]
    for child in children:
        contact = ContactFactory(customer=org.customer)
        Ticket.objects.filter(pk=child.pk).update(contact=contact)
    for child in children:
        ticket_link_parent(ticket=child, parent=parent, by=org.agent)

    visit(parent.get_absolute_url(), org.agent)
    page.get_by_label("Message", exact=True).fill("A fix is on its way.")
    press(page, "Send reply")
    expect(page.get_by_text("A fix is on its way.").first).to_be_visible()
    assert Message.objects.filter(flowed_from__isnull=False).count() == 30

    visit(of("ticket_resolve", parent.ref))
    page.get_by_label("Root cause", exact=True).select_option(label="Infrastructure")
    page.get_by_label("What was done").fill("Restarted the relay; its watchdog is repaired.")
    press(page, "Resolve ticket")
    expect(page.get_by_text("resolved").first).to_be_visible()

    states = set(Ticket.objects.filter(pk__in=[parent.pk, *(child.pk for child in children)]).values_list("state"))
    assert states == {(TicketState.RESOLVED,)}
    visit(children[7].get_absolute_url(), org.agent)
    assert_accessible(page)


def test_two_hundred_acknowledged_at_once_and_taken_back(org: Organisation, visit, page: Page):
    for _ in range(200):
        org.handoff(org.ticket())
    waiting = Escalation.objects.filter(state=EscalationState.PENDING)
    assert waiting.count() == 200

    visit(f"{of('queue_list')}?state=any", org.receiver)
    page.get_by_label(re.compile("^Select the .* on this page")).check()
    page.get_by_role("button", name=re.compile("Select all 200")).click()
    press(page, "Acknowledge")
    expect(page.get_by_role("heading", name=re.compile("Acknowledge: 200 tickets"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Acknowledge: 200 tickets")).click()
    expect(page.get_by_role("button", name="Take back 200")).to_be_visible(timeout=LONG)
    assert waiting.count() == 0
    assert_accessible(page)
    page.get_by_role("button", name="Take back 200").click()
    expect(page.get_by_text("200 taken back").first).to_be_visible(timeout=LONG)
    assert waiting.count() == 200


def test_acknowledging_from_the_queue_takes_one_key(org: Organisation, visit, page: Page):
    ticket = org.ticket()
    escalation = org.handoff(ticket)

    visit(f"{of('queue_list')}?state=any", org.receiver)
    page.keyboard.press("j")
    page.keyboard.press("a")

    expect(page.locator("#toasts")).to_contain_text(f"{ticket.ref} acknowledged")
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.ACKNOWLEDGED


def test_a_complete_handoff_of_a_prefilled_ticket_takes_few_inputs(org: Organisation, visit, page: Page):
    """Counts every field that is touched besides free text: each choice, date and number is one input."""
    org.customer.contact_method, org.customer.update_frequency = "phone", "two_hours"
    org.customer.relationship_notes = "Renewal in March."
    org.customer.save()
    ticket = org.ticket(sentiment="frustrated")
    ticket_record_customer(ticket=ticket, by=org.agent, body="1,140 shipments have no status.", channel="email")
    visit(of("handoff_create", ticket.ref), org.agent)
    inputs = 0

    def touch() -> None:
        nonlocal inputs
        inputs += 1

    for label in FREE_TEXT:
        page.get_by_label(label, exact=True).fill("Deliveries are signed with the old key id.")
    chosen = {"Reason": "Technical complexity", "Scope": "All users of one customer", "Urgency": "Today"}
    for label, choice in chosen.items():
        page.get_by_label(label, exact=True).select_option(label=choice)
        touch()
    page.get_by_label("Minutes for step 1").fill("12")
    touch()
    for group, answer in (("Reproduced", "Yes"), ("Workaround given", "No"), ("Customer knows", "No")):
        page.get_by_role("group", name=re.compile(group)).get_by_label(answer, exact=True).check()
        touch()
    page.get_by_label(re.compile("Next update promised")).first.fill(at_ten(1))
    touch()
    press(page, "File handoff")
    touch()
    page.wait_for_url("**/handoffs/*/")

    handoff = Escalation.objects.get().handoff
    assert handoff.is_complete, f"{handoff.filled} of {handoff.asked}"
    assert inputs <= MOST_INPUTS
    assert in_hours(0) > ticket.opened_at
