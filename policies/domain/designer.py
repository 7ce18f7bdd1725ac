"""From the answers of an interview to a complete policy (product.md F9). Pure: the same answers, the same policy.

What the interview does not ask (who may grant what besides credits, management's response targets, message templates)
comes from a base policy, the one in force or the shipped one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from policies.choices import SERVICE_CREDIT, TriggerAction, TriggerKind
from policies.domain.policy import ContractRule, Policy, SeverityRules, TierRules
from policies.domain.practice import CommitmentText, OverflowRule, PolicyTrigger, PoolRule
from policies.domain.triggers import Condition, Group

MINUTE, HOUR = 60, 3600


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


@dataclass(frozen=True, slots=True)
class TierAnswer:
    """One tier, from the entry up. Minutes and hours are the team's working time; None is no such target."""

    code: str
    name: str
    people: int
    expertise: str
    handles: str
    hourly_cost: Decimal
    resolution_minutes: int
    ack_minutes: int | None = None
    limit_minutes: int | None = None
    share_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SeverityAnswer:
    """What a priority means here, and at which tier (its code) its tickets start."""

    definition: str
    response_minutes: int
    entry: str
    around_the_clock: bool = False


@dataclass(frozen=True, slots=True)
class SegmentAnswer:
    """What a segment's contract promises: hours to resolution from P1 on, None where nothing is promised."""

    code: str
    is_premium: bool
    hours: tuple[int | None, int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class PoolAnswer:
    """Specialists for what comes up again and again: words or an issue type lead to them."""

    key: str
    name: str
    team: str
    skill: str | None = None
    words: tuple[str, ...] = ()
    issue_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpressAnswer:
    """A lane that overtakes: these issue types, or orders from this value on, are sorted so much earlier."""

    issue_types: tuple[str, ...] = ()
    order_value: Decimal | None = None
    minutes_earlier: int = 0
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """A whole interview. `severities` are P1 to P4."""

    title: str
    preset: str
    tiers: tuple[TierAnswer, ...]
    problems: frozenset[Problem]
    severities: tuple[SeverityAnswer, SeverityAnswer, SeverityAnswer, SeverityAnswer]
    technical_types: tuple[str, ...]
    critical_types: tuple[str, ...]
    segments: tuple[SegmentAnswer, ...]
    premium_wait_minutes: int
    credit_limits: tuple[tuple[str, Decimal | None], ...]
    pools: tuple[PoolAnswer, ...] = ()
    express: ExpressAnswer = ExpressAnswer()
    overflow: tuple[tuple[str, str, int], ...] = ()  # team, other team, open tickets


def _trigger(
    key: str, name: str, kind: TriggerKind, action: TriggerAction, *conditions: tuple[str, str, object],
    to_tier: str | None = None, to_team: str | None = None, to_pool: str | None = None, notify: str | None = None,
    reason: str = "", head_start: int = 0, join: str = "all",
) -> PolicyTrigger:  # fmt: skip
    groups = (Group(join, tuple(Condition(*one) for one in conditions)),)
    return PolicyTrigger(
        key, name, kind, "all", groups, action, to_tier=to_tier, to_team=to_team, to_pool=to_pool, notify_role=notify,
        reason=reason, head_start_seconds=head_start,
    )  # fmt: skip


def _tiers(answers: Answers) -> tuple[TierRules, ...]:
    follows_up = Problem.LOST in answers.problems
    return tuple(
        TierRules(
            code=one.code,
            name=one.name,
            rank=rank,
            expertise=one.expertise,
            issue_types=one.handles,
            ack_seconds=None if rank == 1 else (one.ack_minutes or 30) * MINUTE,
            time_limit_seconds=one.limit_minutes * MINUTE if one.limit_minutes else None,
            resolution_seconds=one.resolution_minutes * MINUTE,
            target_escalation_percent=None if one.share_percent is None else str(one.share_percent),
            hourly_cost=str(one.hourly_cost),
            follow_up_seconds=HOUR if follows_up and rank > 1 else None,
        )
        for rank, one in enumerate(answers.tiers, start=1)
    )


def _severities(answers: Answers) -> tuple[SeverityRules, ...]:
    starts = (8 * HOUR, 4 * HOUR, HOUR, 0)
    top = answers.tiers[-1].code
    return tuple(
        SeverityRules(
            priority=priority,
            definition=one.definition,
            first_response_seconds=one.response_minutes * MINUTE,
            entry_tier=one.entry,
            entry_team=None,
            path=f"Direct to {one.entry}" if one.entry == top else f"From {one.entry} up",
            runs_around_the_clock=one.around_the_clock,
            head_start_seconds=start,
        )
        for priority, (one, start) in enumerate(zip(answers.severities, starts, strict=True), start=1)
    )


def _contracts(answers: Answers) -> Iterator[ContractRule]:
    for segment in answers.segments:
        for priority, hours in enumerate(segment.hours, start=1):
            if hours is not None:
                yield ContractRule(priority, segment.code, hours * HOUR, None)


def _technical(answers: Answers) -> Iterator[PolicyTrigger]:
    """What moves a ticket up by itself."""
    ranks = {one.code: rank for rank, one in enumerate(answers.tiers, start=1)}
    top_entry = answers.severities[0].entry
    escalate, kind = TriggerAction.ESCALATE, TriggerKind.TECHNICAL
    second = answers.tiers[1].code
    if answers.critical_types and ranks[top_entry] > 1:
        yield _trigger(
            "critical_issue", "What is always critical", kind, escalate, ("tier", "less", ranks[top_entry]),
            ("issue_type", "any_of", sorted(answers.critical_types)), to_tier=top_entry, reason="technical_complexity",
        )  # fmt: skip
    premium = sorted(one.code for one in answers.segments if one.is_premium)
    if premium:
        yield _trigger(
            "premium_waits", "A premium customer waits too long", kind, escalate, ("tier", "is", 1),
            ("segment", "any_of", premium), ("wait_time", "more", answers.premium_wait_minutes * MINUTE),
            to_tier=second, reason="sla_risk",
        )  # fmt: skip
    if Problem.UNNECESSARY in answers.problems and answers.technical_types:
        yield _trigger(
            "complex_technical", "Technical and too complex for the entry tier", kind, escalate, ("tier", "is", 1),
            ("issue_type", "any_of", sorted(answers.technical_types)), ("complexity", "is", "high"),
            to_tier=second, reason="technical_complexity",
        )  # fmt: skip
    else:
        yield _trigger(
            "complex", "Too complex for the entry tier", kind, escalate, ("tier", "is", 1),
            ("complexity", "is", "high"), to_tier=second, reason="technical_complexity",
        )  # fmt: skip
    if len(answers.tiers) > 2:
        yield _trigger(
            "engineering_required", "Engineering is required", kind, escalate, ("tier", "less", 3),
            ("engineering_required", "is", True), to_tier=answers.tiers[2].code, reason="technical_complexity",
        )  # fmt: skip
    if Problem.ANGRY in answers.problems:
        yield _trigger(
            "upset_after_attempts", "Upset after more than two attempts", kind, escalate, ("sentiment", "is", "upset"),
            ("attempts", "more", 2), notify="support_manager", reason="customer_requested",
        )  # fmt: skip


def _management(answers: Answers, base: Policy) -> Iterator[PolicyTrigger]:
    """The base's management triggers, and what this organisation suffers from besides."""
    yield from (one for one in base.triggers if one.kind == TriggerKind.MANAGEMENT)
    slowest = max((one.ack_minutes or 30 for one in answers.tiers[1:]), default=30)
    if Problem.DELAYS in answers.problems:
        yield _trigger(
            "unacknowledged_twice", "A handoff waits twice its acknowledgement target", TriggerKind.MANAGEMENT,
            TriggerAction.NOTIFY, ("unacknowledged_for", "more", 2 * slowest * MINUTE), notify="support_manager",
        )  # fmt: skip
    if Problem.PUBLIC in answers.problems:
        yield _trigger(
            "social_media", "A complaint comes by social media", TriggerKind.MANAGEMENT, TriggerAction.MANAGEMENT,
            ("channel", "is", "social"), ("sentiment", "any_of", ["frustrated", "upset"]), reason="customer_requested",
        )  # fmt: skip


def _routing(answers: Answers) -> Iterator[PolicyTrigger]:
    kind, route = TriggerKind.ROUTING, TriggerAction.ROUTE
    for pool in answers.pools:
        conditions: list[tuple[str, str, object]] = []
        if pool.words:
            conditions.append(("words", "contains_any", list(pool.words)))
        if pool.issue_types:
            conditions.append(("issue_type", "any_of", list(pool.issue_types)))
        if conditions:
            yield _trigger(f"to_{pool.key}", f"To {pool.name}", kind, route, *conditions, to_pool=pool.key, join="any")
    express = answers.express
    lanes: list[tuple[str, str, object]] = []
    if express.issue_types:
        lanes.append(("issue_type", "any_of", list(express.issue_types)))
    if express.order_value is not None:
        lanes.append(("order_value", "at_least", str(express.order_value)))
    if lanes and express.team and express.minutes_earlier:
        yield _trigger(
            "express", "Express lane", kind, route, *lanes, to_team=express.team, join="any",
            head_start=express.minutes_earlier * MINUTE,
        )  # fmt: skip


def _calming(answers: Answers, base: Policy) -> Iterator[PolicyTrigger]:
    yield from (one for one in base.triggers if one.kind == TriggerKind.CALMING)


def _commitments(answers: Answers, base: Policy) -> Iterator[CommitmentText]:
    yield from base.commitments
    if Problem.SPIKES in answers.problems:
        yield CommitmentText(
            "seasons", "Before each season, limits and duty are looked through with last year's figures."
        )
    if Problem.UNNECESSARY in answers.problems:
        yield CommitmentText("entry_tier", "What the entry tier may decide is looked through every month.")


def design(answers: Answers, base: Policy, *, code: str) -> Policy:
    """The policy that follows from the answers; its clauses are still to be numbered.

    A limit on credits replaces the base's for that role; None is without limit. Everything the interview does not ask
    is the base's. Accepted findings are not carried over: this is another policy.
    """
    limits = dict(answers.credit_limits)
    authority = tuple(
        replace(one, limit=None if limits[one.role] is None else str(limits[one.role]), note="")
        if one.action == SERVICE_CREDIT and one.role in limits
        else one
        for one in base.authority
    )
    return replace(
        base,
        code=code,
        title=answers.title,
        tiers=_tiers(answers),
        severities=_severities(answers),
        contracts=tuple(_contracts(answers)),
        clauses={},
        authority=authority,
        triggers=(
            *_technical(answers), *_management(answers, base), *_routing(answers), *_calming(answers, base),
        ),
        pools=tuple(PoolRule(one.key, one.name, one.team, one.skill) for one in answers.pools),
        overflows=tuple(OverflowRule(team, other, tickets) for team, other, tickets in answers.overflow),
        commitments=tuple(_commitments(answers, base)),
        accepted=(),
    )  # fmt: skip
