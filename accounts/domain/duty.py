"""Who answers for a team at an instant, and when nobody does.

People and teams are numbers here. Every stretch is half-open, [starts_at, ends_at), with aware instants.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accounts.choices import DutyRole

Stretch = tuple[datetime, datetime]
NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's turn."""

    user: int
    starts_at: datetime
    ends_at: datetime
    role: str = DutyRole.PRIMARY

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Away:
    """One person's absence; `covered_by` answers meanwhile, None: nobody does."""

    user: int
    starts_at: datetime
    ends_at: datetime
    covered_by: int | None = None

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who answers: first whom to turn to, then whom else. `covers` maps who answers to whom they stand in for."""

    primary: int | None = None
    others: tuple[int, ...] = ()
    backups: tuple[int, ...] = ()
    covers: Mapping[int, int] = field(default_factory=dict)

    @property
    def nobody(self) -> bool:
        return self.primary is None

    @property
    def everybody(self) -> tuple[int, ...]:
        """All who answer, the first first."""
        return () if self.primary is None else (self.primary, *self.others, *self.backups)


def answering(user: int, covers: Mapping[int, int | None], gone: Collection[int] = NOBODY) -> int | None:
    """Who answers in somebody's place: they themselves unless absent, else their cover, the cover's cover, ….

    `covers` maps who is absent to who covers them (None: nobody). None when the chain ends with nobody, turns in a
    circle, or leads to somebody who is gone: whoever left covers for nobody.
    """
    asked: set[int] = set()
    current: int | None = user
    while current is not None and current not in asked:
        if current in gone:
            return None
        if current not in covers:
            return current
        asked.add(current)
        current = covers[current]
    return None


def on_duty(
    shifts: Iterable[Shift], absences: Iterable[Away], at: datetime, *, gone: Collection[int] = NOBODY
) -> OnDuty:
    """Who answers at `at`. Covers stand in for who is absent; who is gone counts for nobody.

    Of several shifts with the same role the one that began first leads. Where nobody's own turn is left, the first
    backup is whom to turn to. Nobody is named twice.
    """
    covers = {away.user: away.covered_by for away in absences if away.holds(at)}
    current = sorted(
        (shift for shift in shifts if shift.holds(at)),
        key=lambda shift: (shift.role != DutyRole.PRIMARY, shift.starts_at, shift.user),
    )
    found: dict[int, bool] = {}
    stands_in: dict[int, int] = {}
    for shift in current:
        person = answering(shift.user, covers, gone)
        if person is None:
            continue
        if person not in found and person != shift.user:
            stands_in[person] = shift.user
        found.setdefault(person, shift.role == DutyRole.PRIMARY)
    if not found:
        return OnDuty()
    first = next(iter(found))
    return OnDuty(
        primary=first,
        others=tuple(person for person, is_primary in found.items() if is_primary and person != first),
        backups=tuple(person for person, is_primary in found.items() if not is_primary and person != first),
        covers=stands_in,
    )


def gaps(
    shifts: Sequence[Shift],
    working: Iterable[Stretch],
    absences: Sequence[Away] = (),
    *,
    gone: Collection[int] = NOBODY,
) -> list[Stretch]:
    """The parts of the working hours in which nobody is on duty, in order, touching ones joined."""
    cuts = {cut for shift in shifts for cut in (shift.starts_at, shift.ends_at)}
    cuts |= {cut for away in absences for cut in (away.starts_at, away.ends_at)}
    found: list[Stretch] = []
    for starts, ends in sorted(working):
        for low, high in _pieces(starts, ends, cuts):
            if not on_duty(shifts, absences, low, gone=gone).nobody:
                continue
            if found and found[-1][1] == low:
                found[-1] = (found[-1][0], high)
            else:
                found.append((low, high))
    return found


def _pieces(starts: datetime, ends: datetime, cuts: Iterable[datetime]) -> Iterator[Stretch]:
    inside = sorted(cut for cut in cuts if starts < cut < ends)
    edges = [starts, *inside, ends]
    return ((low, high) for low, high in zip(edges, edges[1:], strict=False) if low < high)
