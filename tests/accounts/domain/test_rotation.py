"""Patterns come to exactly the shifts they say, also where the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.rotation import Hours, InvalidPattern, Pattern, expand, instant

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
DATES = st.dates(date(2025, 1, 1), date(2027, 12, 31))
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))


@st.composite
def patterns(draw: st.DrawFn, hours: st.SearchStrategy[Hours | None]) -> Pattern:
    first = draw(DATES)
    return Pattern(
        people=tuple(range(1, draw(st.integers(1, 5)) + 1)),
        first=first,
        until=first + timedelta(days=draw(st.integers(1, 120))),
        zone=draw(st.sampled_from(ZONES)),
        turn_days=draw(st.sampled_from([1, 2, 3, 7, 14])),
        weekday=draw(st.integers(0, 6)),
        handover=draw(TIMES),
        hours=draw(hours),
    )


OFFICE = st.builds(Hours, TIMES, TIMES, st.frozensets(st.integers(0, 6), min_size=1))


@given(patterns(st.none()))
def test_around_the_clock_every_second_has_exactly_one_person(pattern):
    shifts = expand(pattern)
    zone = ZoneInfo(pattern.zone)

    assert shifts[0].starts_at == instant(pattern.first, pattern.handover, zone)
    assert shifts[-1].ends_at == instant(pattern.until, pattern.handover, zone)
    assert all(before.ends_at == after.starts_at for before, after in zip(shifts, shifts[1:], strict=False))
    assert all(shift.starts_at < shift.ends_at for shift in shifts)


@given(patterns(st.none()))
def test_people_take_turns_in_their_order(pattern):
    turns = [shift.user for shift in expand(pattern)]

    assert turns == [pattern.people[n % len(pattern.people)] for n in range(len(turns))]


@given(patterns(st.none()))
def test_a_handover_is_at_its_local_time_also_after_the_clocks_changed(pattern):
    zone = ZoneInfo(pattern.zone)
    for shift in expand(pattern):
        local = shift.starts_at.astimezone(zone)
        skipped = instant(local.date(), pattern.handover, zone).astimezone(zone).time() != pattern.handover
        assert local.time().replace(tzinfo=None) == pattern.handover or skipped


@given(patterns(st.none()))
def test_weekly_turns_change_on_their_weekday(pattern):
    if pattern.turn_days % 7 == 0:
        zone = ZoneInfo(pattern.zone)
        for shift in expand(pattern)[1:]:
            skipped = shift.starts_at.astimezone(zone).time() != pattern.handover
            assert shift.starts_at.astimezone(zone).weekday() == pattern.weekday or skipped


@given(patterns(OFFICE))
def test_by_hours_shifts_never_overlap_and_keep_to_their_days(pattern):
    shifts = expand(pattern)
    zone = ZoneInfo(pattern.zone)

    assert all(before.ends_at <= after.starts_at for before, after in zip(shifts, shifts[1:], strict=False))
    days = [shift.starts_at.astimezone(zone).date() for shift in shifts]
    assert all(day.weekday() in pattern.hours.weekdays or pattern.hours.opens.hour < 4 for day in days)
    wanted = sum(
        (pattern.first + timedelta(days=n)).weekday() in pattern.hours.weekdays
        for n in range((pattern.until - pattern.first).days)
    )
    assert wanted - 3 <= len(shifts) <= wanted


def test_the_week_of_the_change_is_an_hour_shorter():
    pattern = Pattern((1, 2), date(2026, 3, 23), date(2026, 4, 6), "Europe/Berlin")

    first, second = expand(pattern)
    assert first.ends_at - first.starts_at == timedelta(days=7, hours=-1)
    assert second.starts_at == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)


def test_a_first_turn_that_begins_within_a_week_is_shorter():
    pattern = Pattern((1, 2), date(2026, 6, 17), date(2026, 6, 29), "UTC")

    assert [(one.user, one.starts_at.day, one.ends_at.day) for one in expand(pattern)] == [(1, 17, 22), (2, 22, 29)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"people": ()}, "people"),
        ({"people": (1, 1)}, "people"),
        ({"until": date(2026, 6, 1)}, "until"),
        ({"until": date(2028, 6, 1)}, "until"),
        ({"turn_days": 0}, "turn_days"),
        ({"hours": Hours(time(9), time(17), frozenset())}, "weekdays"),
    ],
)
def test_what_cannot_be_expanded_names_its_field(changes, field):
    values = {"people": (1, 2), "first": date(2026, 6, 1), "until": date(2026, 7, 1), "zone": "UTC"} | changes
    with pytest.raises(InvalidPattern) as caught:
        expand(Pattern(**values))
    assert caught.value.field == field
