"""The authority matrix as a page shows it, and what one person may grant today, delegations included."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from policies.choices import SERVICE_CREDIT
from policies.domain.authority import Grant, Lent, grants_in, limit_words
from policies.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """`text` is "" without authority; `key` is the clause behind it."""

    text: str
    key: str
    number: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    action: str
    name: str
    cells: list[MatrixCell]


@dataclass(frozen=True, slots=True)
class Matrix:
    roles: list[str]
    rows: list[MatrixRow]


def matrix_of(policy: Policy) -> Matrix:
    """Actions down, roles across by rank: only roles that may grant something have a column."""
    rules = {(one.action, one.role): one for one in policy.authority}
    roles = {one.role: (one.rank, one.role_name) for one in policy.authority}
    codes = sorted(roles, key=lambda code: (roles[code][0], code))
    names: dict[str, str] = {}
    for one in policy.authority:
        names.setdefault(one.action, one.action_name)
    rows = []
    for action, name in sorted(names.items(), key=lambda pair: (pair[0] != SERVICE_CREDIT, _first(policy, pair[0]))):
        cells = []
        for code in codes:
            rule = rules.get((action, code))
            if rule is None:
                cells.append(MatrixCell("", "", ""))
                continue
            grant = grants_in([rule], action=action)[0]
            text = _reach(grant)
            cells.append(MatrixCell(text, rule.clause, policy.clause(rule.clause).number))
        rows.append(MatrixRow(action, name, cells))
    return Matrix([roles[code][1] for code in codes], rows)


def _first(policy: Policy, action: str) -> tuple[int, str]:
    """Rows in the order of the lowest role that may."""
    return min(one.rank for one in policy.authority if one.action == action), action


def _reach(grant: Grant) -> str:
    if grant.action != SERVICE_CREDIT:
        return "May"
    words = limit_words(grant)
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Effective:
    """One thing that somebody may grant today. `source` says by what: the role, or whose delegation until when."""

    name: str
    reach: str
    source: str
    until: datetime | None
    key: str
    number: str


def effective_of(policy: Policy, user: User, lent: list[tuple[Lent, str]]) -> list[Effective]:
    """By role first, then what is lent; every one with its clause."""
    found = []
    role = user.role.code if user.role and user.is_active else ""
    for action in dict.fromkeys(one.action for one in policy.authority):
        name = next(one.action_name for one in policy.authority if one.action == action)
        for grant in grants_in(policy.authority, action=action, role=role, lent=lent):
            if not grant.held:
                continue
            source = f"Lent by {grant.lent.delegator_name}, {grant.role_name}" if grant.lent else grant.role_name
            number = policy.clause(grant.clause).number
            until = grant.lent.until if grant.lent else None
            found.append(Effective(name, _reach(grant), source, until, grant.clause, number))
    return found
