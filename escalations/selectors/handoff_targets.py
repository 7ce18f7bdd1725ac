"""Where a handoff may go: every team above the ticket's tier, who is there until when, and how much they hold."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.calendars import current_revisions, working_calendar
from accounts.choices import Ability
from accounts.domain.calendars import Calendar, closes_at, next_open
from accounts.models import Team, User
from escalations.choices import OPEN_STATES
from escalations.models import Ticket
from web.formats import format_time, zone_name


@dataclass(frozen=True, slots=True)
class PersonTarget:
    user: User
    taken: int

    @property
    def load(self) -> str:
        return f"{self.taken} of {self.user.capacity} taken"


@dataclass(frozen=True, slots=True)
class TeamTarget:
    team: Team
    hours: str
    people: list[PersonTarget]

    @property
    def label(self) -> str:
        return f"{self.team.tier.code} {self.team.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """One choice of the form: a team, or one of its people."""

    value: str
    team: TeamTarget
    person: PersonTarget | None = None

    @property
    def words(self) -> str:
        return f"{self.team.team.tier.code} {self.person.user}" if self.person else self.team.label

    @property
    def hint(self) -> str:
        """Who is there and until when, beside the field."""
        if self.person:
            return f"{self.person.user}: {self.person.load}. {self.team.team.name} is {self.team.hours}."
        if not self.team.people:
            return f"Nobody works in {self.team.label} yet."
        freest = min(self.team.people, key=lambda one: (one.taken / max(one.user.capacity, 1), one.user.full_name))
        return f"{self.team.hours[:1].upper()}{self.team.hours[1:]}. Most room: {freest.user}, {freest.load}."


@dataclass(frozen=True, slots=True)
class Targets:
    """Every team above the ticket's tier, in order, and what the form offers of them."""

    teams: list[TeamTarget]
    people_only: bool = False

    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        grouped = []
        for one in self.teams:
            anyone = [] if self.people_only else [(f"team:{one.team.pk}", f"{one.label}, anyone")]
            people = [(f"user:{person.user.pk}", f"{person.user}, {person.load}") for person in one.people]
            if anyone or people:
                grouped.append((f"{one.label} · {one.hours}", [*anyone, *people]))
        return grouped

    def find(self, value: str) -> Target | None:
        kind, _, number = value.partition(":")
        for one in self.teams:
            if kind == "team" and number == str(one.team.pk):
                return Target(value, one)
            for person in one.people:
                if kind == "user" and number == str(person.user.pk):
                    return Target(value, one, person)
        return None

    def default(self, ticket: Ticket) -> str:
        """The next tier's team, of the ticket's region where there is one. Nobody where a person must be named."""
        if self.people_only or not self.teams:
            return ""
        first_rank = self.teams[0].team.tier.rank
        nearest = [one.team for one in self.teams if one.team.tier.rank == first_rank]
        region = ticket.region_id or ticket.team.region_id
        return f"team:{next((team for team in nearest if team.region_id == region), nearest[0]).pk}"


def workers() -> QuerySet[User]:
    """People who can take a ticket, with how many they hold (`taken`)."""
    held = Ticket.objects.filter(owner=OuterRef("pk"), state__in=OPEN_STATES).order_by()
    counted = held.values("owner").annotate(number=Count("pk")).values("number")
    return _able().annotate(taken=Coalesce(Subquery(counted), 0))


def _able() -> QuerySet[User]:
    return User.objects.filter(is_active=True, role__abilities__contains=[Ability.WORK])


def chosen(ticket: Ticket, *, by: User, value: str) -> Targets:
    """The one target that a form's value names, where it is on offer; without hours and load. One query at most."""
    kind, _, number = value.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return Targets([])
    found: list[TeamTarget] = []
    if kind == "team":
        teams = Team.objects.select_related("tier").filter(pk=number, is_active=True, tier__rank__gt=ticket.tier.rank)
        found = [TeamTarget(team, "", []) for team in teams.order_by()]
    elif kind == "user":
        people = _able().exclude(pk=by.pk).select_related("team__tier").filter(pk=number, team__is_active=True)
        for user in people.filter(team__tier__rank__gt=ticket.tier.rank).order_by():
            found.append(TeamTarget(user.team, "", [PersonTarget(user, 0)]))
    return Targets(found, people_only=ticket.is_restricted)


def targets_for(ticket: Ticket, *, by: User, now: datetime, zone: tzinfo) -> Targets:
    """Teams above the ticket's tier, open or not, with their people and load. Three queries."""
    return targets_among(ticket, Q(tier__rank__gt=ticket.tier.rank), by=by, now=now, zone=zone)


def targets_among(
    ticket: Ticket, where: Q, *, by: User, now: datetime, zone: tzinfo, who: Q | None = None
) -> Targets:  # fmt: skip
    """The same for the teams that `where` names; of their people those that `who` names, never `by`. Three queries."""
    people = workers().filter(who or Q()).exclude(pk=by.pk).order_by("full_name")
    teams = list(
        Team.objects.filter(where, is_active=True)
        .select_related("tier")
        .prefetch_related(Prefetch("members", queryset=people, to_attr="workers"))
        .order_by("tier__rank", "name")
    )
    revisions = current_revisions({team.calendar_id for team in teams})
    found = []
    for team in teams:
        hours = _hours(working_calendar(revisions[team.calendar_id]), now, zone)
        found.append(TeamTarget(team, hours, [PersonTarget(one, one.taken) for one in team.workers]))
    return Targets(found, people_only=ticket.is_restricted)


def _hours(calendar: Calendar, now: datetime, zone: tzinfo) -> str:
    opens = next_open(now, calendar)
    if (opens - now).total_seconds() > 1:
        return f"closed until {format_time(opens, zone, now)} {zone_name(opens, zone)}"
    until = closes_at(now, calendar)
    return f"open until {format_time(until, zone, now)} {zone_name(until, zone)}" if until else "open around the clock"
