"""The contract's clock and the hop ledger count on the same calendar: the rule's, else the customer's, P1 always."""

from datetime import time, timedelta

import pytest

from accounts.models import Calendar
from accounts.services.calendars import calendar_revise
from escalations.choices import ClockKind, HopKind
from escalations.domain.clocks import Wait
from escalations.models import Clock, Hop
from escalations.services.handoffs import handoff_withdraw
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_assign, ticket_wait
from journal import clock
from journal.models import Event
from policies.models import ContractTarget
from policies.services.versions import version_copy, version_publish
from tests.factories import NOON, CustomerFactory, in_hours, make_calendar

pytestmark = pytest.mark.django_db
EVENING = NOON.replace(hour=15)  # 17:00 in Berlin, an hour before closing


def contract(ticket) -> Clock:
    return Clock.objects.get(ticket=ticket, kind=ClockKind.CONTRACT_RESOLUTION)


def hour_by_hour(ticket, by, traveller) -> int:
    """SLA seconds of the first hop, after two hours of which one lies behind closing."""
    traveller.forward(timedelta(hours=2))
    ticket_assign(ticket=ticket, by=by, owner=None)
    return Hop.objects.filter(ticket=ticket, span__endswith__isnull=False).latest("span").sla_seconds


@pytest.mark.parametrize(("priority", "expected"), [(2, 3600), (1, 7200)])
def test_customers_calendar_but_p1_around_the_clock(org, priority, expected):
    customer = CustomerFactory(calendar=org.calendar)
    by = org.people["l2_first" if priority == 2 else "l3_first"]
    with clock.travel(EVENING) as traveller:
        ticket = org.ticket(by=by, priority=priority, customer=customer)
        assert (contract(ticket).calendar_revision is None) == (priority == 1)
        assert hour_by_hour(ticket, by, traveller) == expected


def test_the_rules_own_calendar_goes_before_the_customers(org):
    short = make_calendar("short", opens=8, closes=17)
    draft = version_copy(version=org.policy, by=org.process_owner)
    ContractTarget.objects.filter(version=draft, priority=2, segment="enterprise").update(calendar=short)
    version_publish(version=draft, by=org.manager)
    by = org.people["l2_first"]
    with clock.travel(EVENING) as traveller:
        ticket = org.ticket(by=by, priority=2, customer=CustomerFactory(calendar=org.calendar))
        assert contract(ticket).calendar_revision == short.current
        assert hour_by_hour(ticket, by, traveller) == 0


def test_a_handoff_of_a_ticket_that_waits_outside_takes_no_contract_time(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        ticket_wait(ticket=ticket, by=org.agent, wait=Wait.CUSTOMER, reason="Trace id", review_at=in_hours(20))
        traveller.forward(timedelta(minutes=10))
        escalation = org.handoff(ticket)
        traveller.forward(timedelta(minutes=10))
        ticket_assign(ticket=ticket, by=org.agent, owner=org.people["l1_second"])
        traveller.forward(timedelta(minutes=10))
        handoff_withdraw(escalation=escalation, by=org.agent, note="Too early")
        kinds = set(Hop.objects.filter(ticket=ticket).values_list("kind", "sla_seconds"))
    assert kinds == {(HopKind.PAUSED, 0), (HopKind.PAUSED, None)}


def test_a_calendar_that_was_open_around_the_clock_gets_hours_and_moves_its_clocks(org):
    always = Calendar.objects.create(code="night", name="Night", always_open=True)
    calendar_revise(calendar=always, by=None)
    with clock.travel(EVENING) as traveller:
        ticket = org.ticket(by=org.people["l2_first"], priority=2, customer=CustomerFactory(calendar=always))
        before = contract(ticket).due_at
        assert before == EVENING + timedelta(hours=8)
        always.always_open = False
        always.save()
        always.hours.create(weekday=2, opens=time(8), closes=time(20))
        traveller.forward(timedelta(minutes=1))
        calendar_revise(calendar=always, by=org.administrator)
        sweep()
        assert contract(ticket).due_at > before
        assert contract(ticket).calendar_revision == always.current
    assert Event.objects.filter(kind="calendar.moved", subject_id=ticket.pk).exists()
