"""The interval arithmetic against the definition of business time. 10,000 cases run in the battery."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import NoSuchExample

from accounts.domain import calendars, day_plan, open_hours
from accounts.domain.zone_spans import Span
from tests.bed.calendar_cases import ZONES, Case, cases, clock_changes, faults

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(max_examples=200, suppress_health_check=SLOW)
@given(cases(max_days=5))
def test_every_answer_is_the_oracles(case: Case) -> None:
    assert faults(case) == []


def test_most_zones_change_their_clocks() -> None:
    assert {zone for zone in ZONES if len(clock_changes(zone)) > 20} >= {
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Europe/Berlin",
    }


def todays_offset(zone: str, start: int, end: int) -> Iterator[Span]:
    shift = datetime(2026, 1, 15, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert shift is not None
    yield Span(start, end, int(shift.total_seconds()))


def is_caught(case: Case) -> bool:
    return faults(case) != []


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        pytest.param(day_plan, "spans_between", todays_offset, id="today's offset applied to history"),
        pytest.param(open_hours, "bisect_left", bisect_right, id="the latest inverse instead of the earliest"),
        pytest.param(day_plan.DayPlan, "holiday_on", lambda self, day: None, id="holidays forgotten"),
        pytest.param(calendars, "merged_pauses", lambda pauses, start: [], id="pauses forgotten"),
    ],
)
def test_a_wrong_implementation_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, wrong: object
) -> None:
    """Negative control: each classic mistake is found by the same cases that the code passes."""
    monkeypatch.setattr(module, name, wrong)
    try:
        find(
            cases(max_days=3),
            is_caught,
            settings=settings(
                max_examples=500, suppress_health_check=SLOW, phases=[Phase.generate], database=None, derandomize=True
            ),
        )
    except NoSuchExample:
        pytest.fail("no case shows the mistake")
