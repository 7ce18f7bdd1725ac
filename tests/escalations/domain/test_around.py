"""How often a ticket came back, and who may answer what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.choices import ConsultState, ReadBackState
from escalations.domain.around import CONSULT_TRANSITIONS, READ_BACK_TRANSITIONS, bounces
from escalations.domain.lifecycle import Part, allowed


@pytest.mark.parametrize(
    ("teams", "found"),
    [
        ([], 0),
        ([1], 0),
        ([1, 1, 1], 0),
        ([1, 2], 0),
        ([1, 2, 1], 1),
        ([1, 2, 2, 1, 1], 1),
        ([1, 2, 1, 2], 2),
        ([1, 2, 3, 1], 1),
        ([1, 2, 3], 0),
    ],
)
def test_a_bounce_is_a_move_to_a_team_that_had_it_before(teams, found):
    assert bounces(teams) == found


@given(st.lists(st.integers(1, 4)))
def test_bounces_are_the_moves_less_the_teams(teams):
    stays = [team for index, team in enumerate(teams) if index == 0 or team != teams[index - 1]]
    assert bounces(teams) == len(stays) - len(set(teams))


def test_a_read_back_is_the_sender_s_to_answer_and_only_once():
    assert allowed(READ_BACK_TRANSITIONS, ReadBackState.GIVEN, {Part.SENDER}) == {"confirm", "correct"}
    assert allowed(READ_BACK_TRANSITIONS, ReadBackState.GIVEN, {Part.RECEIVER, Part.OWNER}) == set()
    for state in (ReadBackState.CONFIRMED, ReadBackState.CORRECTED):
        assert allowed(READ_BACK_TRANSITIONS, state, set(Part)) == set()


def test_a_question_is_answered_by_one_side_and_taken_back_by_the_other():
    assert allowed(CONSULT_TRANSITIONS, ConsultState.ASKED, {Part.RECEIVER}) == {"answer"}
    assert allowed(CONSULT_TRANSITIONS, ConsultState.ASKED, {Part.SENDER}) == {"withdraw"}
    for state in (ConsultState.ANSWERED, ConsultState.WITHDRAWN):
        assert allowed(CONSULT_TRANSITIONS, state, set(Part)) == set()
