"""What the designer's interview asks (product.md F9), as plain data: a whole interview is one `Answers`."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Problem(StrEnum):
    """What the organisation suffers from today."""

    DELAYS = "delays"
    UNNECESSARY = "unnecessary"
    LOST = "lost"
    WRONG_TEAM = "wrong_team"
    ANGRY = "angry"
    SPIKES = "spikes"
    PUBLIC = "public"


PROBLEM_WORDS = {
    Problem.DELAYS: "Escalations wait too long before somebody takes them",
    Problem.UNNECESSARY: "Too much is escalated that could be solved where it is",
    Problem.LOST: "Nobody is sure who has a ticket, or whether the customer was told",
    Problem.WRONG_TEAM: "Tickets reach the wrong team first",
    Problem.ANGRY: "Customers grow upset before anybody notices",
    Problem.SPIKES: "Seasons and campaigns bring more than a team can take",
    Problem.PUBLIC: "Complaints appear in public before they are seen here",
}


class Common(StrEnum):
    """Common triggers that move a ticket up by themselves."""

    CRITICAL = "critical"
    PREMIUM_WAITS = "premium_waits"
    COMPLEX = "complex"
    ENGINEERING = "engineering"
    VENDOR = "vendor"
    UPSET = "upset"


COMMON_WORDS = {
    Common.CRITICAL: "The issue is of a critical type",
    Common.PREMIUM_WAITS: "A premium customer, or a large order, waits too long",
    Common.COMPLEX: "The issue is too complex for the entry tier",
    Common.ENGINEERING: "Engineering is required",
    Common.VENDOR: "A vendor or infrastructure provider has to act",
    Common.UPSET: "The customer is upset after several attempts",
}


@dataclass(frozen=True, slots=True)
class TierAnswer:
    """One tier, from the entry up, with the organisation's rank for it. Seconds are the team's working time."""

    code: str
    name: str
    rank: int
    people: int
    expertise: str
    handles: str
    hourly_cost: Decimal
    resolution_seconds: int
    ack_seconds: int | None = None
    limit_seconds: int | None = None
    share_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SeverityAnswer:
    """What a priority means here, and at which tier (its code) its tickets start."""

    definition: str
    response_seconds: int
    entry: str
    around_the_clock: bool = False


@dataclass(frozen=True, slots=True)
class SegmentAnswer:
    """What a segment's contract promises: seconds to resolution from P1 on, None where nothing is promised.

    An empty code is all other customers.
    """

    code: str
    is_premium: bool
    seconds: tuple[int | None, int | None, int | None, int | None] = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class PoolAnswer:
    """Specialists of a team (`tier` is the team's) for what comes up again and again: words or types lead to them."""

    key: str
    name: str
    team: str
    tier: str
    skill: str | None = None
    words: tuple[str, ...] = ()
    issue_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaneAnswer:
    """A team of `tier` that takes certain tickets, sorted so much earlier. No team: no such lane."""

    team: str = ""
    tier: str = ""
    head_start_seconds: int = 0


@dataclass(frozen=True, slots=True)
class ExpressAnswer:
    """The express lane: these issue types, or orders from this value on."""

    lane: LaneAnswer = LaneAnswer()
    issue_types: tuple[str, ...] = ()
    order_value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OverflowAnswer:
    """With more open tickets than this, new work of the team goes to the other."""

    team: str
    to_team: str
    open_tickets: int


@dataclass(frozen=True, slots=True)
class Answers:
    """A whole interview. `severities` are P1 to P4; `management` are keys of the base's triggers that stay.

    `credit_limits` are all roles that may grant credits: role and limit, None without limit.
    `new_types` are issue types to be added to the list: code and label. `manager_role` is told where a manager is.
    """

    title: str
    preset: str
    tiers: tuple[TierAnswer, ...]
    problems: frozenset[Problem]
    triggers: frozenset[Common]
    management: tuple[str, ...]
    severities: tuple[SeverityAnswer, SeverityAnswer, SeverityAnswer, SeverityAnswer]
    technical_types: tuple[str, ...]
    critical_types: tuple[str, ...]
    segments: tuple[SegmentAnswer, ...]
    premium_wait_seconds: int
    credit_limits: tuple[tuple[str, Decimal | None], ...]
    new_types: tuple[tuple[str, str], ...] = ()
    upset_attempts: int = 3
    manager_role: str | None = None
    pools: tuple[PoolAnswer, ...] = ()
    premium_lane: LaneAnswer = LaneAnswer()
    express: ExpressAnswer = ExpressAnswer()
    social: bool = False
    overflow: tuple[OverflowAnswer, ...] = ()
