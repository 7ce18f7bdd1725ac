"""A time zone as spans of constant offset, so that a wall-clock rule is laid on UTC without special cases.

Within a span, wall time is UTC plus a constant. A wall interval maps to the part of it that each span really
shows: an hour that the clocks skip maps to nothing, an hour that they repeat maps to both its passes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from accounts.domain.calendar_errors import CalendarOutOfRange
from accounts.domain.calendar_spec import zone_of

DAY = 86_400
# Offsets are compared this often; a change that is undone within less would be missed, and no zone has one.
PROBE = 6 * 3600
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Span(NamedTuple):
    """UTC epoch seconds [start, end) in which local time is UTC + `offset` seconds."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=1024)
def year_start(year: int) -> int:
    """Epoch second at which the UTC year begins. Raises CalendarOutOfRange outside 1900–2200."""
    if not FIRST_YEAR <= year <= LAST_YEAR + 1:
        raise CalendarOutOfRange(f"calendars cover the years {FIRST_YEAR} to {LAST_YEAR}, not {year}")
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def year_of(epoch: int) -> int:
    """UTC year of an epoch second. Raises CalendarOutOfRange."""
    if not year_start(FIRST_YEAR) <= epoch < year_start(LAST_YEAR + 1):
        raise CalendarOutOfRange(f"calendars cover the years {FIRST_YEAR} to {LAST_YEAR}")
    return datetime.fromtimestamp(epoch, UTC).year


@lru_cache(maxsize=4096)
def year_spans(zone_key: str, year: int) -> tuple[Span, ...]:
    """The spans that make up one UTC year in a zone, in order, without gaps."""
    zone = zone_of(zone_key)

    def offset(epoch: int) -> int:
        shift = datetime.fromtimestamp(epoch, zone).utcoffset()
        assert shift is not None
        return shift.days * DAY + shift.seconds

    def changes(low: int, high: int) -> Iterator[int]:
        """The seconds in (low, high] at which the offset becomes another one."""
        while offset(low) != offset(high):
            before, after = low, high
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if offset(middle) == offset(low) else (before, middle)
            yield after
            low = after

    start, end = year_start(year), year_start(year + 1)
    cuts = [start]
    for probe in range(start, end - 1, PROBE):
        cuts.extend(changes(probe, min(probe + PROBE, end - 1)))
    return tuple(Span(low, high, offset(low)) for low, high in zip(cuts, [*cuts[1:], end], strict=True))


def spans_between(zone_key: str, start: int, end: int) -> Iterator[Span]:
    """The spans that cover [start, end), clipped to it."""
    for year in range(year_of(start), year_of(max(start, end - 1)) + 1):
        for span in year_spans(zone_key, year):
            low, high = max(span.start, start), min(span.end, end)
            if low < high:
                yield Span(low, high, span.offset)
