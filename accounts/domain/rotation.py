"""A repeating pattern of duty, and the shifts that it comes to.

Patterns speak local time of one zone, shifts are UTC: a handover at 09:00 stays at 09:00 when the clocks change, and
the shift over the change is an hour longer or shorter. Local times that the clocks skip or repeat are read as
iCalendar reads them (RFC 5545, 3.3.5): skipped ones by the offset before the gap, repeated ones as the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.choices import DutyRole
from accounts.domain.duty import Shift

DAY = timedelta(days=1)
WEEK = 7
MOST_DAYS = 400
MOST_SHIFTS = 1000


class InvalidPattern(ValueError):
    """What cannot be expanded, with the field that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Hours:
    """Only these hours of these weekdays (Monday is 0). `closes` not after `opens`: it ends the day after."""

    opens: time
    closes: time
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True)
class Pattern:
    """People take turns of `turn_days` days, in their order, from one date until before another.

    Turns of whole weeks begin on `weekday` (the first one may be shorter); others count from the first date. With
    `hours` None somebody is on duty around the clock, from handover to handover.
    """

    people: tuple[int, ...]
    first: date
    until: date
    zone: str
    turn_days: int = WEEK
    weekday: int = 0
    handover: time = time(9)
    hours: Hours | None = None
    role: str = DutyRole.PRIMARY

    def check(self) -> None:
        """Raises InvalidPattern."""
        if not self.people:
            raise InvalidPattern("people", "Choose who takes turns.")
        if len(set(self.people)) != len(self.people):
            raise InvalidPattern("people", "Somebody is named twice.")
        if self.until <= self.first:
            raise InvalidPattern("until", "Choose a day after the first.")
        if (self.until - self.first).days > MOST_DAYS:
            raise InvalidPattern("until", f"A pattern covers {MOST_DAYS} days at most.")
        if not 1 <= self.turn_days <= 8 * WEEK:
            raise InvalidPattern("turn_days", "A turn lasts one day to eight weeks.")
        if self.hours is not None and not self.hours.weekdays:
            raise InvalidPattern("weekdays", "Choose the days of the week.")

    def turn_on(self, day: date) -> int:
        """The number of the turn that a date belongs to, 0 for the first."""
        if self.turn_days % WEEK:
            return (day - self.first).days // self.turn_days
        whole = self.first - timedelta(days=(self.first.weekday() - self.weekday) % WEEK)
        return (day - whole).days // self.turn_days

    def person_on(self, day: date) -> int:
        return self.people[self.turn_on(day) % len(self.people)]


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time, read as iCalendar does."""
    return datetime.combine(day, at, tzinfo=zone).replace(fold=0).astimezone(UTC)


def expand(pattern: Pattern) -> list[Shift]:
    """The shifts of a pattern in order, not overlapping. Around the clock they cover it without a gap.

    Raises InvalidPattern.
    """
    pattern.check()
    found = list(_by_hours(pattern, pattern.hours) if pattern.hours else _around_the_clock(pattern))
    if len(found) > MOST_SHIFTS:
        raise InvalidPattern("until", f"That is {len(found):,} shifts; {MOST_SHIFTS:,} at once is the most.")
    return found


def _days(pattern: Pattern) -> Iterator[date]:
    return (pattern.first + timedelta(days=n) for n in range((pattern.until - pattern.first).days))


def _around_the_clock(pattern: Pattern) -> Iterator[Shift]:
    zone = ZoneInfo(pattern.zone)
    begins = pattern.first
    for day in _days(pattern):
        after = day + DAY
        if after == pattern.until or pattern.turn_on(after) != pattern.turn_on(begins):
            starts, ends = (instant(each, pattern.handover, zone) for each in (begins, after))
            yield Shift(pattern.person_on(begins), starts, ends, pattern.role)
            begins = after


def _by_hours(pattern: Pattern, hours: Hours) -> Iterator[Shift]:
    zone = ZoneInfo(pattern.zone)
    for day in _days(pattern):
        if day.weekday() not in hours.weekdays:
            continue
        last = day if hours.closes > hours.opens else day + DAY
        starts, ends = instant(day, hours.opens, zone), instant(last, hours.closes, zone)
        if starts < ends:  # else the clocks skip all of it
            yield Shift(pattern.person_on(day), starts, ends, pattern.role)
