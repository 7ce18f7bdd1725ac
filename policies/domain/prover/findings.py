"""What the prover says, and what it has to know of the organisation besides the policy."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from accounts.domain.calendars import Calendar
from policies.domain.practice import AcceptedRisk
from policies.domain.triggers import Names


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a policy that cannot work as it is written.

    `id` is `kind:what it is about`, the same between versions, so that an accepted finding stays accepted.
    `clauses` are keys; `counterexample` is a ticket (fact → value), a person or an instant that shows it.
    """

    id: str
    kind: str
    clauses: tuple[str, ...]
    message: str
    counterexample: Mapping[str, Any]
    accepted: bool = False
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """As `prove_policy --format json` prints it."""
        return {**asdict(self), "clauses": list(self.clauses), "counterexample": dict(self.counterexample)}


@dataclass(frozen=True, slots=True)
class TeamAtWork:
    """A team in use: its tier's code, when it works, how many people work in it."""

    code: str
    name: str
    tier: str
    calendar: Calendar
    people: int
    is_vendor: bool = False


@dataclass(frozen=True, slots=True)
class Lent:
    """A delegation as the prover sees it: usernames and its half-open span."""

    giver: str
    taker: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who is there to carry a policy out.

    `names`: list → value → name, the values that forms can produce. `week` is the Monday from which hours are looked
    at, for two weeks. `held`: code of a tier → what is open there ("14 open tickets").
    """

    names: Names
    teams: tuple[TeamAtWork, ...]
    week: datetime
    delegations: tuple[Lent, ...] = field(default=())
    held: Mapping[str, str] = field(default_factory=dict)


def judged(findings: Iterable[Finding], accepted: Iterable[AcceptedRisk]) -> list[Finding]:
    """The findings in the order of their kinds and ids, those that the policy accepts marked with the reason."""
    reasons = {one.finding: one.reason for one in accepted}
    marked = [
        Finding(one.id, one.kind, one.clauses, one.message, one.counterexample, one.id in reasons,
                reasons.get(one.id, ""))
        for one in findings
    ]  # fmt: skip
    return sorted(marked, key=lambda one: (one.accepted, one.kind, one.id))
