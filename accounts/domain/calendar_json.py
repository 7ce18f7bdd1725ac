"""A calendar's JSON, read with errors that name the field, and written back the same."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeAlias

from accounts.domain.calendar_errors import InvalidCalendar
from accounts.domain.calendar_spec import (
    DAY_MINUTES,
    WEEKDAYS,
    CalendarSpec,
    HalfDay,
    Hours,
    Override,
    format_minutes,
    parse_minutes,
)

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
FIELDS = {
    "code", "name", "zone", "always_open", "weekly", "country", "subdivision", "holidays", "holiday_years",
    "half_days", "overrides", "members",
}  # fmt: skip
LEAP_YEAR = 2000


def from_json(data: object, where: str = "") -> CalendarSpec:
    """The spec of a definition shaped as in `calendar_spec`. Raises InvalidCalendar naming the field."""
    prefix = f"{where}." if where else ""
    given = _object(data, where or "calendar", FIELDS)
    weekly = _object(given.get("weekly", {}), f"{prefix}weekly", set(WEEKDAYS))
    half_days, yearly = _half_days(_object(given.get("half_days", {}), f"{prefix}half_days"), f"{prefix}half_days")
    try:
        return CalendarSpec(
            code=_text(given.get("code"), f"{prefix}code", required=True),
            name=_text(given.get("name", ""), f"{prefix}name"),
            zone=_text(given.get("zone"), f"{prefix}zone", required=True),
            always_open=_flag(given.get("always_open", False), f"{prefix}always_open"),
            weekly=tuple(_hours(weekly.get(day, []), f"{prefix}weekly.{day}") for day in WEEKDAYS),
            country=_text(given.get("country", ""), f"{prefix}country"),
            subdivision=_text(given.get("subdivision", ""), f"{prefix}subdivision"),
            holidays={
                _date(key, f"{prefix}holidays.{key}"): _text(name, f"{prefix}holidays.{key}", required=True)
                for key, name in _object(given.get("holidays", {}), f"{prefix}holidays").items()
            },
            holiday_years=frozenset(_years(given.get("holiday_years", []), f"{prefix}holiday_years")),
            half_days=half_days,
            yearly_half_days=yearly,
            overrides={
                _date(key, f"{prefix}overrides.{key}"): _override(value, f"{prefix}overrides.{key}")
                for key, value in _object(given.get("overrides", {}), f"{prefix}overrides").items()
            },
            members=tuple(
                from_json(member, f"{prefix}members[{position}]")
                for position, member in enumerate(_list(given.get("members", []), f"{prefix}members"))
            ),
        )
    except InvalidCalendar as error:
        if not where or error.field.startswith(prefix):
            raise
        raise InvalidCalendar(prefix + error.field, error.message) from error


def to_json(spec: CalendarSpec) -> dict[str, Json]:
    """The definition to store. `from_json(to_json(spec)) == spec`, and equal specs give equal JSON."""
    half_days = {day.isoformat(): half for day, half in spec.half_days.items()}
    half_days |= {f"{month:02d}-{day:02d}": half for (month, day), half in spec.yearly_half_days.items()}
    return {
        "code": spec.code,
        "name": spec.name,
        "zone": spec.zone,
        "always_open": spec.always_open,
        "weekly": {day: _hours_json(hours) for day, hours in zip(WEEKDAYS, spec.weekly, strict=True) if hours},
        "country": spec.country,
        "subdivision": spec.subdivision,
        "holidays": {day.isoformat(): name for day, name in sorted(spec.holidays.items())},
        "holiday_years": [*sorted(spec.holiday_years)],
        "half_days": {
            key: {
                "name": half.name,
                "opens": format_minutes(half.opens),
                "closes": format_minutes(half.closes),
            }
            for key, half in sorted(half_days.items())
        },
        "overrides": {
            day.isoformat(): {"name": override.name, "hours": _hours_json(override.hours)}
            for day, override in sorted(spec.overrides.items())
        },
        "members": [to_json(member) for member in spec.members],
    }


def _hours_json(hours: Iterable[Hours]) -> list[Json]:
    return [[format_minutes(one.opens), format_minutes(one.closes)] for one in hours]


def _object(value: object, where: str, allowed: set[str] | None = None) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidCalendar(where, "is an object")
    for key in value:
        if not isinstance(key, str) or (allowed is not None and key not in allowed):
            raise InvalidCalendar(f"{where}.{key}", "is not known")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise InvalidCalendar(where, "is a list")
    return list(value)


def _text(value: object, where: str, *, required: bool = False) -> str:
    if not isinstance(value, str) or (required and not value):
        raise InvalidCalendar(where, "is a text" if not required else "is a text that is not empty")
    return value


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidCalendar(where, "is true or false")
    return value


def _years(value: object, where: str) -> Iterable[int]:
    for position, year in enumerate(_list(value, where)):
        if not isinstance(year, int) or isinstance(year, bool):
            raise InvalidCalendar(f"{where}[{position}]", "is a year")
        yield year


def _date(value: str, where: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise InvalidCalendar(where, "is not a date such as 2025-12-24") from error
    if day.isoformat() != value:
        raise InvalidCalendar(where, "is not a date such as 2025-12-24")
    return day


def _hours(value: object, where: str) -> tuple[Hours, ...]:
    found = []
    for position, pair in enumerate(_list(value, where)):
        here = f"{where}[{position}]"
        times = _list(pair, here)
        if len(times) != 2:
            raise InvalidCalendar(here, "is an opening and a closing time")
        found.append(Hours(parse_minutes(times[0], here), parse_minutes(times[1], here) or DAY_MINUTES))
    return tuple(found)


def _half_days(values: Mapping[str, object], where: str) -> tuple[dict[date, HalfDay], dict[tuple[int, int], HalfDay]]:
    single: dict[date, HalfDay] = {}
    yearly: dict[tuple[int, int], HalfDay] = {}
    for key, value in values.items():
        here = f"{where}.{key}"
        given = _object(value, here, {"name", "opens", "closes"})
        if "opens" not in given and "closes" not in given:
            raise InvalidCalendar(here, "says when it opens or when it closes")
        half = HalfDay(
            _text(given.get("name"), f"{here}.name", required=True),
            parse_minutes(given["opens"], f"{here}.opens") if "opens" in given else 0,
            parse_minutes(given["closes"], f"{here}.closes") if "closes" in given else DAY_MINUTES,
        )
        if len(key) == len("12-24"):
            day = _date(f"{LEAP_YEAR}-{key}", here)
            yearly[day.month, day.day] = half
        else:
            single[_date(key, here)] = half
    return single, yearly


def _override(value: object, where: str) -> Override:
    given = _object(value, where, {"name", "hours"})
    if "hours" not in given:
        raise InvalidCalendar(f"{where}.hours", "is missing; an empty list is a closed day")
    return Override(_text(given.get("name"), f"{where}.name", required=True), _hours(given["hours"], f"{where}.hours"))
