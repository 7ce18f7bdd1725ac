"""Every main page as its people see it: nothing axe finds serious, nothing wider than the screen, no complaint.

The pages of a handoff, of an import, the login and the style page have their own tests of this kind.
"""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from accounts.models import User
from escalations.domain.clocks import Wait
from escalations.models import Ticket
from escalations.services.bulk import bulk_run
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.saved_views import saved_view_create
from escalations.services.tickets import ticket_wait
from journal import clock
from tests.browser.fits import assert_pages_fit
from tests.factories import Organisation, accept, in_hours

pytestmark = pytest.mark.django_db(transaction=True)


def a_ticket_with_a_past(org: Organisation) -> Ticket:
    """Talked about, handed up, accepted, and now waiting for the customer."""
    ticket = org.ticket(sentiment="frustrated")
    ticket_record_customer(ticket=ticket, by=org.agent, body="When will this work again?", channel="email")
    ticket_reply(ticket=ticket, by=org.agent, body="We are looking into it.", next_update_at=in_hours(2))
    ticket_note(ticket=ticket, by=org.agent, body="The same picture as last month.")
    escalation = org.handoff(ticket)
    accept(escalation, org.receiver)
    ticket_wait(
        ticket=ticket, by=org.receiver, wait=Wait.CUSTOMER, reason="Trace id asked for",
        review_at=clock.now() + timedelta(days=1),
    )  # fmt: skip
    return ticket


def pages(org: Organisation, ticket: Ticket) -> list[tuple[User, str]]:
    def of(name: str) -> str:
        return reverse(f"escalations:{name}", args=[ticket.ref])

    held = ticket.clocks.order_by("-round").first()
    return [
        (org.receiver, reverse("escalations:queue_list") + "?state=any"),
        (org.receiver, reverse("escalations:queue_list") + "?q=nothing-like-this"),
        (org.receiver, f"{of('ticket_detail')}?clock={held.pk}"),
        (org.process_owner, of("ticket_detail")),
        (org.receiver, of("hop_list")),
        (org.receiver, of("ticket_similar")),
        (org.receiver, reverse("escalations:answer_list")),
        (org.receiver, of("ticket_facts")),
        (org.receiver, of("ticket_resolve")),
        (org.receiver, of("ticket_priority")),
        (org.receiver, of("ticket_restrict")),
        (org.agent, reverse("escalations:ticket_create")),
        (org.manager, reverse("escalations:customer_detail", args=[org.customer.pk])),
        (org.manager, reverse("escalations:customer_change", args=[org.customer.pk])),
        (org.manager, reverse("escalations:inbox_list")),
        (org.receiver, saved_view_create(by=org.receiver, name="Mine", query="owner=me&moon=full").get_absolute_url()),
        (org.receiver, reverse("escalations:view_list")),
        (org.receiver, reverse("escalations:view_create")),
        (org.receiver, bulk_run(key=uuid.uuid4(), code="note", tickets=[ticket.pk], by=org.receiver,
                                values={"body": "Known"}).get_absolute_url()),
        (org.receiver, reverse("escalations:bulk_list")),
        (org.receiver, reverse("escalations:ticket_search") + "?q=webhook"),
        (org.manager, reverse("escalations:import_list")),
        (org.process_owner, reverse("policies:policy_detail")),
        (org.agent, "/no/such/page/"),
    ]  # fmt: skip


def test_main_pages(page: Page, live_server, transactional_db):
    org = Organisation()
    assert_pages_fit(page, live_server, pages(org, a_ticket_with_a_past(org)))
