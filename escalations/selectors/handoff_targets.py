"""Where a handoff may go: every team above the ticket's tier, who is there until when, and how much they hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.calendars import current_revisions, working_calendar
from accounts.choices import Ability
from accounts.domain.calendars import Calendar, closes_at, next_open
from accounts.domain.expertise import Person
from accounts.models import Team, User
from accounts.querysets import able
from accounts.selectors.duty import DutyNow, duty_now
from accounts.selectors.duty_words import person_words, team_words
from accounts.selectors.fitting import Fit, fits
from escalations.choices import OPEN_STATES
from escalations.models import Ticket
from web.formats import format_time, zone_name


@dataclass(frozen=True, slots=True)
class PersonTarget:
    """Somebody to choose: how many tickets they hold, whether they are there (`duty`), and why they fit."""

    user: User
    taken: int
    duty: str = ""
    fit: Fit | None = None
    is_away: bool = False

    @property
    def load(self) -> str:
        return f"{self.taken} of {self.user.capacity} taken"

    @property
    def words(self) -> str:
        """What stands behind the name: load, duty, skill."""
        return ", ".join(part for part in (self.load, self.duty, self.fit.words if self.fit else "") if part)

    @property
    def place(self) -> tuple[bool, int, str]:
        """The best first; who is away last."""
        return self.is_away, self.fit.place if self.fit else 0, self.user.full_name


@dataclass(frozen=True, slots=True)
class TeamTarget:
    """A team to choose. `duty`: who is on duty, in words; `instead`: who of its tier is, where nobody here is."""

    team: Team
    hours: str
    people: list[PersonTarget]
    duty: str = ""
    nobody: bool = False
    instead: str = ""

    @property
    def label(self) -> str:
        return f"{self.team.tier.code} {self.team.name}"

    @property
    def suggested(self) -> PersonTarget | None:
        """Who fits best of those with room who can do it alone; None where nobody stands out."""
        fitting = [one for one in self.people if one.fit and one.fit.is_able and one.taken < one.user.capacity]
        return min(fitting, key=lambda one: one.place, default=None)


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
        one = self.team
        if self.person:
            return f"{self.person.user}: {self.person.words}. {one.team.name} is {one.hours}."
        if not one.people:
            return f"Nobody works in {one.label} yet."
        said = f"{one.hours[:1].upper()}{one.hours[1:]}."
        if one.duty and not one.nobody:
            said += f" {one.duty}."
        if one.suggested:
            return f"{said} Suggested: {one.suggested.user}, {one.suggested.words}."
        there = [other for other in one.people if not other.is_away] or one.people
        freest = min(there, key=lambda other: (other.taken / max(other.user.capacity, 1), other.user.full_name))
        return f"{said} Most room: {freest.user}, {freest.load}."

    @property
    def warning(self) -> str:
        """Nobody is there: said before it is chosen, with what will happen then. "" when somebody is."""
        if self.person:
            return f"{self.person.user} is {self.person.duty}." if self.person.is_away else ""
        if not self.team.nobody:
            return ""
        waits = f"All its people are told by mail, and the time to acknowledge counts its hours: {self.team.hours}."
        return f"{self.team.duty[:1].upper()}{self.team.duty[1:]}. {waits}{self.team.instead}"


@dataclass(frozen=True, slots=True)
class Targets:
    """Every team above the ticket's tier, in order, and what the form offers of them."""

    teams: list[TeamTarget]
    people_only: bool = False

    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        grouped = []
        for one in self.teams:
            anyone = [] if self.people_only else [(f"team:{one.team.pk}", f"{one.label}, anyone")]
            best_first = sorted(one.people, key=lambda person: person.place)
            people = [(f"user:{person.user.pk}", f"{person.user}, {person.words}") for person in best_first]
            if anyone or people:
                about = " · ".join(part for part in (one.label, one.hours, one.duty) if part)
                grouped.append((about, [*anyone, *people]))
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

    def default(self, ticket: Ticket, *, tier: str = "") -> str:
        """A team of `tier`, else of the next one, of the ticket's region where there is one.

        Nobody where a person must be named.

        Nobody on duty is not waited for: another team of that tier goes before it, where somebody is.
        """
        if self.people_only or not self.teams:
            return ""
        region = ticket.region_id or ticket.team.region_id
        wanted = tier if any(one.team.tier.code == tier for one in self.teams) else self.teams[0].team.tier.code
        nearest = [one for one in self.teams if one.team.tier.code == wanted]
        nearest.sort(key=lambda one: (one.nobody, one.team.region_id != region))
        return f"team:{nearest[0].team.pk}"


def workers() -> QuerySet[User]:
    """People who can take a ticket, with how many they hold (`taken`)."""
    held = Ticket.objects.filter(owner=OuterRef("pk"), state__in=OPEN_STATES).order_by()
    counted = held.values("owner").annotate(number=Count("pk")).values("number")
    return _able().annotate(taken=Coalesce(Subquery(counted), 0))


def _able() -> QuerySet[User]:
    return User.objects.filter(able(Ability.WORK))


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
    """Teams above the ticket's tier, open or not, with their people and load. Seven queries."""
    return targets_among(ticket, Q(tier__rank__gt=ticket.tier.rank), by=by, now=now, zone=zone)


def targets_among(
    ticket: Ticket, where: Q, *, by: User, now: datetime, zone: tzinfo, who: Q | None = None
) -> Targets:  # fmt: skip
    """The same for the teams that `where` names; of their people those that `who` names, never `by`. Seven queries."""
    people = workers().filter(who or Q()).exclude(pk=by.pk).order_by("full_name")
    teams = list(
        Team.objects.filter(where, is_active=True)
        .select_related("tier")
        .prefetch_related(Prefetch("members", queryset=people, to_attr="workers"))
        .order_by("tier__rank", "name")
    )
    revisions = current_revisions({team.calendar_id for team in teams})
    stands = duty_now(teams, now)
    fitting = _fits(ticket, teams, stands)
    found = []
    for team in teams:
        hours = _hours(working_calendar(revisions[team.calendar_id]), now, zone)
        stand = stands[team.pk]
        listed = [
            PersonTarget(
                one, one.taken, person_words(one.pk, stand, stand.absent, zone, now), fitting.get(one.pk),
                one.pk in stand.absent,
            )
            for one in team.workers
        ]  # fmt: skip
        instead = _instead(team, teams, stands) if stand.nobody else ""
        found.append(TeamTarget(team, hours, listed, team_words(stand, zone, now), stand.nobody, instead))
    return Targets(found, people_only=ticket.is_restricted)


def owner_notes(ticket: Ticket, *, by: User, now: datetime, zone: tzinfo) -> dict[int, str]:
    """User id → load, duty and skill of the ticket's own team, without `by`. Seven queries."""
    teams = targets_among(ticket, Q(pk=ticket.team_id), by=by, now=now, zone=zone).teams
    return {person.user.pk: person.words for team in teams for person in team.people}


def _fits(ticket: Ticket, teams: list[Team], stands: Mapping[int, DutyNow]) -> dict[int, Fit]:
    """How everybody on offer fits the ticket. Two queries at most."""
    people = []
    for team in teams:
        stand = stands[team.pk]
        leading = {person.pk for person in stand.people[:1]} | {person.pk for person in stand.others}
        backups = {person.pk for person in stand.backups}
        people += [
            Person(one.pk, one.taken, one.capacity, one.pk in leading, one.pk in backups, one.pk in stand.absent)
            for one in team.workers
        ]
    return fits(people, issue_type=ticket.issue_type, product_area=ticket.product_area)


def _instead(team: Team, teams: list[Team], stands: Mapping[int, DutyNow]) -> str:
    """The teams of the same tier in which somebody is on duty now."""
    there = [
        f"{other.tier.code} {other.name} ({stands[other.pk].primary})"
        for other in teams
        if other.tier_id == team.tier_id and stands[other.pk].primary is not None
    ]
    return f" On duty now: {', '.join(there)}." if there else ""


def _hours(calendar: Calendar, now: datetime, zone: tzinfo) -> str:
    opens = next_open(now, calendar)
    if (opens - now).total_seconds() > 1:
        return f"closed until {format_time(opens, zone, now)} {zone_name(opens, zone)}"
    until = closes_at(now, calendar)
    return f"open until {format_time(until, zone, now)} {zone_name(until, zone)}" if until else "open around the clock"
