"""The ticket page: what it shows to whom, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from escalations.domain.clocks import Wait
from escalations.models import Customer, HandoffFeedback
from escalations.services.answers import handoff_acknowledge, handoff_return
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.resolutions import Feedback, ticket_reopen, ticket_resolve
from escalations.services.tickets import ticket_restrict, ticket_wait
from journal import clock
from journal.services import event_append
from tests.factories import NOON, accept, in_hours

pytestmark = pytest.mark.django_db
XSS = "<img src=x onerror=alert(1)><script>alert(2)</script>{{ 7|add:7 }}"


@pytest.fixture
def open_as(client: Client):
    """Opens an address as somebody and gives the answer's text."""

    def opened(user, url: str, status: int = 200, **headers: str) -> str:
        client.force_login(user)
        answer = client.get(url, headers=headers)
        assert answer.status_code == status, answer.content[:500]
        return answer.content.decode()

    return opened


def test_a_reference_that_nothing_can_have_is_not_there(org, open_as):
    open_as(org.agent, "/tickets/%00/", status=404)
    open_as(org.agent, "/tickets/BLY-1%00/handoffs/1/", status=404)


def test_new_ticket(org, open_as):
    with clock.travel(NOON):
        ticket = org.ticket()
        text = open_as(org.agent, ticket.get_absolute_url())
    for words in ("Time at L1", "Resolve at L1", "First response", "Contract resolution", "Who used the time"):
        assert words in text
    assert ticket.subject in text
    assert "Next tier: <b>L2" in text
    assert "Escalate</a>" in text
    assert "Send reply" in text
    assert 'id="why"' not in text


def test_clock_opens_by_its_address_without_a_script(org, open_as):
    with clock.travel(NOON):
        ticket = org.ticket()
        row = ticket.clocks.get(kind="time_at_tier")
        text = open_as(org.agent, f"{ticket.get_absolute_url()}?clock={row.pk}")
    assert 'id="why"' in text
    assert "Why 14:00?" in text
    assert "Limit at L1" in text


@pytest.mark.parametrize("clock_id", ["0", "999999", "abc", "²", "9" * 40, "-1", ""])
def test_a_clock_that_is_not_there_opens_nothing(org, open_as, clock_id):
    assert 'id="why"' not in open_as(org.agent, f"{org.ticket().get_absolute_url()}?clock={clock_id}")


def test_readers_see_the_page_without_forms_but_may_report_a_churn_threat(org, open_as):
    ticket = org.ticket()
    text = open_as(org.process_owner, ticket.get_absolute_url())
    assert ticket.subject in text
    assert "data-autosave" not in text
    assert "Escalate</a>" not in text
    assert "Report churn threat" in text


def test_a_colleague_of_another_team_may_only_note(org, open_as):
    text = open_as(org.people["l3_first"], org.ticket().get_absolute_url())
    assert "messages/note/" in text
    assert "messages/reply/" not in text
    assert "Resolve</a>" not in text


def test_a_pending_handoff_takes_the_place_of_escalating(org, open_as):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        escalation = org.handoff(ticket)
        text = open_as(org.agent, ticket.get_absolute_url())
        assert "Escalate</a>" not in text
        assert 'Open handoff<span class="wide-only"> to Integrations</span>' in text
        assert "Waits for Integrations." in text
        assert "Not acknowledged yet." in text
        traveller.forward(timedelta(minutes=5))
        handoff_acknowledge(escalation=escalation, by=org.receiver)
        assert "has seen it and has not accepted yet" in open_as(org.agent, ticket.get_absolute_url())


def test_a_returned_handoff_can_be_handed_in_again(org, open_as):
    ticket = org.ticket()
    handoff_return(escalation=org.handoff(ticket), by=org.receiver, reason="no_next_step", note="What next?")
    text = open_as(org.agent, ticket.get_absolute_url())
    assert "Hand in again" in text
    assert "No next step given" in text
    assert "What next?" in text


def test_accepted_shows_estimate_and_resources(org, open_as):
    with clock.travel(NOON):
        ticket = org.ticket()
        accept(org.handoff(ticket), org.receiver, needs_resources=True, resources_details="A tenant to test on")
        text = open_as(org.receiver, ticket.get_absolute_url())
    assert "<b>You accepted it</b>" in text
    assert "A tenant to test on" in text
    assert "Time at L2" in text


def resolved(org, ticket):
    accept(org.handoff(ticket), org.receiver)
    ticket_resolve(
        ticket=ticket, by=org.receiver, root_cause="configuration", what_was_done="Cache dropped.",
        feedback=Feedback(rating=4, was_necessary=False, avoidable_by="knowledge_gap", comment="Thin steps."),
    )  # fmt: skip


def test_feedback_is_for_its_sender_who_marks_it_as_read(org, open_as, client):
    ticket = org.ticket()
    resolved(org, ticket)
    text = open_as(org.agent, ticket.get_absolute_url())
    assert "4 of 5." in text
    assert "Thin steps." in text
    assert "knowledge gap" in text
    assert "Mark as read" in text
    assert HandoffFeedback.objects.get().seen_at is None
    feedback = HandoffFeedback.objects.get()
    client.post(f"{ticket.get_absolute_url()}handoffs/{feedback.escalation_id}/seen/")
    feedback.refresh_from_db()
    assert feedback.seen_at is not None
    assert "Mark as read" not in open_as(org.agent, ticket.get_absolute_url())
    assert "Thin steps." not in open_as(org.people["l1_second"], ticket.get_absolute_url())
    assert "Thin steps." in open_as(org.manager, ticket.get_absolute_url())


def test_nobody_but_the_sender_marks_feedback_as_read(org, client):
    ticket = org.ticket()
    resolved(org, ticket)
    client.force_login(org.manager)
    feedback = HandoffFeedback.objects.get()
    client.post(f"{ticket.get_absolute_url()}handoffs/{feedback.escalation_id}/seen/")
    feedback.refresh_from_db()
    assert feedback.seen_at is None


def test_a_resolved_ticket_offers_reopening_and_a_reopened_one_a_new_round(org, open_as):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        ticket_resolve(ticket=ticket, by=org.agent, root_cause="user_error", what_was_done="Explained.")
        text = open_as(org.agent, ticket.get_absolute_url())
        assert "Reopen</a>" in text
        assert "Escalate</a>" not in text
        traveller.forward(timedelta(hours=1))
        ticket_reopen(ticket=ticket, by=org.agent, reason="It came back.")
        text = open_as(org.agent, ticket.get_absolute_url())
        assert "Reopened" in text
        row = ticket.clocks.get(kind="time_at_tier", round=2)
        assert "the ticket was reopened" in open_as(org.agent, f"{ticket.get_absolute_url()}?clock={row.pk}")


def test_restricted_ticket_is_not_there_for_others(org, open_as):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    row = ticket.clocks.first()
    base = ticket.get_absolute_url()
    pages = ["", "news/?seen=0", "hops/", f"clocks/{row.pk}/", "facts/", "priority/", "assign/", "wait/", "resolve/",
             "reopen/", "restrict/"]  # fmt: skip
    for name in pages:
        for headers in ({}, {"HX-Request": "true"}):
            assert ticket.subject not in open_as(org.manager, base + name, 404, **headers)
    assert "Only for the people named" in open_as(org.agent, base)


def test_restricted_ticket_takes_no_posts_of_others(org, client):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    client.force_login(org.manager)
    names = ["messages/reply/", "messages/note/", "messages/customer/", "drafts/reply/", "facts/", "priority/",
             "assign/", "wait/", "resume/", "resolve/", "reopen/", "close/", "restrict/",
             "handoffs/1/seen/"]  # fmt: skip
    for name in names:
        assert client.post(ticket.get_absolute_url() + name).status_code == 404


def test_words_of_customers_are_inert(org, open_as):
    org.contact.name = org.customer.name = XSS[:100]
    org.contact.save()
    org.customer.save()
    ticket = org.ticket(subject=XSS, description=XSS, vendor=XSS[:70])
    ticket_record_customer(ticket=ticket, by=org.agent, body=XSS, channel="email")
    ticket_reply(ticket=ticket, by=org.agent, body=XSS)
    ticket_note(ticket=ticket, by=org.agent, body=XSS)
    ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason=XSS, review_at=in_hours(4))
    row = ticket.clocks.get(kind="time_at_tier")
    text = open_as(org.agent, f"{ticket.get_absolute_url()}?clock={row.pk}")
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert "&lt;img src=x" in text
    assert "{{ 7|add:7 }}" in text


def test_older_entries_come_as_entries_only(org, open_as):
    ticket = org.ticket()
    for number in range(60):
        ticket_note(ticket=ticket, by=org.agent, body=f"Note number {number:02d}.")
    text = open_as(org.agent, ticket.get_absolute_url())
    assert "Note number 59." in text
    assert "Note number 05." not in text
    cursor = text.split("before=")[1].split('"')[0].split("#")[0]
    older = open_as(org.agent, f"{ticket.get_absolute_url()}?show=all&before={cursor}", **{"HX-Request": "true"})
    assert "Note number 05." in older
    assert "<html" not in older
    whole = open_as(org.agent, f"{ticket.get_absolute_url()}?show=all&before={cursor}")
    assert "Note number 05." in whole
    assert "Back to the newest" in whole


def test_htmx_gets_what_may_change_and_no_form_that_somebody_writes_in(org, open_as):
    ticket = org.ticket()
    live = open_as(org.agent, ticket.get_absolute_url(), **{"HX-Request": "true"})
    assert "<html" not in live
    for part in ("ticket_timeline", "clock_strip", "ticket_hops", "ticket_aside", "ticket_facts", "ticket_news"):
        assert f'id="{part}"' in live
    assert "<textarea" not in live
    restored = open_as(
        org.agent, ticket.get_absolute_url(), **{"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in restored


def test_news(org, client, open_as):
    ticket = org.ticket()
    text = open_as(org.agent, ticket.get_absolute_url())
    news = next(part.split('"')[0] for part in text.split('hx-get="') if "news/?seen=" in part)
    assert client.get(news).status_code == 204
    ticket_note(ticket=ticket, by=org.manager, body="Look.")
    assert "1 new entry." in client.get(news).content.decode()
    ticket_note(ticket=ticket, by=org.manager, body="Look again.")
    assert "2 new entries." in client.get(news).content.decode()
    for bad in ("", "x", "9" * 30):
        assert client.get(f"{ticket.get_absolute_url()}news/?seen={bad}").status_code == 204


def statements(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_statements_do_not_grow_with_the_ticket(org, client):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        ticket_reply(ticket=ticket, by=org.agent, body="Hello.", next_update_at=in_hours(2))
        ticket_note(ticket=ticket, by=org.agent, body="Note.")
        handoff_return(escalation=org.handoff(ticket), by=org.receiver, reason="no_next_step", note="What next?")
        client.force_login(org.agent)
        client.get(ticket.get_absolute_url())
        few = statements(client, ticket.get_absolute_url())
        for number in range(500):
            event_append(
                subject=("ticket", ticket.pk), kind="ticket.changed", at=clock.now(), actor=org.people["l1_second"],
                data={"changes": {"vendor": ["", str(number)]}},
            )  # fmt: skip
        for _ in range(3):
            traveller.forward(timedelta(minutes=30))
            handoff_return(escalation=org.handoff(ticket), by=org.receiver, reason="no_next_step", note="What next?")
            ticket_reply(ticket=ticket, by=org.agent, body="Hello again.", next_update_at=in_hours(2))
        many = statements(client, ticket.get_absolute_url())
    assert many <= few
    assert many <= 34


def test_reading_writes_nothing(org, client):
    ticket = org.ticket()
    client.force_login(org.agent)
    with CaptureQueriesContext(connection) as caught:
        client.get(ticket.get_absolute_url())
    writing = [one["sql"] for one in caught if one["sql"].split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE")]
    assert writing == []


def test_counts_of_the_customer_speak_only_of_what_one_may_see(org, open_as):
    first, second = org.ticket(), org.ticket()
    ticket_restrict(ticket=second, by=org.agent, readers=[], restricted=True)
    assert Customer.objects.count() == 1
    assert "2 tickets" in open_as(org.agent, first.get_absolute_url())
    assert "1 ticket," in open_as(org.manager, first.get_absolute_url())
