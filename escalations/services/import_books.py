"""What an imported row is looked up in: teams, people, lists, the policy in force and its calendars, read once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, from_epoch, to_epoch
from accounts.models import CalendarRevision, Region, Team, User
from escalations.choices import ClockKind, ClockState, Complexity, Priority, Sentiment, TicketState
from escalations.domain import clocks as core
from escalations.domain.clocks import CalendarRule, ClockRecord, Wait
from escalations.domain.importing import Choices
from escalations.models import Clock, Pause, Ticket
from escalations.services.clocks import (
    Target,
    contract_target,
    first_response_target,
    targets_at_tier,
    write_record,
)
from policies.choices import PickListName
from policies.domain.policy import Policy
from policies.models import PickItem, PolicyVersion
from policies.selectors import policy_in_force

PICK_LISTS = (
    PickListName.CATEGORY, PickListName.ISSUE_TYPE, PickListName.PRODUCT_AREA, PickListName.CHANNEL,
    PickListName.SEGMENT, PickListName.PUBLIC_COMPLAINT, PickListName.CONCERN,
)  # fmt: skip
WAITING = "Imported as waiting"
STATES = [state for state in TicketState if state != TicketState.MERGED]  # a merged one would need its target


def import_choices() -> Choices:
    """Field → code → label, of everything that a value of a file may come to mean. Teams and people in use only."""
    lists: dict[str, dict[str, str]] = {str(name): {} for name in PICK_LISTS}
    for name, code, label in PickItem.objects.filter(list__in=PICK_LISTS, is_active=True).values_list(
        "list", "code", "label"
    ):
        lists[name][code] = label
    teams = Team.objects.filter(is_active=True).select_related("tier")
    return {
        **lists,
        "state": {state.value: str(state.label) for state in STATES},
        "priority": {str(priority.value): str(priority.label) for priority in Priority},
        "sentiment": {mood.value: str(mood.label) for mood in Sentiment},
        "complexity": {one.value: str(one.label) for one in Complexity},
        "team": {team.code: f"{team.tier.code} {team.name}" for team in teams},
        "region": dict(Region.objects.values_list("code", "name")),
        "owner": {user.username: user.full_name for user in User.objects.filter(is_active=True, team__isnull=False)},
    }


@dataclass(frozen=True, slots=True)
class Stay:
    """The clocks of one imported ticket and the wait that holds some of them, none of it saved."""

    clocks: list[Clock]
    pause: Pause | None


class Books:
    """Everything that rows refer to, and the rules that start their clocks. Made anew for every slice of work."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.version: PolicyVersion
        self.policy: Policy
        self.version, self.policy = policy_in_force()
        self.teams = {
            team.code: team for team in Team.objects.filter(is_active=True).select_related("tier", "calendar")
        }
        self.people = {user.username: user for user in User.objects.filter(is_active=True, team__isnull=False)}
        self.regions = {region.code: region for region in Region.objects.all()}
        self._revisions: dict[int, CalendarRevision | None] = {}
        self.know_calendars(team.calendar_id for team in self.teams.values())
        self._targets = cache(self._targets_of)
        self._reviews: dict[int, datetime] = {}

    def at(self, now: datetime) -> None:
        """Move the instant that counts as the import's own."""
        self.now = now
        self._reviews.clear()

    def know_calendars(self, ids: Iterable[int | None]) -> None:
        """Read the current revisions of calendars (customers') that are not known yet. One query at most."""
        missing = {pk for pk in ids if pk is not None} - set(self._revisions)
        if missing:
            self._revisions |= current_revisions(missing)

    def stay(self, ticket: Ticket, *, first_replied_at: datetime | None) -> Stay:
        """What runs from now on for an open ticket: see docs/decisions/0008 for each choice.

        A deadline that has passed already is recorded as a breach that nobody is told of (`is_late_record`).
        """
        pause = self._pause(ticket)
        clocks = [
            self._clock(ticket, target, pause, started_at=ticket.opened_at, stopped_at=stopped_at)
            for target, stopped_at in self._openings(ticket, first_replied_at)
        ]
        clocks += [
            self._clock(ticket, target, pause, started_at=self.now)
            for target in self._targets(ticket.tier.code, ticket.priority, ticket.segment)[2]
        ]
        return Stay(clocks, pause)

    def _openings(self, ticket: Ticket, first_replied_at: datetime | None) -> list[tuple[Target, datetime | None]]:
        """The clocks that count from the real opening, with the instant that stopped them if it is known.

        Of a ticket that is in progress nobody knows when it was first answered, unless the file says so.
        """
        response, contract, _ = self._targets(ticket.tier.code, ticket.priority, ticket.segment)
        found: list[tuple[Target, datetime | None]] = []
        if first_replied_at is not None or ticket.state == TicketState.NEW:
            found.append((response, first_replied_at))
        if contract is not None:
            found.append((contract, None))
        return found

    def _targets_of(self, tier: str, priority: int, segment: str) -> tuple[Target, Target | None, tuple[Target, ...]]:
        team = next(team for team in self.teams.values() if team.tier.code == tier)
        ticket = Ticket(tier=team.tier, priority=priority, segment=segment)
        return (
            first_response_target(self.policy, ticket),
            contract_target(self.policy, ticket),
            tuple(targets_at_tier(self.policy, ticket)),
        )

    def _revision(self, kind: ClockKind, ticket: Ticket) -> CalendarRevision | None:
        severity = self.policy.severity(ticket.priority)
        rule = core.calendar_rule(kind, around_the_clock=severity.runs_around_the_clock)
        if rule == CalendarRule.ALWAYS:
            return None
        owner = ticket.customer if rule == CalendarRule.CUSTOMER else ticket.team
        return self._revisions[owner.calendar_id] if owner.calendar_id is not None else None

    def _clock(
        self,
        ticket: Ticket,
        target: Target,
        pause: Pause | None,
        *,
        started_at: datetime,
        stopped_at: datetime | None = None,
    ) -> Clock:
        revision = self._revision(target.kind, ticket)
        calendar = working_calendar(revision)
        record = core.start(target.kind, now=self.now, budget=target.budget, calendar=calendar, started_at=started_at)
        if stopped_at is not None:
            record = core.stop(record, stopped_at, calendar=calendar)
        elif core.is_overdue(record, self.now):
            record = core.fire(record, self.now)
        elif pause is not None:
            record = self._held(record, pause, calendar)
        row = Clock(
            ticket=ticket, kind=target.kind, policy_version=self.version, clause=target.clause,
            calendar_revision=revision, round=record.round, budget=record.budget, started_at=record.started_at,
            tier=ticket.tier if target.kind in (ClockKind.TIER_RESOLUTION, ClockKind.TIME_AT_TIER) else None,
            is_late_record=record.state == ClockState.BREACHED,
        )  # fmt: skip
        write_record(row, record)
        return row

    def _held(self, record: ClockRecord, pause: Pause, calendar: Calendar) -> ClockRecord:
        wait = Wait(pause.wait)
        if not core.pauses_for(record.kind, wait):
            return record
        return core.pause(
            record, self.now, wait=wait, reason=pause.reason, review_at=pause.review_at, calendar=calendar
        )

    def _pause(self, ticket: Ticket) -> Pause | None:
        if ticket.state not in (TicketState.WAITING_CUSTOMER, TicketState.WAITING_VENDOR):
            return None
        return Pause(
            ticket=ticket, wait=ticket.state, reason=WAITING, review_at=self.review_at(ticket.team), started_at=self.now
        )

    def review_at(self, team: Team) -> datetime:
        """The beginning of the team's next working day, in the calendar's own zone."""
        if team.calendar_id not in self._reviews:
            calendar = working_calendar(self._revisions[team.calendar_id])
            self._reviews[team.calendar_id] = next_business_day(self.now, calendar, team.calendar.time_zone)
        return self._reviews[team.calendar_id]


def next_business_day(now: datetime, calendar: Calendar, zone: str) -> datetime:
    """When the calendar opens on the first day after today; around the clock, at this time tomorrow."""
    if calendar is ALWAYS_OPEN:
        return now + timedelta(days=1)
    local = now.astimezone(ZoneInfo(zone))
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    opens, _ = calendar.segment_at(to_epoch(midnight))
    return from_epoch(max(opens, to_epoch(midnight)))
