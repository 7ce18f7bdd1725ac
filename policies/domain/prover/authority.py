"""Authority with holes: amounts nobody may grant, limits that fall as rank rises, limits that nobody stated."""

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from policies.choices import SERVICE_CREDIT
from policies.domain.policy import AuthorityGrant, Policy
from policies.domain.prover.findings import Finding, Lent, Organisation
from policies.domain.words import money_words

CENT = Decimal("0.01")
MOST_PATHS = 5_000


def _credits(policy: Policy) -> list[AuthorityGrant]:
    return sorted((one for one in policy.authority if one.action == SERVICE_CREDIT), key=lambda one: one.rank)


def _limit(grant: AuthorityGrant) -> Decimal | None:
    return None if grant.limit is None else Decimal(grant.limit)


def _nobody(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """Something that can be asked for, and that no role may grant."""
    granted = {one.action for one in policy.authority}
    for action, name in organisation.names.get("authority", {}).items():
        if action not in granted:
            yield Finding(
                id=f"authority_gap:{action}",
                kind="authority_gap",
                clauses=(),
                message=f"No role may grant “{name}”: a request for it can be routed to no one.",
                counterexample={"action": name} | ({"amount": str(CENT)} if action == SERVICE_CREDIT else {}),
            )


def _gap(grants: list[AuthorityGrant]) -> Iterator[Finding]:
    """An amount above every limit, which nobody may grant."""
    limits = [_limit(one) for one in grants]
    if not grants or None in limits:
        return
    top = max(limit for limit in limits if limit is not None)
    yield Finding(
        id="authority_gap:service_credit",
        kind="authority_gap",
        clauses=tuple(one.clause for one in grants),
        message=f"Nobody may grant a credit above {money_words(top)}: a request for more can be routed to no one.",
        counterexample={"action": SERVICE_CREDIT, "amount": str(top + CENT)},
    )


def _missing_limits(grants: list[AuthorityGrant]) -> Iterator[Finding]:
    """A role without a limit below one that has a limit: the amount was never said."""
    for place, grant in enumerate(grants):
        above = next((one for one in grants[place + 1 :] if _limit(one) is not None and one.rank > grant.rank), None)
        if _limit(grant) is None and above is not None:
            limit = Decimal(above.limit or 0)
            yield Finding(
                id=f"missing_limit:{grant.role}",
                kind="authority_missing_limit",
                clauses=(grant.clause, above.clause),
                message=(
                    f"{grant.role_name} may grant credits, but no limit is given; {above.role_name}, above them, stops"
                    f" at {money_words(limit)}."
                ),
                counterexample={"role": grant.role, "amount": str(limit + CENT)},
            )


def _reach(grant: AuthorityGrant) -> tuple[Decimal, bool]:
    """Orders limits: below an amount is less than up to it."""
    return Decimal(grant.limit or 0), grant.inclusive


def _falling(grants: list[AuthorityGrant]) -> Iterator[Finding]:
    """A role that may grant less than one below it."""
    limited = [one for one in grants if _limit(one) is not None]
    for upper in limited:
        lower = max((one for one in limited if one.rank < upper.rank), key=_reach, default=upper)
        if _reach(upper) < _reach(lower):
            high, is_reached = _reach(upper)
            yield Finding(
                id=f"falling_limit:{upper.role}",
                kind="authority_not_monotone",
                clauses=(lower.clause, upper.clause),
                message=(
                    f"{upper.role_name} may grant less ({'' if is_reached else 'below '}{money_words(high)}) than"
                    f" {lower.role_name}, below them."
                ),
                counterexample={"role": upper.role, "amount": str(high + CENT if is_reached else high)},
            )


def _skipped(policy: Policy, grants: list[AuthorityGrant]) -> Iterator[Finding]:
    """A role between two that may grant credits, which may not. Roles are known by what else they may."""
    if not grants:
        return
    holders = {one.role for one in grants}
    between = {
        one.role: one
        for one in policy.authority
        if one.role not in holders and grants[0].rank < one.rank < grants[-1].rank
    }
    for role, grant in sorted(between.items(), key=lambda item: item[1].rank):
        below = max((one for one in grants if one.rank < grant.rank), key=lambda one: one.rank)
        above = min((one for one in grants if one.rank > grant.rank), key=lambda one: one.rank)
        yield Finding(
            id=f"no_authority_between:{role}",
            kind="authority_not_monotone",
            clauses=(below.clause, above.clause),
            message=(
                f"{grant.role_name} may grant no credit, between {below.role_name} and {above.role_name}, who may:"
                " a ticket loses authority by being escalated."
            ),
            counterexample={"role": role, "amount": str(CENT)},
        )


def _overlaps(grants: list[AuthorityGrant]) -> Iterator[Finding]:
    """Two roles of one rank with different limits: which is the lowest that may is a matter of chance."""
    for first, second in pairwise(grants):
        if first.rank == second.rank and (first.limit, first.inclusive) != (second.limit, second.inclusive):
            less = min((one for one in (first, second) if one.limit is not None), key=_reach)
            yield Finding(
                id=f"overlap:{first.role}:{second.role}",
                kind="authority_overlap",
                clauses=(first.clause, second.clause),
                message=f"{first.role_name} and {second.role_name} have one rank but different limits.",
                counterexample={"role": less.role, "amount": str(Decimal(less.limit or 0) + CENT)},
            )


def _rings(organisation: Organisation) -> Iterator[tuple[Lent, ...]]:
    """Every way along delegations that hold at the same time from a person back to them, visiting nobody twice.

    The short ones first; past `MOST_PATHS` it gives up.
    """
    paths: deque[tuple[Lent, ...]] = deque((one,) for one in organisation.delegations)
    for _ in range(MOST_PATHS):
        if not paths:
            return
        path = paths.popleft()
        for one in organisation.delegations:
            if one.giver != path[-1].taker or any(not _together(one, other) for other in path):
                continue
            if one.taker == path[0].giver:
                yield (*path, one)
            elif one.taker not in {other.giver for other in path}:
                paths.append((*path, one))


def _together(one: Lent, other: Lent) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _cycles(organisation: Organisation) -> Iterator[Finding]:
    """Two people who lend each other their authority at the same time, directly or around others."""
    seen: set[frozenset[str]] = set()
    for ring in _rings(organisation):
        people = frozenset(one.giver for one in ring)
        if people in seen:
            continue
        seen.add(people)
        names = [one.giver for one in ring]
        yield Finding(
            id=f"delegation_cycle:{'-'.join(sorted(people))}",
            kind="delegation_cycle",
            clauses=(),
            message=f"{' → '.join([*names, names[0]])} lend each other their authority at the same time.",
            counterexample={"at": max(one.starts_at for one in ring).isoformat()},
        )


def authority_findings(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """Everything about authority and delegations."""
    grants = _credits(policy)
    yield from _nobody(policy, organisation)
    yield from _gap(grants)
    yield from _missing_limits(grants)
    yield from _falling(grants)
    yield from _skipped(policy, grants)
    yield from _overlaps(grants)
    yield from _cycles(organisation)
