"""Asking, deciding, reversing: who may, up to how much, and what adds up. Limits as shipped."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from accounts.models import Absence
from escalations.choices import ClockKind, ClockState, CreditState
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, CreditEntry, CreditRequest, Ticket
from escalations.services.credit_decisions import (
    credit_approve,
    credit_deny,
    credit_reverse,
    credit_route_up,
    credit_take_back,
)
from escalations.services.credits import credit_request
from escalations.services.resolutions import ticket_close, ticket_reopen, ticket_resolve
from journal import clock
from journal.models import Event, OutboxMessage
from policies.services.delegations import delegation_create, delegation_end
from tests.factories import NOON, CustomerFactory, Organisation, in_hours

pytestmark = pytest.mark.django_db

CREDIT = "service_credit"
LIMITS = {"l2_first": "500.00", "manager": "5000.00", "vp": "25000.00"}
CENT = Decimal("0.01")


@pytest.fixture
def org() -> Organisation:
    org = Organisation()
    org.vp = org.person("vp", "vp_support")
    org.chief = org.person("chief", "c_level")
    org.people |= {"manager": org.manager, "vp": org.vp, "chief": org.chief}
    return org


def ask(org, amount, *, ticket=None, by=None, action=CREDIT) -> CreditRequest:
    return credit_request(
        ticket=ticket or org.ticket(customer=CustomerFactory()), by=by or org.manager, action=action,
        amount=None if amount is None else Decimal(amount), reason="The contract promises it.",
    )  # fmt: skip


def requested(org, amount, *, ticket=None, by=None) -> CreditRequest:
    """Asked for by an agent, who has no authority."""
    return ask(org, amount, ticket=ticket, by=by or org.agent)


@pytest.mark.parametrize("who", LIMITS)
def test_to_the_cent_at_every_role(org, who):
    limit, person = Decimal(LIMITS[who]), org.people[who]
    ticket = org.ticket(customer=CustomerFactory(), team=person.team) if person.team else None
    for amount in (limit - CENT, limit):
        made = ask(org, amount, by=person, ticket=ticket)
        assert (made.state, made.on_own_authority, made.limit_in_force) == (CreditState.ISSUED, True, limit)
        ticket = org.ticket(customer=CustomerFactory(), team=person.team) if person.team else None
    above = ask(org, limit + CENT, by=person, ticket=ticket)
    assert above.state == CreditState.REQUESTED
    assert above.routed_to.rank > person.role.rank


def test_no_rule_means_no_authority(org):
    made = ask(org, "0.01", by=org.people["l3_first"], ticket=org.ticket(team=org.teams["L3"]))
    # The lowest role that has enough, also where that is below one's own (product.md, Decisions, on L3).
    assert (made.state, made.routed_to.code) == (CreditState.REQUESTED, "l2_specialist")


def test_asked_at_the_lowest_role_that_has_enough(org):
    for amount, role in (("500", "l2_specialist"), ("500.01", "support_manager"), ("5000.01", "vp_support"),
                         ("25000.01", "c_level")):  # fmt: skip
        made = requested(org, amount)
        assert made.routed_to.code == role
        assert Clock.objects.get(pk=made.clock_id).kind == ClockKind.CREDIT_DECISION
    assert OutboxMessage.objects.filter(recipient=org.chief.email).exists()


def test_credits_add_up_on_the_ticket_whoever_grants_them(org):
    ticket = org.ticket()
    ask(org, "3000", ticket=ticket)
    second = ask(org, "2000.01", ticket=ticket)
    assert (second.state, second.routed_to.code) == (CreditState.REQUESTED, "vp_support")
    credit_approve(request=second, by=org.vp)
    entry = CreditEntry.objects.get(request=second)
    assert (entry.spent_ticket, entry.spent_customer, entry.limit_in_force) == (3000, 3000, 25000)
    assert ask(org, "0.01", ticket=ticket).routed_to.code == "vp_support"


def test_credits_of_the_customer_count_for_thirty_days(org):
    with clock.travel(NOON) as traveller:
        ask(org, "5000", ticket=org.ticket())
        traveller.forward(timedelta(hours=720) - timedelta(seconds=1))
        assert ask(org, "1", ticket=org.ticket()).state == CreditState.REQUESTED
        traveller.forward(timedelta(seconds=1))
        other = CreditRequest.objects.get(state=CreditState.REQUESTED)
        credit_deny(request=other, by=org.vp, reason="Not now.")
        assert ask(org, "5000", ticket=org.ticket()).state == CreditState.ISSUED


def test_what_waits_ahead_counts_and_what_came_later_does_not(org):
    """Else two requests would block each other for ever."""
    ticket = org.ticket()
    first = requested(org, "3000", ticket=ticket)
    second = requested(org, "2500", ticket=ticket)
    assert (first.routed_to.code, second.routed_to.code) == ("support_manager", "vp_support")
    with pytest.raises(NotAllowed, match="waits for VP support"):
        credit_approve(request=second, by=org.manager)
    assert credit_approve(request=first, by=org.manager).state == CreditState.ISSUED
    assert credit_approve(request=second, by=org.vp).state == CreditState.ISSUED


def test_merged_tickets_count_as_one(org):
    kept, gone = org.ticket(), org.ticket()
    with clock.travel(NOON):
        ask(org, "3000", ticket=gone)
    Ticket.objects.filter(pk=gone.pk).update(state="open")
    Ticket.objects.filter(pk=gone.pk).update(state="merged", merged_into=kept)
    made = ask(org, "2000.01", ticket=kept)
    assert made.routed_to.code == "vp_support"
    gone.refresh_from_db()
    with pytest.raises(Refused, match="merged"):
        ask(org, "1", ticket=gone)


def test_nobody_approves_what_they_asked_for(org):
    made = ask(org, "6000", by=org.manager)
    for one in (org.manager,):
        with pytest.raises(NotAllowed, match="You asked"):
            credit_approve(request=made, by=one)
        with pytest.raises(NotAllowed, match="You asked"):
            credit_deny(request=made, by=one, reason="No.")


def test_who_has_no_authority_decides_nothing(org):
    made = requested(org, "400")
    for someone in (org.people["l3_first"], org.people["l1_second"]):
        with pytest.raises(NotAllowed):
            credit_approve(request=made, by=someone)
        with pytest.raises(NotAllowed):
            credit_deny(request=made, by=someone, reason="No.")
    org.people["l2_first"].is_active = False
    org.people["l2_first"].save()
    with pytest.raises(NotAllowed, match="left"):
        credit_approve(request=made, by=org.people["l2_first"])


def test_decided_once(org):
    made = requested(org, "4000")
    credit_deny(request=made, by=org.manager, reason="The contract has no such clause.")
    with pytest.raises(Overtaken, match="was first"):
        credit_approve(request=made, by=org.vp)
    made.refresh_from_db()
    assert (made.state, made.decided_by, made.decided_as.code) == (CreditState.DENIED, org.manager, "support_manager")
    assert Clock.objects.get(pk=made.clock_id).state == ClockState.MET
    assert not CreditEntry.objects.filter(request=made).exists()


def test_route_up_asks_the_next_role_with_a_clock_of_its_own(org):
    with clock.travel(NOON) as traveller:
        made = requested(org, "4000")
        first = made.clock_id
        traveller.forward(timedelta(minutes=10))
        with pytest.raises(Refused, match="why"):
            credit_route_up(request=made, by=org.manager, reason=" ")
        moved = credit_route_up(request=made, by=org.manager, reason="I know the customer.")
        assert moved.routed_to.code == "vp_support"
        assert Clock.objects.get(pk=first).state == ClockState.MET
        assert Clock.objects.get(pk=moved.clock_id).due_at == in_hours(0.5)
        # Who has passed it on does not decide it all the same, on no page and by no second window.
        for answer in (credit_approve, partial(credit_deny, reason="No."), partial(credit_route_up, reason="Up.")):
            with pytest.raises(NotAllowed, match="waits for VP support"):
                answer(request=moved, by=org.manager)
        assert credit_approve(request=moved, by=org.vp).state == CreditState.ISSUED


def test_a_delegation_answers_where_one_s_own_role_is_not_asked(org):
    """The specialist's own limit would do, but it is the manager who is asked: what is lent is what counts."""
    delegate = org.people["l2_first"]
    org.people["l2_second"].is_active = False
    org.people["l2_second"].save()
    with clock.travel(NOON):
        Absence.objects.create(user=delegate, starts_at=in_hours(-1), ends_at=in_hours(8))
        first, second = requested(org, "400"), requested(org, "300")
        assert first.routed_to.code == "support_manager"
        with pytest.raises(NotAllowed, match="waits for Support manager"):
            credit_approve(request=first, by=delegate)
        lent = delegation_create(by=org.manager, delegate=delegate, ends_at=in_hours(8), reason="Leave")
        assert credit_approve(request=first, by=delegate).delegation == lent
        assert credit_deny(request=second, by=delegate, reason="No.").delegation == lent


def test_routed_up_from_where_one_stands(org):
    """Whoever answers from above what waits for somebody else does not route it to their own role."""
    made = requested(org, "400")
    assert made.routed_to.code == "l2_specialist"
    assert credit_route_up(request=made, by=org.vp, reason="Ask the board.").routed_to.code == "c_level"
    with pytest.raises(Refused, match="Nobody above"):
        credit_route_up(request=requested(org, "400"), by=org.chief, reason="?")


def test_no_way_up_from_the_top(org):
    made = ask(org, "30000", by=org.vp)
    with pytest.raises(Refused, match="Nobody above"):
        credit_route_up(request=made, by=org.chief, reason="?")


def test_a_role_where_nobody_is_there_is_passed_over(org):
    with clock.travel(NOON):
        Absence.objects.create(user=org.manager, starts_at=in_hours(-1), ends_at=in_hours(8))
        made = requested(org, "4000")
        assert made.routed_to.code == "vp_support"
        delegation_create(by=org.manager, delegate=org.people["l3_first"], ends_at=in_hours(8), reason="Leave")
        assert requested(org, "4000").routed_to.code == "support_manager"


def test_nobody_is_there_at_all_is_said(org):
    for person in (org.manager, org.vp, org.chief):
        person.is_active = False
        person.save()
    made = requested(org, "4000")
    assert made.routed_to.code == "support_manager"
    assert made.unanswered_at is not None


def test_a_delegate_decides_up_to_the_smaller_limit(org):
    delegate = org.people["l3_first"]
    with clock.travel(NOON) as traveller:
        lent = delegation_create(
            by=org.manager, delegate=delegate, ends_at=in_hours(8), reason="Leave", limit=Decimal("1000")
        )
        above = requested(org, "1000.01")
        with pytest.raises(Refused, match="Above your limit"):
            credit_approve(request=above, by=delegate)
        made = credit_approve(request=requested(org, "1000"), by=delegate)
        assert (made.delegation, made.delegator, made.limit_in_force) == (lent, org.manager, Decimal("1000.00"))
        assert made.decided_as.code == "support_manager"
        traveller.forward(timedelta(hours=8))
        with pytest.raises(NotAllowed):
            credit_approve(request=requested(org, "700"), by=delegate)


def test_what_is_lent_is_not_lent_on_and_never_serves_its_lender(org):
    second, third = org.people["l3_first"], org.people["l3_second"]
    delegation_create(by=org.manager, delegate=second, ends_at=in_hours(8), reason="Leave")
    # What the engineer lends on is their own role's, which has no authority over credits.
    delegation_create(by=second, delegate=third, ends_at=in_hours(8), reason="Lunch")
    request = requested(org, "700")
    with pytest.raises(NotAllowed):
        credit_approve(request=request, by=third)
    own = ask(org, "6000", by=org.manager)
    with pytest.raises(NotAllowed):
        credit_approve(request=own, by=second)


def test_who_asked_and_is_promoted_since_neither_decides_nor_lends_for_it_nor_is_asked(org):
    made, delegate = requested(org, "4000"), org.people["l3_first"]
    org.vp.is_active = False
    org.vp.save()
    org.agent.role = org.vp.role
    org.agent.save()
    delegation_create(by=org.agent, delegate=delegate, ends_at=clock.now() + timedelta(hours=8), reason="Leave")
    with pytest.raises(NotAllowed, match="You asked"):
        credit_approve(request=made, by=org.agent)
    for answer in (credit_approve, partial(credit_deny, reason="No.")):
        with pytest.raises(NotAllowed, match="no authority"):
            answer(request=made, by=delegate)
    assert credit_route_up(request=made, by=org.manager, reason="I know them.").routed_to.code == "c_level"


def test_a_restricted_ticket_s_credit_is_decided_by_those_named_on_it(org):
    made = requested(org, "4000")
    Ticket.objects.filter(pk=made.ticket_id).update(is_restricted=True)
    with pytest.raises(NotAllowed, match="only to the people named"):
        credit_approve(request=made, by=org.manager)


def test_what_is_lent_issues_nothing_directly(org):
    delegation_create(by=org.manager, delegate=org.agent, ends_at=in_hours(8), reason="Leave")
    assert requested(org, "10").state == CreditState.REQUESTED


def test_an_ended_delegation_lends_nothing(org):
    delegate = org.people["l3_first"]
    with clock.travel(NOON) as traveller:
        lent = delegation_create(by=org.manager, delegate=delegate, ends_at=in_hours(8), reason="Leave")
        made = requested(org, "700")
        traveller.forward(timedelta(minutes=1))
        delegation_end(delegation=lent, by=org.manager)
        with pytest.raises(NotAllowed):
            credit_approve(request=made, by=delegate)


def test_a_reversed_credit_frees_what_it_used(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        made = ask(org, "5000", ticket=ticket)
        with pytest.raises(NotAllowed):
            credit_reverse(request=made, by=org.people["l2_first"], reason="No.")
        credit_reverse(request=made, by=org.manager, reason="Booked to the wrong customer.")
        with pytest.raises(Overtaken):
            credit_reverse(request=made, by=org.vp, reason="Again.")
        assert ask(org, "5000", ticket=ticket).state == CreditState.ISSUED
        traveller.forward(timedelta(days=31))
        # A reversal now of a credit that counts no more makes no room.
        credit_reverse(request=CreditRequest.objects.get(state=CreditState.ISSUED), by=org.vp, reason="Late.")
        assert ask(org, "5000.01", ticket=org.ticket()).state == CreditState.REQUESTED


def test_reopened_after_a_credit_counts_it_still(org):
    ticket = org.ticket()
    ask(org, "4000", ticket=ticket)
    made = requested(org, "500", ticket=ticket)
    ticket_resolve(
        ticket=ticket,
        by=org.agent,
        root_cause="configuration",
        what_was_done="Key put back.",
        minutes={},
        satisfaction=4,
    )
    # The ticket is done; the credit is still to be decided, and so its clock runs on.
    assert Clock.objects.get(pk=made.clock_id).state == ClockState.RUNNING
    ticket_close(ticket=ticket, by=org.agent)
    ticket_reopen(ticket=ticket, by=org.agent, reason="Again.")
    assert credit_approve(request=made, by=org.manager).state == CreditState.ISSUED
    assert ask(org, "500.01", ticket=ticket).routed_to.code == "vp_support"


def test_an_action_without_an_amount_goes_the_same_way(org):
    own = ask(org, None, by=org.people["l3_first"], ticket=org.ticket(team=org.teams["L3"]), action="hotfix")
    assert (own.state, own.on_own_authority) == (CreditState.APPROVED, True)
    made = ask(org, None, by=org.agent, action="terms_exception")
    assert made.routed_to.code == "vp_support"
    assert credit_approve(request=made, by=org.vp).state == CreditState.APPROVED
    assert not CreditEntry.objects.exists()


@pytest.mark.parametrize(
    ("action", "amount"),
    [(CREDIT, None), (CREDIT, "0"), (CREDIT, "-5"), (CREDIT, "0.001"), (CREDIT, "NaN"), (CREDIT, "1e12"),
     ("hotfix", "5"), ("no_such_action", None)],
)  # fmt: skip
def test_bad_input_says_so(org, action, amount):
    with pytest.raises(Refused):
        ask(org, amount, action=action)
    assert not CreditRequest.objects.exists()


def test_who_does_not_hold_the_ticket_asks_for_nothing(org):
    with pytest.raises(NotAllowed):
        ask(org, "5", by=org.people["l3_first"], ticket=org.ticket())


def test_taken_back_by_who_asked(org):
    made = requested(org, "4000")
    with pytest.raises(NotAllowed):
        credit_take_back(request=made, by=org.manager)
    credit_take_back(request=made, by=org.agent)
    with pytest.raises(Overtaken):
        credit_approve(request=made, by=org.manager)
    assert Clock.objects.get(pk=made.clock_id).state == ClockState.CANCELLED


def test_a_late_decision_is_a_breach(org):
    with clock.travel(NOON) as traveller:
        made = requested(org, "4000")
        traveller.forward(timedelta(minutes=31))
        credit_approve(request=made, by=org.manager)
    row = Clock.objects.get(pk=made.clock_id)
    assert row.state == ClockState.BREACHED
    assert row.stopped_at is not None
    assert Event.objects.filter(kind="clock.breached", subject_id=made.ticket_id).count() == 1
