"""Whatever is answered, the policy that follows can run; presets are complete for any organisation."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.choices import SERVICE_CREDIT, TriggerAction, TriggerKind
from policies.domain.answers import Answers, Common, LaneAnswer, OverflowAnswer, PoolAnswer, Problem
from policies.domain.clauses import number_clauses
from policies.domain.compiling import compile_trigger
from policies.domain.designer import design, path_words
from policies.domain.presets import Expertise, Preset, Seat, Setting, Squad, preset_answers, seats, tier_answers
from policies.services.versions import problems_of
from policies.sources import sources_policy

BASE = sources_policy()
TYPES = {"bug": "Bug", "integration": "Integration", "data_loss": "Data loss", "order": "Order"}
SEGMENTS = {"enterprise": "Enterprise", "smb": "SMB"}


def setting(tiers: int = 4, teams: int = 2, *, people: int = 5, types: dict[str, str] | None = None) -> Setting:
    return Setting(
        tuple(Seat(f"L{place}", f"Tier {place}", place, people * teams) for place in range(1, tiers + 1)),
        tuple(
            Squad(f"t{place}{team}", f"Team {place} {team}", f"L{place}", people)
            for place in range(1, tiers + 1)
            for team in range(teams)
        ),
        TYPES if types is None else types,
        frozenset(TYPES if types is None else types),
        SEGMENTS,
        (Expertise("webhooks", "Webhooks", ("integration",)), Expertise("parts", "Spare parts", ())),
        "support_manager",
    )


SECONDS = st.integers(1, 500_000)
WORDS = st.text("abcdefgh", min_size=1, max_size=12)


@st.composite
def answers(draw: st.DrawFn) -> Answers:
    """Any interview: changed at random from a preset's answers, as far as its forms let it."""
    where = setting(draw(st.integers(0, 6)), draw(st.integers(0, 3)), people=draw(st.integers(0, 9)))
    start = preset_answers(draw(st.sampled_from(Preset)), where, BASE, tiers=draw(st.integers(2, 6)))
    codes = [one.code for one in start.tiers]
    pools = tuple(
        PoolAnswer(f"pool{place}", f"Pool {place}", "team", draw(st.sampled_from([*codes, "gone"])), None,
                   tuple(draw(st.lists(WORDS, max_size=4))), tuple(draw(st.sets(st.sampled_from([*TYPES])))))
        for place in range(draw(st.integers(0, 4)))
    )  # fmt: skip
    return replace(
        start,
        tiers=tuple(
            replace(
                one, people=draw(st.integers(0, 900)), resolution_seconds=draw(SECONDS),
                ack_seconds=draw(st.none() | SECONDS), limit_seconds=draw(st.none() | SECONDS),
            )
            for one in start.tiers
        ),
        problems=frozenset(draw(st.sets(st.sampled_from(Problem)))),
        triggers=frozenset(draw(st.sets(st.sampled_from(Common)))),
        management=tuple(draw(st.sets(st.sampled_from([one.key for one in BASE.triggers])))),
        severities=tuple(replace(one, entry=draw(st.sampled_from(codes))) for one in start.severities),
        critical_types=tuple(draw(st.sets(st.sampled_from([*TYPES])))),
        technical_types=tuple(draw(st.sets(st.sampled_from([*TYPES])))),
        segments=tuple(replace(one, is_premium=draw(st.booleans())) for one in start.segments),
        pools=pools,
        premium_lane=LaneAnswer("t10", draw(st.sampled_from(codes)), 60),
        social=draw(st.booleans()),
        overflow=(OverflowAnswer("a", "b", draw(st.integers(1, 900))),) if draw(st.booleans()) else (),
        manager_role=draw(st.sampled_from([None, "support_manager"])),
    )  # fmt: skip


@given(answers())
def test_any_answers_make_a_policy_that_can_run(given_answers):
    policy = design(given_answers, BASE, code="2026.9")

    assert problems_of(policy) == []
    assert 2 <= len(policy.tiers) <= 6
    assert policy.tiers[-1].time_limit_seconds is None, "from the top there is nowhere to escalate to"
    assert len({one.key for one in policy.triggers}) == len(policy.triggers)
    assert len({one.key for one in policy.commitments}) == len(policy.commitments)
    assert design(given_answers, BASE, code="2026.9") == policy


@given(answers())
def test_a_policy_designed_from_a_designed_one_can_run_too(given_answers):
    once = design(given_answers, BASE, code="2026.9")
    twice = design(given_answers, once, code="2026.10")

    assert problems_of(twice) == []
    assert replace(twice, code="") == replace(once, code="")


@pytest.mark.parametrize("count", range(2, 7))
@pytest.mark.parametrize("preset", Preset)
def test_two_to_six_tiers(preset, count):
    policy = design(preset_answers(preset, setting(3), BASE, tiers=count), BASE, code="x")

    assert [one.code for one in policy.tiers] == [f"L{place}" for place in range(1, count + 1)]
    assert policy.tiers[0].ack_seconds is None
    assert all(one.ack_seconds for one in policy.tiers[1:])
    assert (policy.tiers[-1].time_limit_seconds, policy.tiers[-1].target_escalation_percent) == (None, None)
    assert problems_of(policy) == []
    assert {one.entry_tier for one in policy.severities} <= {one.code for one in policy.tiers}


def test_new_tiers_stand_above_those_there_are():
    held = replace(setting(0), tiers=(Seat("front", "Front", 10, 3), Seat("L12", "Back", 11, 3)))

    assert [(one.code, one.rank) for one in seats(held, 4)] == [("front", 10), ("L12", 11), ("L13", 12), ("L14", 13)]
    assert tier_answers(held, BASE, 4)[3].limit_seconds is None


def test_conditions_ask_for_the_organisations_ranks():
    held = replace(setting(0), tiers=(Seat("A", "Front", 10, 3), Seat("B", "Back", 20, 3), Seat("C", "Top", 30, 1)))
    policy = design(preset_answers(Preset.GENERAL, held, BASE), BASE, code="x")

    values = {
        condition.value
        for one in policy.triggers
        if one.kind == TriggerKind.TECHNICAL
        for group in one.groups
        for condition in group.conditions
        if condition.fact == "tier"
    }
    assert values == {10, 30}


def conditions(trigger) -> list[tuple[str, str, object]]:
    return [(one.fact, one.operator, one.value) for group in trigger.groups for one in group.conditions]


def test_triggers_say_exactly_what_was_answered():
    start = preset_answers(Preset.SHOP, setting(4), BASE)
    made = replace(
        start, problems=frozenset(Problem), triggers=frozenset(Common), upset_attempts=4, premium_wait_seconds=5400,
        segments=tuple(replace(one, is_premium=one.code == "smb") for one in start.segments),
        tiers=tuple(replace(one, ack_seconds=600 * place) for place, one in enumerate(start.tiers)),
        technical_types=("bug",),
    )  # fmt: skip
    policy = design(made, BASE, code="x")
    triggers = {one.key: one for one in policy.triggers}

    assert {key: conditions(triggers[key]) for key in (
        "critical_type", "premium_waits", "order_waits", "complex_at_entry", "engineering_required",
        "vendor_dependency", "upset_after_attempts", "unacknowledged_twice", "upset_waits", "social_media", "express",
    )} == {
        "critical_type": [("tier", "less", 3), ("issue_type", "any_of", ["data_loss"])],
        "premium_waits": [("tier", "is", 1), ("segment", "any_of", ["smb"]), ("wait_time", "more", 5400)],
        "order_waits": [("tier", "is", 1), ("order_value", "at_least", "500.00"), ("wait_time", "more", 5400)],
        "complex_at_entry": [("tier", "is", 1), ("issue_type", "any_of", ["bug"]), ("complexity", "is", "high")],
        "engineering_required": [("tier", "less", 3), ("engineering_required", "is", True)],
        "vendor_dependency": [("tier", "is", 3), ("vendor", "is", True)],
        "upset_after_attempts": [("sentiment", "is", "upset"), ("attempts", "more", 4)],
        "unacknowledged_twice": [("unacknowledged_for", "more", 3600)],
        "upset_waits": [("sentiment", "is", "upset"), ("wait_time", "more", 3600)],
        "social_media": [("channel", "is", "social"), ("sentiment", "any_of", ["frustrated", "upset"])],
        "express": [("tier", "is", 1), ("issue_type", "any_of", ["shipping"]), ("order_value", "at_least", "500.00")],
    }  # fmt: skip
    assert [group.join for group in triggers["express"].groups] == ["all", "any"]
    targets = {key: one.to_tier for key, one in triggers.items() if one.action == TriggerAction.ESCALATE}
    assert targets == {
        "critical_type": "L3", "premium_waits": "L2", "order_waits": "L2", "complex_at_entry": "L2",
        "engineering_required": "L3", "vendor_dependency": "L4", "upset_after_attempts": None,
    }  # fmt: skip
    assert [one.follow_up_seconds for one in policy.tiers] == [None, 3600, 3600, 3600]


def test_what_leads_to_a_pool_of_the_base_is_not_kept():
    """The pools are the interview's own."""
    first = next(one for one in BASE.triggers if one.kind == TriggerKind.MANAGEMENT)
    pooled = replace(first, key="pooled", to_pool="old", to_team=None)
    base = replace(BASE, triggers=(first, pooled))
    policy = design(replace(preset_answers(Preset.GENERAL, setting(), base), problems=frozenset()), base, code="x")
    assert [one.key for one in policy.triggers if one.kind == TriggerKind.MANAGEMENT] == [first.key]


def test_b2b_routes_by_words_and_segments_to_pools():
    policy = design(preset_answers(Preset.B2B, setting(3), BASE), BASE, code="x")
    routing = {one.key: one for one in policy.triggers if one.kind == TriggerKind.ROUTING}

    assert [pool.key for pool in policy.pools] == ["webhooks"]
    facts = {
        condition.fact for one in routing.values() for group in one.groups for condition in group.conditions
    }  # fmt: skip
    assert {"words", "segment"} <= facts
    assert routing["to_webhooks"].to_pool == "webhooks"
    assert routing["premium_lane"].head_start_seconds == 3600


def test_a_shop_has_an_express_lane_and_hears_social_media():
    made = preset_answers(Preset.SHOP, setting(3), BASE)
    policy = design(made, BASE, code="x")
    triggers = {one.key: one for one in policy.triggers}

    assert made.new_types == (("shipping", "Shipping"), ("refund", "Refund"))
    conditions = {one.fact: one.value for group in triggers["express"].groups for one in group.conditions}
    assert conditions == {"tier": 1, "issue_type": ["shipping"], "order_value": "500.00"}
    assert triggers["express"].to_team == "t10"
    assert triggers["express"].head_start_seconds == 7200
    assert triggers["social_media"].action == TriggerAction.MANAGEMENT
    assert {one.team for one in policy.overflows} == {one.code for one in setting(3).teams}


@pytest.mark.parametrize("preset", Preset)
def test_an_organisation_without_teams_gets_a_policy_all_the_same(preset):
    policy = design(preset_answers(preset, setting(2, 0), BASE), BASE, code="x")

    assert problems_of(policy) == []
    assert policy.pools == policy.overflows == ()


def test_credits_are_only_what_was_answered():
    start = preset_answers(Preset.GENERAL, setting(), BASE)
    old = {(one.role, one.action): replace(one, note="As agreed.", inclusive=False) for one in BASE.authority}
    kept = design(start, replace(BASE, authority=tuple(old.values())), code="x")
    assert {(one.role, one.action): one for one in kept.authority} == old, "unchanged, with remark and reach"
    limits = (("support_manager", Decimal(100)), ("c_level", None), ("nobody", Decimal(5)))
    policy = design(replace(start, credit_limits=limits), BASE, code="x")

    grants = {one.role: one.limit for one in policy.authority if one.action == SERVICE_CREDIT}
    assert grants == {"support_manager": "100.00", "c_level": None}
    others = [one for one in policy.authority if one.action != SERVICE_CREDIT]
    assert others == [one for one in BASE.authority if one.action != SERVICE_CREDIT]


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_changes_the_policy(problem):
    start = replace(preset_answers(Preset.B2B, setting(), BASE), problems=frozenset())

    assert design(replace(start, problems=frozenset({problem})), BASE, code="x") != design(start, BASE, code="x")


def test_the_path_in_words():
    codes = ["L1", "L2", "L3"]
    assert [path_words(one, codes) for one in codes] == ["Standard path", "L2, then L3", "Direct to L3"]


@given(answers())
def test_every_rule_has_its_clause(given_answers):
    policy = number_clauses(design(given_answers, BASE, code="x"), {})

    assert {one.clause for one in policy.triggers} <= set(policy.clauses)
    for one in policy.triggers:
        compile_trigger(one.rule)
