"""What a pattern or a calendar file would write into a rota, row by row, before anything is written."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from django.db import IntegrityError, transaction

from accounts.choices import Ability
from accounts.errors import Refused
from accounts.models import Absence, DutyShift, Team, User
from accounts.services.duty_notices import tell_person
from accounts.services.rota import LONGEST, Planning, withdraw_swaps
from accounts.services.swaps import ASIDE

HOUR = timedelta(hours=1)
CONTRADICTION = "Two of the rows contradict each other: somebody would be on this rota twice at the same time."


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    SAME = "same"
    LEFT_OUT = "left_out"
    WRONG = "wrong"


WRITES = (Verdict.NEW, Verdict.CHANGED, Verdict.REMOVED)


@dataclass(slots=True)
class PlanRow:
    """One shift as it would be. `says`: why it is not written, or what to know about it."""

    number: int
    verdict: Verdict
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    user: User | None = None
    name: str = ""
    role: str = ""
    note: str = ""
    uid: str = ""
    says: list[str] = field(default_factory=list)
    stored: DutyShift | None = None

    @property
    def writes(self) -> bool:
        return self.verdict in WRITES


@dataclass(slots=True)
class Plan:
    """All rows, and how many of each verdict."""

    rows: list[PlanRow]

    def count(self, *verdicts: str) -> int:
        return sum(row.verdict in verdicts for row in self.rows)

    @property
    def writes(self) -> int:
        return self.count(*WRITES)


class Book:
    """A team's shifts between two instants, with everybody's absences and duty elsewhere. Three statements.

    `zone` is only for words.
    """

    def __init__(self, team: Team, people: Collection[int], low: datetime, high: datetime, zone: tzinfo) -> None:
        self.zone = zone
        near = {"starts_at__lt": high, "ends_at__gt": low}
        self.shifts = list(DutyShift.objects.filter(team=team, **near).select_related("user"))
        others = DutyShift.objects.filter(user__in=people, **near).exclude(team=team).select_related("team")
        away = Absence.objects.filter(user__in=people, cancelled_at__isnull=True, **near).select_related("covered_by")
        self._elsewhere: dict[int, list[DutyShift]] = defaultdict(list)
        self._away: dict[int, list[Absence]] = defaultdict(list)
        for shift in others:
            self._elsewhere[shift.user_id].append(shift)
        for absence in away:
            self._away[absence.user_id].append(absence)
        self._taken: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
        for shift in self.shifts:
            self._taken[shift.user_id].append((shift.starts_at, shift.ends_at))

    def drop(self, shift: DutyShift) -> None:
        """The shift will be gone, or stand elsewhere."""
        span = (shift.starts_at, shift.ends_at)
        if span in self._taken[shift.user_id]:
            self._taken[shift.user_id].remove(span)

    def take(self, user_id: int, starts_at: datetime, ends_at: datetime) -> None:
        self._taken[user_id].append((starts_at, ends_at))

    def clash(self, user_id: int, starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime] | None:
        """When the person is on this rota already within the time."""
        mine = sorted(self._taken[user_id])
        return next(((low, high) for low, high in mine if low < ends_at and starts_at < high), None)

    def remarks(self, user_id: int, starts_at: datetime, ends_at: datetime) -> list[str]:
        """What does not stop a row but should be known: absences and duty for other teams."""
        found = []
        for absence in self._away[user_id]:
            if absence.starts_at < ends_at and starts_at < absence.ends_at:
                cover = f"{absence.covered_by} covers" if absence.covered_by else "nobody covers"
                found.append(f"Away {self.span(absence.starts_at, absence.ends_at)}; {cover}.")
        for shift in self._elsewhere[user_id]:
            if shift.starts_at < ends_at and starts_at < shift.ends_at:
                found.append(f"On duty for {shift.team} too, {self.span(shift.starts_at, shift.ends_at)}.")
        return found

    def span(self, starts_at: datetime, ends_at: datetime) -> str:
        low, high = starts_at.astimezone(self.zone), ends_at.astimezone(self.zone)
        until = f"{high:%H:%M}" if high.date() == low.date() else f"{high:%a %d %b %H:%M}"
        return f"{low:%a %d %b %H:%M} to {until}"


def time_problem(starts_at: datetime, ends_at: datetime) -> str:
    """What is wrong with the span of a shift, "" when nothing is."""
    if ends_at <= starts_at:
        return "It ends before it starts."
    return "A shift lasts 62 days at most." if ends_at - starts_at > LONGEST else ""


def person_problem(person: User) -> str:
    """Why somebody cannot be on duty. Needs the role at hand."""
    if not person.is_active:
        return f"{person} has left."
    return "" if person.can(Ability.WORK) else f"{person} works no tickets."


def write_plan(held: Planning, plan: Plan, *, about: str, what: str) -> None:
    """Write the rows of a plan made inside the same lock, and tell everybody concerned once. Raises Refused."""
    removed = [row.stored for row in plan.rows if row.verdict == Verdict.REMOVED and row.stored is not None]
    changed = [row for row in plan.rows if row.verdict == Verdict.CHANGED and row.stored is not None]
    withdraw_swaps([*(shift.pk for shift in removed), *(row.stored.pk for row in changed if row.stored)], held)
    try:
        with transaction.atomic():
            DutyShift.objects.filter(pk__in=[shift.pk for shift in removed]).delete()
            written = [*_change(changed), *_create(held, plan.rows)]
    except IntegrityError as error:
        raise Refused(CONTRADICTION) from error
    touched: dict[int, tuple[User, list[DutyShift]]] = {}
    for shift in [*written, *removed]:
        touched.setdefault(shift.user_id, (shift.user, []))
    for shift in written:
        touched[shift.user_id][1].append(shift)
    for person, shifts in touched.values():
        tell_person(held.team, person, held.by, shifts, about=f"{about}:{held.now.timestamp():.0f}", what=what)


def _create(held: Planning, rows: Iterable[PlanRow]) -> list[DutyShift]:
    made = []
    for row in rows:
        if row.verdict == Verdict.NEW and row.user and row.starts_at and row.ends_at:
            shift = DutyShift(
                team=held.team, user=row.user, role=row.role, starts_at=row.starts_at, ends_at=row.ends_at,
                note=row.note, created_by=held.by,
            )  # fmt: skip
            shift.uid = row.uid or shift.uid
            made.append(shift)
    return DutyShift.objects.bulk_create(made)


def _change(rows: Iterable[PlanRow]) -> list[DutyShift]:
    """Change stored shifts in any order: all stand aside first, so that none is in another's way meanwhile."""
    changed = []
    for place, row in enumerate(rows):
        if row.stored is None or row.user is None or row.starts_at is None or row.ends_at is None:
            continue
        stored = row.stored
        aside = ASIDE + place * HOUR
        DutyShift.objects.filter(pk=stored.pk).update(starts_at=aside, ends_at=aside + HOUR)
        stored.user, stored.role, stored.note = row.user, row.role, row.note
        stored.starts_at, stored.ends_at = row.starts_at, row.ends_at
        changed.append(stored)
    for stored in changed:
        stored.save(update_fields=["user", "role", "note", "starts_at", "ends_at"])
    return changed
