"""Hours as people type them, and what two states of a calendar differ in."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.calendar_spec import CalendarSpec, HalfDay, Hours, Override
from accounts.domain.calendar_values import (
    CalendarValues,
    MistypedHours,
    definition_changes,
    hours_words,
    read_hours,
    special,
)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("8-18", ((480, 1080),)),
        ("08:00–12:00, 13:00 to 17:30", ((480, 720), (780, 1050))),
        ("13.00-17.00 and 8.00-12.00", ((480, 720), (780, 1020))),
        ("22:00–06:00", ((1320, 360),)),
        ("0-24", ((0, 1440),)),
        ("18:00–00:00", ((1080, 1440),)),
        ("", ()),
        ("Closed", ()),
    ],
)
def test_hours_are_read_as_people_write_them(text, hours):
    assert read_hours(text) == tuple(Hours(*one) for one in hours)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("morning", "such as 08:00–18:00"),
        ("8", "such as 08:00–18:00"),
        ("08:00–12:00, 11:00–17:00", "overlaps"),
        ("09:00–09:00", "same time"),
        ("08:00–25:00", "24:00"),
        ("08:75–12:00", "08:00–18:00"),
        (",".join(f"{hour}-{hour + 1}" for hour in range(0, 14, 2)), "at most 6"),
    ],
)
def test_what_cannot_be_hours_says_what_would_be(text, words):
    with pytest.raises(MistypedHours, match=words):
        read_hours(text)


DAY_HOURS = st.lists(st.integers(0, 95), min_size=0, max_size=8, unique=True).map(
    lambda cuts: tuple(Hours(low * 15, high * 15) for low, high in zip(*[iter(sorted(cuts))] * 2, strict=False))
)


@given(hours=DAY_HOURS)
def test_words_of_hours_are_read_as_the_same_hours(hours):
    assert read_hours(hours_words(hours)) == hours


@pytest.mark.parametrize(
    ("kind", "hours", "words"),
    [
        ("holiday", "08:00–12:00", "closed all day"),
        ("half_day", "", "when it opens"),
        ("half_day", "22:00–06:00", "on the same day"),
        ("override", "8-12, 13-17", "when it opens"),
    ],
)
def test_hours_fit_the_kind_of_their_day(kind, hours, words):
    with pytest.raises(MistypedHours, match=words):
        special(date(2026, 12, 24), kind, "Christmas Eve", read_hours(hours))


def test_the_mark_follows_the_values():
    values = CalendarValues("Berlin", weekly=((Hours(480, 1080),), *((),) * 6))
    assert values.mark == CalendarValues.of_fields(values.fields).mark
    assert values.mark != CalendarValues("Berlin", weekly=((Hours(480, 1020),), *((),) * 6)).mark


def test_a_revision_says_what_it_changed_and_leaves_the_country_s_days_alone():
    day, eve = date(2026, 5, 1), date(2026, 12, 24)
    old = CalendarSpec("b", "Europe/Berlin", "B", weekly=((Hours(480, 1080),), *((),) * 6), country="DE",
                       holidays={day: "Labour Day"}, holiday_years=frozenset({2026}),
                       half_days={eve: HalfDay("Christmas Eve", 480, 780)})  # fmt: skip
    new = CalendarSpec("b", "Europe/Berlin", "B", weekly=((Hours(480, 1020),), *((),) * 6), country="DE",
                       holidays={day: "Labour Day", date(2027, 1, 1): "New Year's Day"},
                       holiday_years=frozenset({2026, 2027}),
                       overrides={eve: Override("Christmas Eve", (Hours(480, 600),))})  # fmt: skip
    assert definition_changes(old, new) == [
        ("Monday", "08:00–18:00", "08:00–17:00"),
        ("2026-12-24", "Christmas Eve: 08:00–13:00", "Christmas Eve: 08:00–10:00"),
    ]
