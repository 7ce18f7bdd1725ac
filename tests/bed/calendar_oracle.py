"""What business time is, by definition: step real minutes in UTC, read the clock on the wall, look whether it is open.

Written apart from the code it judges: it reads the JSON definition itself, keeps no segments, no cumulative sums, no
offsets, and knows nothing of changes of the clocks. Hours have whole minutes and so have all offsets since 1972, so
nothing changes within a minute; starts, ends and pauses may fall on any second.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

Pairs = Sequence[tuple[int, int]]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


class Wall:
    """One definition's openness by local date and minute."""

    def __init__(self, definition: dict[str, Any]) -> None:
        self.definition = definition
        self.zone = ZoneInfo(definition["zone"])
        self._days: dict[date, bytearray] = {}

    def hours(self, day: date) -> list[tuple[int, int]]:
        """Open minutes counted from the midnight that begins `day`, beyond 1440 where the shift goes on."""
        given = self.definition
        override = given.get("overrides", {}).get(day.isoformat())
        source = override["hours"] if override else given.get("weekly", {}).get(DAYS[day.weekday()], [])
        found = []
        for opens, closes in ((minutes(a), minutes(b)) for a, b in source):
            found.append((opens, closes if closes > opens else closes + 1440))
        if override:
            return found
        half_days = given.get("half_days", {})
        half_day = half_days.get(day.isoformat()) or half_days.get(day.isoformat()[5:])
        if half_day:
            low, high = minutes(half_day.get("opens", "00:00")), minutes(half_day.get("closes", "24:00"))
            return [(max(a, low), min(b, high)) for a, b in found]
        return [] if day.isoformat() in given.get("holidays", {}) else found

    def flags(self, day: date) -> bytearray:
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = bytearray(1440)
            for shift, hours in ((0, self.hours(day)), (1440, self.hours(day - timedelta(days=1)))):
                for opens, closes in hours:
                    for minute in range(max(0, opens - shift), min(1440, closes - shift)):
                        known[minute] = 1
        return known

    def is_open(self, epoch: int) -> bool:
        local = datetime.fromtimestamp(epoch, self.zone)
        return self.flags(local.date())[local.hour * 60 + local.minute] == 1


class Oracle:
    """Answers about the UTC minutes from `start` on, for `length` minutes."""

    def __init__(self, definition: dict[str, Any], start: datetime, length: int) -> None:
        members = [definition, *definition.get("members", [])]
        self.walls = [Wall(member) for member in members]
        self.always = any(member.get("always_open") for member in members)
        self.first = int(start.astimezone(UTC).timestamp()) // 60 * 60
        self.length = length

    @cached_property
    def minutes(self) -> bytearray:
        """1 for every open minute."""
        if self.always:
            return bytearray(b"\x01" * self.length)
        return bytearray(
            any(wall.is_open(self.first + 60 * step) for wall in self.walls) for step in range(self.length)
        )

    @property
    def last(self) -> int:
        return self.first + 60 * self.length

    def open_at(self, at: datetime) -> bool:
        return self.minutes[(self._epoch(at) - self.first) // 60] == 1

    def seconds(self, start: datetime, end: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()) -> int:
        """Open seconds in [start, end) outside the pauses."""
        low, high = self._epoch(start), self._epoch(end)
        stops = [(self._epoch(since), self._epoch(until)) for since, until in pauses]
        return sum(self._counted(step, low, high, stops) for step in self._steps(low, high) if self.minutes[step])

    def due(self, start: datetime, budget: int, pauses: Iterable[tuple[datetime, datetime]]) -> datetime | None:
        """The first instant by which the budget has passed, None when that lies beyond the window."""
        low = self._epoch(start)
        stops = [(self._epoch(since), self._epoch(until)) for since, until in pauses]
        if budget == 0:
            return datetime.fromtimestamp(low, UTC)
        left = budget
        for step in self._steps(low, self.last):
            if not self.minutes[step]:
                continue
            counted = self._counted(step, low, self.last, stops)
            if counted < left:
                left -= counted
                continue
            begin = self.first + 60 * step
            for second in range(max(begin, low), begin + 60):
                left -= not any(since <= second < until for since, until in stops)
                if left == 0:
                    return datetime.fromtimestamp(second + 1, UTC)
        return None

    def _counted(self, step: int, low: int, high: int, stops: Pairs) -> int:
        begin = self.first + 60 * step
        begin, end = max(begin, low), min(begin + 60, high)
        near = [(since, until) for since, until in stops if since < end and until > begin]
        if not near:
            return max(0, end - begin)
        return sum(not any(since <= second < until for since, until in near) for second in range(begin, end))

    def _steps(self, low: int, high: int) -> range:
        if low < self.first or high > self.last:
            raise AssertionError("the question leaves the window")
        return range((low - self.first) // 60, min(self.length, -((self.first - high) // 60)))

    @staticmethod
    def _epoch(at: datetime) -> int:
        return int(at.astimezone(UTC).timestamp())
