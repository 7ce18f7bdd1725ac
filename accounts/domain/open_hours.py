"""The machine behind `calendars`: open segments with the open seconds before each, grown year by year.

Everything here speaks UTC epoch seconds. `ALWAYS_OPEN` is 24×7, `build_calendar` makes any other calendar from its
spec, `union` joins several (follow-the-sun).
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from accounts.domain.calendar_errors import CalendarNeverOpens
from accounts.domain.calendar_spec import CalendarSpec
from accounts.domain.day_plan import DayPlan, HolidaySource, Interval
from accounts.domain.zone_spans import DAY, year_of, year_start

YEARS_WITHOUT_OPENING = 10
PATIENCE = YEARS_WITHOUT_OPENING * 366 * DAY


class Calendar(ABC):
    """Business time. Methods speak UTC epoch seconds, functions datetimes. Safe between threads."""

    name: str
    zone: str
    summary: str
    plans: tuple[DayPlan, ...]

    @abstractmethod
    def elapsed(self, at: int) -> int:
        """B(at): open seconds before `at`, from an arbitrary zero that never moves."""

    @abstractmethod
    def earliest(self, elapsed: int, near: int) -> int:
        """The first second at which B is `elapsed`, looked for from `near` on.

        Raises CalendarNeverOpens when it would lie beyond years without opening, CalendarOutOfRange.
        """

    @abstractmethod
    def segment_at(self, at: int) -> tuple[int, int | None]:
        """The open stretch that holds `at`, else the next one; end None when no closing is in sight.

        Raises CalendarNeverOpens.
        """

    @abstractmethod
    def closed_between(self, start: int, end: int) -> list[Interval]:
        """The closed stretches within [start, end), in order."""


class AlwaysOpen(Calendar):
    """24×7: every second counts."""

    def __init__(self, name: str = "24×7", zone: str = "UTC") -> None:
        self.name, self.zone, self.summary, self.plans = name, zone, "24×7", ()

    def elapsed(self, at: int) -> int:
        return at

    def earliest(self, elapsed: int, near: int) -> int:
        return elapsed

    def segment_at(self, at: int) -> tuple[int, int | None]:
        return at, None

    def closed_between(self, start: int, end: int) -> list[Interval]:
        return []


ALWAYS_OPEN: Calendar = AlwaysOpen()


@dataclass(frozen=True, slots=True)
class _Table:
    """Open segments of the whole years [first, last], with B at the ends of each; replaced, never changed."""

    first: int
    last: int
    low: int
    high: int
    years: dict[int, list[Interval]]
    starts: list[int]
    ends: list[int]
    before: list[int]
    after: list[int]
    floor: int

    @property
    def ceiling(self) -> int:
        return self.after[-1] if self.after else self.floor


class OpeningHours(Calendar):
    """Open when any of its plans is."""

    def __init__(self, *, name: str, zone: str, summary: str, plans: Sequence[DayPlan]) -> None:
        self.name, self.zone, self.summary, self.plans = name, zone, summary, tuple(plans)
        self._lock = Lock()
        self._table: _Table | None = None

    def elapsed(self, at: int) -> int:
        table = self._table
        if table is None or not table.low <= at < table.high:
            table = self._covering(year_of(at))
        index = bisect_right(table.starts, at) - 1
        if index < 0:
            return table.floor
        return table.after[index] if at >= table.ends[index] else table.before[index] + at - table.starts[index]

    def earliest(self, elapsed: int, near: int) -> int:
        table = self._covering(year_of(near))
        while table.ceiling < elapsed:
            self._check_opens(table.high - max([near, *table.ends[-1:]]))
            table = self._covering(table.last + 1)
        # Equal is not enough: a closing before the table's first segment has the same B and comes earlier.
        while table.floor >= elapsed:
            self._check_opens(min([near, *table.starts[:1]]) - table.low)
            table = self._covering(table.first - 1)
        index = bisect_left(table.after, elapsed)
        return table.starts[index] + elapsed - table.before[index]

    def segment_at(self, at: int) -> tuple[int, int | None]:
        table = self._covering(year_of(at))
        while (index := bisect_right(table.ends, at)) == len(table.ends):
            self._check_opens(table.high - at)
            table = self._covering(table.last + 1)
        while table.ends[index] == table.high:
            if table.high - at > PATIENCE:
                return table.starts[index], None
            table = self._covering(table.last + 1)
            index = bisect_right(table.ends, at)
        return table.starts[index], table.ends[index]

    def closed_between(self, start: int, end: int) -> list[Interval]:
        self._covering(year_of(start))
        table = self._covering(year_of(max(start, end - 1)))
        found, cursor = [], start
        for index in range(bisect_right(table.ends, start), bisect_left(table.starts, end)):
            if cursor < table.starts[index]:
                found.append((cursor, table.starts[index]))
            cursor = table.ends[index]
        if cursor < end:
            found.append((cursor, end))
        return found

    def _check_opens(self, closed: int) -> None:
        if closed > PATIENCE:
            raise CalendarNeverOpens(f"{self.name} is not open for one second in {YEARS_WITHOUT_OPENING} years")

    def _covering(self, year: int) -> _Table:
        """The table grown to hold `year`; B of what was known before stays the same."""
        table = self._table
        if table is not None and table.first <= year <= table.last:
            return table
        with self._lock:
            table = self._table  # another thread may have grown it meanwhile
            first = min(year, table.first) if table else year
            last = max(year, table.last) if table else year
            years = dict(table.years) if table else {}
            for missing in range(first, last + 1):
                if missing not in years:
                    years[missing] = self._open_segments(missing)
            grown = _tabulate(first, last, years, zero=table)
            self._table = grown
            return grown

    def _open_segments(self, year: int) -> list[Interval]:
        start, end = year_start(year), year_start(year + 1)
        return merge(interval for plan in self.plans for interval in plan.open_between(start, end))


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time as disjoint intervals in order, touching ones joined."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _tabulate(first: int, last: int, years: dict[int, list[Interval]], *, zero: _Table | None) -> _Table:
    segments = merge(interval for year in range(first, last + 1) for interval in years[year])
    floor = 0
    if zero is not None:
        floor = zero.floor - sum(end - start for year in range(first, zero.first) for start, end in years[year])
    before, after, total = [], [], floor
    for start, end in segments:
        before.append(total)
        total += end - start
        after.append(total)
    starts, ends = [start for start, _ in segments], [end for _, end in segments]
    return _Table(first, last, year_start(first), year_start(last + 1), years, starts, ends, before, after, floor)


def build_calendar(spec: CalendarSpec, *, holidays: HolidaySource | None) -> Calendar:
    """The calendar of a spec. `holidays` generates the years that the spec's country is not frozen for.

    None is right only for specs without a country: otherwise an unfrozen year raises HolidaysMissing.
    """
    name = spec.name or spec.code
    if spec.around_the_clock:
        return AlwaysOpen(name, spec.zone)
    plans = [DayPlan(part, holidays) for part in spec.parts]
    return OpeningHours(name=name, zone=spec.zone, summary=spec.summary, plans=plans)


def union(*calendars: Calendar, name: str = "") -> Calendar:
    """Open whenever any of the calendars is. Shown in the zone of the first."""
    name = name or " and ".join(calendar.name for calendar in calendars)
    zone = calendars[0].zone
    if any(isinstance(calendar, AlwaysOpen) for calendar in calendars):
        return AlwaysOpen(name, zone)
    plans = [plan for calendar in calendars for plan in calendar.plans]
    summary = "; ".join(calendar.summary for calendar in calendars)
    return OpeningHours(name=name, zone=zone, summary=summary, plans=plans)


class CalendarCache:
    """The most recently used calendars by a key that never changes its meaning, such as a revision's id."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._kept: dict[Hashable, Calendar] = {}
        self._lock = Lock()

    def get(self, key: Hashable, build: Callable[[], Calendar]) -> Calendar:
        """The calendar kept under `key`, else the one `build` makes. Building happens outside the lock."""
        with self._lock:
            found = self._kept.pop(key, None)
            if found is not None:
                self._kept[key] = found
                return found
        built = build()
        with self._lock:
            kept = self._kept.setdefault(key, built)
            while len(self._kept) > self._size:
                del self._kept[next(iter(self._kept))]
            return kept
