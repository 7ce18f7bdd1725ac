"""The same issue again by the same customer: issues are counted, not tickets, and an episode counts once."""

from datetime import timedelta

import pytest

from escalations.choices import TicketState
from escalations.models import Escalation, Issue, Ticket
from escalations.selectors.episodes import customers_issues, episodes_of, escalated_episodes
from escalations.services.handoffs import handoff_withdraw
from escalations.services.moves import ticket_de_escalate
from escalations.services.resolutions import Feedback, ticket_reopen, ticket_resolve
from journal import clock
from tests.factories import NOON, CustomerFactory, Organisation, accept

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    return Issue.objects.create(title="Keys are cached", opened_at=NOON)


def linked(org: Organisation, issue: Issue, **facts) -> Ticket:
    ticket = org.ticket(**facts)
    Ticket.objects.filter(pk=ticket.pk).update(issue=issue)
    ticket.refresh_from_db()
    return ticket


def up(org: Organisation, ticket: Ticket, to: str = "L2", by=None) -> Escalation:
    escalation = org.handoff(ticket, to=to, by=by)
    person = org.people[f"{to.lower()}_first"]
    return accept(escalation, person)


def solve(org: Organisation, ticket: Ticket, by=None) -> None:
    ticket_resolve(
        ticket=ticket, by=by or org.receiver, root_cause="configuration", what_was_done="Done.",
        feedback=Feedback(rating=4, was_necessary=True),
    )  # fmt: skip


def both(ticket: Ticket, now) -> int:
    """By the statement for one, by the condition on many, and by the set: they agree."""
    ticket.refresh_from_db()
    one = episodes_of(ticket, now=now)
    assert one == 0 or Ticket.objects.filter(customers_issues(now, n=one), pk=ticket.pk).exists()
    assert not Ticket.objects.filter(customers_issues(now, n__gt=one), pk=ticket.pk).exists()
    if ticket.issue_id is not None:
        assert escalated_episodes([ticket.issue_id], now=now).get((ticket.customer_id, ticket.issue_id), 0) == one
    return one


def test_three_tickets_of_one_customer_and_nobody_else_s(org, issue):
    with clock.travel(NOON) as traveller:
        tickets = [linked(org, issue) for _ in range(4)]
        for ticket in tickets[:3]:
            org.handoff(ticket)
        org.handoff(linked(org, issue, customer=CustomerFactory()))
        org.handoff(org.ticket())
        traveller.forward(timedelta(minutes=1))
        now = clock.now()
    assert both(tickets[3], now) == 3
    assert both(org.ticket(), now) == 0


def test_hops_within_one_ticket_count_once(org, issue):
    with clock.travel(NOON) as traveller:
        ticket = linked(org, issue)
        up(org, ticket)
        traveller.forward(timedelta(minutes=1))
        up(org, ticket, "L3", org.receiver)
        traveller.forward(timedelta(minutes=1))
        ticket_de_escalate(ticket=ticket, by=org.people["l3_first"], reason="other", note="Routine.")
        traveller.forward(timedelta(minutes=1))
        up(org, ticket, "L3", org.receiver)
        assert ticket.escalations.count() == 3
        assert both(ticket, clock.now()) == 1


def test_resolved_reopened_and_escalated_again_is_a_further_episode(org, issue):
    with clock.travel(NOON) as traveller:
        ticket = linked(org, issue)
        up(org, ticket)
        traveller.forward(timedelta(minutes=1))
        solve(org, ticket)
        traveller.forward(timedelta(days=2))
        ticket_reopen(ticket=ticket, by=org.receiver, reason="Came back")
        again = up(org, ticket, "L3", org.receiver)
        assert again.previous is not None
        assert both(ticket, clock.now()) == 2


def test_duplicates_and_children_count_with_what_they_belong_to(org, issue):
    with clock.travel(NOON):
        survivor, duplicate, child = (linked(org, issue) for _ in range(3))
        for ticket in (survivor, duplicate, child):
            org.handoff(ticket)
        assert both(survivor, clock.now()) == 3
        escalation = duplicate.escalations.get()
        handoff_withdraw(escalation=escalation, by=org.agent, note="Twice")
        Ticket.objects.filter(pk=duplicate.pk).update(merged_into=survivor, state=TicketState.MERGED)
        assert both(survivor, clock.now()) == 2
        Ticket.objects.filter(pk=child.pk).update(parent=survivor)
        assert both(survivor, clock.now()) == 1


def test_ninety_days_and_not_one_more(org, issue):
    with clock.travel(NOON):
        ticket = linked(org, issue)
        org.handoff(ticket)
    assert both(ticket, NOON + timedelta(days=90)) == 0
    assert both(ticket, NOON + timedelta(days=90, microseconds=-1)) == 1
    assert both(ticket, NOON - timedelta(microseconds=1)) == 0


def test_for_many_issues_in_one_statement(org, issue, django_assert_num_queries):
    other = Issue.objects.create(title="Another", opened_at=NOON)
    for each in (issue, other):
        org.handoff(linked(org, each))
    now = clock.now()
    with django_assert_num_queries(1):
        found = escalated_episodes([issue.pk, other.pk], now=now)
    assert found == {(org.customer.pk, issue.pk): 1, (org.customer.pk, other.pk): 1}
    with django_assert_num_queries(0):
        assert escalated_episodes([], now=now) == {}
