"""Gaps of a tier against its targets, and the order in which people are suggested."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from accounts.choices import Dimension, Level
from accounts.domain.expertise import Asked, Person, Rated, Target, asked_for, gaps, suggest

LEVELS = st.integers(0, 4)
RATINGS = st.dictionaries(
    st.builds(Rated, st.integers(1, 5), st.integers(1, 3), st.sampled_from(list(Dimension))), LEVELS, max_size=40
)
TARGETS = st.lists(
    st.builds(
        Target, st.just(1), st.integers(1, 3), st.sampled_from(list(Dimension)), st.integers(1, 4), st.integers(1, 4)
    ),
    max_size=6,
)
PEOPLE = st.lists(
    st.builds(
        Person, id=st.integers(1, 6), taken=st.integers(0, 8), capacity=st.integers(0, 6), on_duty=st.booleans(),
        is_backup=st.booleans(), is_away=st.booleans(),
    ),
    max_size=6, unique_by=lambda person: person.id,
)  # fmt: skip


@given(TARGETS, RATINGS, st.sets(st.integers(1, 5)))
def test_a_gap_is_what_is_missing_to_the_number_of_people(targets, ratings, members):
    found = {gap.target: gap for gap in gaps(targets, ratings, {1: members})}

    for target in targets:
        able = {
            person for person in members
            if ratings.get(Rated(person, target.skill, target.dimension), 0) >= target.level
        }  # fmt: skip
        assert (target in found) == (len(able) < target.people)
        if target in found:
            assert found[target].have == len(able)
            assert found[target].missing == target.people - len(able) > 0
            assert not set(found[target].nearest) & able


@given(TARGETS, RATINGS, st.sets(st.integers(1, 5)), st.integers(1, 5))
def test_rating_somebody_higher_never_opens_a_gap(targets, ratings, members, person):
    before = {gap.target: gap.missing for gap in gaps(targets, ratings, {1: members})}
    raised = ratings | {key: min(level + 1, 4) for key, level in ratings.items() if key.user == person}
    after = {gap.target: gap.missing for gap in gaps(targets, raised, {1: members})}

    assert set(after) <= set(before)
    assert all(after[target] <= before[target] for target in after)


@given(PEOPLE, st.sets(st.integers(1, 3)), RATINGS)
def test_everybody_is_suggested_once_but_who_is_away_and_the_order_is_settled(people, skills, ratings):
    found = [one.user for one in suggest(people, skills, ratings)]

    assert sorted(found) == sorted(person.id for person in people if not person.is_away)
    assert found == [one.user for one in suggest(reversed(people), skills, ratings)]


@given(PEOPLE, st.sets(st.integers(1, 3)), RATINGS)
def test_a_full_desk_comes_after_every_one_with_room(people, skills, ratings):
    rooms = [one.person.has_room for one in suggest(people, skills, ratings)]

    assert rooms == sorted(rooms, reverse=True)


@given(PEOPLE, st.sets(st.integers(1, 3)), RATINGS, st.integers(0, 5))
def test_coming_on_duty_never_costs_a_place(people, skills, ratings, which):
    there = [person for person in people if not person.is_away]
    if not there:
        return
    chosen = there[which % len(there)]
    before = [one.user for one in suggest(people, skills, ratings)].index(chosen.id)
    raised = [replace(person, on_duty=True) if person.id == chosen.id else person for person in people]

    assert [one.user for one in suggest(raised, skills, ratings)].index(chosen.id) <= before


def test_who_can_do_it_alone_comes_before_who_is_only_on_duty():
    ratings = {Rated(1, 7, dimension): Level.ALONE for dimension in (Dimension.TECHNICAL, Dimension.KNOWLEDGE)}
    found = suggest([Person(2, on_duty=True), Person(1), Person(3)], {7}, ratings)

    assert [one.user for one in found] == [1, 2, 3]
    assert (found[0].skill, found[0].level) == (7, 3)
    assert found[1].skill is None


def test_of_the_able_the_one_on_duty():
    ratings = {
        Rated(person, 7, dimension): level
        for person, level in ((1, Level.TEACHES), (2, Level.ALONE))
        for dimension in (Dimension.TECHNICAL, Dimension.KNOWLEDGE)
    }

    assert [one.user for one in suggest([Person(1), Person(2, on_duty=True)], {7}, ratings)] == [2, 1]


def test_a_skill_that_names_type_and_area_goes_before_one_that_names_either():
    skills = [
        Asked(1, frozenset({"bug"})),
        Asked(2, frozenset({"bug"}), frozenset({"webhooks"})),
        Asked(3, frozenset(), frozenset({"webhooks"})),
    ]

    assert asked_for(skills, issue_type="bug", product_area="webhooks") == [2]
    assert asked_for(skills, issue_type="", product_area="webhooks") == [2, 3]
    assert asked_for(skills, issue_type="", product_area="") == []
