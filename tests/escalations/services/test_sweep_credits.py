"""A request that nobody decides moves up, says so when nobody is above, and ends after 30 days. Whatever the ticket."""

from datetime import timedelta
from decimal import Decimal

import pytest

from escalations.choices import ClockState, CreditState
from escalations.credit_access import answerable, asked_of, reach_of
from escalations.errors import NotAllowed
from escalations.models import Clock, CreditMove, CreditRequest
from escalations.selectors.waiting import asked_for
from escalations.services.credit_decisions import credit_approve, credit_deny, credit_route_up
from escalations.services.credits import credit_request
from escalations.services.resolutions import ticket_resolve
from escalations.services.sweep import sweep
from journal import clock
from journal.models import Event, OutboxMessage
from policies.services.delegations import delegation_create
from tests.factories import NOON, CustomerFactory, Organisation

pytestmark = pytest.mark.django_db
HALF_AN_HOUR = timedelta(minutes=30)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def org() -> Organisation:
    org = Organisation()
    org.vp = org.person("vp", "vp_support")
    return org


def ask(org, amount="4000") -> CreditRequest:
    return credit_request(
        ticket=org.ticket(customer=CustomerFactory()), by=org.agent, action="service_credit", amount=Decimal(amount),
        reason="Promised.",
    )  # fmt: skip


def kinds(made) -> list[str]:
    found = Event.objects.filter(subject_type="ticket", subject_id=made.ticket_id, kind__startswith="credit.")
    return list(found.order_by("pk").values_list("kind", flat=True))


def test_moves_up_once_when_its_clock_rings(org):
    with clock.travel(NOON) as traveller:
        made = ask(org)
        first = made.clock_id
        traveller.forward(HALF_AN_HOUR)
        assert sweep().credits == 0  # at its very instant it can still be met
        traveller.forward(MOMENT)
        assert sweep().credits == 1
        assert sweep().credits == 0
        made.refresh_from_db()
        assert (made.routed_to.code, made.unanswered_at) == ("vp_support", None)
        assert made.clock_id != first
        assert Clock.objects.get(pk=first).stopped_at is not None
        assert Clock.objects.get(pk=made.clock_id).due_at == NOON + 2 * HALF_AN_HOUR  # whole seconds
    assert CreditMove.objects.get().by is None
    assert kinds(made) == ["credit.requested", "credit.routed_up"]
    assert OutboxMessage.objects.filter(recipient=org.vp.email, wanted_while__credit=made.pk).count() == 1


def test_whom_it_was_asked_in_vain_may_still_decide(org):
    """Late is better than a level higher: a role keeps what rang, with its own limit, and cannot pass it on."""
    delegate = org.people["l3_first"]
    with clock.travel(clock.now()) as traveller:  # the rail asks the database what time it is
        until = clock.now() + timedelta(hours=8)
        delegation_create(by=org.manager, delegate=delegate, ends_at=until, reason="Leave")
        first, second, third = ask(org), ask(org, "4000.01"), ask(org, "4000.02")
        traveller.forward(HALF_AN_HOUR + MOMENT)
        assert sweep().credits == 3
        for one in (org.manager, delegate):
            reach = reach_of(one, clock.now())
            assert set(asked_of(reach)) == {first, second, third} == set(asked_for(one))
            assert reach.answers(CreditRequest.objects.get(pk=first.pk))
        assert not asked_of(reach_of(org.people["l2_first"], clock.now())).exists()
        with pytest.raises(NotAllowed, match="by now"):
            credit_route_up(request=first, by=org.manager, reason="Up.")
        assert credit_approve(request=first, by=org.manager).decided_as.code == "support_manager"
        assert credit_approve(request=second, by=delegate).delegator == org.manager
        assert credit_deny(request=third, by=org.manager, reason="No.").state == CreditState.DENIED


def test_what_somebody_passed_on_is_no_longer_theirs(org):
    made = ask(org)
    credit_route_up(request=made, by=org.manager, reason="I know the customer.")
    assert not asked_of(reach_of(org.manager, clock.now())).exists()
    assert not answerable(reach_of(org.manager, clock.now())).exists()
    assert not asked_for(org.manager).exists()
    assert asked_for(org.vp).get() == made


def test_says_so_when_nobody_is_above(org):
    with clock.travel(NOON) as traveller:
        made = ask(org, "6000")
        for _ in range(3):
            traveller.forward(HALF_AN_HOUR + MOMENT)
            sweep()
        made.refresh_from_db()
    assert (made.state, made.routed_to.code) == (CreditState.REQUESTED, "vp_support")
    assert made.unanswered_at is not None
    assert kinds(made) == ["credit.requested", "credit.unanswered"]


def test_goes_on_after_the_ticket_is_resolved(org):
    with clock.travel(NOON) as traveller:
        made = ask(org)
        ticket_resolve(ticket=made.ticket, by=org.agent, root_cause="configuration", what_was_done="Put right.")
        traveller.forward(HALF_AN_HOUR + MOMENT)
        assert sweep().credits == 1
        made.refresh_from_db()
    assert made.routed_to.code == "vp_support"


def test_ends_after_thirty_days(org):
    with clock.travel(NOON) as traveller:
        made = ask(org)
        traveller.forward(timedelta(days=30))
        sweep()
        made.refresh_from_db()
    assert made.state == CreditState.EXPIRED
    assert Clock.objects.get(pk=made.clock_id).state in (ClockState.BREACHED, ClockState.CANCELLED)
    assert "credit.expired" in kinds(made)
    assert OutboxMessage.objects.filter(recipient=org.agent.email, subject__contains="nobody decided").exists()


def test_does_not_move_the_ticket_in_the_queue(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        before = (ticket.due_at, ticket.due_kind, ticket.queue_key)
        credit_request(ticket=ticket, by=org.agent, action="service_credit", amount=Decimal(4000), reason="Promised.")
        sweep()
        ticket.refresh_from_db()
    assert (ticket.due_at, ticket.due_kind, ticket.queue_key) == before
