"""From the answers of an interview to a complete policy (product.md F9). Pure: the same answers, the same policy.

What the interview does not ask (who may grant what besides credits, management's response targets, message templates)
comes from a base policy, the one in force.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from policies.choices import SERVICE_CREDIT, TriggerAction, TriggerKind
from policies.domain.answers import Answers, Common, LaneAnswer, PoolAnswer, Problem
from policies.domain.policy import AuthorityGrant, ContractRule, Policy, SeverityRules, TierRules
from policies.domain.practice import CommitmentText, OverflowRule, PolicyTrigger, PoolRule
from policies.domain.triggers import Condition, Group

MINUTE, HOUR = 60, 3600
ACK_SECONDS = 30 * MINUTE  # where a tier that receives escalations was given no target
HEAD_STARTS = (8 * HOUR, 4 * HOUR, HOUR, 0)  # of P1 to P4 in the queue, as shipped
Rows = tuple[tuple[str, str, object], ...]

MEASURES = {
    Problem.UNNECESSARY: ("entry_tier", "What the entry tier may decide is looked through every month."),
    Problem.WRONG_TEAM: (
        "wrong_team", "Tickets that reached the wrong team are looked through every week, and the routing is mended.",
    ),
    Problem.SPIKES: ("seasons", "Before each season, limits and duty are looked through with last year’s figures."),
    Problem.PUBLIC: ("public", "What customers say in public is looked through every day."),
}  # fmt: skip


def _trigger(
    key: str, name: str, kind: TriggerKind, action: TriggerAction, rows: Rows, *, anyway: Rows = (),
    to_tier: str | None = None, to_team: str | None = None, to_pool: str | None = None, notify: str | None = None,
    reason: str = "", head_start: int = 0,
) -> PolicyTrigger:  # fmt: skip
    """`rows` hold all together; of `anyway`, where there are any, one."""
    groups = [Group(join, tuple(Condition(*one) for one in held)) for join, held in (("all", rows), ("any", anyway))]
    return PolicyTrigger(
        key, name, kind, "all", tuple(group for group in groups if group.conditions), action, to_tier=to_tier,
        to_team=to_team, to_pool=to_pool, notify_role=notify, reason=reason, head_start_seconds=head_start,
    )  # fmt: skip


def _tiers(answers: Answers) -> tuple[TierRules, ...]:
    """From the top there is nowhere to escalate to: neither a limit nor a share."""
    follows_up, top = Problem.LOST in answers.problems, len(answers.tiers) - 1
    return tuple(
        TierRules(
            code=one.code,
            name=one.name,
            rank=one.rank,
            expertise=one.expertise,
            issue_types=one.handles,
            ack_seconds=(one.ack_seconds or ACK_SECONDS) if place else None,
            time_limit_seconds=(one.limit_seconds or None) if place < top else None,
            resolution_seconds=one.resolution_seconds,
            target_escalation_percent=None if one.share_percent is None or place == top else f"{one.share_percent:.1f}",
            hourly_cost=f"{one.hourly_cost:.2f}",
            follow_up_seconds=HOUR if follows_up and place else None,
        )
        for place, one in enumerate(answers.tiers)
    )


def path_words(entry: str, codes: list[str]) -> str:
    """`L2, then L3`, `Direct to L3`: the way up from where a severity enters."""
    place = codes.index(entry)
    if place == len(codes) - 1:
        return f"Direct to {entry}"
    return f"{entry}, then {codes[place + 1]}" if place else "Standard path"


def _severities(answers: Answers) -> tuple[SeverityRules, ...]:
    codes = [one.code for one in answers.tiers]
    return tuple(
        SeverityRules(
            priority=priority,
            definition=one.definition,
            first_response_seconds=one.response_seconds,
            entry_tier=one.entry,
            entry_team=None,
            path=path_words(one.entry, codes),
            runs_around_the_clock=one.around_the_clock,
            head_start_seconds=start,
        )
        for priority, (one, start) in enumerate(zip(answers.severities, HEAD_STARTS, strict=True), start=1)
    )


def _contracts(answers: Answers) -> tuple[ContractRule, ...]:
    rules = [
        ContractRule(priority, segment.code, seconds, None)
        for segment in answers.segments
        for priority, seconds in enumerate(segment.seconds, start=1)
        if seconds is not None
    ]
    return tuple(sorted(rules, key=lambda rule: (rule.priority, rule.segment)))


def _premium(answers: Answers) -> list[str]:
    return sorted(one.code for one in answers.segments if one.is_premium and one.code)


def _technical(answers: Answers) -> Iterator[PolicyTrigger]:
    """What moves a ticket up by itself."""
    wanted, escalate, kind = answers.triggers, TriggerAction.ESCALATE, TriggerKind.TECHNICAL
    ranks = {one.code: one.rank for one in answers.tiers}
    first, second, top = answers.tiers[0], answers.tiers[1], answers.tiers[-1]
    critical_at = answers.severities[0].entry
    at_entry = ("tier", "is", first.rank)
    premium = _premium(answers)
    if Common.CRITICAL in wanted and answers.critical_types and ranks[critical_at] > first.rank:
        yield _trigger(
            "critical_type", "What is always critical", kind, escalate,
            (("tier", "less", ranks[critical_at]), ("issue_type", "any_of", sorted(answers.critical_types))),
            to_tier=critical_at, reason="technical_complexity",
        )  # fmt: skip
    if Common.PREMIUM_WAITS in wanted and premium:
        yield _trigger(
            "premium_waits", "A premium customer waits too long", kind, escalate,
            (at_entry, ("segment", "any_of", premium), ("wait_time", "more", answers.premium_wait_seconds)),
            to_tier=second.code, reason="sla_risk",
        )  # fmt: skip
    if Common.PREMIUM_WAITS in wanted and answers.express.order_value is not None:
        worth = ("order_value", "at_least", f"{answers.express.order_value:.2f}")
        yield _trigger(
            "order_waits", "A large order waits too long", kind, escalate,
            (at_entry, worth, ("wait_time", "more", answers.premium_wait_seconds)), to_tier=second.code,
            reason="sla_risk",
        )  # fmt: skip
    if Common.COMPLEX in wanted:
        narrow = Problem.UNNECESSARY in answers.problems and answers.technical_types
        only: Rows = (("issue_type", "any_of", sorted(answers.technical_types)),) if narrow else ()
        name = "Technical and too complex for the entry tier" if narrow else "Too complex for the entry tier"
        yield _trigger(
            "complex_at_entry", name, kind, escalate, (at_entry, *only, ("complexity", "is", "high")),
            to_tier=second.code, reason="technical_complexity",
        )  # fmt: skip
    if Common.ENGINEERING in wanted and len(answers.tiers) > 2:
        third = answers.tiers[2]
        yield _trigger(
            "engineering_required", "Engineering is required", kind, escalate,
            (("tier", "less", third.rank), ("engineering_required", "is", True)),
            to_tier=third.code, reason="technical_complexity",
        )  # fmt: skip
    if Common.VENDOR in wanted and len(answers.tiers) > 3:
        yield _trigger(
            "vendor_dependency", "A vendor or infrastructure provider has to act", kind, escalate,
            (("tier", "is", answers.tiers[-2].rank), ("vendor", "is", True)),
            to_tier=top.code, reason="integration_issue",
        )  # fmt: skip
    if Common.UPSET in wanted:
        yield _trigger(
            "upset_after_attempts", "Upset after several attempts", kind, escalate,
            (("sentiment", "is", "upset"), ("attempts", "more", answers.upset_attempts)),
            notify=answers.manager_role, reason="customer_requested",
        )  # fmt: skip


def _management(answers: Answers) -> Iterator[PolicyTrigger]:
    """What calls management because of what this organisation suffers from."""
    slowest = max(one.ack_seconds or ACK_SECONDS for one in answers.tiers[1:])
    if Problem.DELAYS in answers.problems and answers.manager_role:
        yield _trigger(
            "unacknowledged_twice", "A handoff waits twice its acknowledgement target", TriggerKind.MANAGEMENT,
            TriggerAction.NOTIFY, (("unacknowledged_for", "more", 2 * slowest),), notify=answers.manager_role,
        )  # fmt: skip
    if Problem.ANGRY in answers.problems and answers.manager_role:
        yield _trigger(
            "upset_waits", "An upset customer waits for an hour", TriggerKind.MANAGEMENT, TriggerAction.NOTIFY,
            (("sentiment", "is", "upset"), ("wait_time", "more", HOUR)), notify=answers.manager_role,
        )  # fmt: skip
    if answers.social:
        yield _trigger(
            "social_media", "A complaint comes by social media", TriggerKind.MANAGEMENT, TriggerAction.MANAGEMENT,
            (("channel", "is", "social"), ("sentiment", "any_of", ["frustrated", "upset"])),
            reason="customer_requested",
        )  # fmt: skip


def _held(lane: LaneAnswer, ranks: dict[str, int]) -> Rows:
    """Routing is within a tier: it asks for the tier that the team works at."""
    return (("tier", "is", ranks[lane.tier]),)


def _routing(answers: Answers) -> Iterator[PolicyTrigger]:
    kind, route = TriggerKind.ROUTING, TriggerAction.ROUTE
    ranks = {one.code: one.rank for one in answers.tiers}
    express = answers.express
    lanes: list[tuple[str, str, object]] = []
    if express.issue_types:
        lanes.append(("issue_type", "any_of", sorted(express.issue_types)))
    if express.order_value is not None:
        lanes.append(("order_value", "at_least", f"{express.order_value:.2f}"))
    if lanes and express.lane.team and express.lane.tier in ranks:
        yield _trigger(
            "express", "Express lane", kind, route, _held(express.lane, ranks), anyway=tuple(lanes),
            to_team=express.lane.team, head_start=express.lane.head_start_seconds,
        )  # fmt: skip
    for pool in _pools(answers):
        found: list[tuple[str, str, object]] = []
        if pool.words:
            found.append(("words", "contains_any", list(pool.words)))
        if pool.issue_types:
            found.append(("issue_type", "any_of", sorted(pool.issue_types)))
        if found:
            held = _held(LaneAnswer(pool.team, pool.tier), ranks)
            yield _trigger(f"to_{pool.key}", f"To {pool.name}", kind, route, held, anyway=tuple(found),
                           to_pool=pool.key)  # fmt: skip
    lane, premium = answers.premium_lane, _premium(answers)
    if lane.team and lane.tier in ranks and premium:
        yield _trigger(
            "premium_lane", "Premium customers", kind, route,
            (*_held(lane, ranks), ("segment", "any_of", premium)), to_team=lane.team,
            head_start=lane.head_start_seconds,
        )  # fmt: skip


def _pools(answers: Answers) -> Iterator[PoolAnswer]:
    """The pools whose team works at one of the tiers."""
    codes = {one.code for one in answers.tiers}
    return (pool for pool in answers.pools if pool.tier in codes)


def _kept(base: Policy, kind: TriggerKind, tiers: set[str], taken: set[str]) -> Iterator[PolicyTrigger]:
    """The base's triggers of a kind, where they still make sense: their tiers are there, their pools are not."""
    for one in base.triggers:
        if one.kind != kind or one.key in taken or (one.to_pool and not one.to_team):
            continue
        yield replace(one, to_pool=None, to_tier=one.to_tier if one.to_tier in tiers else None)


def _triggers(answers: Answers, base: Policy) -> tuple[PolicyTrigger, ...]:
    tiers = {one.code for one in answers.tiers}
    made = [*_technical(answers), *_management(answers), *_routing(answers)]
    taken = {one.key for one in made}
    chosen = set(answers.management)
    kept = [one for one in _kept(base, TriggerKind.MANAGEMENT, tiers, taken) if one.key in chosen]
    calming = list(_kept(base, TriggerKind.CALMING, tiers, taken))
    by_kind = {kind: [one for one in made if one.kind == kind] for kind in TriggerKind}
    return (
        *by_kind[TriggerKind.TECHNICAL], *kept, *by_kind[TriggerKind.MANAGEMENT], *by_kind[TriggerKind.ROUTING],
        *calming,
    )  # fmt: skip


def _commitments(answers: Answers, base: Policy) -> Iterator[CommitmentText]:
    measures = {key for key, _ in MEASURES.values()}
    yield from (one for one in base.commitments if one.key not in measures)
    for problem, (key, text) in MEASURES.items():
        if problem in answers.problems:
            yield CommitmentText(key, text)


def _authority(answers: Answers, base: Policy) -> tuple[AuthorityGrant, ...]:
    """The base's, but credits only as answered. A role that the base does not know is left out."""
    roles = {one.role: one for one in base.authority}
    names = {one.action: one.action_name for one in base.authority}
    old = {one.role: one for one in base.authority if one.action == SERVICE_CREDIT}
    grants = [one for one in base.authority if one.action != SERVICE_CREDIT]
    for role, amount in answers.credit_limits:
        limit = None if amount is None else f"{Decimal(amount):.2f}"
        if role in old and old[role].limit == limit:
            grants.append(old[role])
        elif role in roles:
            grants.append(
                replace(
                    roles[role], action=SERVICE_CREDIT, action_name=names.get(SERVICE_CREDIT, "Service credit"),
                    limit=limit, inclusive=True, note="",
                )
            )  # fmt: skip
    return tuple(sorted(grants, key=lambda one: (one.rank, one.role)))


def design(answers: Answers, base: Policy, *, code: str) -> Policy:
    """The policy that follows from the answers (two tiers or more); its clauses are still to be numbered.

    Everything the interview does not ask is the base's. Accepted findings are not carried over: this is another
    policy.
    """
    return replace(
        base,
        code=code,
        title=answers.title,
        tiers=_tiers(answers),
        severities=_severities(answers),
        contracts=_contracts(answers),
        clauses={},
        authority=_authority(answers, base),
        triggers=_triggers(answers, base),
        pools=tuple(PoolRule(one.key, one.name, one.team, one.skill) for one in _pools(answers)),
        overflows=tuple(OverflowRule(one.team, one.to_team, one.open_tickets) for one in answers.overflow),
        commitments=tuple(_commitments(answers, base)),
        accepted=(),
    )
