from datetime import UTC, date, datetime, time, timedelta

import pytest

from accounts.domain.calendar_json import from_json
from accounts.domain.calendars import build_calendar, business_seconds
from accounts.holidays import UnknownCountry, countries, frozen, public_holidays


def test_public_holidays_of_a_country_and_of_its_parts() -> None:
    assert public_holidays("DE", "", 2025)[date(2025, 10, 3)] == "German Unity Day"
    assert date(2025, 3, 8) in public_holidays("DE", "BE", 2025)
    assert date(2025, 3, 8) not in public_holidays("DE", "BY", 2025)
    assert date(2009, 7, 4) in public_holidays("US", "", 2009)


def test_only_the_year_asked_for() -> None:
    assert {day.year for day in public_holidays("US", "", 2021)} == {2021}  # New Year of 2022 is observed in 2021
    assert {day.year for day in frozen("DE", "BE", [2024, 2026])} == {2024, 2026}


@pytest.mark.parametrize(("country", "part"), [("ZZ", ""), ("DE", "ZZ")])
def test_an_unknown_country_is_named(country: str, part: str) -> None:
    with pytest.raises(UnknownCountry):
        public_holidays(country, part, 2025)


def test_countries_with_their_parts() -> None:
    assert "BE" in countries()["DE"]


def test_a_calendar_generates_the_years_it_does_not_hold() -> None:
    spec = from_json({"code": "t", "zone": "Europe/Berlin", "country": "DE", "weekly": {"fri": [["08:00", "18:00"]]}})
    work = build_calendar(spec, holidays=public_holidays)
    for good_friday in (date(2003, 4, 18), date(2025, 4, 18), date(2038, 4, 23)):
        start = datetime.combine(good_friday, time(), UTC)
        assert business_seconds(start, start + timedelta(days=1), work) == 0
        assert business_seconds(start, start + timedelta(days=8), work) == 10 * 3600
