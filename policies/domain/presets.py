"""Where an interview starts: three kinds of business, each as complete answers for the organisation's own teams.

Pure: the organisation comes as plain data, so that no preset knows anybody's teams.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from policies.choices import SERVICE_CREDIT, TriggerKind
from policies.domain.answers import (
    Answers,
    Common,
    ExpressAnswer,
    LaneAnswer,
    OverflowAnswer,
    PoolAnswer,
    Problem,
    SegmentAnswer,
    SeverityAnswer,
    TierAnswer,
)
from policies.domain.policy import Policy, TierRules

MINUTE, HOUR = 60, 3600
FEWEST_TIERS, MOST_TIERS = 2, 6
TICKETS_EACH = 6  # a person's capacity where nothing else is said (accounts.User.capacity)
MOST_POOLS = 8


class Preset(StrEnum):
    GENERAL = "general"
    B2B = "b2b"
    SHOP = "shop"


PRESET_WORDS = {
    Preset.GENERAL: ("General", "Tiers, severities, credits and what calls management. Nothing is routed by itself."),
    Preset.B2B: (
        "B2B SaaS", "As General; besides, words and segments route a ticket, and specialist pools take what recurs.",
    ),
    Preset.SHOP: (
        "E-commerce", "As General; besides, order value and shipping have an express lane, social media a manager.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seat:
    """A tier as the organisation knows it, and how many people work there."""

    code: str
    name: str
    rank: int
    people: int


@dataclass(frozen=True, slots=True)
class Squad:
    """A team in use."""

    code: str
    name: str
    tier: str
    people: int


@dataclass(frozen=True, slots=True)
class Expertise:
    """A skill and the issue types that ask for it."""

    code: str
    name: str
    issue_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """The organisation as presets see it. Tiers by rank; lists are code → label, in their order.

    `known_types` are the codes of all issue types, those out of use included.
    """

    tiers: tuple[Seat, ...]
    teams: tuple[Squad, ...]
    issue_types: Mapping[str, str]
    known_types: frozenset[str]
    segments: Mapping[str, str]
    skills: tuple[Expertise, ...] = ()
    manager_role: str | None = None


# Source: "Tier Definitions"; the fifth and sixth are ours.
# Name, expertise, handles, ack, limit, resolution, share, cost.
TEMPLATES: tuple[tuple[str, str, str, int, int | None, int, str | None, str], ...] = (
    ("General support", "General support", "Password, billing, basic questions",
     15 * MINUTE, 2 * HOUR, HOUR, "20", "32"),
    ("Technical support", "Technical support", "Configuration, integrations",
     15 * MINUTE, 8 * HOUR, 4 * HOUR, "10", "48"),
    ("Senior engineers", "Senior engineers", "Bugs, complex technical issues",
     30 * MINUTE, None, 24 * HOUR, "5", "72"),
    ("Engineering and product", "Engineering and product", "Critical bugs, features",
     HOUR, None, 48 * HOUR, None, "90"),
    ("Architects", "Architecture and security", "What engineering cannot settle", HOUR, None, 48 * HOUR, None, "110"),
    ("Vendors", "Outside vendors", "What only a vendor can do", 4 * HOUR, None, 72 * HOUR, None, "120"),
)  # fmt: skip

# Source: "Severity Levels". Definition, first response, place of the entry tier from 0, around the clock.
SEVERITIES = (
    ("Service down, multiple users", 15 * MINUTE, 2, True),
    ("Major feature broken", 2 * HOUR, 1, False),
    ("Minor feature issue", 8 * HOUR, 0, False),
    ("Enhancement request", 48 * HOUR, 0, False),
)
SHOP_SEVERITIES = (
    ("Checkout or payment fails for many customers", 15 * MINUTE, 2, True),
    ("Orders cannot be placed, paid or found", HOUR, 1, False),
    ("One order is late, wrong or missing", 4 * HOUR, 0, False),
    ("Question or wish", 24 * HOUR, 0, False),
)
# No source gives contract times: settings to confirm. Hours from P1 on.
HOURS: Mapping[str, tuple[int | None, ...]] = {
    "enterprise": (4, 8, 40, None),
    "mid_market": (8, 16, 80, None),
    "": (24, 40, None, None),
}
SHOP_HOURS: Mapping[str, tuple[int | None, ...]] = {"": (8, 16, 24, None)}
SHOP_TYPES = {"order": "Order", "shipping": "Shipping", "refund": "Refund"}
TECHNICAL_TYPES = ("configuration", "integration", "bug", "outage", "performance", "access")
CRITICAL_TYPES = ("data_loss", "security_breach")
# What customers write, by the codes of the shipped skills; other skills go by their name.
SKILL_WORDS: Mapping[str, tuple[str, ...]] = {
    "api": ("api", "endpoint", "rate limit", "integration"),
    "webhooks": ("webhook", "webhooks", "callback", "signature"),
    "identity": ("sso", "saml", "single sign-on", "locked out"),
    "data": ("export", "import", "report is wrong", "missing records"),
    "performance": ("slow", "timeout", "outage", "not loading"),
}


def seats(setting: Setting, count: int) -> list[Seat]:
    """The first `count` tiers of the organisation; where it has fewer, new ones above them."""
    found = list(setting.tiers[:count])
    taken, rank = {one.code for one in setting.tiers}, max((one.rank for one in setting.tiers), default=0)
    while len(found) < count:
        rank += 1
        number = rank
        while f"L{number}" in taken:
            number += 1
        taken.add(f"L{number}")
        found.append(Seat(f"L{number}", TEMPLATES[min(len(found), len(TEMPLATES) - 1)][0], rank, 0))
    return found


def _tier(seat: Seat, place: int, rules: TierRules | None, last: bool) -> TierAnswer:
    _, expertise, handles, ack, limit, resolution, share, cost = TEMPLATES[place]
    if rules is not None:
        expertise, handles, cost = rules.expertise, rules.issue_types, rules.hourly_cost
        ack, limit, resolution = rules.ack_seconds or ack, rules.time_limit_seconds, rules.resolution_seconds
        share = rules.target_escalation_percent
    return TierAnswer(
        seat.code, seat.name, seat.rank, seat.people, expertise, handles, Decimal(cost), resolution,
        ack if place else None, None if last else limit, None if last or share is None else Decimal(share),
    )  # fmt: skip


def tier_answers(setting: Setting, base: Policy, count: int) -> tuple[TierAnswer, ...]:
    """What is known of each of so many tiers: from the base policy, else as Belay ships it."""
    rules = {one.code: one for one in base.tiers}
    found = seats(setting, count)
    return tuple(
        _tier(seat, place, rules.get(seat.code), last=place == len(found) - 1) for place, seat in enumerate(found)
    )


def severity_answers(preset: Preset, base: Policy, tiers: tuple[TierAnswer, ...]) -> tuple[SeverityAnswer, ...]:
    """P1 to P4, entering at tiers that there are."""
    codes = [one.code for one in tiers]
    shop = preset == Preset.SHOP
    old = {} if shop else {one.priority: one for one in base.severities}
    made = []
    for priority, (definition, seconds, place, always) in enumerate(SHOP_SEVERITIES if shop else SEVERITIES, start=1):
        entry = codes[min(place, len(codes) - 1)]
        rules = old.get(priority)
        if rules is None:
            made.append(SeverityAnswer(definition, seconds, entry, always))
        else:
            entry = rules.entry_tier if rules.entry_tier in codes else entry
            made.append(
                SeverityAnswer(
                    rules.definition, rules.first_response_seconds, entry, rules.runs_around_the_clock
                )
            )  # fmt: skip
    return tuple(made)


def _span(hours: int | None) -> int | None:
    return None if hours is None else hours * HOUR


def _segments(preset: Preset, setting: Setting, base: Policy) -> tuple[SegmentAnswer, ...]:
    promised = {(one.segment, one.priority): one.resolution_seconds for one in base.contracts}
    premium = "enterprise" if "enterprise" in setting.segments else next(iter(setting.segments), "")
    made = []
    for code in (*setting.segments, ""):
        hours = SHOP_HOURS.get(code) if preset == Preset.SHOP else HOURS.get(code)
        p1, p2, p3, p4 = (_span(one) for one in hours or (None,) * 4)
        if promised and preset != Preset.SHOP:
            p1, p2, p3, p4 = (promised.get((code, priority)) for priority in (1, 2, 3, 4))
        made.append(SegmentAnswer(code, code == premium and preset != Preset.SHOP and bool(code), (p1, p2, p3, p4)))
    return tuple(made)


def overflow_answers(setting: Setting, tiers: Iterable[TierAnswer]) -> tuple[OverflowAnswer, ...]:
    """Teams of one tier help each other, each past what its share of the tier's people can hold."""
    made = []
    for tier in tiers:
        teams = [one for one in setting.teams if one.tier == tier.code]
        for place, one in enumerate(teams if len(teams) > 1 else []):
            other = teams[(place + 1) % len(teams)]
            people = max(tier.people // len(teams), 1)
            made.append(OverflowAnswer(one.code, other.code, people * TICKETS_EACH))
    return tuple(made)


def _team_for(skill: Expertise, teams: list[Squad]) -> Squad:
    """The team whose name speaks of the skill, else the largest."""
    words = {word for word in skill.name.lower().split() if len(word) > 3}
    named = [one for one in teams if words & set(one.name.lower().split())]
    return (named or sorted(teams, key=lambda one: -one.people))[0]


def _pools(setting: Setting, tiers: tuple[TierAnswer, ...]) -> tuple[PoolAnswer, ...]:
    """A pool for each skill that has words or issue types, at the first tier above the entry that has teams."""
    teams: list[Squad] = []
    for tier in tiers[1:]:
        teams = teams or [one for one in setting.teams if one.tier == tier.code]
    if not teams:
        return ()
    known = [one for one in setting.skills if one.code in SKILL_WORDS] or list(setting.skills)
    if not known:
        known = [Expertise("integrations", "Integrations", ("integration",))]
    made = []
    for skill in known[: MOST_POOLS - 2]:
        team = _team_for(skill, teams)
        words = SKILL_WORDS.get(skill.code, (skill.name.lower(),))
        is_skill = skill in setting.skills
        made.append(
            PoolAnswer(skill.code, skill.name, team.code, team.tier, skill.code if is_skill else None, words, ())
        )
    return tuple(made)


def _biggest(setting: Setting, tier: str) -> Squad | None:
    return max((one for one in setting.teams if one.tier == tier), key=lambda one: one.people, default=None)


def _lane(setting: Setting, tier: str, seconds: int) -> LaneAnswer:
    team = _biggest(setting, tier)
    return LaneAnswer(team.code, team.tier, seconds) if team else LaneAnswer()


def _general(setting: Setting, base: Policy, tiers: tuple[TierAnswer, ...], preset: Preset) -> Answers:
    p1, p2, p3, p4 = severity_answers(preset, base, tiers)
    credit_limits = tuple(
        (one.role, None if one.limit is None else Decimal(one.limit))
        for one in base.authority
        if one.action == SERVICE_CREDIT
    )
    return Answers(
        title=base.title,
        preset=preset,
        tiers=tiers,
        problems=frozenset({Problem.LOST}),
        triggers=frozenset(Common),
        management=tuple(one.key for one in base.triggers if one.kind == TriggerKind.MANAGEMENT),
        severities=(p1, p2, p3, p4),
        technical_types=tuple(code for code in TECHNICAL_TYPES if code in setting.issue_types),
        critical_types=tuple(code for code in CRITICAL_TYPES if code in setting.issue_types),
        segments=_segments(preset, setting, base),
        premium_wait_seconds=2 * HOUR,
        credit_limits=credit_limits,
        manager_role=setting.manager_role,
    )


def preset_answers(preset: Preset, setting: Setting, base: Policy, *, tiers: int | None = None) -> Answers:
    """Complete answers for this organisation, so that each question has its default. `tiers`: how many."""
    count = len(setting.tiers) if tiers is None else tiers
    made = tier_answers(setting, base, min(max(count, FEWEST_TIERS), MOST_TIERS))
    start = _general(setting, base, made, preset)
    match preset:
        case Preset.B2B:
            return replace(
                start,
                problems=start.problems | {Problem.UNNECESSARY, Problem.WRONG_TEAM},
                pools=_pools(setting, made),
                premium_lane=_lane(setting, made[0].code, HOUR),
            )
        case Preset.SHOP:
            new = {code: label for code, label in SHOP_TYPES.items() if code not in setting.known_types}
            offered = {**setting.issue_types, **new}
            return replace(
                start,
                problems=start.problems | {Problem.SPIKES, Problem.PUBLIC},
                new_types=tuple(new.items()),
                premium_wait_seconds=HOUR,
                express=ExpressAnswer(
                    _lane(setting, made[0].code, 2 * HOUR), tuple(code for code in ("shipping",) if code in offered),
                    Decimal(500),
                ),
                social=True,
                overflow=overflow_answers(setting, made),
            )  # fmt: skip
    return start
