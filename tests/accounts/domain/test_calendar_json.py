from datetime import date
from typing import Any

import pytest
from hypothesis import given

from accounts.domain.calendar_errors import InvalidCalendar
from accounts.domain.calendar_json import from_json, to_json
from accounts.domain.calendar_spec import CalendarSpec, HalfDay, Hours, Override
from tests.bed.calendar_cases import definitions

BASE = {"code": "t", "zone": "Europe/Berlin"}


@given(definitions(date(2025, 3, 28)))
def test_a_definition_survives_being_written_and_read(definition: dict[str, Any]) -> None:
    spec = from_json(definition)
    assert from_json(to_json(spec)) == spec
    assert to_json(from_json(to_json(spec))) == to_json(spec)
    assert hash(spec) == hash(from_json(to_json(spec)))


def test_every_field_is_read() -> None:
    spec = from_json(
        {
            "code": "integrations", "name": "Integrations", "zone": "Europe/Berlin",
            "weekly": {"fri": [["22:00", "06:00"], ["08:00", "12:00"]], "sat": [["20:00", "00:00"]]},
            "country": "DE", "subdivision": "BE", "holidays": {"2025-05-01": "Labour Day"}, "holiday_years": [2025],
            "half_days": {"2025-12-31": {"name": "Eve", "opens": "10:00"}, "12-24": {"name": "Eve", "closes": "12:00"}},
            "overrides": {"2025-05-02": {"name": "Bridge day", "hours": []}},
        }
    )  # fmt: skip
    assert spec == CalendarSpec(
        code="integrations", name="Integrations", zone="Europe/Berlin",
        weekly=((), (), (), (), (Hours(480, 720), Hours(1320, 360)), (Hours(1200, 1440),), ()),
        country="DE", subdivision="BE", holidays={date(2025, 5, 1): "Labour Day"}, holiday_years=frozenset({2025}),
        half_days={date(2025, 12, 31): HalfDay("Eve", opens=600)},
        yearly_half_days={(12, 24): HalfDay("Eve", closes=720)},
        overrides={date(2025, 5, 2): Override("Bridge day")},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "America"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"zone": None}, "zone"),
        ({"code": ""}, "code"),
        ({"always_open": "yes"}, "always_open"),
        ({"colour": "red"}, "calendar.colour"),
        ({"weekly": []}, "weekly"),
        ({"weekly": {"monday": []}}, "weekly.monday"),
        ({"weekly": {"mon": "08:00"}}, "weekly.mon"),
        ({"weekly": {"mon": [["08:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["08:00", "24:01"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["8:00", "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["08:60", "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["24:00", "06:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["٠٨:٠٠", "18:00"]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [[480, 1080]]}}, "weekly.mon[0]"),
        ({"weekly": {"mon": [["08:00", "12:00"], ["13:00", "13:00"]]}}, "weekly.mon[1]"),
        ({"weekly": {"mon": [["08:00", "12:00"], ["11:00", "18:00"]]}}, "weekly.mon[1]"),
        ({"weekly": {"mon": [["22:00", "06:00"], ["23:00", "24:00"]]}}, "weekly.mon[1]"),
        ({"subdivision": "BE"}, "subdivision"),
        ({"holidays": {"2025-02-29": "x"}}, "holidays.2025-02-29"),
        ({"holidays": {"20250501": "x"}}, "holidays.20250501"),
        ({"holidays": {"2025-05-01": ""}}, "holidays.2025-05-01"),
        ({"holiday_years": ["2025"]}, "holiday_years[0]"),
        ({"half_days": {"12-24": {"name": "Eve"}}}, "half_days.12-24"),
        ({"half_days": {"13-24": {"name": "Eve", "closes": "12:00"}}}, "half_days.13-24"),
        ({"half_days": {"12-24": {"name": "Eve", "opens": "13:00", "closes": "12:00"}}}, "half_days.12-24"),
        ({"half_days": {"12-24": {"closes": "12:00"}}}, "half_days.12-24.name"),
        ({"overrides": {"2025-05-02": {"name": "x"}}}, "overrides.2025-05-02.hours"),
        ({"overrides": {"2025-05-02": {"name": "x", "hours": [["9", "10"]]}}}, "overrides.2025-05-02.hours[0]"),
        ({"members": [BASE, {"code": "b", "zone": "Nowhere"}]}, "members[1].zone"),
        ({"members": [{**BASE, "weekly": {"mon": [["08:00", "x"]]}}]}, "members[0].weekly.mon[0]"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidCalendar) as error:
        from_json({**BASE, **change})
    assert error.value.field == field


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(InvalidCalendar):
        from_json(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weekly": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [["08:00", "18:00"]])},
         "Mon to Fri 08:00 to 18:00, Berlin"),
        ({"weekly": {"mon": [["08:00", "12:00"], ["13:00", "17:00"]], "sat": [["22:00", "06:00"]]}},
         "Mon 08:00 to 12:00 and 13:00 to 17:00, Sat 22:00 to 06:00, Berlin"),
        ({"zone": "America/New_York", "weekly": dict.fromkeys(("sat", "sun"), [["00:00", "24:00"]])},
         "Sat and Sun 00:00 to 24:00, New York"),
        ({"always_open": True}, "24×7"),
        ({}, "No weekly hours, Berlin"),
    ],
)  # fmt: skip
def test_the_hours_are_said_in_words(change: dict[str, Any], words: str) -> None:
    assert from_json({**BASE, **change}).summary == words
