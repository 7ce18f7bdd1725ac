"""The authority decision: to the cent, monotone, and nothing gained by splitting. Limits of the shipped matrix."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.domain.authority import (
    NOTHING,
    Grant,
    Lent,
    NotMoney,
    Request,
    Spent,
    Verdict,
    answering,
    authority_decide,
    cents,
    grants_in,
    lend,
)
from policies.domain.policy import AuthorityGrant

CREDIT = "service_credit"
LADDER = (("l2_specialist", 20, "500.00"), ("support_manager", 50, "5000.00"), ("vp_support", 60, "25000.00"),
          ("c_level", 70, None))  # fmt: skip
RULES = tuple(AuthorityGrant(code, code, rank, CREDIT, "Service credit", limit, True) for code, rank, limit in LADDER)
CENT = Decimal("0.01")
NOW = datetime(2026, 6, 16, 10, tzinfo=UTC)

amounts = st.integers(1, 3_000_000).map(lambda number: Decimal(number) / 100)
roles = st.sampled_from([code for code, _, _ in LADDER])


def grants(role: str = "", lent=(), attended=None) -> list[Grant]:
    return grants_in(RULES, action=CREDIT, role=role, lent=lent, attended=attended)


def decide(amount, *, role="", spent=None, lent=(), attended=None):
    return authority_decide(
        grants=grants(role, lent, attended), request=Request(CREDIT, Decimal(amount)), spent=spent or Spent()
    )


def needs(total: Decimal) -> str:
    """The role that a credit of `total` at once needs, by the plain reading of the matrix."""
    return next(code for code, _, limit in LADDER if limit is None or total <= Decimal(limit))


@pytest.mark.parametrize(("role", "limit"), [(code, Decimal(limit)) for code, _, limit in LADDER if limit])
def test_to_the_cent(role, limit):
    assert decide(limit - CENT, role=role).may_issue
    assert decide(limit, role=role).may_issue
    above = decide(limit + CENT, role=role)
    assert above.verdict == Verdict.ROUTE
    assert above.grant is not None
    assert above.grant.rank > next(rank for code, rank, _ in LADDER if code == role)


def test_below_is_not_including():
    below = [AuthorityGrant("a", "A", 1, CREDIT, "Service credit", "100.00", False)]
    held = grants_in(below, action=CREDIT, role="a")
    at = authority_decide(grants=held, request=Request(CREDIT, Decimal("100.00")), spent=Spent())
    under = authority_decide(grants=held, request=Request(CREDIT, Decimal("99.99")), spent=Spent())
    assert (at.may_issue, under.may_issue) == (False, True)


@given(parts=st.lists(amounts, min_size=1, max_size=8), data=st.data())
def test_any_split_needs_the_authority_of_the_whole(parts, data):
    """However X is cut, and in whatever order the pieces are decided: whoever grants the last one may grant X."""
    total = sum(parts, NOTHING)
    waiting = list(range(len(parts)))
    issued: set[int] = set()
    highest = NOTHING
    last = ""
    while waiting:
        number = data.draw(st.sampled_from(waiting))
        spent = Spent(
            ticket=sum((parts[one] for one in issued), NOTHING),
            ticket_waiting=sum((parts[one] for one in waiting if one < number), NOTHING),
        )
        decision = decide(parts[number], spent=spent)
        assert decision.total is not None
        highest = max(highest, decision.total)
        last = decision.grant.role
        waiting.remove(number)
        issued.add(number)
    assert highest == total
    ranks = {code: rank for code, rank, _ in LADDER}
    assert ranks[needs(total)] >= ranks[last]


@given(role=roles, one=amounts, other=amounts, spent=amounts)
def test_monotone(role, one, other, spent):
    """What may be issued may be issued when it is less, and after less."""
    small, large = sorted((one, other))
    after = Spent(customer=spent)
    if decide(large, role=role, spent=after).may_issue:
        assert decide(small, role=role, spent=after).may_issue
        assert decide(large, role=role).may_issue


@given(amount=amounts, role=st.sampled_from(["", *[code for code, _, _ in LADDER]]), spent=amounts)
def test_routed_to_the_lowest_that_has_enough(amount, role, spent):
    decision = decide(amount, role=role, spent=Spent(ticket=spent))
    assert decision.grant is not None
    wanted = needs(amount + spent)
    assert decision.grant.role == (role if decision.may_issue else wanted)


@given(ticket=amounts, customer=amounts, ahead=amounts, amount=amounts)
def test_both_sums_are_tested_with_what_waits_ahead(ticket, customer, ahead, amount):
    for spent, total in (
        (Spent(ticket, customer), max(ticket, customer)),
        (Spent(ticket, customer, ticket_waiting=ahead), max(ticket + ahead, customer)),
        (Spent(ticket, customer, customer_waiting=ahead), max(ticket, customer + ahead)),
    ):
        decision = decide(amount, role="support_manager", spent=spent)
        assert decision.total == total + amount
        assert decision.may_issue == (decision.total <= 5000)


def test_nobody_without_a_rule():
    assert authority_decide(grants=[], request=Request(CREDIT, Decimal(1)), spent=Spent()).verdict == Verdict.NOBODY


def test_a_role_without_anybody_is_passed_over_but_not_for_ever():
    assert decide(1000, attended={"vp_support"}).grant.role == "vp_support"
    alone = decide(1000, attended=set())
    assert (alone.grant.role, alone.unattended) == ("support_manager", True)


def lent(limit=None, *, hours=8) -> Lent:
    return Lent(1, 7, "Dana Whitlock", NOW, NOW + timedelta(hours=hours), limit)


@pytest.mark.parametrize(
    ("stated", "most"), [(None, "5000.00"), ("1000.00", "1000.00"), ("9000.00", "5000.00"), ("5000.00", "5000.00")]
)
def test_what_is_lent_is_the_smaller_limit(stated, most):
    one = (lent(Decimal(stated) if stated else None), "support_manager")
    assert decide(most, lent=[one]).may_issue
    assert not decide(Decimal(most) + CENT, lent=[one]).may_issue


def test_what_is_lent_is_not_lent_on():
    held = [one for one in grants("", [(lent(), "support_manager")]) if one.held]
    with pytest.raises(ValueError, match="lent on"):
        lend(held[0], lent())


@pytest.mark.parametrize("most", [None, Decimal(2000)])
def test_a_limit_that_is_lent_is_about_money_only(most):
    """What has no amount has no limit: neither one that could be recorded, nor one in the words."""
    rules = [AuthorityGrant("vp_support", "VP support", 60, "terms_exception", "Terms exception", None, True)]
    decide_it = {"request": Request("terms_exception"), "spent": Spent()}
    held = grants_in(rules, action="terms_exception", lent=[(lent(most), "vp_support")])
    issued = authority_decide(grants=held, **decide_it)
    assert (issued.may_issue, issued.limit) == (True, None)
    routed = authority_decide(grants=grants_in(rules, action="terms_exception"), **decide_it)
    assert routed.reasons == ("You have no authority for this.", "VP support decides.")


def test_one_s_own_authority_goes_first():
    both = decide(400, role="l2_specialist", lent=[(lent(), "support_manager")])
    assert both.grant.lent is None
    assert decide(600, role="l2_specialist", lent=[(lent(), "support_manager")]).grant.lent is not None


def test_one_s_own_goes_first_also_where_the_lent_one_is_smaller_and_of_these_the_smallest():
    small, large = (lent(), "l2_specialist"), (replace(lent(), id=2), "vp_support")
    assert decide(400, role="support_manager", lent=[small]).grant.lent is None
    for order in ([small, large], [large, small]):
        assert decide(400, lent=order).grant.role == "l2_specialist"
        assert decide(501, lent=order).grant.role == "vp_support"


def test_a_smaller_limit_that_is_stated_includes_its_amount():
    """Whoever lends up to $100 says $100, also where their own rule says below some other amount."""
    below = [AuthorityGrant("a", "A", 1, CREDIT, "Service credit", "5000.00", False)]
    for most, limit in ((Decimal("100.00"), "100.00"), (Decimal("5000.00"), "4999.99"), (None, "4999.99")):
        held = grants_in(below, action=CREDIT, lent=[(lent(most), "a")])
        for amount, may in ((limit, True), (Decimal(limit) + CENT, False)):
            decision = authority_decide(grants=held, request=Request(CREDIT, Decimal(amount)), spent=Spent())
            assert decision.may_issue is may


def test_the_words_say_which_sum_is_too_large():
    above = {"ticket": "on this ticket", "customer": "for this customer in 30 days"}
    for sum_, words in above.items():
        decision = decide(1, role="support_manager", spent=Spent(**{sum_: Decimal(5000)}))
        assert (
            decision.reasons[0]
            == f"$5,001 {words}, this one included, is above your limit: up to and including $5,000."
        )


def test_who_answers():
    """The role that is asked and those above it; of those below, one whose time ran out."""
    ladder = [(code, answering(grants(code), rank=50)) for code, _, _ in LADDER]
    assert [code for code, able in ladder if able] == ["support_manager", "vp_support", "c_level"]
    assert answering(grants("l2_specialist"), rank=50, rang={"support_manager"}) == []
    assert [one.role for one in answering(grants("l2_specialist"), rank=50, rang={"l2_specialist"})] == [
        "l2_specialist"
    ]
    both = grants("l2_specialist", [(lent(), "support_manager")])
    assert [one.role for one in answering(both, rank=50, rang={"l2_specialist"})] == ["support_manager"]


def test_a_delegation_is_half_open():
    one = lent()
    assert [one.holds_at(NOW - timedelta(microseconds=1)), one.holds_at(NOW)] == [False, True]
    assert [one.holds_at(one.until - timedelta(microseconds=1)), one.holds_at(one.until)] == [True, False]


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1.001", "NaN", "Infinity", "-Infinity", "1e30"])
def test_what_is_no_amount(amount):
    with pytest.raises(NotMoney):
        Request(CREDIT, Decimal(amount))


@given(st.integers(-10_000, 10_000_000))
def test_cents_are_exact(number):
    assert cents(Decimal(number) / 100) * 100 == number
