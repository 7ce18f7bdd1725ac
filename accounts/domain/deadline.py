"""Why this deadline: the sum from the start to the due instant, part by part.

Every second between start and due is in exactly one part: counted (the budget), paused, or closed. So
`start + budget + Σ paused + Σ closed == due`, to the second, over any change of the clocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.domain.calendars import (
    Calendar,
    Closure,
    Pauses,
    Reason,
    counted_seconds,
    due_at,
    from_epoch,
    to_epoch,
)
from accounts.domain.day_plan import Piece


@dataclass(frozen=True, slots=True)
class PausedPart:
    """A pause, clipped to the clock's life: `wall_seconds` long, of which the open `seconds` are added."""

    start: datetime
    end: datetime
    reason: str
    seconds: int
    wall_seconds: int


@dataclass(frozen=True, slots=True)
class ClosedPart:
    """A closed stretch, all of it added. `name` is the special day's, "" for ordinary hours and weekends."""

    start: datetime
    end: datetime
    kind: Closure
    name: str
    seconds: int


@dataclass(frozen=True, slots=True)
class DeadlineSum:
    """The sum a page shows. Instants are UTC; `zone` is the calendar's, to show them in.

    `closed` holds nights and weekends, `special` what holidays, half days and overrides took. `used`,
    `remaining` and `over` (never negative) are counted seconds at `now`, None without one.
    """

    started: datetime
    budget: int
    paused: tuple[PausedPart, ...]
    closed: tuple[ClosedPart, ...]
    special: tuple[ClosedPart, ...]
    due: datetime
    calendar: str
    hours: str
    zone: str
    used: int | None = None

    @property
    def paused_seconds(self) -> int:
        return sum(part.seconds for part in self.paused)

    @property
    def closed_seconds(self) -> int:
        return sum(part.seconds for part in self.closed)

    @property
    def special_seconds(self) -> int:
        return sum(part.seconds for part in self.special)

    @property
    def remaining(self) -> int | None:
        return None if self.used is None else max(0, self.budget - self.used)

    @property
    def over(self) -> int | None:
        return None if self.used is None else max(0, self.used - self.budget)


def explain(
    start: datetime, budget: int, calendar: Calendar, pauses: Pauses = (), now: datetime | None = None
) -> DeadlineSum:
    """The parts of `due_at(start, budget, calendar, pauses)`. Raises what that raises.

    Where pauses overlap, an open second belongs to the one that began first. A pause that has not ended is
    given with the current instant as its end: the sum then says when it would be due if work went on now.
    """
    given = list(pauses)
    due = due_at(start, budget, calendar, given)
    begin, end = to_epoch(start), to_epoch(due)
    closed = tuple(_closed_parts(calendar, begin, end))
    return DeadlineSum(
        started=from_epoch(begin),
        budget=budget,
        paused=tuple(_paused_parts(calendar, given, begin, end)),
        closed=tuple(part for part in closed if part.kind.is_ordinary),
        special=tuple(part for part in closed if not part.kind.is_ordinary),
        due=due,
        calendar=calendar.name,
        hours=calendar.summary,
        zone=calendar.zone,
        used=None if now is None else counted_seconds(start, now, calendar, given),
    )


def closures(start: datetime, end: datetime, calendar: Calendar) -> list[ClosedPart]:
    """Why the calendar is closed within [start, end), stretch by stretch. Raises CalendarOutOfRange."""
    return list(_closed_parts(calendar, to_epoch(start), to_epoch(end)))


def _paused_parts(calendar: Calendar, pauses: Pauses, start: int, end: int) -> Iterable[PausedPart]:
    spans = sorted((to_epoch(pause[0]), to_epoch(pause[1]), pause[2] if len(pause) > 2 else "") for pause in pauses)
    told = start
    for since, until, reason in spans:
        low, high = max(since, start), min(until, end)
        if low >= high:
            continue
        fresh = max(low, told)
        seconds = calendar.elapsed(high) - calendar.elapsed(fresh) if fresh < high else 0
        told = max(told, high)
        yield PausedPart(from_epoch(low), from_epoch(high), reason, seconds, high - low)


def _closed_parts(calendar: Calendar, start: int, end: int) -> Iterable[ClosedPart]:
    for low, high in calendar.closed_between(start, end):
        stretch: list[tuple[int, int, Reason]] = []
        for piece in _reasons(calendar, low, high):
            if stretch and (joined := _joined(stretch[-1][2], piece[2])):
                stretch[-1] = (stretch[-1][0], piece[1], joined)
            else:
                stretch.append(piece)
        for begin, finish, reason in stretch:
            yield ClosedPart(from_epoch(begin), from_epoch(finish), reason.kind, reason.name, finish - begin)


def _joined(before: Reason, after: Reason) -> Reason | None:
    """What two neighbours are together: a night and a weekend are one weekend, a holiday stays by itself."""
    if before == after:
        return before
    if before.kind.is_ordinary and after.kind.is_ordinary:
        return Reason(Closure.WEEKEND)
    return None


def _reasons(calendar: Calendar, start: int, end: int) -> Iterable[tuple[int, int, Reason]]:
    """A closed stretch cut where its reason changes, all plans considered together."""
    pieces = [plan.reasons_between(start, end) for plan in calendar.plans]
    cuts = sorted({cut for plan in pieces for piece in plan for cut in (piece.start, piece.end)})
    position = [0] * len(pieces)
    for low, high in zip(cuts, cuts[1:], strict=False):
        current = []
        for index, plan in enumerate(pieces):
            while plan[position[index]].end <= low:
                position[index] += 1
            current.append(plan[position[index]])
        yield low, high, _reason_of_all(current)


def _reason_of_all(pieces: list[Piece]) -> Reason:
    """Of several plans the one that lost hours explains; else a weekend is one only where all have it."""
    for piece in pieces:
        if piece.lost:
            return piece.reason
    if len(pieces) == 1:
        return pieces[0].reason
    weekend = all(piece.reason.kind is Closure.WEEKEND for piece in pieces)
    return Reason(Closure.WEEKEND if weekend else Closure.HOURS)
