"""Business time as a function B(t), and what follows from it.

A calendar keeps its open segments in UTC with the open seconds before each. Business time between instants is
`B(end) - B(start)`; a due time is the earliest inverse of `B(start) + budget`. All instants are aware; they count
by whole seconds, rounded down. Years are built when first asked for, in both directions, and then kept.

`ALWAYS_OPEN` is 24×7. `build_calendar` makes any other from its spec, `union` joins several (follow-the-sun).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

from accounts.domain.calendar_errors import InvalidBudget, NaiveDatetime
from accounts.domain.day_plan import Closure, Interval, Reason
from accounts.domain.open_hours import (
    ALWAYS_OPEN,
    AlwaysOpen,
    Calendar,
    CalendarCache,
    OpeningHours,
    build_calendar,
    merge,
    union,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class PauseSpan(NamedTuple):
    """A half-open stretch [since, until) that does not count, with the reason the page shows."""

    since: datetime
    until: datetime
    reason: str = ""


Pauses: TypeAlias = Iterable[tuple[datetime, datetime] | tuple[datetime, datetime, str]]
"""In any order; overlapping, empty, reversed (then empty) and before the start are all fine."""


def to_epoch(at: datetime) -> int:
    """Whole seconds since 1970, rounded down. Raises NaiveDatetime."""
    if at.utcoffset() is None:
        raise NaiveDatetime(f"{at.isoformat()} has no time zone")
    return (at - EPOCH) // SECOND


def from_epoch(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def business_seconds(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Open seconds in [start, end); negative when reversed."""
    return calendar.elapsed(to_epoch(end)) - calendar.elapsed(to_epoch(start))


def counted_seconds(start: datetime, end: datetime, calendar: Calendar, pauses: Pauses = ()) -> int:
    """Open seconds in [start, end) outside the pauses; 0 when reversed."""
    begin, finish = to_epoch(start), to_epoch(end)
    if finish <= begin:
        return 0
    total = calendar.elapsed(finish) - calendar.elapsed(begin)
    for since, until in merged_pauses(pauses, begin):
        if since < finish:
            total -= calendar.elapsed(min(until, finish)) - calendar.elapsed(since)
    return total


def due_at(start: datetime, budget: int, calendar: Calendar, pauses: Pauses = ()) -> datetime:
    """The earliest instant (UTC) by which `budget` open seconds outside the pauses have passed since `start`.

    So a budget that ends with the day is due at closing, not at the next opening; a budget of 0 at the start.
    Raises NaiveDatetime, InvalidBudget, CalendarNeverOpens, CalendarOutOfRange.
    """
    begin, left = to_epoch(start), _checked(budget)
    if left == 0:
        return from_epoch(begin)
    for since, until in merged_pauses(pauses, begin):
        available = calendar.elapsed(since) - calendar.elapsed(begin)
        if available >= left:
            break
        left -= available
        begin = until
    return from_epoch(calendar.earliest(calendar.elapsed(begin) + left, begin))


def threshold(now: datetime, seconds: int, calendar: Calendar) -> datetime:
    """B⁻¹(B(now) − seconds): exactly what began before this instant is more than `seconds` open seconds old.

    One lookup per calendar then serves every row: `anchor < threshold`. Raises as `due_at` does.
    """
    return instant_at(now, -_checked(seconds), calendar)


def instant_at(now: datetime, offset: int, calendar: Calendar) -> datetime:
    """B⁻¹(B(now) + offset), the offset of either sign: exactly what lies before it has less business time than that.

    So a deadline before `instant_at(now, x, …)` has less than x seconds left, negative x for overdue by more than −x.
    """
    epoch = to_epoch(now)
    return from_epoch(calendar.earliest(calendar.elapsed(epoch) + offset, epoch))


def open_at(at: datetime, calendar: Calendar) -> bool:
    epoch = to_epoch(at)
    return calendar.elapsed(epoch + 1) > calendar.elapsed(epoch)


def next_open(at: datetime, calendar: Calendar) -> datetime:
    """`at` itself (to the second) when open, else the next opening. Raises CalendarNeverOpens."""
    epoch = to_epoch(at)
    return from_epoch(max(epoch, calendar.segment_at(epoch)[0]))


def closes_at(at: datetime, calendar: Calendar) -> datetime | None:
    """The end of the open stretch at `at`: "open until 18:00". None when closed, or when it never closes."""
    if not open_at(at, calendar):
        return None
    end = calendar.segment_at(to_epoch(at))[1]
    return None if end is None else from_epoch(end)


def open_between(start: datetime, end: datetime, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """The open stretches within [start, end), in order."""
    found, cursor = [], to_epoch(start)
    for low, high in calendar.closed_between(cursor, to_epoch(end)):
        if cursor < low:
            found.append((from_epoch(cursor), from_epoch(low)))
        cursor = high
    if cursor < to_epoch(end):
        found.append((from_epoch(cursor), from_epoch(to_epoch(end))))
    return found


def merged_pauses(pauses: Pauses, start: int) -> list[Interval]:
    """The pauses as disjoint epoch intervals in order, nothing before `start`."""
    clipped = ((max(to_epoch(pause[0]), start), to_epoch(pause[1])) for pause in pauses)
    return merge((since, until) for since, until in clipped if since < until)


def _checked(seconds: int) -> int:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
        raise InvalidBudget(f"{seconds!r} is not a whole number of seconds, 0 or more")
    return seconds


__all__ = [
    "ALWAYS_OPEN",
    "AlwaysOpen",
    "Calendar",
    "CalendarCache",
    "Closure",
    "OpeningHours",
    "PauseSpan",
    "Pauses",
    "Reason",
    "build_calendar",
    "business_seconds",
    "closes_at",
    "counted_seconds",
    "due_at",
    "from_epoch",
    "instant_at",
    "merged_pauses",
    "next_open",
    "open_at",
    "open_between",
    "threshold",
    "to_epoch",
    "union",
]
