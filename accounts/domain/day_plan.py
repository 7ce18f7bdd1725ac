"""What a calendar says of single local dates: which hours are open, and what closes the others."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from accounts.domain.calendar_errors import HolidaysMissing
from accounts.domain.calendar_spec import CalendarSpec, HalfDay, Hours
from accounts.domain.zone_spans import DAY, spans_between

HolidaySource = Callable[[str, str, int], Mapping[date, str]]
"""(country, subdivision, year) → the public holidays of that year by local date."""

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
Interval = tuple[int, int]


class Closure(StrEnum):
    """Why a calendar is closed at a moment."""

    HOURS = "hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    HALF_DAY = "half_day"
    OVERRIDE = "override"

    @property
    def is_ordinary(self) -> bool:
        """Whether it happens every week, so that no day of its own has to be named."""
        return self in (Closure.HOURS, Closure.WEEKEND)


class Reason(NamedTuple):
    """A closure and, where a special day is behind it, that day's name."""

    kind: Closure
    name: str = ""


class Piece(NamedTuple):
    """A stretch that is closed by `reason`; `lost` when the weekday by itself would have been open."""

    start: int
    end: int
    reason: Reason
    lost: bool


class DayPlan:
    """One spec without members, asked date by date. `holidays` generates those of years not frozen in it."""

    def __init__(self, spec: CalendarSpec, holidays: HolidaySource | None) -> None:
        self.spec = spec
        self._holidays = holidays
        self._generated: dict[int, Mapping[date, str]] = {}
        self._weekly = tuple(_seconds(hours) for hours in spec.weekly)

    def holiday_on(self, day: date) -> str | None:
        """The holiday's name. Raises HolidaysMissing when the year is neither frozen nor can be generated."""
        named = self.spec.holidays.get(day)
        if named is not None or not self.spec.country or day.year in self.spec.holiday_years:
            return named
        if day.year not in self._generated:
            if self._holidays is None:
                raise HolidaysMissing(f"{self.spec.code}: nothing gives the holidays of {day.year}")
            self._generated[day.year] = self._holidays(self.spec.country, self.spec.subdivision, day.year)
        return self._generated[day.year].get(day)

    def special_on(self, day: date) -> tuple[Reason, tuple[Interval, ...]] | None:
        """What overrules the weekday on a date: its reason and the seconds since midnight left open."""
        override = self.spec.overrides.get(day)
        if override is not None:
            return Reason(Closure.OVERRIDE, override.name), _seconds(override.hours)
        half_day = self.spec.half_day_on(day)
        if half_day is not None:
            return Reason(Closure.HALF_DAY, half_day.name), _cut(self._weekly[day.weekday()], half_day)
        holiday = self.holiday_on(day)
        return (Reason(Closure.HOLIDAY, holiday), ()) if holiday is not None else None

    def open_between(self, start: int, end: int) -> Iterator[Interval]:
        """Open UTC seconds within [start, end), in no particular order, possibly touching."""
        for low, high, offset in spans_between(self.spec.zone, start, end):
            # The date before counts too: its night shift reaches into this one.
            for number in range((low + offset) // DAY - 1, (high + offset - 1) // DAY + 1):
                day = date.fromordinal(number + EPOCH_ORDINAL)
                special = self.special_on(day)
                hours = self._weekly[day.weekday()] if special is None else special[1]
                midnight = number * DAY - offset
                for opens, closes in hours:
                    begin, finish = max(midnight + opens, low), min(midnight + closes, high)
                    if begin < finish:
                        yield begin, finish

    def reasons_between(self, start: int, end: int) -> list[Piece]:
        """Why each second of [start, end) is closed, for seconds that are; contiguous and in order."""
        found: list[Piece] = []
        for low, high, offset in spans_between(self.spec.zone, start, end):
            for number in range((low + offset) // DAY, (high + offset - 1) // DAY + 1):
                midnight = number * DAY - offset
                for opens, closes, reason, lost in self._label(date.fromordinal(number + EPOCH_ORDINAL)):
                    begin, finish = max(midnight + opens, low), min(midnight + closes, high)
                    if begin < finish:
                        found.append(Piece(begin, finish, reason, lost))
        return found

    def _label(self, day: date) -> list[tuple[int, int, Reason, bool]]:
        """The local day cut where its reason changes: the hours it lost, and the background of all others."""
        special, weekday = self.special_on(day), self._weekly[day.weekday()]
        if special is not None and weekday and not special[1]:
            background = special[0]
        else:
            background = Reason(Closure.HOURS if weekday else Closure.WEEKEND)
        before = date.fromordinal(day.toordinal() - 1)
        special_before = self.special_on(before)
        marks = [(opens, min(closes, DAY), special[0]) for opens, closes in weekday] if special else []
        if special_before:
            marks += [(0, closes - DAY, special_before[0]) for _, closes in self._weekly[before.weekday()]]
        cuts = sorted({0, DAY, *(cut for begin, finish, _ in marks for cut in (begin, finish) if begin < finish)})
        result = []
        for begin, finish in zip(cuts, cuts[1:], strict=False):
            lost = next((reason for opens, closes, reason in marks if opens <= begin < closes), None)
            result.append((begin, finish, lost or background, lost is not None))
        return result


def _seconds(hours: tuple[Hours, ...]) -> tuple[Interval, ...]:
    return tuple((one.opens * 60, one.end * 60) for one in hours)


def _cut(hours: tuple[Interval, ...], half_day: HalfDay) -> tuple[Interval, ...]:
    low, high = half_day.opens * 60, half_day.closes * 60
    cut = ((max(opens, low), min(closes, high)) for opens, closes in hours)
    return tuple((opens, closes) for opens, closes in cut if opens < closes)
