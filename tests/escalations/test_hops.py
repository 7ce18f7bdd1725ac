"""The hop ledger: hops never overlap, and what they took adds up to what the contract has used."""

from datetime import timedelta

import pytest

from accounts.calendars import working_calendar
from escalations.domain.clocks import Wait, used_seconds
from escalations.models import Pause
from escalations.selectors.clock_strip import clock_rows
from escalations.selectors.hops import contract_clock, hop_ledger, hop_rows
from escalations.services.answers import handoff_return
from escalations.services.clocks import clock_record
from escalations.services.resolutions import ticket_reopen, ticket_resolve
from escalations.services.tickets import ticket_resume, ticket_wait
from journal import clock
from tests.factories import NOON, Organisation, accept, in_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Organisation:
    organisation = Organisation()
    organisation.customer.calendar = organisation.calendar
    organisation.customer.save()
    return organisation


def ledger_of(ticket, reader):
    pauses = list(Pause.objects.filter(ticket=ticket))
    rows = clock_rows(ticket)
    return hop_ledger(hop_rows(ticket), rows, pauses, reader=reader, now=clock.now()), rows, pauses


def adds_up(ticket, reader) -> None:
    ledger, rows, pauses = ledger_of(ticket, reader)
    contract = contract_clock(rows)
    used = used_seconds(clock_record(contract, pauses), clock.now(), working_calendar(contract.calendar_revision))
    own = [line for line in ledger.lines if line.until is None or line.until > contract.started_at]
    assert sum(line.taken for line in own) == used


def test_hops_add_up_to_the_contract(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(minutes=25))
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Log", review_at=in_hours(8))
        traveller.forward(timedelta(minutes=42))
        adds_up(ticket, org.agent)
        org.handoff(ticket)  # filed while the customer still owes the log
        traveller.forward(timedelta(minutes=10))
        adds_up(ticket, org.agent)
        ticket.refresh_from_db()
        ticket_resume(ticket=ticket, by=org.agent)
        traveller.forward(timedelta(minutes=20))
        adds_up(ticket, org.agent)
        accept(ticket.escalations.get(), org.receiver)
        traveller.forward(timedelta(days=1, minutes=3))
        adds_up(ticket, org.agent)


def test_bar_names_each_holder_once_and_what_is_left(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        for _ in range(3):
            traveller.forward(timedelta(minutes=10))
            handoff_return(escalation=org.handoff(ticket), by=org.receiver, reason="no_next_step", note="What next?")
            traveller.forward(timedelta(minutes=5))
        ledger, _, _ = ledger_of(ticket, org.agent)
    named = [(part.label, part.value) for part in ledger.parts if part.label]
    assert named == [("L1 Front, you", "45 min")]
    assert ledger.parts[-1].mark == "m4"
    assert "45 min of the 40 h contract SLA, 39 h 15 min left" in ledger.summary


def test_a_new_round_counts_from_the_reopening(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        traveller.forward(timedelta(hours=1))
        ticket_resolve(ticket=ticket, by=org.agent, root_cause="user_error", what_was_done="Explained.")
        traveller.forward(timedelta(hours=2))
        ticket_reopen(ticket=ticket, by=org.agent, reason="It came back.")
        traveller.forward(timedelta(minutes=20))
        ledger, _, _ = ledger_of(ticket, org.agent)
        adds_up(ticket, org.agent)
    assert ledger.summary.startswith("20 min of the 40 h")
    assert [line.taken for line in ledger.lines] == [3600, 1200]


def test_without_a_contract_the_bar_shows_business_time(org):
    org.customer.segment = "consumer"
    org.customer.save()
    with clock.travel(NOON) as traveller:
        ticket = org.ticket(priority=3)
        traveller.forward(timedelta(minutes=30))
        ledger, _, _ = ledger_of(ticket, org.agent)
    assert ledger.budget is None
    assert ledger.summary == "30 min of business time. No contract target"
    assert [line.taken for line in ledger.lines] == [None]


def test_page(org, client):
    ticket = org.ticket()
    org.handoff(ticket)
    client.force_login(org.agent)
    text = client.get(f"{ticket.get_absolute_url()}hops/").content.decode()
    assert "Waiting for acceptance" in text
    assert "Of the SLA" in text
