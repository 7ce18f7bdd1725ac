"""Every page around an acceptance, as each side sees it: nothing axe finds serious, nothing wider than a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Team, Tier, User
from escalations.models import Consult, Escalation, ReadBack
from escalations.services.consults import consult_answer, consult_ask
from escalations.services.read_backs import Restated, read_back_correct
from tests.browser.fits import PHONE, assert_pages_fit
from tests.browser.people import signed_in
from tests.factories import Organisation, accept

pytestmark = pytest.mark.django_db(transaction=True)


def accepted(org: Organisation) -> Escalation:
    return accept(
        org.handoff(org.ticket(), is_warm=True),
        org.receiver,
        read_back=Restated("The old key is cached.", "Drop the cache in both regions."),
    )


def asked(org: Organisation, escalation: Escalation, team: Team) -> Consult:
    return consult_ask(
        ticket=escalation.ticket, by=org.receiver, to_team=team, to_user=None, question="Is the cache known to you?"
    )


def pages(org: Organisation) -> list[tuple[User, str]]:
    waiting, corrected = accepted(org), accepted(org)
    read_back_correct(escalation=corrected, by=org.agent, round=1, correction="Only in one region.")
    open_one, answered = asked(org, waiting, org.teams["L3"]), asked(org, waiting, org.teams["L4"])
    consult_answer(consult=answered, by=org.people["l4_first"], answer="Since March. Hand it to me.")
    org.make_team(Tier.objects.get(code="L2"), "Exports")

    def of(name: str, *more: int) -> str:
        return reverse(f"escalations:{name}", args=[waiting.ticket.ref, *more])

    return [
        (org.agent, waiting.ticket.get_absolute_url()),
        (org.agent, waiting.get_absolute_url()),
        (org.receiver, waiting.ticket.get_absolute_url()),
        (org.receiver, corrected.get_absolute_url()),
        (org.receiver, of("follow_up_create", waiting.pk)),
        (org.receiver, of("consult_create")),
        (org.receiver, of("consult_detail", answered.pk)),
        (org.receiver, reverse("escalations:consult_list")),
        (org.people["l3_first"], reverse("escalations:consult_list")),
        (org.people["l3_first"], of("consult_detail", open_one.pk)),
        (org.receiver, of("ticket_transfer")),
        (org.receiver, of("ticket_de_escalate")),
        (org.receiver, of("handoff_create") + f"?consult={answered.pk}"),
    ]


def test_the_pages_around_an_acceptance(page: Page, live_server, transactional_db):
    assert_pages_fit(page, live_server, pages(Organisation()))


def test_on_a_phone_the_sender_corrects_and_the_receiver_restates(page: Page, live_server, transactional_db):
    org = Organisation()
    escalation = accepted(org)
    page.set_viewport_size(PHONE)
    signed_in(page, live_server, org.agent)
    page.goto(live_server.url + escalation.get_absolute_url())
    expect(page.get_by_text("L2_First Example reads it back.")).to_be_visible()
    thumb = page.get_by_role("group", name="Answer the handoff")
    thumb.get_by_role("link", name="Correct").click()
    page.get_by_label("What is different").fill("Only in one region.")
    page.locator("#correct").get_by_role("button", name="Correct read-back").click()
    expect(page.get_by_text("L2_First Example restates it.")).to_be_attached()
    signed_in(page, live_server, org.receiver)
    page.goto(live_server.url + escalation.get_absolute_url())
    page.get_by_role("group", name="Answer the handoff").get_by_role("link", name="Restate").click()
    page.get_by_label("The problem, in your words").fill("The old key is cached in one region.")
    page.get_by_role("button", name="Send read-back").click()
    expect(page.get_by_text("confirms or corrects it").first).to_be_visible()
    signed_in(page, live_server, org.agent)
    page.goto(live_server.url + escalation.get_absolute_url())
    thumb = page.get_by_role("group", name="Answer the handoff")
    thumb.get_by_role("button", name="Confirm read-back").click()
    expect(page.get_by_text("Read-back of BLY-", exact=False).first).to_be_visible()
    assert list(ReadBack.objects.order_by("round").values_list("state", flat=True)) == ["corrected", "confirmed"]
    assert ReadBack.objects.get(round=2).next_action == "Drop the cache in both regions."
