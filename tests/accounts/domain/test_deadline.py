"""The sum behind a deadline. That it always adds up is part of the oracle's comparison."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.domain.calendar_json import from_json
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, Closure, PauseSpan, build_calendar
from accounts.domain.deadline import DeadlineSum, explain

HOUR, MINUTE = 3600, 60
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[arg-type,misc]


def calendar(*hours: list[str], **more: Any) -> Calendar:
    weekly = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), list(hours) or [["08:00", "18:00"]])
    definition = {"code": "t", "name": "Integrations", "zone": "Europe/Berlin", "weekly": weekly, **more}
    return build_calendar(from_json(definition), holidays=None)


def lines(told: DeadlineSum) -> list[tuple[str, str, str, str, float]]:
    parts = sorted([*told.closed, *told.special], key=lambda part: part.start)
    return [
        (
            f"{part.start.astimezone(BERLIN):%a %H:%M}",
            f"{part.end.astimezone(BERLIN):%a %H:%M}",
            part.kind.value,
            part.name,
            part.seconds / HOUR,
        )
        for part in parts
    ]


def test_why_friday_11_26() -> None:
    pause = PauseSpan(berlin(2025, 4, 24, 13, 5), berlin(2025, 4, 24, 13, 47), "waiting for customer")
    told = explain(berlin(2025, 4, 24, 12, 44), 8 * HOUR, calendar(), [pause], now=berlin(2025, 4, 24, 14, 32))
    assert told.due == berlin(2025, 4, 25, 11, 26)
    assert [(part.reason, part.seconds) for part in told.paused] == [("waiting for customer", 42 * MINUTE)]
    assert lines(told) == [("Thu 18:00", "Fri 08:00", "hours", "", 14.0)]
    assert told.special == ()
    assert (told.used, told.remaining, told.over) == (66 * MINUTE, 6 * HOUR + 54 * MINUTE, 0)
    assert (told.calendar, told.hours) == ("Integrations", "Mon to Fri 08:00 to 18:00, Berlin")


def test_a_holiday_is_named_with_its_whole_day_and_a_weekend_is_one_line() -> None:
    told = explain(
        berlin(2025, 4, 30, 17), 12 * HOUR, calendar(holidays={"2025-05-01": "Labour Day", "2025-05-03": "Saturday"})
    )
    assert lines(told) == [
        ("Wed 18:00", "Thu 00:00", "hours", "", 6.0),
        ("Thu 00:00", "Fri 00:00", "holiday", "Labour Day", 24.0),
        ("Fri 00:00", "Fri 08:00", "hours", "", 8.0),
        ("Fri 18:00", "Mon 08:00", "weekend", "", 62.0),
    ]
    assert told.special_seconds == 24 * HOUR


def test_a_half_day_and_an_override_take_only_the_hours_they_close() -> None:
    told = explain(
        berlin(2025, 12, 23, 17),
        9 * HOUR,
        calendar(
            half_days={"12-24": {"name": "Christmas Eve", "closes": "12:00"}},
            overrides={"2025-12-25": {"name": "On call", "hours": [["10:00", "14:00"]]}},
        ),
    )
    assert lines(told) == [
        ("Tue 18:00", "Wed 08:00", "hours", "", 14.0),
        ("Wed 12:00", "Wed 18:00", "half_day", "Christmas Eve", 6.0),
        ("Wed 18:00", "Thu 08:00", "hours", "", 14.0),
        ("Thu 08:00", "Thu 10:00", "override", "On call", 2.0),
    ]
    assert told.due == berlin(2025, 12, 25, 14)


def test_the_morning_of_a_night_shift_is_lost_to_the_holiday_it_began_on() -> None:
    told = explain(berlin(2025, 4, 30, 22), 10 * HOUR, calendar(["22:00", "06:00"], holidays={"2025-05-01": "May"}))
    assert lines(told) == [
        ("Thu 06:00", "Fri 06:00", "holiday", "May", 24.0),
        ("Fri 06:00", "Fri 22:00", "hours", "", 16.0),
    ]


def test_several_teams_are_closed_for_a_holiday_only_where_it_costs_hours() -> None:
    member = {"weekly": {"thu": [["08:00", "16:00"]], "fri": [["08:00", "16:00"]]}}
    sun = build_calendar(
        from_json(
            {
                "code": "sun", "zone": "Europe/Berlin",
                "members": [
                    {"code": "a", "zone": "Europe/Berlin", "holidays": {"2025-05-01": "Labour Day"}, **member},
                    {"code": "b", "zone": "America/New_York", **member},
                ],
            }
        ),
        holidays=None,
    )  # fmt: skip
    assert lines(explain(berlin(2025, 5, 1, 7), 9 * HOUR, sun)) == [
        ("Thu 07:00", "Thu 08:00", "hours", "", 1.0),
        ("Thu 08:00", "Thu 14:00", "holiday", "Labour Day", 6.0),
        ("Thu 22:00", "Fri 08:00", "hours", "", 10.0),
    ]


def test_overlapping_pauses_count_an_open_second_once() -> None:
    pauses = [
        PauseSpan(berlin(2025, 4, 24, 10), berlin(2025, 4, 24, 12), "vendor"),
        PauseSpan(berlin(2025, 4, 24, 9), berlin(2025, 4, 24, 11), "customer"),
        PauseSpan(berlin(2025, 4, 23, 9), berlin(2025, 4, 24, 8), "before"),
        PauseSpan(berlin(2025, 4, 24, 17), berlin(2025, 4, 25, 9), "night"),
    ]
    told = explain(berlin(2025, 4, 24, 8), 8 * HOUR, calendar(), pauses)
    assert [(part.reason, part.seconds, part.wall_seconds) for part in told.paused] == [
        ("customer", 2 * HOUR, 2 * HOUR),
        ("vendor", HOUR, 2 * HOUR),
        ("night", 2 * HOUR, 16 * HOUR),
    ]
    assert told.due == berlin(2025, 4, 25, 11)


def test_around_the_clock_nothing_is_closed() -> None:
    start = berlin(2025, 4, 25, 17)
    told = explain(start, 24 * HOUR, ALWAYS_OPEN, now=start + timedelta(hours=25))
    assert (told.closed, told.special, told.paused) == ((), (), ())
    assert (told.due, told.remaining, told.over) == (start + timedelta(hours=24), 0, HOUR)


def test_the_night_of_a_change_of_the_clocks_has_the_length_it_had() -> None:
    spring = explain(berlin(2025, 3, 28, 17), 2 * HOUR, calendar())
    assert [(part.kind, part.seconds) for part in spring.closed] == [(Closure.WEEKEND, 61 * HOUR)]
    autumn = explain(berlin(2025, 10, 24, 17), 2 * HOUR, calendar())
    assert [(part.kind, part.seconds) for part in autumn.closed] == [(Closure.WEEKEND, 63 * HOUR)]
