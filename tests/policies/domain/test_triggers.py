"""Triggers: understood or refused in words, judged with reasons, never called contradictory when they can fire."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.domain.clashes import clash
from policies.domain.compiling import compile_trigger
from policies.domain.facts import FACTS, MANY, NOTHING, OPERATORS, Fact, Kind, Operator
from policies.domain.triggers import (
    Check,
    Condition,
    Group,
    InvalidRule,
    TriggerRule,
    evaluate,
    holds,
    trigger_words,
    within_sentence,
)

OPTIONS = {"segment": {"enterprise", "consumer"}, "sentiment": {"upset", "neutral"}, "priority": {1, 2, 3, 4}}


def rule(*conditions: tuple[str, str, Any], join: str = "all") -> TriggerRule:
    return TriggerRule("t", "Trigger", "all", (Group(join, tuple(Condition(*one) for one in conditions)),))


def fires(facts: Mapping[str, Any], *conditions: tuple[str, str, Any], join: str = "all") -> bool:
    return evaluate(compile_trigger(rule(*conditions, join=join)), facts) is not None


def test_the_sources_enterprise_trigger_says_why_it_fires():
    trigger = compile_trigger(rule(("segment", "is", "enterprise"), ("wait_time", "more", 7200)), OPTIONS)

    match = evaluate(trigger, {"segment": "enterprise", "wait_time": 7201})

    assert match is not None
    assert [(one.words, one.had) for one in match.reasons] == [
        ("Customer segment is enterprise", "enterprise"),
        ("Waiting time is more than 2 h", 7201),
    ]
    assert evaluate(trigger, {"segment": "enterprise", "wait_time": 7200}) is None


def test_an_any_group_gives_only_the_conditions_that_held():
    trigger = compile_trigger(
        rule(("issue_type", "is", "data_loss"), ("issue_type", "is", "security_breach"), join="any")
    )

    match = evaluate(trigger, {"issue_type": "security_breach"})

    assert match is not None
    assert [one.words for one in match.reasons] == ["Issue type is security_breach"]


def test_an_any_group_of_which_nothing_holds_does_not_hold():
    silent = Group("any", (Condition("attempts", "more", 8), Condition("is_vip", "is", True)))
    loud = Group("any", (Condition("attempts", "more", 3),))
    facts = {"attempts": 5, "is_vip": False}

    assert evaluate(compile_trigger(TriggerRule("t", "T", "all", (silent,))), facts) is None
    assert evaluate(compile_trigger(TriggerRule("t", "T", "all", (silent, loud))), facts) is None
    match = evaluate(compile_trigger(TriggerRule("t", "T", "any", (silent, loud))), facts)
    assert match is not None
    assert [one.words for one in match.reasons] == ["Attempts is more than 3"]


@pytest.mark.parametrize(
    ("operator", "held"),
    [("is", [3]), ("more", [4]), ("at_least", [3, 4]), ("less", [2]), ("at_most", [2, 3])],
)
def test_numbers_at_below_and_above_their_bound(operator, held):
    assert [had for had in (2, 3, 4) if fires({"attempts": had}, ("attempts", operator, 3))] == held


@pytest.mark.parametrize(
    ("operator", "held"),
    [("contains_any", ["one", "both"]), ("contains_all", ["both"]), ("contains_none", ["neither"])],
)
def test_words(operator, held):
    said = {"neither": set(), "one": {"refund"}, "both": {"refund", "lawyer", "press"}}
    asked = ("words", operator, ["refund", "lawyer"])
    assert [name for name, words in said.items() if fires({"words": frozenset(words)}, asked)] == held


def test_conditions_read_as_one_sentence_and_abbreviations_stay():
    trigger = compile_trigger(rule(("attempts", "more", 3), ("issue_type", "is", "bug"), ("is_vip", "is", True)))

    assert trigger_words(trigger) == "Attempts is more than 3 and issue type is bug and VIP is yes"
    assert within_sentence("VIP is yes") == "VIP is yes"
    assert within_sentence("Age is more than 4 h") == "age is more than 4 h"


def test_groups_hold_together_by_their_own_word():
    groups = tuple(Group("all", (Condition("attempts", "more", count),)) for count in (3, 8))

    assert evaluate(compile_trigger(TriggerRule("t", "T", "any", groups)), {"attempts": 5}) is not None
    assert evaluate(compile_trigger(TriggerRule("t", "T", "all", groups)), {"attempts": 5}) is None


@pytest.mark.parametrize("operator", ["is", "is_not"])
@pytest.mark.parametrize("missing", [{}, {"sentiment": ""}, {"sentiment": None}])
def test_what_nobody_has_said_satisfies_no_comparison(operator, missing):
    assert not fires(missing, ("sentiment", operator, "upset"))
    assert fires(missing, ("sentiment", "unknown", None))
    assert not fires(missing, ("sentiment", "known", None))


def test_money_is_compared_to_the_cent():
    asked = ("revenue_at_risk", "more", "50000")

    assert fires({"revenue_at_risk": Decimal("50000.01")}, asked)
    assert not fires({"revenue_at_risk": Decimal("50000.00")}, asked)


@pytest.mark.parametrize(
    ("condition", "field", "said"),
    [
        (("colour", "is", "red"), "fact", "no fact 'colour'"),
        (("segment", "resembles", "x"), "operator", "no question"),
        (("segment", "more", "x"), "operator", "Customer segment cannot be asked"),
        (("segment", "is", "gold"), "value", "Customer segment has no value gold"),
        (("segment", "is", ""), "value", "Choose a value"),
        (("segment", "any_of", []), "value", "at least one value"),
        (("segment", "any_of", "enterprise"), "value", "at least one value"),
        (("segment", "known", "x"), "value", "takes no value"),
        (("attempts", "more", "three"), "value", "whole number"),
        (("attempts", "more", True), "value", "whole number"),
        (("attempts", "more", 10**12), "value", "too large"),
        (("attempts", "more", -(10**12)), "value", "too large"),
        (("revenue_at_risk", "more", "1000000000000"), "value", "two decimals"),
        (("segment", "any_of", [str(number) for number in range(61)]), "value", "at most 60 values"),
        (("revenue_at_risk", "more", "-1"), "value", "zero or more"),
        (("revenue_at_risk", "more", "NaN"), "value", "zero or more"),
        (("revenue_at_risk", "more", "1.005"), "value", "two decimals"),
        (("revenue_at_risk", "more", "lots"), "value", "Give an amount"),
        (("is_vip", "is", "yes"), "value", "yes or no"),
        (("words", "contains_any", ["…"]), "value", "letter or digit"),
        (("words", "contains_any", ["a" * 61]), "value", "at most 60"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(condition, field, said):
    with pytest.raises(InvalidRule) as caught:
        compile_trigger(rule(("is_vip", "is", True), condition), OPTIONS)

    (problem,) = caught.value.problems
    assert (problem.group, problem.row, problem.field) == (0, 1, field)
    assert said in problem.message


def test_every_wrong_row_is_named_at_once():
    with pytest.raises(InvalidRule) as caught:
        compile_trigger(rule(("colour", "is", "red"), ("attempts", "more", "x"), ("is_vip", "is", True)))

    assert [problem.row for problem in caught.value.problems] == [0, 1]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ((), "at least one group"),
        ((Group("all", ()),), "at least one condition"),
        ((Group("both", (Condition("is_vip", "is", True),)),), "all or by any"),
        ((Group("all", (Condition("is_vip", "is", True),)),) * 9, "at most 8 groups"),
        ((Group("any", (Condition("is_vip", "is", True),) * 13),), "at most 12 conditions"),
    ],
)
def test_a_trigger_without_sense_is_refused(groups, said):
    with pytest.raises(InvalidRule, match=said):
        compile_trigger(TriggerRule("t", "T", "all", groups))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("priority", "is", 1), ("priority", "is", 2)),
        (("priority", "any_of", [1, 2]), ("priority", "none_of", [1, 2])),
        (("attempts", "more", 3), ("attempts", "less", 4)),
        (("attempts", "at_least", 4), ("attempts", "at_most", 3)),
        (("attempts", "at_least", 4), ("attempts", "less", 4)),
        (("attempts", "more", 3), ("attempts", "at_most", 3)),
        (("revenue_at_risk", "more", "10"), ("revenue_at_risk", "less", "10.01")),
        (("sentiment", "unknown", None), ("sentiment", "is", "upset")),
        (("is_vip", "is", True), ("is_vip", "is", False)),
        (("words", "contains_all", ["refund", "lawyer"]), ("words", "contains_none", ["lawyer"])),
        (("words", "contains_any", ["refund"]), ("words", "contains_none", ["refund", "x"])),
    ],
)
def test_conditions_that_exclude_each_other_are_refused_where_both_must_hold(first, second):
    with pytest.raises(InvalidRule, match="can never both be true"):
        compile_trigger(rule(first, second))
    compile_trigger(rule(first, second, join="any"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("attempts", "more", 3), ("attempts", "less", 5)),
        (("attempts", "at_least", 3), ("attempts", "at_most", 3)),
        (("attempts", "at_least", 3), ("attempts", "less", 4)),
        (("attempts", "more", 3), ("attempts", "at_most", 4)),
        (("revenue_at_risk", "more", "10"), ("revenue_at_risk", "less", "10.02")),
        (("priority", "any_of", [1, 2]), ("priority", "none_of", [1])),
        (("words", "contains_any", ["refund", "lawyer"]), ("words", "contains_none", ["lawyer"])),
        (("words", "contains_all", ["refund"]), ("words", "contains_none", ["lawyer"])),
    ],
)
def test_conditions_that_leave_one_value_are_no_contradiction(first, second):
    compile_trigger(rule(first, second))


def test_groups_contradict_each_other_only_where_all_must_hold():
    groups = tuple(Group("all", (Condition("priority", "is", one),)) for one in (1, 2))

    compile_trigger(TriggerRule("t", "T", "any", groups))
    with pytest.raises(InvalidRule, match="can never both be true"):
        compile_trigger(TriggerRule("t", "T", "all", groups))


VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.CHOICE: st.sampled_from(["a", "b", "c"]),
    Kind.RANKED: st.integers(1, 4),
    Kind.YES_NO: st.booleans(),
    Kind.NUMBER: st.integers(0, 5),
    Kind.MONEY: st.decimals("0.00", "0.05", places=2),
    Kind.SPAN: st.integers(-2, 4),
    Kind.WORDS: st.sampled_from(["refund", "lawyer", "press"]),
}


@st.composite
def checks(draw: st.DrawFn, fact: Fact) -> Check:
    operator = draw(st.sampled_from(OPERATORS[fact.kind]))
    if operator in NOTHING:
        return Check(fact, operator, None)
    value = VALUES[fact.kind]
    return Check(fact, operator, draw(st.frozensets(value, min_size=1) if operator in MANY else value))


@given(data=st.data(), fact=st.sampled_from(sorted(FACTS)))
def test_what_is_called_a_clash_never_holds_for_any_value(data, fact):
    first, second = data.draw(checks(FACTS[fact])), data.draw(checks(FACTS[fact]))
    one = VALUES[FACTS[fact].kind]
    had = data.draw(st.frozensets(one) if FACTS[fact].kind is Kind.WORDS else st.none() | one)

    if clash(first, second):
        assert not (holds(first, had) and holds(second, had))


def test_every_fact_has_questions_and_says_where_it_is_captured():
    assert all(fact.operators and fact.captured for fact in FACTS.values())
    assert Operator.IS in FACTS["priority"].operators
