"""One revision of a calendar as frozen data: what is open on which local date, read from and written to JSON.

Shape of the JSON (only `code` and `zone` are required):

    {"code": "integrations", "name": "Integrations", "zone": "Europe/Berlin", "always_open": false,
     "weekly": {"mon": [["08:00", "18:00"]], "fri": [["08:00", "12:00"], ["22:00", "06:00"]]},
     "country": "DE", "subdivision": "BE",
     "holidays": {"2025-05-01": "Labour Day"}, "holiday_years": [2025, 2026],
     "half_days": {"2025-12-24": {"name": "Christmas Eve", "closes": "12:00"}, "12-31": {...every year...}},
     "overrides": {"2025-05-02": {"name": "Bridge day", "hours": []}},
     "members": [...further calendars; open when any of them is...]}

Hours are local wall times in whole minutes, half-open. They close at `24:00` or, the same, at `00:00` when the day
ends; hours that close before they open end on the day after and belong, the part after midnight too, to the date on
which they open.
Of a date the override decides, else the half day, else the holiday, else the weekday.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts.domain.calendar_errors import InvalidCalendar

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


class Hours(NamedTuple):
    """Local opening hours in minutes since midnight; before `opens`, `closes` is on the day after."""

    opens: int
    closes: int

    @property
    def end(self) -> int:
        """Minutes since the midnight before `opens`; beyond 1440 when it closes on the day after."""
        return self.closes if self.closes > self.opens else self.closes + DAY_MINUTES

    def __str__(self) -> str:
        return f"{format_minutes(self.opens)} to {format_minutes(self.closes)}"


class HalfDay(NamedTuple):
    """A day on which only the part of the weekday's hours between two local times is worked."""

    name: str
    opens: int = 0
    closes: int = DAY_MINUTES


class Override(NamedTuple):
    """A day with hours of its own; none means closed."""

    name: str
    hours: tuple[Hours, ...] = ()


def format_minutes(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def parse_minutes(value: object, where: str) -> int:
    """Minutes since midnight of `HH:MM`, 00:00 to 24:00. Raises InvalidCalendar naming `where`."""
    text = value if isinstance(value, str) else ""
    hours, colon, minutes = text.partition(":")
    digits = hours + minutes
    if not (colon and len(hours) == len(minutes) == 2 and digits.isascii() and digits.isdigit()):
        raise InvalidCalendar(where, f"{value!r} is not a time such as 08:30")
    result = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or result > DAY_MINUTES:
        raise InvalidCalendar(where, f"{value!r} is not between 00:00 and 24:00")
    return result


@lru_cache(maxsize=1024)
def zone_of(key: str) -> ZoneInfo:
    """The zone of an IANA key. Raises InvalidCalendar."""
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidCalendar("zone", f"{key!r} is not an IANA time zone such as Europe/Berlin") from error


def check_hours(hours: Iterable[Hours], where: str) -> tuple[Hours, ...]:
    """The hours of one day, sorted. Raises InvalidCalendar when one is impossible or two overlap."""
    given = list(hours)
    for position, one in enumerate(given):
        here = f"{where}[{position}]"
        if not (0 <= one.opens < DAY_MINUTES and 0 < one.closes <= DAY_MINUTES):
            raise InvalidCalendar(here, "opens at 00:00 to 23:59 and closes at 00:01 to 24:00")
        if one.opens == one.closes:
            raise InvalidCalendar(here, "opens and closes at the same time; a whole day is 00:00 to 24:00")
    order = sorted(range(len(given)), key=lambda position: given[position])
    for before, after in zip(order, order[1:], strict=False):
        if given[after].opens < given[before].end:
            raise InvalidCalendar(f"{where}[{after}]", f"{given[after]} overlaps {given[before]}")
    return tuple(given[position] for position in order)


K = TypeVar("K")
V = TypeVar("V")


def _frozen(values: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(values))


@dataclass(frozen=True)
class CalendarSpec:
    """What is open when, for one revision of one calendar. Building one validates it (InvalidCalendar).

    In the years of `holiday_years` only `holidays` counts; in others the country's own are generated beside it.
    With `always_open` nothing else is looked at. With `members` it is open whenever its own hours or any
    member are: follow-the-sun, each member in its own zone with its own holidays.
    """

    code: str
    zone: str
    name: str = ""
    always_open: bool = False
    weekly: tuple[tuple[Hours, ...], ...] = ((),) * 7
    country: str = ""
    subdivision: str = ""
    holidays: Mapping[date, str] = field(default_factory=dict, hash=False)
    holiday_years: frozenset[int] = frozenset()
    half_days: Mapping[date, HalfDay] = field(default_factory=dict, hash=False)
    yearly_half_days: Mapping[tuple[int, int], HalfDay] = field(default_factory=dict, hash=False)
    overrides: Mapping[date, Override] = field(default_factory=dict, hash=False)
    members: tuple["CalendarSpec", ...] = ()

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if len(self.weekly) != len(WEEKDAYS):
            raise InvalidCalendar("weekly", "has one entry per weekday, Monday first")
        if self.subdivision and not self.country:
            raise InvalidCalendar("subdivision", "needs the country it is part of")
        weekly = tuple(check_hours(hours, f"weekly.{day}") for day, hours in zip(WEEKDAYS, self.weekly, strict=True))
        half_days: dict[str, HalfDay] = {day.isoformat(): half for day, half in self.half_days.items()}
        half_days |= {f"{month:02d}-{day:02d}": half for (month, day), half in self.yearly_half_days.items()}
        for key, half in half_days.items():
            if not 0 <= half.opens < half.closes <= DAY_MINUTES:
                raise InvalidCalendar(f"half_days.{key}", "opens before it closes, on the same day")
        overrides = {
            day: Override(override.name, check_hours(override.hours, f"overrides.{day.isoformat()}.hours"))
            for day, override in self.overrides.items()
        }
        for name, value in (
            ("weekly", weekly),
            ("holidays", _frozen(self.holidays)),
            ("holiday_years", frozenset(self.holiday_years)),
            ("half_days", _frozen(self.half_days)),
            ("yearly_half_days", _frozen(self.yearly_half_days)),
            ("overrides", _frozen(overrides)),
            ("members", tuple(self.members)),
        ):
            object.__setattr__(self, name, value)

    @cached_property
    def parts(self) -> tuple["CalendarSpec", ...]:
        """Itself without members, and every member's parts: what the union is made of."""
        inner = tuple(part for member in self.members for part in member.parts)
        if not self.members:
            return (self,)
        return (replace(self, members=()), *inner) if any(self.weekly) or self.overrides else inner

    @property
    def around_the_clock(self) -> bool:
        return self.always_open or any(member.around_the_clock for member in self.members)

    def half_day_on(self, day: date) -> HalfDay | None:
        return self.half_days.get(day) or self.yearly_half_days.get((day.month, day.day))

    @property
    def summary(self) -> str:
        """The hours in words, as the page names a calendar: `Mon to Fri 08:00 to 18:00, Berlin`."""
        if self.around_the_clock:
            return "24×7"
        if self.members:
            return "; ".join(part.summary for part in self.parts)
        runs: list[tuple[int, int, tuple[Hours, ...]]] = []
        for weekday, hours in enumerate(self.weekly):
            if runs and runs[-1][1] == weekday - 1 and runs[-1][2] == hours:
                runs[-1] = (runs[-1][0], weekday, hours)
            elif hours:
                runs.append((weekday, weekday, hours))
        days = [_days(first, last) + " " + " and ".join(map(str, hours)) for first, last, hours in runs]
        city = self.zone.rpartition("/")[2].replace("_", " ")
        return f"{', '.join(days) or 'No weekly hours'}, {city}"


def _days(first: int, last: int) -> str:
    names = [WEEKDAYS[first].capitalize(), WEEKDAYS[last].capitalize()]
    return names[0] if first == last else f"{names[0]} {'and' if last == first + 1 else 'to'} {names[1]}"
