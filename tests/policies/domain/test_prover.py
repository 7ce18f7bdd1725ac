"""Each kind of finding on a small policy that has just it, and none once it is mended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.calendar_spec import CalendarSpec, Hours
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, build_calendar
from policies.domain.compiling import understood
from policies.domain.facts import FACTS, MANY, NOTHING, OPERATORS
from policies.domain.policy import AuthorityGrant, ContractRule, Policy, SeverityRules, TierRules
from policies.domain.practice import AcceptedRisk, PolicyTrigger
from policies.domain.prover import Lent, Organisation, TeamAtWork, prove
from policies.domain.prover.witness import fires_without, witness
from policies.domain.triggers import Condition, Group, TriggerRule, evaluate
from tests.policies.domain.test_triggers import VALUES

HOUR = 3600
NAMES: dict[str, dict[Any, str]] = {
    "priority": {1: "P1", 2: "P2", 3: "P3", 4: "P4"},
    "tier": {1: "L1", 2: "L2"},
    "sentiment": {"upset": "Upset", "neutral": "Neutral"},
    "segment": {"enterprise": "Enterprise"},
}
MONDAY = datetime(2026, 6, 15, tzinfo=UTC)
ORGANISATION = Organisation(
    NAMES,
    tuple(TeamAtWork(code, code.title(), tier, ALWAYS_OPEN, 2) for code, tier in (("front", "L1"), ("tech", "L2"))),
    MONDAY,
)


def tier(code: str, rank: int, **numbers: Any) -> TierRules:
    values = {"ack_seconds": None, "time_limit_seconds": None, "resolution_seconds": HOUR} | numbers
    return TierRules(code, code, rank, "", "", target_escalation_percent=None, hourly_cost="1.00", **values)


def credit(role: str, rank: int, limit: str | None, action: str = "service_credit") -> AuthorityGrant:
    return AuthorityGrant(role, role.title(), rank, action, action, limit, True)


def trigger(
    key: str, *conditions: tuple[str, str, Any], action: str = "escalate", to: str | None = "L2"
) -> PolicyTrigger:
    groups = (Group("all", tuple(Condition(*one) for one in conditions)),)
    return PolicyTrigger(key, key, "technical", "all", groups, action, to_tier=to if action == "escalate" else None)


SOUND = Policy(
    "1", "Sound",
    tiers=(tier("L1", 1), tier("L2", 2, ack_seconds=900)),
    severities=tuple(SeverityRules(p, "", HOUR, "L1", None, "", p == 1, 0) for p in range(1, 5)),
    contracts=(), responses={}, clauses={},
    authority=(credit("agent", 10, "50.00"), credit("boss", 50, None)),
    triggers=(trigger("upset", ("sentiment", "is", "upset"), ("tier", "is", 1)),),
)  # fmt: skip


def office(zone: str) -> Calendar:
    """Monday to Friday, 8 to 18."""
    return build_calendar(CalendarSpec("office", zone, weekly=((Hours(480, 1080),),) * 5 + ((), ())), holidays=None)


def ids(policy: Policy, organisation: Organisation = ORGANISATION) -> list[str]:
    return [one.id for one in prove(policy, organisation)]


def test_a_sound_policy_has_no_finding():
    assert ids(SOUND) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"triggers": (trigger("t", ("sentiment", "is", "livid")),)}, "value:t:sentiment:livid"),
        ({"triggers": (trigger("t", ("priority", "less", 1)),)}, "never:t"),
        ({"triggers": (trigger("t", ("tier", "at_least", 2)),)}, "moves_nothing:t"),
        (
            {"triggers": (trigger("a", ("attempts", "more", 3)), trigger("b", ("attempts", "more", 5)))},
            "shadowed:b:a",
        ),
        ({"tiers": (tier("L1", 1, time_limit_seconds=2 * HOUR), SOUND.tiers[1])}, "resolution_before_limit:L1"),
        ({"authority": (credit("boss", 50, "50.00"),)}, "authority_gap:service_credit"),
        (
            {"authority": (credit("a", 10, "90.00"), credit("b", 20, "50.00"), credit("c", 30, None))},
            "falling_limit:b",
        ),
        (
            {"authority": (credit("a", 10, "90.00"), credit("b", 10, "50.00"), credit("c", 30, None))},
            "overlap:a:b",
        ),
        ({"tiers": (*SOUND.tiers, tier("L3", 3, ack_seconds=60))}, "nobody_staffs:L3"),
        ({"tiers": SOUND.tiers[:1], "triggers": ()}, "tier_without_rules:L2"),
        (
            {"severities": (replace(SOUND.severities[0], entry_tier="L2", first_response_seconds=60),
                            *SOUND.severities[1:])},
            "response_before_ack:P1:L2",
        ),
        ({"contracts": (ContractRule(2, "enterprise", HOUR - 1, None),)}, "contract_before_target:P2:enterprise"),
        ({"authority": (credit("a", 10, None), credit("b", 20, "50.00"), credit("c", 30, None))}, "missing_limit:a"),
        (
            {"authority": (credit("a", 10, "9.00"), credit("b", 20, None, "hotfix"), credit("c", 30, None))},
            "no_authority_between:b",
        ),
        (
            {"severities": (replace(SOUND.severities[0], entry_team="tech"), *SOUND.severities[1:])},
            "team_of_no_tier:P1",
        ),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_one_finding_with_its_counterexample(changes, found):
    (one,) = prove(replace(SOUND, **changes), ORGANISATION)
    assert one.id == found
    assert one.counterexample


def test_hours_that_nobody_covers_are_found_with_their_first_instant():
    """P1 runs 24×7 and enters at L1, which works office hours, as does the other team of the tier, later."""
    early, late = office("Europe/Berlin"), office("America/New_York")
    teams = tuple(TeamAtWork(name, name, "L1", hours, 2) for name, hours in (("early", early), ("late", late)))
    open_later = replace(ORGANISATION, teams=(*teams, ORGANISATION.teams[1]))

    (one,) = prove(SOUND, open_later)

    assert one.id == "hours_uncovered:P1:L1"
    assert datetime.fromisoformat(one.counterexample["opened_at"]) == MONDAY
    at_night = replace(SOUND.severities[0], runs_around_the_clock=False)
    assert ids(replace(SOUND, severities=(at_night, *SOUND.severities[1:])), open_later) == []
    around = TeamAtWork("asia", "asia", "L1", ALWAYS_OPEN, 2)
    assert ids(SOUND, replace(open_later, teams=(*open_later.teams, around))) == []
    nobody_there = replace(around, people=0)
    assert ids(SOUND, replace(open_later, teams=(*open_later.teams, nobody_there))) == ["hours_uncovered:P1:L1"]


def test_a_trigger_that_calls_management_too_early_names_the_tier_that_still_has_time():
    early = replace(trigger("early", ("age", "more", HOUR), action="management"), kind="management")
    tiers = (replace(SOUND.tiers[0], time_limit_seconds=HOUR), replace(SOUND.tiers[1], time_limit_seconds=2 * HOUR,
                                                                      resolution_seconds=2 * HOUR))  # fmt: skip

    (one,) = prove(replace(SOUND, tiers=tiers, triggers=(early,)), ORGANISATION)

    assert one.id == "management_before_limit:early:L2"
    assert evaluate(understood(early.rule), one.counterexample | {"age": HOUR + 1}) is not None


def test_a_trigger_below_the_tier_that_a_severity_enters():
    tiers = (*SOUND.tiers, tier("L3", 3, ack_seconds=900))
    staffed = (*ORGANISATION.teams, TeamAtWork("deep", "Deep", "L3", ALWAYS_OPEN, 1))
    first = replace(SOUND.severities[0], entry_tier="L3")
    waits = trigger("waits", ("attempts", "more", 2))

    found = prove(replace(SOUND, tiers=tiers, severities=(first, *SOUND.severities[1:]), triggers=(waits,)),
                  replace(ORGANISATION, teams=staffed))  # fmt: skip

    assert [one.id for one in found] == ["below_entry:waits:P1"]
    assert found[0].counterexample == {"priority": 1, "tier": 3, "attempts": 3}


def test_what_can_never_fire_is_shown_by_the_ticket_that_comes_nearest():
    never = trigger("t", ("sentiment", "is", "upset"), ("priority", "less", 1))
    (one,) = prove(replace(SOUND, triggers=(never,)), ORGANISATION)
    assert one.counterexample == {"sentiment": "upset", "fails": "Priority is graver than P1"}
    there = trigger("t", ("tier", "at_least", 2))
    (one,) = prove(replace(SOUND, triggers=(there,)), ORGANISATION)
    assert one.counterexample == {"tier": 2}


def test_what_can_be_asked_for_and_nobody_may_grant():
    asked = replace(ORGANISATION, names=NAMES | {"authority": {"service_credit": "Credit", "hotfix": "Hotfix"}})
    assert ids(SOUND, asked) == ["authority_gap:hotfix"]
    assert ids(replace(SOUND, authority=(credit("boss", 50, None, "hotfix"),)), asked) == [
        "authority_gap:service_credit"
    ]


def test_open_tickets_at_a_tier_without_rules_are_found_without_teams_too():
    held = replace(ORGANISATION, held={"L1": "3 open tickets", "L4": "14 open tickets"},
                   names=NAMES | {"tier": {1: "L1", 2: "L2", 4: "L4"}})  # fmt: skip
    (one,) = prove(SOUND, held)
    assert (one.id, one.counterexample) == ("tier_without_rules:L4", {"tier": 4, "holds": "14 open tickets"})
    assert "it holds 14 open tickets" in one.message


def test_one_trigger_too_long_to_judge_hides_no_other_s_shadow():
    words = [f"word{number}" for number in range(14)]
    long = trigger("long", ("words", "contains_any", words), ("words", "contains_none", ["other"]))
    pair = (trigger("a", ("attempts", "more", 3)), trigger("b", ("attempts", "more", 5)))

    assert ids(replace(SOUND, triggers=(long, replace(long, key="more"), *pair))) == ["shadowed:b:a"]


def test_the_same_condition_first_and_looser_is_no_shadow():
    policy = replace(SOUND, triggers=(trigger("a", ("attempts", "more", 5)), trigger("b", ("attempts", "more", 3))))

    assert ids(policy) == []


def test_delegations_in_a_circle_are_a_finding_only_while_they_overlap():
    day = timedelta(days=1)
    lent = (Lent("a", "b", MONDAY, MONDAY + 2 * day), Lent("b", "a", MONDAY + day, MONDAY + 3 * day))

    assert ids(SOUND, replace(ORGANISATION, delegations=lent)) == ["delegation_cycle:a-b"]
    apart = (lent[0], replace(lent[1], starts_at=MONDAY + 2 * day))
    assert ids(SOUND, replace(ORGANISATION, delegations=apart)) == []


def test_a_circle_is_found_behind_other_delegations():
    """Whoever lends to several is followed along each of them."""
    span = (MONDAY, MONDAY + timedelta(days=1))
    lent = tuple(Lent(giver, taker, *span) for giver, taker in ("ad", "ab", "bc", "bd", "be", "ea"))

    assert ids(SOUND, replace(ORGANISATION, delegations=lent)) == ["delegation_cycle:a-b-e"]


def test_a_limit_falls_against_whoever_is_below_not_only_the_next():
    low, mid = credit("a", 10, "90.00"), credit("b", 20, "50.00")
    policy = replace(SOUND, authority=(low, mid, credit("c", 30, "60.00"), credit("d", 40, None)))

    assert ids(policy) == ["falling_limit:b", "falling_limit:c"]


def test_below_a_limit_is_less_than_up_to_it():
    under = replace(credit("b", 20, "90.00"), inclusive=False)
    assert ids(replace(SOUND, authority=(credit("a", 10, "90.00"), under, credit("c", 30, None)))) == [
        "falling_limit:b"
    ]
    beside = replace(under, rank=10)
    assert ids(replace(SOUND, authority=(credit("a", 10, "90.00"), beside, credit("c", 30, None)))) == ["overlap:a:b"]


def test_an_accepted_finding_keeps_its_reason():
    policy = replace(SOUND, authority=(credit("boss", 50, "50.00"),))
    accepted = replace(policy, accepted=(AcceptedRisk("authority_gap:service_credit", "The board decides."),))

    (one,) = prove(accepted, ORGANISATION)

    assert (one.accepted, one.reason) == (True, "The board decides.")


ASKED = ["priority", "sentiment", "attempts", "revenue_at_risk", "words", "age"]


@st.composite
def rules(draw: st.DrawFn) -> TriggerRule:
    groups = []
    for _ in range(draw(st.integers(1, 2))):
        conditions = []
        for _ in range(draw(st.integers(1, 3))):
            fact = FACTS[
                draw(st.sampled_from(["priority", "sentiment", "attempts", "revenue_at_risk", "words", "age"]))
            ]
            operator = draw(st.sampled_from(OPERATORS[fact.kind]))
            one = st.sampled_from(["upset", "neutral"]) if fact.name == "sentiment" else VALUES[fact.kind]
            value: Any = None
            if operator not in NOTHING:
                value = draw(st.lists(one, min_size=1, max_size=2) if operator in MANY else one)
            conditions.append(Condition(fact.name, operator, value))
        groups.append(Group(draw(st.sampled_from(["all", "any"])), tuple(conditions)))
    return TriggerRule("t", "T", draw(st.sampled_from(["all", "any"])), tuple(groups))


FACT_VALUES = st.fixed_dictionaries({
    "priority": st.integers(1, 4), "sentiment": st.sampled_from(["upset", "neutral", ""]),
    "attempts": st.integers(0, 6), "revenue_at_risk": st.none() | st.decimals("0.00", "0.06", places=2),
    "words": st.frozensets(st.sampled_from(["refund", "lawyer", "press"])), "age": st.none() | st.integers(0, 5),
})  # fmt: skip


@given(rule=rules(), other=rules(), facts=FACT_VALUES)
def test_counterexamples_are_real_and_none_is_overlooked(rule, other, facts):
    """A witness fires; where there is said to be none, no ticket fires either."""
    first, second = understood(rule), understood(other)
    if first is None or second is None:
        return
    found = witness(first, NAMES)
    assert (found is None or evaluate(first, found)) is not None
    if found is None:
        assert evaluate(first, facts) is None
    apart = fires_without(first, second, NAMES)
    if apart is None:
        assert evaluate(first, facts) is None or evaluate(second, facts) is not None
    else:
        assert evaluate(first, apart) is not None
        assert evaluate(second, apart) is None
