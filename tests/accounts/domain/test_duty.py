"""Who answers, covers resolved, and the hours in which nobody does."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from accounts.choices import DutyRole
from accounts.domain.duty import Away, Shift, answering, gaps, on_duty

T0 = datetime(2026, 6, 15, tzinfo=UTC)
PEOPLE = st.integers(1, 5)
HOURS = st.integers(0, 48)


def at(hour: float) -> datetime:
    return T0 + timedelta(hours=hour)


def stretch() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(HOURS, st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


SHIFTS = st.lists(
    st.builds(
        lambda user, span, role: Shift(user, at(span[0]), at(span[1]), role),
        PEOPLE, stretch(), st.sampled_from(list(DutyRole)),
    ),
    max_size=8,
)  # fmt: skip
AWAY = st.lists(
    st.builds(
        lambda user, span, cover: Away(user, at(span[0]), at(span[1]), cover), PEOPLE, stretch(), st.none() | PEOPLE
    ),
    max_size=5,
    unique_by=lambda away: away.user,
)  # fmt: skip


@given(SHIFTS, AWAY, st.sets(PEOPLE, max_size=2), HOURS)
def test_who_answers_is_there_and_stands_for_a_shift_that_runs(shifts, absences, gone, hour):
    found = on_duty(shifts, absences, at(hour), gone=gone)
    away = {one.user for one in absences if one.holds(at(hour))}

    assert not set(found.everybody) & (away | gone)
    assert len(set(found.everybody)) == len(found.everybody)
    running = {shift.user for shift in shifts if shift.holds(at(hour))}
    for person in found.everybody:
        assert found.covers.get(person, person) in running
    # Nobody is left out who has a turn and is there.
    assert running - away - gone <= set(found.everybody)
    assert found.nobody == (not found.everybody)


@given(SHIFTS, AWAY, st.sets(PEOPLE, max_size=2), st.lists(stretch(), min_size=1, max_size=3))
def test_gaps_are_exactly_the_working_minutes_in_which_nobody_answers(shifts, absences, gone, spans):
    working = [(at(low), at(high)) for low, high in spans]
    found = gaps(shifts, working, absences, gone=gone)

    for quarter in range(0, 70 * 2):
        instant = at(quarter / 2)
        inside = any(low <= instant < high for low, high in working)
        is_gap = inside and on_duty(shifts, absences, instant, gone=gone).nobody
        assert any(low <= instant < high for low, high in found) == is_gap, instant


def test_gaps_are_joined_and_half_open():
    shifts = [Shift(1, at(9), at(12)), Shift(2, at(13), at(17))]

    assert gaps(shifts, [(at(8), at(18))]) == [(at(8), at(9)), (at(12), at(13)), (at(17), at(18))]
    assert gaps([], [(at(8), at(10)), (at(10), at(12))]) == [(at(8), at(12))]
    assert gaps([Shift(1, at(0), at(8)), Shift(2, at(8), at(16))], [(at(0), at(16))]) == []


def test_the_one_who_began_first_leads_and_a_backup_steps_in():
    shifts = [Shift(3, at(0), at(8), DutyRole.BACKUP), Shift(2, at(1), at(8)), Shift(1, at(0), at(8))]

    found = on_duty(shifts, [], at(4))
    assert (found.primary, found.others, found.backups) == (1, (2,), (3,))
    assert on_duty(shifts, [Away(1, at(3), at(5)), Away(2, at(3), at(5))], at(4)).primary == 3


def test_a_cover_who_is_away_too_passes_it_on_and_circles_end():
    assert answering(1, {1: 2, 2: 3}) == 3
    assert answering(1, {1: 2, 2: 1}) is None
    assert answering(1, {1: None}) is None
    assert answering(1, {1: 2}, gone={2}) is None
    assert answering(4, {1: 2}) == 4
