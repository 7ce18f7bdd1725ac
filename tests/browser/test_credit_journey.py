"""A manager on a phone: approves $5,000.00, cannot approve $5,000.01, and it goes to the VP."""

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from escalations.models import CreditEntry, CreditRequest
from escalations.services.credit_decisions import credit_approve
from escalations.services.credits import credit_request
from tests.browser.axe import assert_accessible
from tests.factories import CustomerFactory, Organisation

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 375, "height": 760}


@pytest.fixture
def org(transactional_db: None) -> Organisation:
    org = Organisation()
    org.vp = org.person("vp", "vp_support")
    return org


@pytest.fixture(autouse=True)
def phone(page: Page) -> None:
    page.set_viewport_size(PHONE)


def ask(org: Organisation, amount: str, **kwargs) -> CreditRequest:
    ticket = kwargs.pop("ticket", None) or org.ticket(customer=CustomerFactory())
    return credit_request(
        ticket=ticket, by=org.agent, action="service_credit", amount=Decimal(amount), reason="The contract promises it."
    )


def is_at_the_thumb(page: Page, name: str) -> bool:
    """In the lower half of the screen without scrolling."""
    box = page.get_by_role("button", name=name).bounding_box()
    return box is not None and PHONE["height"] / 2 < box["y"] < PHONE["height"]


def test_a_manager_approves_to_the_cent_on_a_phone(org, visit):
    exact = ask(org, "5000.00")
    page = visit(reverse("escalations:approval_list"), org.manager)
    expect(page.get_by_role("link", name="$5,000.00")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("link", name="$5,000.00").click()
    expect(page.get_by_text("Within your authority")).to_be_visible()
    assert is_at_the_thumb(page, "Approve $5,000.00")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert_accessible(page)
    page.get_by_role("button", name="Approve $5,000.00").click()
    expect(page.get_by_text("Issued", exact=True)).to_be_visible()
    exact.refresh_from_db()
    assert (exact.state, exact.decided_by) == ("issued", org.manager)


def test_a_cent_more_goes_to_the_vp(org, visit):
    above = ask(org, "5000.01")
    page = visit(reverse("escalations:approval_list"), org.manager)
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    page = visit(above.get_absolute_url())
    expect(page.get_by_text("VP support decides.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page = visit(reverse("escalations:approval_list"), org.vp)
    page.get_by_role("link", name="$5,000.01").click()
    assert is_at_the_thumb(page, "Approve $5,000.01")
    page.get_by_role("button", name="Approve $5,000.01").click()
    expect(page.get_by_text("Issued", exact=True)).to_be_visible()
    assert CreditEntry.objects.get(request=above).limit_in_force == 25000


def test_a_cent_issued_meanwhile_leaves_only_the_way_up(org, visit):
    made = ask(org, "5000.00")
    page = visit(made.get_absolute_url(), org.manager)
    expect(page.get_by_role("button", name="Approve $5,000.00")).to_be_visible()
    credit_approve(request=ask(org, "0.01", ticket=made.ticket), by=org.vp)
    page.get_by_role("button", name="Approve $5,000.00").click()
    expect(page.get_by_text("Not approved.")).to_be_visible()
    assert not CreditEntry.objects.filter(request=made).exists()
    page.get_by_role("link", name="Route up").click()
    page.get_by_role("textbox", name="Why").fill("Above my limit with what was issued this morning.")
    page.get_by_role("button", name="Route up").click()
    expect(page.get_by_text("$5,000.00 routed up.")).to_be_visible()
    page = visit(reverse("escalations:approval_list"), org.vp)
    expect(page.get_by_role("link", name="$5,000.00")).to_be_visible()


def test_asked_for_from_the_ticket(org, visit):
    ticket = org.ticket()
    page = visit(ticket.get_absolute_url(), org.agent)
    page.get_by_role("link", name="Grant or ask", exact=True).click()
    page.get_by_label("Amount in USD").fill("1,850.00")
    page.get_by_role("textbox", name="Why").fill("The contract promises 10 %.")
    page.get_by_role("button", name="Grant or ask").click()
    expect(page.get_by_text("$1,850.00 asked for. Support manager decides.")).to_be_visible()
    assert CreditRequest.objects.get().amount == Decimal("1850.00")
