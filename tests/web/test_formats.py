from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from web import formats

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 4, 24, 12, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (540, "9 min"),
        (3600, "1 h"),
        (7500, "2 h 05 min"),
        (28_800, "8 h"),
        (86_400, "1 d"),
        (100_800, "1 d 4 h"),
        (864_000, "10 d"),
        (-540, "9 min"),
    ],
)
def test_durations(seconds: int, text: str) -> None:
    assert formats.format_duration(seconds) == text


def test_hours_add_up() -> None:
    assert formats.format_hours(95_400) == "26 h 30 min"
    assert formats.format_hours(2_520) == "42 min"


@pytest.mark.parametrize(
    ("apart", "text"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=30), "in under 1 min"),
        (timedelta(minutes=-12), "12 min ago"),
        (timedelta(minutes=34), "in 34 min"),
        (timedelta(hours=-2, minutes=-8), "2 h ago"),
        (timedelta(days=-3), "3 d ago"),
        (timedelta(days=-90), "3 months ago"),
        (timedelta(days=-800), "2 years ago"),
    ],
)
def test_relative(apart: timedelta, text: str) -> None:
    assert formats.format_relative(NOW + apart, NOW) == text


@pytest.mark.parametrize(
    ("apart", "text"),
    [
        (timedelta(0), "14:32"),
        (timedelta(hours=20), "Fri 10:32"),
        (timedelta(days=-2), "Tue 14:32"),
        (timedelta(days=-20), "4 Apr 14:32"),
        (timedelta(days=-365), "24 Apr 2024 14:32"),
    ],
)
def test_times(apart: timedelta, text: str) -> None:
    assert formats.format_time(NOW + apart, BERLIN, NOW) == text


def test_updated_is_narrow() -> None:
    assert formats.format_updated(NOW, BERLIN, NOW) == "14:32"
    assert formats.format_updated(NOW - timedelta(days=1), BERLIN, NOW) == "Wed"
    assert formats.format_updated(NOW - timedelta(days=9), BERLIN, NOW) == "15 Apr"


def test_when_has_both_and_the_zone() -> None:
    when = formats.format_when(NOW - timedelta(minutes=12), BERLIN, NOW)
    assert (when.relative, when.absolute) == ("12 min ago", "14:20 CEST")
    assert when.full == "Thu 24 Apr, 14:20 CEST"
    assert datetime.fromisoformat(when.iso) == NOW - timedelta(minutes=12)


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Europe/Berlin", "CEST"), ("Asia/Kathmandu", "UTC+5:45"), ("America/Sao_Paulo", "UTC-3"), ("UTC", "UTC")],
)
def test_zone_names(zone: str, name: str) -> None:
    assert formats.zone_name(NOW, ZoneInfo(zone)) == name


def test_sizes_and_counts() -> None:
    assert formats.format_bytes(212_000) == "212 KB"
    assert formats.format_bytes(3_400_000) == "3.4 MB"
    assert formats.counted(1, "ticket") == "1 ticket"
    assert formats.counted(1204, "ticket") == "1,204 tickets"
    assert formats.counted(2, "reply", "replies") == "2 replies"
