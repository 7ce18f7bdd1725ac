"""Who may grant what, up to how much, and who must be asked otherwise (product.md M4 to M7). Pure.

The rules, from the source's "Escalation Authority" and the decisions about it:

- no rule means no authority;
- a limit holds to the cent and is inclusive, unless its rule says "below";
- what counts is not the single credit but what it adds up to: everything issued and waiting before it, by anybody,
  for the ticket's life and for the customer's last 30×24 h, the request included. So splitting gains nothing;
- a delegation lends the delegator's authority for [from, until), up to the smaller of both limits; what is lent
  cannot be lent on, because only a role's own rules are ever lent.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Protocol

from policies.choices import SERVICE_CREDIT
from policies.domain.words import money_words

WINDOW = timedelta(hours=30 * 24)
CENT = Decimal("0.01")
NOTHING = Decimal("0.00")


class NotMoney(ValueError):
    """An amount that is no positive number of whole cents. The text says what is wrong with it."""


def cents(amount: Decimal) -> Decimal:
    """The amount with two places. Raises NotMoney for what is not finite, too large, or has parts of a cent."""
    if not amount.is_finite():
        raise NotMoney("This is no amount of money.")
    try:
        exact = amount.quantize(CENT)
    except InvalidOperation:
        raise NotMoney("That is too much to be right.") from None
    if exact != amount:
        raise NotMoney("An amount goes to the cent, no further.")
    return exact


@dataclass(frozen=True, slots=True)
class Lent:
    """A delegation: `delegator` lends their role's authority for [since, until), up to `limit` (None: all of it)."""

    id: int
    delegator: int
    delegator_name: str
    since: datetime
    until: datetime
    limit: Decimal | None = None

    def holds_at(self, now: datetime) -> bool:
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Grant:
    """One role's authority for one action. `limit` None is without limit (or an action without an amount).

    `held`: the person who asks has it, by their role or, with `lent`, by a delegation. `attended`: somebody who could
    be asked is there; a role where nobody is there is passed over on the way up.
    """

    role: str
    role_name: str
    rank: int
    action: str
    limit: Decimal | None
    inclusive: bool
    clause: str
    held: bool = False
    attended: bool = True
    lent: Lent | None = None

    def covers(self, total: Decimal | None) -> bool:
        """Whether it is enough for credits that add up to `total`; None for an action without an amount."""
        if total is None or self.limit is None:
            return True
        return total <= self.limit if self.inclusive else total < self.limit


def lend(grant: Grant, lent: Lent) -> Grant:
    """The delegator's own grant as the delegate holds it: the smaller of the two limits.

    Where the delegation states a smaller limit, that one is inclusive, as it was said by a person. It is about
    credits: what has no amount is lent whole.
    """
    if grant.lent is not None:
        raise ValueError("what is lent cannot be lent on")
    is_money = grant.action == SERVICE_CREDIT
    if not is_money or lent.limit is None or (grant.limit is not None and grant.limit <= lent.limit):
        return replace(grant, held=True, lent=lent)
    return replace(grant, limit=lent.limit, inclusive=True, held=True, lent=lent)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `amount` None is an action without one."""

    action: str
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        if self.amount is not None and cents(self.amount) <= 0:
            raise NotMoney("A credit is more than nothing.")


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts before the request, net of reversals: issued, and waiting ahead of it.

    `ticket` and `customer` are issued on the ticket in its life and for the customer in 30×24 h; `ticket_waiting` and
    `customer_waiting` are asked for before this one and not decided yet.
    """

    ticket: Decimal = NOTHING
    customer: Decimal = NOTHING
    ticket_waiting: Decimal = NOTHING
    customer_waiting: Decimal = NOTHING

    @property
    def on_ticket(self) -> Decimal:
        return self.ticket + self.ticket_waiting

    @property
    def for_customer(self) -> Decimal:
        return self.customer + self.customer_waiting

    @property
    def before(self) -> Decimal:
        """The larger of both sums: the one that decides."""
        return max(self.on_ticket, self.for_customer)


class Verdict(StrEnum):
    ISSUE = "issue"
    ROUTE = "route"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class AuthorityDecision:
    """`grant` is what it is issued under, or of the role to route to; None when no rule is enough for anybody.

    `own` is the person's furthest-reaching grant for the action, None without any. `total` is the larger of both sums
    with the request included. `reasons` are sentences for the page. `unattended`: nobody of the role is there.
    """

    verdict: Verdict
    total: Decimal | None
    reasons: tuple[str, ...]
    grant: Grant | None = None
    own: Grant | None = None
    unattended: bool = False

    @property
    def may_issue(self) -> bool:
        return self.verdict == Verdict.ISSUE

    @property
    def clause(self) -> str:
        return self.grant.clause if self.grant else ""

    @property
    def limit(self) -> Decimal | None:
        return self.grant.limit if self.grant else None


def _reach(grant: Grant) -> tuple[bool, Decimal, bool]:
    """Orders grants by how far they reach."""
    return grant.limit is None, grant.limit or NOTHING, grant.inclusive


def limit_words(grant: Grant) -> str:
    """`up to and including $5,000`, `below $5,000`, `without limit`."""
    if grant.limit is None:
        return "without limit"
    return f"{'up to and including' if grant.inclusive else 'below'} {money_words(grant.limit)}"


def authority_decide(*, grants: Iterable[Grant], request: Request, spent: Spent) -> AuthorityDecision:
    """May the person who holds some of `grants` grant `request` after what is `spent`; if not, who is to be asked?

    `grants` are every role's rules in force (held or not) and, with `lent`, what is delegated to the person; those for
    other actions are ignored. Issued under the person's own role where that is enough, else under the smallest
    delegation that is; routed to the lowest role (by rank) that has enough and where somebody is there.
    """
    known = [grant for grant in grants if grant.action == request.action]
    total = None if request.amount is None else spent.before + request.amount
    held = [grant for grant in known if grant.held]
    own = max(held, key=_reach, default=None)
    enough = sorted((g for g in held if g.covers(total)), key=lambda g: (g.lent is not None, _reach(g)))
    if enough:
        chosen = enough[0]
        return AuthorityDecision(Verdict.ISSUE, total, (_within(chosen, total),), chosen, own)
    why = _short(own, total, spent)
    above = sorted((g for g in known if g.lent is None and not g.held and g.covers(total)), key=lambda g: g.rank)
    if not above:
        return AuthorityDecision(Verdict.NOBODY, total, (why, "No role has authority for this."), None, own)
    there = next((grant for grant in above if grant.attended), None)
    chosen = there or above[0]
    reasons = [why]
    passed = [grant.role_name for grant in above[: above.index(chosen)]]
    if passed:
        reasons.append(f"Nobody is there as {' or '.join(passed)}.")
    reasons.append(f"{chosen.role_name} decides{'' if total is None else f': {limit_words(chosen)}'}.")
    if there is None:
        reasons.append(f"Nobody is there as {chosen.role_name} now.")
    return AuthorityDecision(Verdict.ROUTE, total, tuple(reasons), chosen, own, unattended=there is None)


def answering(grants: Iterable[Grant], *, rank: int, rang: Container[str] = ()) -> list[Grant]:
    """In which of the held `grants` somebody may answer what waits for a role of `rank`: that role's, or one above it.

    Where there is none, one of the roles that were asked before and let the clock ring: they may still decide.
    """
    held = [one for one in grants if one.held]
    return [one for one in held if one.rank >= rank] or [one for one in held if one.role in rang]


def _within(grant: Grant, total: Decimal | None) -> str:
    by = f", lent by {grant.lent.delegator_name}" if grant.lent else ""
    if total is None:
        return f"{grant.role_name} may{by}."
    return f"{money_words(total)} together is within the authority of {grant.role_name}{by}: {limit_words(grant)}."


def _short(own: Grant | None, total: Decimal | None, spent: Spent) -> str:
    if own is None:
        return "You have no authority for this."
    if total is None:
        return "Your authority does not cover this."
    which = "on this ticket" if spent.on_ticket >= spent.for_customer else "for this customer in 30 days"
    return f"{money_words(total)} {which}, this one included, is above your limit: {limit_words(own)}."


class Rule(Protocol):
    """What a snapshot says of one role and action: `policies.domain.policy.AuthorityGrant`."""

    @property
    def role(self) -> str: ...
    @property
    def role_name(self) -> str: ...
    @property
    def rank(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def limit(self) -> str | None: ...
    @property
    def inclusive(self) -> bool: ...
    @property
    def clause(self) -> str: ...


def grants_in(
    rules: Iterable[Rule],
    *,
    action: str,
    role: str = "",
    lent: Iterable[tuple[Lent, str]] = (),
    attended: Container[str] | None = None,
) -> list[Grant]:
    """Every role's grant for `action`, those of `role` as held, and what is `lent` to the same person.

    `lent`: each delegation with its delegator's role. `attended`: the roles in which somebody is there; None: all.
    """
    grants = [
        Grant(
            role=rule.role,
            role_name=rule.role_name,
            rank=rule.rank,
            action=rule.action,
            limit=None if rule.limit is None else Decimal(rule.limit),
            inclusive=rule.inclusive,
            clause=rule.clause,
            held=rule.role == role,
            attended=attended is None or rule.role in attended,
        )
        for rule in rules
        if rule.action == action
    ]
    by_role = {grant.role: grant for grant in grants}
    return grants + [lend(by_role[code], one) for one, code in lent if code in by_role]
