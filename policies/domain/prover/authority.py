"""Authority with holes: amounts nobody may grant, limits that fall as rank rises, limits that nobody stated."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from policies.choices import SERVICE_CREDIT
from policies.domain.policy import AuthorityGrant, Policy
from policies.domain.prover.findings import Finding, Organisation
from policies.domain.words import money_words

CENT = Decimal("0.01")


def _credits(policy: Policy) -> list[AuthorityGrant]:
    return sorted((one for one in policy.authority if one.action == SERVICE_CREDIT), key=lambda one: one.rank)


def _limit(grant: AuthorityGrant) -> Decimal | None:
    return None if grant.limit is None else Decimal(grant.limit)


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


def _falling(grants: list[AuthorityGrant]) -> Iterator[Finding]:
    for lower, upper in pairwise(one for one in grants if _limit(one) is not None):
        low, high = Decimal(lower.limit or 0), Decimal(upper.limit or 0)
        if upper.rank > lower.rank and high < low:
            yield Finding(
                id=f"falling_limit:{upper.role}",
                kind="authority_not_monotone",
                clauses=(lower.clause, upper.clause),
                message=f"{upper.role_name} may grant less ({money_words(high)}) than {lower.role_name}, below them.",
                counterexample={"role": upper.role, "amount": str(high + CENT)},
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
        if first.rank == second.rank and first.limit != second.limit:
            yield Finding(
                id=f"overlap:{first.role}:{second.role}",
                kind="authority_overlap",
                clauses=(first.clause, second.clause),
                message=f"{first.role_name} and {second.role_name} have one rank but different limits.",
                counterexample={"rank": first.rank},
            )


def _cycles(organisation: Organisation) -> Iterator[Finding]:
    """Two people who lend each other their authority at the same time, directly or around others."""
    lent = organisation.delegations
    seen: set[frozenset[str]] = set()
    for start in lent:
        path = [start]
        while path:
            last = path[-1]
            following = [
                one
                for one in lent
                if one.giver == last.taker
                and one not in path
                and all(one.starts_at < other.ends_at and other.starts_at < one.ends_at for other in path)
            ]
            if last.taker == start.giver and len(path) > 1:
                people = frozenset(one.giver for one in path)
                if people not in seen:
                    seen.add(people)
                    names = [one.giver for one in path]
                    yield Finding(
                        id=f"delegation_cycle:{'-'.join(sorted(people))}",
                        kind="delegation_cycle",
                        clauses=(),
                        message=f"{' → '.join([*names, names[0]])} lend each other their authority at the same time.",
                        counterexample={"at": max(one.starts_at for one in path).isoformat()},
                    )
                break
            if not following:
                break
            path.append(following[0])


def authority_findings(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """Everything about authority and delegations."""
    grants = _credits(policy)
    yield from _gap(grants)
    yield from _missing_limits(grants)
    yield from _falling(grants)
    yield from _skipped(policy, grants)
    yield from _overlaps(grants)
    yield from _cycles(organisation)
