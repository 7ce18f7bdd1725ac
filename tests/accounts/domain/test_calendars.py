"""Named cases of business time, each with the figure a person would work out by hand."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.domain.calendar_errors import (
    CalendarNeverOpens,
    CalendarOutOfRange,
    HolidaysMissing,
    InvalidBudget,
    NaiveDatetime,
)
from accounts.domain.calendar_json import from_json
from accounts.domain.calendars import (
    ALWAYS_OPEN,
    Calendar,
    CalendarCache,
    PauseSpan,
    build_calendar,
    business_seconds,
    closes_at,
    due_at,
    next_open,
    open_at,
    threshold,
    union,
)

HOUR, MINUTE = 3600, 60
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    """In UTC: Python never finds an instant of a repeated hour equal to one in another zone."""
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[arg-type,misc]


def calendar(zone: str = "Europe/Berlin", hours: Any = (["08:00", "18:00"],), **more: Any) -> Calendar:
    definition = {"code": "t", "zone": zone, "weekly": {day: list(hours) for day in WORKDAYS}, **more}
    return build_calendar(from_json(definition), holidays=None)


def all_week(zone: str, *hours: list[str], **more: Any) -> Calendar:
    definition = {"code": "t", "zone": zone, "weekly": dict.fromkeys([*WORKDAYS, "sat", "sun"], list(hours)), **more}
    return build_calendar(from_json(definition), holidays=None)


def test_a_day_runs_over_the_night_into_the_next() -> None:
    start = local("Europe/Berlin", 2025, 4, 24, 12, 44)
    pause = PauseSpan(local("Europe/Berlin", 2025, 4, 24, 13, 5), local("Europe/Berlin", 2025, 4, 24, 13, 47))
    assert due_at(start, 8 * HOUR, calendar(), [pause]) == local("Europe/Berlin", 2025, 4, 25, 11, 26)


def test_escalation_one_minute_before_closing() -> None:
    start = local("Europe/Berlin", 2025, 4, 25, 17, 59)  # a Friday
    assert due_at(start, 15 * MINUTE, calendar()) == local("Europe/Berlin", 2025, 4, 28, 8, 14)


def test_a_budget_that_ends_with_the_day_is_due_at_closing() -> None:
    start = local("Europe/Berlin", 2025, 4, 25, 17, 0)
    assert due_at(start, HOUR, calendar()) == local("Europe/Berlin", 2025, 4, 25, 18, 0)


def test_p1_around_the_clock_beside_p3_in_business_hours() -> None:
    start = local("Europe/Berlin", 2025, 4, 25, 17, 30)
    assert due_at(start, HOUR, ALWAYS_OPEN) == local("Europe/Berlin", 2025, 4, 25, 18, 30)
    assert due_at(start, HOUR, calendar()) == local("Europe/Berlin", 2025, 4, 28, 8, 30)


def test_gap_an_hour_that_does_not_exist_is_not_counted() -> None:
    night = all_week("Europe/Berlin", ["01:00", "05:00"])
    day = (2025, 3, 30)
    assert business_seconds(local("Europe/Berlin", *day, 0), local("Europe/Berlin", *day, 12), night) == 3 * HOUR
    start = local("Europe/Berlin", *day, 1, 30)
    assert due_at(start, HOUR, night) == local("Europe/Berlin", *day, 3, 30)


def test_gap_opening_within_it_happens_when_the_gap_ends() -> None:
    early = all_week("Europe/Berlin", ["02:30", "05:00"])
    assert next_open(local("Europe/Berlin", 2025, 3, 30, 0), early) == local("Europe/Berlin", 2025, 3, 30, 3)
    assert closes_at(local("Europe/Berlin", 2025, 3, 30, 3), early) == local("Europe/Berlin", 2025, 3, 30, 5)


def test_fold_a_repeated_hour_counts_twice() -> None:
    night = all_week("Europe/Berlin", ["01:00", "05:00"])
    day = (2025, 10, 26)
    assert business_seconds(local("Europe/Berlin", *day, 0), local("Europe/Berlin", *day, 12), night) == 5 * HOUR
    start = local("Europe/Berlin", *day, 2, 30, fold=0)
    assert due_at(start, HOUR, night) == local("Europe/Berlin", *day, 2, 30, fold=1)


def test_fold_hours_that_close_within_it_open_again_for_the_second_pass() -> None:
    night = all_week("Europe/Berlin", ["01:00", "02:30"])
    day = (2025, 10, 26)
    assert closes_at(local("Europe/Berlin", *day, 1), night) == local("Europe/Berlin", *day, 2, 30, fold=0)
    assert not open_at(local("Europe/Berlin", *day, 2, 30, fold=0), night)
    assert open_at(local("Europe/Berlin", *day, 2, 29, fold=1), night)
    assert business_seconds(local("Europe/Berlin", *day, 0), local("Europe/Berlin", *day, 12), night) == 2 * HOUR


def test_half_hour_zones_and_half_hour_summer_time() -> None:
    kolkata = calendar("Asia/Kolkata", (["09:00", "17:30"],))
    assert next_open(local("UTC", 2025, 4, 24, 0), kolkata) == datetime(2025, 4, 24, 3, 30, tzinfo=UTC)
    kathmandu = calendar("Asia/Kathmandu", (["09:00", "17:00"],))
    assert next_open(local("UTC", 2025, 4, 24, 0), kathmandu) == datetime(2025, 4, 24, 3, 15, tzinfo=UTC)
    lord_howe = all_week("Australia/Lord_Howe", ["00:00", "06:00"])
    spring, autumn = (2025, 10, 5), (2025, 4, 6)
    for day, hours in ((spring, 5.5), (autumn, 6.5)):
        start = local("Australia/Lord_Howe", *day, 0)
        assert business_seconds(start, start + timedelta(hours=12), lord_howe) == hours * HOUR


def test_casablanca_turns_its_clocks_back_for_ramadan() -> None:
    work = calendar("Africa/Casablanca", (["09:00", "10:00"],))
    assert next_open(local("UTC", 2025, 2, 20, 0), work) == datetime(2025, 2, 20, 8, tzinfo=UTC)
    assert next_open(local("UTC", 2025, 3, 5, 0), work) == datetime(2025, 3, 5, 9, tzinfo=UTC)


def test_a_date_that_a_zone_skipped_is_no_working_day() -> None:
    apia = all_week("Pacific/Apia", ["08:00", "18:00"])  # went from 29 to 31 December 2011 over the date line
    start, end = local("Pacific/Apia", 2011, 12, 29, 0), local("Pacific/Apia", 2012, 1, 1, 0)
    assert business_seconds(start, end, apia) == 2 * 10 * HOUR


def test_history_is_judged_by_the_offset_of_its_day() -> None:
    start = local("America/New_York", 2007, 3, 14, 16, 0)  # summer time began on 11 March for the first time
    work = calendar("America/New_York", (["09:00", "17:00"],))
    assert due_at(start, 2 * HOUR, work) == datetime(2007, 3, 15, 14, 0, tzinfo=UTC)


def test_hours_to_the_end_of_the_day_meet_the_next_day() -> None:
    around = all_week("Europe/Berlin", ["00:00", "24:00"])
    assert due_at(local("Europe/Berlin", 2025, 4, 24, 23, 30), HOUR, around) == local(
        "Europe/Berlin", 2025, 4, 25, 0, 30
    )
    assert closes_at(local("Europe/Berlin", 2025, 4, 24, 12), around) is None
    evening = all_week("Europe/Berlin", ["20:00", "24:00"])
    assert due_at(local("Europe/Berlin", 2025, 4, 24, 23, 30), HOUR, evening) == local(
        "Europe/Berlin", 2025, 4, 25, 20, 30
    )


def test_a_night_shift_belongs_to_the_date_on_which_it_opens() -> None:
    holiday = {"holidays": {"2025-05-01": "Labour Day"}}
    night = calendar("Europe/Berlin", (["22:00", "06:00"],), **holiday)
    assert open_at(local("Europe/Berlin", 2025, 5, 1, 5, 59), night)  # Wednesday's shift
    assert not open_at(local("Europe/Berlin", 2025, 5, 1, 22), night)
    assert not open_at(local("Europe/Berlin", 2025, 5, 2, 5), night)  # Thursday's shift, a holiday
    assert open_at(local("Europe/Berlin", 2025, 5, 3, 5), night)  # Friday's, on Saturday morning
    assert not open_at(local("Europe/Berlin", 2025, 5, 5, 5), night)  # nobody began on Sunday


def test_a_half_day_cuts_the_hours_of_its_weekday() -> None:
    half = {"half_days": {"12-24": {"name": "Christmas Eve", "closes": "12:00"}}}
    work = calendar("Europe/Berlin", (["08:00", "18:00"],), **half)
    start = local("Europe/Berlin", 2025, 12, 24, 11, 0)
    assert due_at(start, 2 * HOUR, work) == local("Europe/Berlin", 2025, 12, 25, 9, 0)
    sunday = local("Europe/Berlin", 2023, 12, 24, 0)  # every year, but a Sunday stays closed
    assert business_seconds(sunday, sunday + timedelta(days=1), work) == 0


def test_an_override_wins_over_holiday_half_day_and_weekday() -> None:
    work = calendar(
        "Europe/Berlin",
        (["08:00", "18:00"],),
        holidays={"2025-05-01": "Labour Day"},
        half_days={"2025-05-02": {"name": "Bridge day", "closes": "12:00"}},
        overrides={
            "2025-05-01": {"name": "Launch", "hours": [["10:00", "12:00"]]},
            "2025-05-02": {"name": "Day off", "hours": []},
            "2025-05-03": {"name": "Launch", "hours": [["10:00", "11:00"]]},
        },
    )
    start = local("Europe/Berlin", 2025, 5, 1, 0)
    assert business_seconds(start, start + timedelta(days=4), work) == 3 * HOUR


def test_a_half_day_named_by_hand_wins_over_a_holiday() -> None:
    work = calendar(
        holidays={"2025-12-24": "Christmas Eve"}, half_days={"2025-12-24": {"name": "Christmas Eve", "closes": "12:00"}}
    )
    start = local("Europe/Berlin", 2025, 12, 24, 0)
    assert business_seconds(start, start + timedelta(days=1), work) == 4 * HOUR


def test_years_that_are_not_frozen_are_generated_never_clamped() -> None:
    asked: list[tuple[str, str, int]] = []

    def source(country: str, subdivision: str, year: int) -> dict[date, str]:
        asked.append((country, subdivision, year))
        return {date(year, 5, 1): "Labour Day"}

    definition = {
        "code": "t", "zone": "Europe/Berlin", "weekly": {day: [["08:00", "18:00"]] for day in WORKDAYS},
        "country": "DE", "subdivision": "BE", "holidays": {"2025-05-02": "Frozen"}, "holiday_years": [2025],
    }  # fmt: skip
    work = build_calendar(from_json(definition), holidays=source)
    assert open_at(local("Europe/Berlin", 2025, 5, 1, 12), work)
    assert not open_at(local("Europe/Berlin", 2025, 5, 2, 12), work)
    assert not open_at(local("Europe/Berlin", 2009, 5, 1, 12), work)
    assert not open_at(local("Europe/Berlin", 2031, 5, 1, 12), work)
    assert ("DE", "BE", 2025) not in asked
    assert len(asked) == len(set(asked))
    with pytest.raises(HolidaysMissing):
        open_at(local("Europe/Berlin", 2031, 5, 1, 12), build_calendar(from_json(definition), holidays=None))


def test_follow_the_sun_is_open_when_any_member_is() -> None:
    parts = [
        calendar("Europe/Berlin", (["09:00", "17:00"],)),
        calendar("America/New_York", (["09:00", "17:00"],)),
        calendar("Asia/Tokyo", (["09:00", "17:00"],)),
    ]
    sun = union(*parts, name="Follow the sun")
    wednesday = datetime(2025, 1, 15, tzinfo=UTC)
    assert business_seconds(wednesday, wednesday + timedelta(days=1), sun) == 22 * HOUR
    assert union(parts[0], ALWAYS_OPEN).elapsed(12_345) == 12_345
    member = {"zone": "Europe/Berlin", "weekly": {"wed": [["09:00", "17:00"]]}}
    members = [{"code": "a", **member}, {"code": "b", **member, "zone": "America/New_York"}]
    joined = build_calendar(from_json({"code": "sun", "zone": "UTC", "members": members}), holidays=None)
    assert business_seconds(wednesday, wednesday + timedelta(days=1), joined) == 14 * HOUR


def test_a_calendar_that_never_opens_says_so() -> None:
    never = build_calendar(from_json({"code": "t", "zone": "UTC"}), holidays=None)
    at = datetime(2025, 4, 24, tzinfo=UTC)
    for _ in range(3):
        with pytest.raises(CalendarNeverOpens):
            due_at(at, 1, never)
        with pytest.raises(CalendarNeverOpens):
            next_open(at, never)
        with pytest.raises(CalendarNeverOpens):
            threshold(at, 0, never)
    assert business_seconds(at, at + timedelta(days=99), never) == 0
    assert due_at(at, 0, never) == at
    assert closes_at(at, never) is None


def test_a_calendar_that_has_closed_for_good_says_so_and_still_looks_back() -> None:
    once = build_calendar(
        from_json(
            {"code": "t", "zone": "UTC", "overrides": {"2025-04-24": {"name": "x", "hours": [["08:00", "09:00"]]}}}
        ),
        holidays=None,
    )
    opening = datetime(2025, 4, 24, 8, tzinfo=UTC)
    assert due_at(opening - timedelta(days=3000), HOUR, once) == opening + timedelta(hours=1)
    assert threshold(opening + timedelta(days=3000), HOUR // 2, once) == opening + timedelta(minutes=30)
    with pytest.raises(CalendarNeverOpens):
        due_at(opening, HOUR + 1, once)


def test_what_cannot_be_answered_is_refused() -> None:
    at = datetime(2025, 4, 24, tzinfo=UTC)
    with pytest.raises(NaiveDatetime):
        due_at(at.replace(tzinfo=None), 1, calendar())
    with pytest.raises(NaiveDatetime):
        due_at(at, 1, calendar(), [(at.replace(tzinfo=None), at)])
    for wrong in (-1, 1.5, True):
        with pytest.raises(InvalidBudget):
            due_at(at, wrong, calendar())  # type: ignore[arg-type]
    with pytest.raises(CalendarOutOfRange):
        due_at(datetime(219, 4, 24, tzinfo=UTC), 1, calendar())


def test_pauses_may_overlap_be_unsorted_empty_or_before_the_start() -> None:
    def at(hour: int, minute: int = 0) -> datetime:
        return local("Europe/Berlin", 2025, 4, 24, hour, minute)

    pauses = [(at(13), at(14)), (at(7), at(9)), (at(13, 30), at(15)), (at(16), at(16)), (at(17), at(12))]
    assert due_at(at(8, 30), 5 * HOUR, calendar(), pauses) == at(16)


def test_seconds_are_whole_and_rounded_down() -> None:
    start = datetime(2025, 4, 24, 10, 0, 0, 999_999, tzinfo=UTC)
    assert due_at(start, 60, ALWAYS_OPEN) == datetime(2025, 4, 24, 10, 1, tzinfo=UTC)
    assert due_at(start, 60, calendar()) == datetime(2025, 4, 24, 10, 1, tzinfo=UTC)


def test_b_does_not_move_when_years_are_added_on_either_side() -> None:
    work = calendar()
    noon = int(datetime(2025, 4, 24, 12, tzinfo=UTC).timestamp())
    before = work.elapsed(noon)
    work.elapsed(noon - 20 * 366 * 86_400)
    work.elapsed(noon + 20 * 366 * 86_400)
    assert work.elapsed(noon) == before


def test_threads_that_grow_one_calendar_agree() -> None:
    work, alone = calendar(), calendar()
    instants = [datetime(year, 6, 2, 12, tzinfo=UTC) for year in range(1995, 2035)]
    first = datetime(2015, 1, 1, tzinfo=UTC)
    expected = [business_seconds(first, at, alone) for at in instants]
    barrier, answers = Barrier(8), []

    def ask(turn: int) -> None:
        barrier.wait()
        order = instants[turn * 5 :] + instants[: turn * 5]
        answers.append({at: business_seconds(first, at, work) for at in order})

    threads = [Thread(target=ask, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [dict(zip(instants, expected, strict=True))] * 8


def test_the_cache_keeps_the_most_recently_used() -> None:
    cache, built = CalendarCache(size=2), []

    def get(key: int) -> Calendar:
        return cache.get(key, lambda: built.append(key) or calendar())  # type: ignore[func-returns-value]

    first = get(1)
    get(2)
    assert get(1) is first
    get(3)  # 2 has to go
    get(2)
    assert built == [1, 2, 3, 2]
