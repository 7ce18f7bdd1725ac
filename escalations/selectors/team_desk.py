"""A team as its lead sees it: who is there, what each holds, what is late, what nobody has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q

from accounts.choices import Ability
from accounts.models import Team, User
from accounts.selectors import DutyNow, duty_now
from escalations.choices import WAITING_STATES, Axis, EscalationState
from escalations.models import Escalation, Ticket
from escalations.selectors.queue_options import NONE
from escalations.selectors.queue_views import queue_url
from web.formats import format_duration, format_time

SOON = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the rows behind it; no link for none."""

    value: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody holds of the team's open tickets; without a person: what nobody holds."""

    open: int = 0
    breached: int = 0
    soon: int = 0
    paused: int = 0
    oldest: datetime | None = None
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One line. `there` says whether they are there now, in words; `state` is on, off, away, left or none."""

    user: User | None
    state: str
    there: str
    open: Number
    breached: Number
    soon: Number
    paused: Number
    waiting: Number
    oldest: str
    capacity: int = 0
    is_lead: bool = False

    @property
    def is_over(self) -> bool:
        return self.user is not None and self.open.value > self.capacity


@dataclass(frozen=True, slots=True)
class TeamDesk:
    team: Team
    duty: DutyNow
    members: list[Member]
    unowned: Member
    total: Member

    @property
    def nobody(self) -> bool:
        return self.duty.nobody


def _loads(team: Team, reader: User, now: datetime) -> dict[int | None, Load]:
    """Owner's id (None: nobody) → load. Two statements: one pass over the team's open tickets, one over its inbox."""
    due = Q(due_at__isnull=False)
    rows = (
        Ticket.objects.visible_to(reader)
        .open()
        .filter(team=team)
        .order_by()
        .values_list("owner")
        .annotate(
            number=Count("pk"),
            breached=Count("pk", filter=due & Q(due_at__lt=now)),
            soon=Count("pk", filter=Q(due_at__gte=now, due_at__lte=now + SOON)),
            paused=Count("pk", filter=Q(state__in=WAITING_STATES)),
            oldest=Min("opened_at"),
        )
    )
    handoffs = Escalation.objects.filter(
        to_team=team, axis=Axis.FUNCTIONAL, state__in=[EscalationState.PENDING, EscalationState.ACKNOWLEDGED],
        ticket__in=Ticket.objects.visible_to(reader),
    )  # fmt: skip
    waiting: dict[int | None, int] = {}
    for to_user, acknowledged_by in handoffs.values_list("to_user", "acknowledged_by"):
        whom = acknowledged_by or to_user
        waiting[whom] = waiting.get(whom, 0) + 1
    found = {
        owner: Load(number, breached, soon, paused, oldest, waiting.pop(owner, 0))
        for owner, number, breached, soon, paused, oldest in rows
    }
    return {**{whom: Load(waiting=number) for whom, number in waiting.items()}, **found}


def _people(team: Team, loads: Mapping[int | None, Load]) -> list[User]:
    """Who works in the team, and whoever else holds something of it: people who left or moved. One statement."""
    works = Q(team=team, is_active=True, role__abilities__contains=[Ability.WORK])
    holders = [pk for pk in loads if pk is not None]
    return list(User.objects.filter(works | Q(pk__in=holders)).select_related("team", "role").order_by("full_name"))


def team_desk(team: Team, reader: User, *, now: datetime, zone: ZoneInfo) -> TeamDesk:
    """The page of one team. Five statements, whatever the team holds."""
    duty = duty_now([team], now)[team.pk]
    loads = _loads(team, reader, now)
    people = _people(team, loads)
    members = [_member(person, team, duty, loads.get(person.pk, Load()), now, zone) for person in people]
    members.sort(key=lambda one: (ORDER.index(one.state), -one.breached.value, str(one.user)))
    total = _sum(list(loads.values()))
    return TeamDesk(
        team, duty, members, _line(None, team, loads.get(None, Load()), "none", "", now),
        _line(None, team, total, "none", "", now, owner=None),
    )  # fmt: skip


ORDER = ("on", "none", "off", "away", "left")


def _member(person: User, team: Team, duty: DutyNow, load: Load, now: datetime, zone: ZoneInfo) -> Member:
    state, there = _there(person, team, duty, now, zone)
    return _line(person, team, load, state, there, now)


def _there(person: User, team: Team, duty: DutyNow, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    if not person.is_active:
        return "left", "Has left"
    away = duty.absent.get(person.pk)
    if away is not None:
        cover = f", {away.cover} covers" if away.cover else ", nobody covers"
        return "away", f"Away until {format_time(away.until, zone, now)}{cover}"
    if person.team_id != team.pk:
        return "off", f"Works in {person.team}" if person.team else "Belongs to no team"
    if person in duty.people:
        until = f" until {format_time(duty.until, zone, now)}" if person == duty.primary and duty.until else ""
        return "on", ("Backup" if person in duty.backups else "On duty") + until
    return ("off", "Off duty") if duty.keeps_rota else ("none", "No rota")


def _line(
    person: User | None, team: Team, load: Load, state: str, there: str, now: datetime, *, owner: str | None = NONE
) -> Member:  # fmt: skip
    """`owner` is how the queue names who holds it: a user name, "none", or None for everybody."""
    whose = {"owner": [person.username]} if person is not None else {"owner": [owner]} if owner else {}
    base: dict[str, Sequence[str]] = {"team": [team.code], **whose}

    def number(value: int, **more: Sequence[str]) -> Number:
        return Number(value, queue_url(base | more) if value else "")

    age = format_duration((now - load.oldest).total_seconds()) if load.oldest else ""
    return Member(
        user=person, state=state, there=there, open=number(load.open),
        breached=number(load.breached, breached=["yes"]), soon=number(load.soon, due=["30m"], breached=["no"]),
        paused=number(load.paused, state=[str(one) for one in WAITING_STATES]), waiting=Number(load.waiting),
        oldest=age, capacity=person.capacity if person is not None else 0,
        is_lead=person is not None and team.lead_id == person.pk,
    )  # fmt: skip


def _sum(loads: Sequence[Load]) -> Load:
    oldest = [load.oldest for load in loads if load.oldest is not None]
    return Load(
        sum(load.open for load in loads), sum(load.breached for load in loads), sum(load.soon for load in loads),
        sum(load.paused for load in loads), min(oldest, default=None), sum(load.waiting for load in loads),
    )  # fmt: skip
