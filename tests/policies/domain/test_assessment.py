"""The guided assessment: every advice has its reason, and no answer moves a ticket down."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.domain.assessment import QUESTIONS, Advice, advise, answer_label, target_of
from tests.policies.domain.test_prover import SOUND, tier, trigger

POLICY = replace(SOUND, tiers=(tier("L1", 1), tier("L2", 2, ack_seconds=900), tier("L3", 3, ack_seconds=900)))
MANAGEMENT = replace(trigger("churn", ("churn_threat", "is", True)), action="management", to_tier=None)


def advice(at: str = "L1", matched=(), **answers: str) -> Advice:
    return advise(policy=POLICY, tier=at, answers=answers, matched=matched)


def said(found: Advice) -> tuple[str | None, bool]:
    return (found.tier.code if found.tier else None, found.calls_manager)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, (None, False)),
        ({"complexity": "known", "impact": "several", "time": "now"}, (None, False)),
        ({"complexity": "investigate", "impact": "several", "time": "now"}, ("L2", False)),
        ({"complexity": "investigate", "impact": "one", "time": "now"}, (None, False)),
        ({"complexity": "investigate", "impact": "customer", "time": "hours"}, ("L2", False)),
        ({"complexity": "investigate", "impact": "team", "time": "now"}, (None, False)),
        ({"complexity": "investigate", "impact": "several", "time": "today"}, (None, False)),
        ({"risk": "annoyed"}, (None, False)),
        ({"complexity": "skills"}, ("L2", False)),
        ({"complexity": "engineering"}, ("L3", False)),
        ({"risk": "contract"}, (None, True)),
        ({"risk": "public", "complexity": "skills"}, ("L2", True)),
    ],
)
def test_what_answers_lead_to(answers, expected):
    assert said(advice(**answers)) == expected


def test_triggers_and_answers_together_go_to_the_highest_tier_and_give_every_reason():
    up = trigger("security", ("priority", "is", 1))

    found = advice(matched=(up, MANAGEMENT), complexity="engineering")

    assert said(found) == ("L3", True)
    assert found.reasons == (
        "security: the policy says L2.",
        "It takes a change of the product: L3.",
        "churn: the policy calls management.",
    )


def test_a_trigger_that_names_a_lower_tier_does_nothing():
    up = trigger("security", ("priority", "is", 1))

    assert target_of(up, POLICY, POLICY.tier("L2")) is None
    assert target_of(replace(up, to_tier=None), POLICY, POLICY.tier("L2")) == POLICY.tier("L3")
    assert advice("L3", matched=(up,)).keeps


def test_where_there_are_no_engineers_the_top_is_asked():
    """A designer's policy may have two tiers, or ranks that are not counted from 1."""
    two = replace(POLICY, tiers=POLICY.tiers[:2])
    four = replace(POLICY, tiers=(*POLICY.tiers, tier("L4", 4, ack_seconds=900)))
    counted = replace(POLICY, tiers=(tier("A", 10), tier("B", 20, ack_seconds=900), tier("C", 30, ack_seconds=900)))

    for policy, at, expected in (
        (two, "L1", "L2"),
        (two, "L2", None),
        (four, "L1", "L3"),
        (four, "L3", "L4"),
        (counted, "A", "C"),
        (counted, "B", "C"),
    ):
        found = advise(policy=policy, tier=at, answers={"complexity": "engineering"})
        assert said(found) == (expected, False)


def test_from_the_top_there_is_no_way_up():
    found = advice("L3", complexity="skills")

    assert found.keeps
    assert found.reasons == ("No higher tier could do more. Ask a colleague, or consult another team.",)


@given(
    at=st.sampled_from(["L1", "L2", "L3"]),
    answers=st.fixed_dictionaries(
        {},
        optional={one.key: st.sampled_from([option.code for option in one.options]) for one in QUESTIONS},
    ),
)
def test_advice_never_goes_down_and_always_says_why(at, answers):
    found = advise(policy=POLICY, tier=at, answers=answers)

    assert found.tier is None or found.tier.rank > POLICY.tier(at).rank
    assert found.reasons
    assert all(answer_label(key, code) for key, code in answers.items())
