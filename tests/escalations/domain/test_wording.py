from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.domain.calendar_json import from_json
from accounts.domain.calendars import ALWAYS_OPEN, build_calendar
from escalations.choices import ClockKind
from escalations.domain import clocks
from escalations.domain.clocks import ClockRecord, Wait
from escalations.domain.wording import Chip, Sign, chip, clock_label, humanize_seconds, moment, target_words

HOUR, MINUTE, DAY = 3600, 60, 86_400
BERLIN = ZoneInfo("Europe/Berlin")
WORK = build_calendar(
    from_json(
        {
            "code": "t",
            "zone": "Europe/Berlin",
            "weekly": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [["08:00", "18:00"]]),
        }
    ),
    holidays=None,
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 4, day, hour, minute, tzinfo=BERLIN)


def running(budget: int, kind: ClockKind = ClockKind.TIME_AT_TIER, now: datetime | None = None) -> ClockRecord:
    return clocks.start(kind, now=now or at(24, 12), budget=budget, calendar=WORK)


def said(clock: ClockRecord, now: datetime, used: int | None = None) -> Chip:
    return chip(clock, now=now, calendar=WORK, zone=BERLIN, tier="L2", used=used)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 min"), (59, "under 1 min"), (60, "1 min"), (9 * MINUTE + 59, "9 min"), (HOUR, "1 h"),
        (HOUR + 12 * MINUTE, "1 h 12 min"), (3 * HOUR + 5 * MINUTE, "3 h 05 min"), (62 * HOUR, "62 h"),
    ],
)  # fmt: skip
def test_durations(seconds: int, words: str) -> None:
    assert humanize_seconds(seconds) == words


def test_days_are_said_where_asked_for() -> None:
    assert humanize_seconds(DAY - 1, days=True) == "23 h 59 min"
    assert humanize_seconds(2 * DAY + HOUR, days=True) == "2 d"


def test_when_something_is_due() -> None:
    now = at(24, 14, 32)
    assert moment(at(24, 14, 41), now, BERLIN) == "14:41"
    assert moment(at(25, 11, 26), now, BERLIN) == "Fri 11:26"
    assert moment(at(18, 9), now, BERLIN) == "Fri 09:00"
    assert moment(at(1, 9), now, BERLIN) == "1 Apr, 09:00"
    assert moment(datetime(2026, 5, 1, 9, tzinfo=BERLIN), now, BERLIN) == "1 May 2026, 09:00"
    assert moment(at(24, 23, 30), now, ZoneInfo("Asia/Tokyo")) == "Fri 06:30"


def test_time_left_is_business_time() -> None:
    clock = running(7 * HOUR + 26 * MINUTE)
    assert said(clock, at(24, 14, 32)) == Chip(Sign.OK, "4 h 54 min left", "Time at L2", "Fri 09:26")


@pytest.mark.parametrize(
    ("minutes", "sign", "words"),
    [
        (89, Sign.OK, "31 min left"), (90, Sign.SOON, "30 min left"), (111, Sign.SOON, "9 min left"),
        (120, Sign.SOON, "under 1 min left"), (121, Sign.LATE, "1 min late"), (138, Sign.LATE, "18 min late"),
        (190, Sign.LATE, "1 h 10 min late"), (120 + 2 * 1440 + 90, Sign.LATE, "2 d late"),
    ],
)  # fmt: skip
def test_soon_is_thirty_minutes_or_less_and_late_is_wall_time(minutes: int, sign: Sign, words: str) -> None:
    told = said(running(2 * HOUR), at(24, 12) + timedelta(minutes=minutes))
    assert (told.sign, told.text) == (sign, words)


def test_late_is_said_before_and_after_the_sweep_and_stands_still_once_stopped() -> None:
    clock, now = running(2 * HOUR), at(24, 14, 18)
    assert said(clocks.fire(clock, now), now) == said(clock, now)
    stopped = clocks.stop(clock, now, calendar=WORK)
    assert said(stopped, at(28, 9)).text == "18 min late"


def test_a_day_of_business_time_or_more_is_said_in_days_on_the_wall() -> None:
    assert said(running(48 * HOUR), at(24, 12)).text == "6 d left"
    assert said(running(24 * HOUR), at(24, 12, 1)).text == "23 h 59 min left"
    clock = clocks.start(ClockKind.STATUS_UPDATE, now=at(24, 12), budget=2 * DAY, calendar=ALWAYS_OPEN)
    assert chip(clock, now=at(24, 12), calendar=ALWAYS_OPEN, zone=BERLIN).text == "2 d left"


def test_while_the_team_is_closed_nothing_is_urgent_and_the_opening_is_named() -> None:
    """Fifteen minutes of working time at the week's end are not fifteen minutes."""
    clock = clocks.start(ClockKind.ACKNOWLEDGEMENT, now=at(24, 17, 45), budget=30 * MINUTE, calendar=WORK)
    assert said(clock, at(24, 17, 50)) == Chip(Sign.SOON, "25 min left", "Acknowledge", "Fri 08:15")
    assert said(clock, at(24, 18)) == Chip(Sign.OK, "15 min from Fri 08:00", "Acknowledge", "Fri 08:15")
    assert said(clock, at(25, 7, 40)) == Chip(Sign.OK, "15 min from 08:00", "Acknowledge", "08:15")
    # Half an hour before it is due it is soon, open or not.
    assert said(clock, at(25, 7, 45)) == Chip(Sign.SOON, "15 min from 08:00", "Acknowledge", "08:15")
    assert said(clock, at(25, 8)).text == "15 min left"
    assert said(clock, at(25, 8, 16)).sign == Sign.LATE


def test_a_pause_names_its_reason() -> None:
    clock = clocks.pause(
        running(2 * HOUR),
        at(24, 13),
        wait=Wait.CUSTOMER,
        reason="Waiting for customer",
        review_at=at(25, 9),
        calendar=WORK,
    )
    assert said(clock, at(24, 16)) == Chip(Sign.PAUSE, "Paused 3 h", "Time at L2", "Waiting for customer")
    assert said(clock, at(25, 14)).text == "Paused 1 d"


def test_met_and_cancelled() -> None:
    clock = running(15 * MINUTE, ClockKind.ACKNOWLEDGEMENT)
    met = clocks.stop(clock, at(24, 12, 7), calendar=WORK)
    used = clocks.used_seconds(met, at(25, 9), WORK)
    assert said(met, at(24, 14), used) == Chip(Sign.MET, "Met in 7 min", "Acknowledge", "12:07")
    assert said(met, at(24, 14)).text == "Met"
    assert said(clocks.cancel(clock, at(24, 12, 5)), at(24, 14)).sign == Sign.OFF


def test_labels_and_targets() -> None:
    assert clock_label(ClockKind.TIER_RESOLUTION, "L3") == "Resolve at L3"
    assert clock_label(ClockKind.FIRST_RESPONSE, "L1") == "First response"
    assert target_words(running(8 * HOUR)) == "limit 8 h"
    assert target_words(running(15 * MINUTE, ClockKind.ACKNOWLEDGEMENT)) == "target 15 min"
    assert target_words(clocks.promise(now=at(24, 13), due=at(24, 15))) == "promised"
