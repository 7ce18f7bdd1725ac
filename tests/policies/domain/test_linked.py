"""Conditions in an address: the same conditions again, and nothing else."""

import pytest
from hypothesis import given

from policies.domain.compiling import understood
from policies.domain.linked import conditions_text, trigger_of_text
from policies.domain.triggers import InvalidRule
from tests.policies.domain.test_prover import rules


@given(rule=rules())
def test_an_address_carries_the_same_conditions(rule):
    trigger = understood(rule)
    if trigger is not None:
        again = trigger_of_text(conditions_text(rule))
        assert (again.join, again.groups) == (trigger.join, trigger.groups)


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "{}", "null", '["all",[]]', '["all",[["all",[]]]]', '["all",[["all",[["priority","is"]]]]]',
     '["all",[["all",[["priority","is",[]]]]]]', '["all",[["all",[["nothing","is",1]]]]]',
     '[[],[["all",[["a","b",1]]]]]',
     '["all",[[["all"],[["priority","is",1]]]]]', '["all",[["all",[["segment","is","a\\u0000"]]]]]',
     '["all",[["all",[["priority","is",NaN]]]]]', '["all",[["all",[[{},{},{}]]]]]', "[" * 3000, "9" * 5000,
     '["any",[["all",[["revenue_at_risk","more","1e400"]]]]]', '["all",[["all",[["attempts","more",99999999999]]]]]'],
)  # fmt: skip
def test_what_is_no_condition_is_refused_in_words(text):
    with pytest.raises(InvalidRule):
        trigger_of_text(text)
