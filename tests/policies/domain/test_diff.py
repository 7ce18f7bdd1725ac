"""Differences between versions, and templates that can be filled."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.domain.diff import How, changed_clauses, differences
from policies.domain.policy import Clause
from policies.domain.practice import CommitmentText
from policies.domain.templates import PLACEHOLDERS, fill_template, template_problems
from policies.domain.triggers import Condition, Group
from tests.policies.domain.test_prover import SOUND, credit, tier, trigger

HOUR = 3600


def changes(**fields):
    return [(one.row, one.how, one.field, one.old, one.new) for one in differences(SOUND, replace(SOUND, **fields))]


def test_nothing_differs_from_itself():
    assert differences(SOUND, SOUND) == []


def test_a_number_is_told_in_words():
    assert changes(tiers=(SOUND.tiers[0], tier("L2", 2, ack_seconds=1800))) == [
        ("L2 L2", How.CHANGED, "Acknowledges within", "15 min", "30 min")
    ]


def test_rows_that_come_and_go():
    found = changes(authority=(credit("boss", 50, None),), commitments=(CommitmentText("x", "We learn."),))

    assert [one[:2] for one in found] == [("Agent: service_credit", How.REMOVED), ("We learn.", How.ADDED)]


def test_conditions_are_compared_as_people_read_them():
    (one,) = changes(triggers=(trigger("upset", ("sentiment", "is", "upset")),))

    assert one[2:] == ("Conditions", "Sentiment is upset and tier is 1", "Sentiment is upset")


def two_groups(join):
    groups = (Group("all", (Condition("sentiment", "is", "upset"),)), Group("all", (Condition("is_vip", "is", True),)))
    return replace(trigger("upset", ("sentiment", "is", "upset")), join=join, groups=groups)


def test_how_groups_hold_together_is_told_with_them():
    either, both = (replace(SOUND, triggers=(two_groups(join),)) for join in ("any", "all"))

    (one,) = differences(either, both)
    assert (one.field, one.old, one.new) == (
        "Conditions", "Sentiment is upset or VIP is yes", "Sentiment is upset and VIP is yes"
    )  # fmt: skip
    (new,) = differences(replace(SOUND, triggers=()), either)
    assert "Conditions: Sentiment is upset or VIP is yes" in new.new


def test_an_order_that_changed_is_told_by_what_moved():
    rows = tuple(replace(trigger("upset", ("sentiment", "is", "upset")), key=key, name=key) for key in "abcd")
    first = replace(SOUND, triggers=rows)

    (one,) = differences(first, replace(SOUND, triggers=(rows[1], rows[2], rows[3], rows[0])))
    assert (one.row, one.field, one.old, one.new) == ("a", "Place", "1", "4")
    (gone,) = differences(first, replace(SOUND, triggers=rows[1:]))
    assert gone.how == How.REMOVED


def test_responses_are_compared():
    assert changes(responses={"status_update": 24 * HOUR})[0][:2] == (
        "Status update, then again until resolved",
        How.ADDED,
    )


def test_clauses_that_read_differently():
    old = replace(SOUND, clauses={"a": Clause("a", "1.1", "One"), "b": Clause("b", "1.2", "Two")})
    new = replace(SOUND, clauses={
        "a": Clause("a", "1.1", "One"), "b": Clause("b", "2.1", "Zwei"), "c": Clause("c", "3.1", "Three"),
    })  # fmt: skip

    assert changed_clauses(old, new) == {"b": "Two", "c": ""}


@pytest.mark.parametrize("text", ["Hello {name}", "{ref!r}", "{ref:>10}", "{", "}", "{ref.__class__}", "{0}", "{}"])
def test_a_template_that_nothing_fills_is_refused(text):
    assert template_problems(text)


def test_a_template_is_filled_and_shows_what_is_missing():
    text = "{ref}: write to {contact} by {next_update} {{sic}}"

    assert template_problems(text) == []
    assert fill_template(text, {"ref": "BLY-1", "contact": "Ada"}) == "BLY-1: write to Ada by {next_update} {sic}"


@given(value=st.text(max_size=30), name=st.sampled_from(sorted(PLACEHOLDERS)))
def test_what_is_filled_in_is_never_read_as_a_template(value, name):
    assert fill_template(f"<{{{name}}}>", {name: value}) == f"<{value or f'{{{name}}}'}>"
