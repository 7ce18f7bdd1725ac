"""Who is on duty now, for as many teams as a page chooses from, in two statements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet

from accounts.choices import DutyRole
from accounts.domain import duty
from accounts.models import Absence, DutyShift, Team, User

# How far ahead the next turn is looked for: over a long weekend.
AHEAD = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is away until `until`; `cover` answers meanwhile, their cover's cover where that one is away too."""

    user: User
    until: datetime
    cover: User | None = None


@dataclass(frozen=True, slots=True)
class DutyNow:
    """Who answers for a team at an instant.

    `primary` is whom to turn to, `others` are on duty too, `backups` after them. `until`: when the turn of the
    primary ends. `stands_in` maps who covers (id) to whom they stand in for. `absent`: everybody who is away now, of
    any team, by id. `gone`: people who left and still stand on the rota now. `next_at`: when nobody is on duty, from
    when somebody is, as far as it is known.
    """

    team_id: int
    primary: User | None = None
    others: tuple[User, ...] = ()
    backups: tuple[User, ...] = ()
    until: datetime | None = None
    stands_in: Mapping[int, User] = field(default_factory=dict)
    absent: Mapping[int, Away] = field(default_factory=dict)
    gone: tuple[User, ...] = ()
    keeps_rota: bool = False
    next_at: datetime | None = None

    @property
    def nobody(self) -> bool:
        """Nobody answers, though the team keeps a rota: to be flagged, never waited for."""
        return self.keeps_rota and self.primary is None

    @property
    def covered(self) -> tuple[User, ...]:
        """For whom those on duty stand in."""
        return tuple(self.stands_in.values())

    @property
    def people(self) -> tuple[User, ...]:
        return () if self.primary is None else (self.primary, *self.others, *self.backups)


def absences_at(at: datetime) -> QuerySet[Absence]:
    """Who is away at `at`: nobody twice."""
    return Absence.objects.filter(starts_at__lte=at, ends_at__gt=at, cancelled_at__isnull=True).order_by()


def absences_now(at: datetime) -> dict[int, Away]:
    """Everybody who is away at `at`, by id, with who answers for them. One statement."""
    rows = list(absences_at(at).select_related("user", "covered_by"))
    covers = {row.user_id: row.covered_by_id for row in rows}
    people = {person.pk: person for row in rows for person in (row.user, row.covered_by) if person is not None}
    gone = {pk for pk, person in people.items() if not person.is_active}
    found = {}
    for row in rows:
        cover = None if row.covered_by_id is None else duty.answering(row.covered_by_id, covers, {*gone, row.user_id})
        found[row.user_id] = Away(row.user, row.ends_at, people.get(cover) if cover is not None else None)
    return found


def duty_now(teams: Iterable[Team | int], at: datetime) -> dict[int, DutyNow]:
    """Team id → who is on duty at `at`, for every team given. Two statements for all of them."""
    ids = {team if isinstance(team, int) else team.pk for team in teams}
    if not ids:
        return {}
    shifts: dict[int, list[DutyShift]] = {team_id: [] for team_id in ids}
    keeps: set[int] = set()
    for team in _teams_with_shifts(ids, at):
        if team.keeps_rota:
            keeps.add(team.pk)
        near = getattr(team, "near_shift", None)  # Django leaves the attribute out where the join found nothing
        if near is not None:
            shifts[team.pk].append(near)
    absent = absences_now(at)
    return {team_id: _stand(team_id, rows, absent, at, team_id in keeps) for team_id, rows in shifts.items()}


def _teams_with_shifts(ids: set[int], at: datetime) -> list[Team]:
    """Each team once per shift that runs at `at` or begins soon (`near_shift`), or once without any."""
    near = Q(shifts__ends_at__gt=at, shifts__starts_at__lt=at + AHEAD)
    return list(
        Team.objects.filter(pk__in=ids)
        .annotate(
            keeps_rota=Exists(DutyShift.objects.filter(team=OuterRef("pk"))),
            near_shift=FilteredRelation("shifts", condition=near),
        )
        .select_related("near_shift__user")
        .order_by("near_shift__starts_at")
    )


def _stand(team_id: int, rows: list[DutyShift], absent: Mapping[int, Away], at: datetime, keeps_rota: bool) -> DutyNow:
    people = {row.user_id: row.user for row in rows}
    people |= {away.cover.pk: away.cover for away in absent.values() if away.cover is not None}
    gone = {pk for pk, person in people.items() if not person.is_active}
    covers = [duty.Away(pk, at, away.until, away.cover.pk if away.cover else None) for pk, away in absent.items()]
    shifts = [duty.Shift(row.user_id, row.starts_at, row.ends_at, row.role) for row in rows]
    found = duty.on_duty(shifts, covers, at, gone=gone)
    running = [row for row in rows if row.starts_at <= at]
    left = tuple(dict.fromkeys(row.user for row in running if not row.user.is_active))
    if found.primary is None:
        coming = (row.starts_at for row in rows if row.starts_at > at and row.user.is_active)
        return DutyNow(team_id, absent=absent, gone=left, keeps_rota=keeps_rota, next_at=min(coming, default=None))
    planned = found.covers.get(found.primary, found.primary)
    return DutyNow(
        team_id=team_id,
        primary=people[found.primary],
        others=tuple(people[pk] for pk in found.others),
        backups=tuple(people[pk] for pk in found.backups),
        until=_until(planned, running, absent, found.primary),
        stands_in={pk: people[whom] for pk, whom in found.covers.items()},
        absent=absent,
        gone=left,
        keeps_rota=keeps_rota,
    )


def _until(planned: int, running: list[DutyShift], absent: Mapping[int, Away], primary: int) -> datetime:
    """When the turn ends: with the shift, or earlier where the one covered comes back."""
    turns = [row for row in running if row.user_id == planned]
    turns.sort(key=lambda row: row.role != DutyRole.PRIMARY)
    ends = turns[0].ends_at
    return min(ends, absent[planned].until) if planned != primary and planned in absent else ends
