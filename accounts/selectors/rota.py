"""A team's rota as pages show it: days in the reader's zone, who really answers when, and where nobody does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from django.db.models import Prefetch, Q, QuerySet

from accounts.calendars import current_revision, current_revisions, working_calendar
from accounts.choices import SwapState
from accounts.domain import duty
from accounts.domain.calendars import Calendar, open_between
from accounts.domain.day_plan import Closure
from accounts.domain.deadline import ClosedPart, closures
from accounts.models import Absence, DutyShift, DutySwap, Team, User

DAY = timedelta(days=1)
MOSTLY = timedelta(hours=12)  # of a local day: then it is shown as a day of the weekend
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of a day in which the same people answer. `shift` is whose turn it is by the rota."""

    starts_at: datetime
    ends_at: datetime
    person: User
    shift: DutyShift
    others: tuple[User, ...] = ()
    backups: tuple[User, ...] = ()
    covers: User | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class RotaDay:
    """A local day: its turns, the working hours without anybody, and what is special about it."""

    day: date
    starts_at: datetime
    ends_at: datetime
    special: str = ""
    is_closed: bool = False
    turns: tuple[Turn, ...] = ()
    gaps: tuple[Stretch, ...] = ()
    working: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class RotaWeek:
    """Seven days, or as many as asked for, with what has to be seen to."""

    days: tuple[RotaDay, ...]
    gaps: tuple[Stretch, ...]
    gone: tuple[User, ...]
    shifts: tuple[DutyShift, ...]
    absences: tuple[Absence, ...]
    people: tuple[User, ...]

    @property
    def gap_seconds(self) -> int:
        return int(sum((high - low).total_seconds() for low, high in self.gaps))


@dataclass(slots=True)
class _Book:
    shifts: list[DutyShift]
    absences: list[Absence]
    plain: list[duty.Shift] = field(default_factory=list)
    away: list[duty.Away] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    people: dict[int, User] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plain = [duty.Shift(one.user_id, one.starts_at, one.ends_at, one.role) for one in self.shifts]
        self.away = [duty.Away(one.user_id, one.starts_at, one.ends_at, one.covered_by_id) for one in self.absences]
        named = [one.user for one in self.shifts]
        named += [one.covered_by for one in self.absences if one.covered_by] + [one.user for one in self.absences]
        self.people = {person.pk: person for person in named}
        self.gone = {pk for pk, person in self.people.items() if not person.is_active}


def shifts_between(team: Team, low: datetime, high: datetime) -> QuerySet[DutyShift]:
    """The team's shifts that touch [low, high), with who has them and what is asked about them."""
    asked = DutySwap.objects.filter(state=SwapState.ASKED).select_related("offered_to")
    return (
        DutyShift.objects.filter(team=team, starts_at__lt=high, ends_at__gt=low)
        .select_related("user", "planned_for")
        .prefetch_related(Prefetch("swaps", queryset=asked, to_attr="asked"))
        .order_by("starts_at", "role", "pk")
    )


def absences_between(low: datetime, high: datetime) -> QuerySet[Absence]:
    """Absences of anybody: whoever covers may be of another team, and be covered in turn."""
    return (
        Absence.objects.filter(cancelled_at__isnull=True, starts_at__lt=high, ends_at__gt=low)
        .select_related("user", "covered_by")
        .order_by("starts_at")
    )


def local_midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone)


def rota_days(team: Team, first: date, days: int, zone: tzinfo) -> RotaWeek:
    """The team's rota of some local days of the reader's zone. Four statements, however much is on it."""
    edges = [local_midnight(first + timedelta(days=n), zone) for n in range(days + 1)]
    low, high = edges[0], edges[-1]
    book = _Book(list(shifts_between(team, low, high)), list(absences_between(low, high)))
    calendar = working_calendar(current_revision(team.calendar_id))
    closed = closures(low, high, calendar)
    places: dict[int, int] = {}
    found = [_day(book, calendar, closed, starts, ends, places) for starts, ends in zip(edges, edges[1:], strict=False)]
    return RotaWeek(
        days=tuple(found),
        gaps=tuple(duty.gaps(book.plain, open_between(low, high, calendar), book.away, gone=book.gone)),
        gone=tuple(dict.fromkeys(one.user for one in book.shifts if not one.user.is_active)),
        shifts=tuple(book.shifts),
        absences=tuple(_of_team(book, team)),
        people=tuple(book.people[pk] for pk in places),
    )


def _of_team(book: _Book, team: Team) -> Iterable[Absence]:
    on_rota = {one.user_id for one in book.shifts}
    return (one for one in book.absences if one.user.team_id == team.pk or one.user_id in on_rota)


def _day(
    book: _Book,
    calendar: Calendar,
    closed: Sequence[ClosedPart],
    starts: datetime,
    ends: datetime,
    places: dict[int, int],
) -> RotaDay:
    working = open_between(starts, ends, calendar)
    special, is_closed = _special(closed, starts, ends)
    return RotaDay(
        day=starts.date(),
        starts_at=starts,
        ends_at=ends,
        special=special,
        is_closed=is_closed,
        turns=tuple(_turns(book, starts, ends, places)),
        gaps=tuple(duty.gaps(book.plain, working, book.away, gone=book.gone)),
        working=tuple(working),
    )


def _special(closed: Sequence[ClosedPart], starts: datetime, ends: datetime) -> tuple[str, bool]:
    """What makes the day unlike others ("Holiday: Corpus Christi", "Weekend"), and whether it is closed for it."""
    weekend = timedelta(0)
    for part in closed:
        low, high = max(part.start, starts), min(part.end, ends)
        if low >= high:
            continue
        if part.kind == Closure.WEEKEND:
            weekend += high - low
        elif part.kind == Closure.HOLIDAY:
            return f"Holiday: {part.name}", True
        elif not part.kind.is_ordinary:
            return f"{'Half day' if part.kind == Closure.HALF_DAY else 'Other hours'}: {part.name}", False
    return ("Weekend", True) if weekend > MOSTLY else ("", False)


def _turns(book: _Book, starts: datetime, ends: datetime, places: dict[int, int]) -> list[Turn]:
    """The day cut where who answers changes, pieces of the same turn joined."""
    cuts = {cut for one in (*book.plain, *book.away) for cut in (one.starts_at, one.ends_at) if starts < cut < ends}
    edges = [starts, *sorted(cuts), ends]
    found: list[Turn] = []
    for low, high in zip(edges, edges[1:], strict=False):
        stand = duty.on_duty(book.plain, book.away, low, gone=book.gone)
        if stand.primary is None:
            continue
        turn = _turn(book, stand, low, high, places)
        last = found[-1] if found else None
        if last and last.ends_at == low and _who(last) == _who(turn):
            found[-1] = _turn(book, stand, last.starts_at, high, places)
        else:
            found.append(turn)
    return found


def _who(turn: Turn) -> tuple[object, ...]:
    return turn.person.pk, turn.shift.pk, turn.covers, turn.others, turn.backups


def _turn(book: _Book, stand: duty.OnDuty, low: datetime, high: datetime, places: dict[int, int]) -> Turn:
    assert stand.primary is not None
    planned = stand.covers.get(stand.primary, stand.primary)
    # `low` may lie before a joined piece; the last instant is inside the shift in any case.
    shift = next(
        one for one in book.shifts if one.user_id == planned and one.starts_at < high and one.ends_at >= high
    )  # fmt: skip
    return Turn(
        starts_at=low,
        ends_at=high,
        person=book.people[stand.primary],
        shift=shift,
        others=tuple(book.people[pk] for pk in stand.others),
        backups=tuple(book.people[pk] for pk in stand.backups),
        covers=book.people[planned] if planned != stand.primary else None,
        place=places.setdefault(stand.primary, len(places)),
    )


def open_swaps(team: Team) -> list[DutySwap]:
    """What is asked and not answered yet, the next shift first. One statement."""
    related = ("shift__user", "in_return__user", "asked_by", "offered_to")
    return list(DutySwap.objects.filter(shift__team=team, state=SwapState.ASKED).select_related(*related)
                .order_by("shift__starts_at"))  # fmt: skip


def coming_gaps(teams: Sequence[Team], now: datetime, until: datetime) -> dict[int, list[Stretch]]:
    """Team id → the working hours until then in which nobody is on duty. Three statements."""
    shifts = DutyShift.objects.filter(team__in=teams, starts_at__lt=until, ends_at__gt=now).select_related("user")
    by_team: dict[int, list[DutyShift]] = {team.pk: [] for team in teams}
    for shift in shifts.order_by("starts_at"):
        by_team[shift.team_id].append(shift)
    absences = list(absences_between(now, until))
    revisions = current_revisions({team.calendar_id for team in teams})
    found = {}
    for team in teams:
        book = _Book(by_team[team.pk], absences)
        calendar = working_calendar(revisions[team.calendar_id])
        found[team.pk] = duty.gaps(book.plain, open_between(now, until, calendar), book.away, gone=book.gone)
    return found


def shifts_in_need(absences: Sequence[Absence], now: datetime) -> dict[int, list[tuple[DutyShift, Stretch]]]:
    """Absence id → the parts of the person's coming shifts that nobody covers. One statement."""
    if not absences:
        return {}
    asked = Q(pk__in=[])
    for absence in absences:
        if absence.covered_by_id is None:
            asked |= Q(user=absence.user_id, starts_at__lt=absence.ends_at, ends_at__gt=max(absence.starts_at, now))
    rows = list(DutyShift.objects.filter(asked).select_related("team", "user").order_by("starts_at"))
    found: dict[int, list[tuple[DutyShift, Stretch]]] = {}
    for absence in absences:
        if absence.covered_by_id is not None:
            continue
        low = max(absence.starts_at, now)
        found[absence.pk] = [
            (row, (max(row.starts_at, low), min(row.ends_at, absence.ends_at)))
            for row in rows
            if row.user_id == absence.user_id and row.starts_at < absence.ends_at and row.ends_at > low
        ]
    return found
