"""A calendar as people edit it: hours as they type them, special days, and what two of its states differ in."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.choices import ExceptionKind
from accounts.domain.calendar_errors import InvalidCalendar
from accounts.domain.calendar_spec import DAY_MINUTES, WEEKDAYS, CalendarSpec, Hours, check_hours, format_minutes

MONDAY_FIRST = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LABELS: Mapping[str, str] = {
    "name": "Name", "time_zone": "Time zone", "always_open": "Around the clock", "country": "Public holidays of",
    "subdivision": "State or province", **dict(zip(WEEKDAYS, MONDAY_FIRST, strict=True)),
    "members": "Open as well whenever", "days": "Special days",
}  # fmt: skip
MOST_HOURS = 6  # stretches of one day
CLOSED = "closed"
PARTS = re.compile(r"\s*(?:,|;|\band\b)\s*")
STRETCH = re.compile(r"(\d{1,2})(?:[:.]([0-5]\d))?\s*(?:-|–|—|to|until)\s*(\d{1,2})(?:[:.]([0-5]\d))?")
Week = tuple[tuple[Hours, ...], ...]
Change = tuple[str, str, str]
"""What, old, new: in words."""


class MistypedHours(ValueError):
    """Hours that cannot be read, or that overlap; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date unlike its weekday. `hours` is None on a holiday: closed."""

    date: date
    kind: str
    name: str
    hours: Hours | None = None

    @property
    def words(self) -> str:
        hours = CLOSED if self.hours is None else hours_words((self.hours,))
        return f"{self.date.isoformat()} {self.name}: {hours}"


@dataclass(frozen=True, slots=True)
class CalendarValues:
    """Everything about a calendar but its code. `weekly` has an entry per weekday, Monday first; `members` are codes
    of calendars whose hours count too (follow-the-sun)."""

    name: str
    time_zone: str = "UTC"
    always_open: bool = False
    country: str = ""
    subdivision: str = ""
    weekly: Week = ((),) * 7
    members: tuple[str, ...] = ()
    days: tuple[SpecialDay, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """By the names of `LABELS`."""
        return {
            "name": self.name, "time_zone": self.time_zone, "always_open": self.always_open, "country": self.country,
            "subdivision": self.subdivision, **dict(zip(WEEKDAYS, self.weekly, strict=True)),
            "members": self.members, "days": self.days,
        }  # fmt: skip

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> "CalendarValues":
        """The other way round."""
        rest = {name: value for name, value in fields.items() if name not in WEEKDAYS}
        return cls(weekly=tuple(fields[day] for day in WEEKDAYS), **rest)

    @property
    def mark(self) -> str:
        """What a form says that it was made from: another state has another mark."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def opens_ever(self) -> bool:
        return self.always_open or any(self.weekly) or bool(self.members)


def hours_words(hours: tuple[Hours, ...]) -> str:
    """`08:00–12:00, 13:00–17:00`; nothing is "closed"."""
    return ", ".join(f"{format_minutes(one.opens)}–{format_minutes(one.closes)}" for one in hours) or CLOSED


def read_hours(text: str) -> tuple[Hours, ...]:
    """Hours as people type them: `8-18`, `08:00–12:00, 13:00 to 17:00`; empty or "closed" is none.

    Raises MistypedHours.
    """
    text = text.strip().lower()
    if text in ("", CLOSED, "-", "–"):
        return ()
    found = []
    for part in PARTS.split(text):
        typed = STRETCH.fullmatch(part)
        if typed is None:
            raise MistypedHours("Write hours such as 08:00–18:00, or several with commas; empty is closed.")
        opens, closes = (int(hour) * 60 + int(minute or 0) for hour, minute in (typed.group(1, 2), typed.group(3, 4)))
        found.append(Hours(opens, closes or DAY_MINUTES))
    if len(found) > MOST_HOURS:
        raise MistypedHours(f"A day has at most {MOST_HOURS} stretches of hours.")
    try:
        return check_hours(found, "day")
    except InvalidCalendar as error:
        raise MistypedHours(f"{error.message[:1].upper()}{error.message[1:]}.") from None


def field_words(name: str, value: Any) -> str:
    """A field's value as people read it."""
    if name in WEEKDAYS:
        return hours_words(value)
    match name:
        case "always_open":
            return "yes" if value else "no"
        case "days":
            return "; ".join(day.words for day in value) or "none"
        case "members":
            return ", ".join(value) or "none"
    return str(value) or "none"


def definition_changes(old: CalendarSpec, new: CalendarSpec) -> list[Change]:
    """What a revision changed. Holidays that only the calendar's country or another year brought are not listed."""
    said: tuple[tuple[str, Callable[[CalendarSpec], str]], ...] = (
        ("Name", lambda spec: spec.name),
        ("Time zone", lambda spec: spec.zone),
        ("Around the clock", lambda spec: field_words("always_open", spec.always_open)),
        (LABELS["country"], lambda spec: f"{spec.country} {spec.subdivision}".strip() or "none"),
        (LABELS["members"], lambda spec: ", ".join(member.name for member in spec.members) or "none"),
    )
    plain = [(what, words(old), words(new)) for what, words in said]
    weeks = zip(MONDAY_FIRST, old.weekly, new.weekly, strict=True)
    plain += [(day, hours_words(was), hours_words(now)) for day, was, now in weeks]
    return [*(change for change in plain if change[1] != change[2]), *_days(old, new)]


def _days(old: CalendarSpec, new: CalendarSpec) -> Iterator[Change]:
    same_country = (old.country, old.subdivision) == (new.country, new.subdivision)
    before, after = _specials(old), _specials(new)
    for day in sorted({*before, *after}):
        was, now = before.get(day, ""), after.get(day, "")
        from_country = day in old.holidays or day in new.holidays
        both_years = day.year in old.holiday_years and day.year in new.holiday_years
        listed = both_years or not (old.holiday_years or new.holiday_years)
        if was != now and (not from_country or (same_country and listed)):
            yield day.isoformat(), was or "like its weekday", now or "like its weekday"


def _specials(spec: CalendarSpec) -> dict[date, str]:
    found = {day: f"{name}: {CLOSED}" for day, name in spec.holidays.items()}
    found |= {day: f"{one.name}: {hours_words((Hours(one.opens, one.closes),))}" for day, one in spec.half_days.items()}
    return found | {day: f"{one.name}: {hours_words(one.hours)}" for day, one in spec.overrides.items()}


def special(day: date, kind: str, name: str, hours: tuple[Hours, ...]) -> SpecialDay:
    """A special day of typed hours. Raises MistypedHours where they do not fit its kind."""
    if kind == ExceptionKind.HOLIDAY:
        if hours:
            raise MistypedHours("A holiday is closed all day: leave its hours empty.")
        return SpecialDay(day, kind, name)
    if len(hours) != 1:
        raise MistypedHours("Say when it opens and closes on that day, such as 08:00–12:00.")
    (one,) = hours
    if kind == ExceptionKind.HALF_DAY and one.closes <= one.opens:
        raise MistypedHours("A half day opens before it closes, on the same day.")
    return SpecialDay(day, kind, name, one)
