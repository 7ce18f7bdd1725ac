"""A ticket's clocks as rows: what the policy asks for, and the pure core's answer written back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from accounts.calendars import current_revision, working_calendar
from accounts.domain.calendars import Calendar
from accounts.models import Calendar as CalendarRow
from accounts.models import CalendarRevision, Team
from escalations.choices import ClockKind, ClockState
from escalations.domain import clocks as core
from escalations.domain.clocks import CalendarRule, ClockRecord, Wait, is_outside
from escalations.models import Clock, Escalation, Pause, Ticket
from escalations.services.breaches import breach_event
from escalations.services.placing import place
from journal.models import Event
from policies.domain.policy import Policy
from policies.models import PolicyVersion
from policies.selectors import policy_in_force, policy_of

LIVE = (ClockState.RUNNING, ClockState.PAUSED)
# They end with their own request, not with the ticket, and those who work the ticket cannot answer them: so they do
# not move it in the queue either.
OUTLIVING = (ClockKind.CREDIT_DECISION,)


@dataclass(frozen=True, slots=True)
class Target:
    """What the policy asks of one clock: business seconds, and the clause that says so."""

    kind: ClockKind
    budget: int
    clause: str


def targets_at_tier(policy: Policy, ticket: Ticket) -> list[Target]:
    """The clocks of a ticket's stay at its tier."""
    tier = policy.tier(ticket.tier.code)
    targets = [Target(ClockKind.TIER_RESOLUTION, tier.resolution_seconds, f"tier.{tier.code}.resolution")]
    if tier.time_limit_seconds:
        targets.append(Target(ClockKind.TIME_AT_TIER, tier.time_limit_seconds, f"tier.{tier.code}.time_limit"))
    return targets


def contract_target(policy: Policy, ticket: Ticket) -> Target | None:
    """The contract's resolution time for the ticket's priority and segment, if it has one."""
    rule = policy.contract(ticket.priority, ticket.segment)
    if rule is None:
        return None
    clause = f"contract.P{rule.priority}.{rule.segment or 'other'}"
    return Target(ClockKind.CONTRACT_RESOLUTION, rule.resolution_seconds, clause)


def first_response_target(policy: Policy, ticket: Ticket) -> Target:
    severity = policy.severity(ticket.priority)
    return Target(ClockKind.FIRST_RESPONSE, severity.first_response_seconds, f"severity.{severity.name}")


class TicketClocks:
    """The clocks and pauses of one locked ticket, read once, changed together, written by `save()`.

    Every method takes what happened and leaves the arithmetic to `escalations.domain.clocks`.
    """

    def __init__(self, ticket: Ticket, now: datetime) -> None:
        self.ticket, self.now = ticket, now
        # Ordered here: for a handful of rows the database takes less time than Django takes to ask it for an order.
        rows = Clock.objects.filter(ticket=ticket).select_related("calendar_revision", "tier").order_by()
        self.rows = sorted(rows, key=lambda row: (row.round, row.pk))
        self.pauses = sorted(Pause.objects.filter(ticket=ticket).order_by(), key=lambda pause: pause.started_at)
        self._changed: dict[int, Clock] = {}
        self._fired: list[Clock] = []

    @cached_property
    def in_force(self) -> tuple[PolicyVersion, Policy]:
        """The policy by which new clocks start, asked for once."""
        return policy_in_force()

    # --- reading ---------------------------------------------------------------------------------

    def live(self, *kinds: ClockKind) -> list[Clock]:
        """Clocks that run or stand still, and breached ones nobody has stopped yet."""
        return [
            row
            for row in self.rows
            if (not kinds or row.kind in kinds)
            and (row.state in LIVE or (row.state == ClockState.BREACHED and row.stopped_at is None))
        ]

    def record(self, row: Clock) -> ClockRecord:
        return clock_record(row, self.pauses)

    @property
    def open_waits(self) -> list[Pause]:
        return [pause for pause in self.pauses if pause.ended_at is None]

    @property
    def contract(self) -> Clock | None:
        """The newest clock of the contract's resolution, whatever became of it."""
        rows = [row for row in self.rows if row.kind == ClockKind.CONTRACT_RESOLUTION]
        return max(rows, key=lambda row: row.round, default=None)

    # --- changing --------------------------------------------------------------------------------

    def start(
        self,
        target: Target,
        *,
        version: PolicyVersion,
        revision: CalendarRevision | None,
        escalation: Escalation | None = None,
        at: datetime | None = None,
    ) -> Clock:
        """Start the next round of a kind, `at` an earlier instant if one is given.

        The ticket's waits since then hold it as they would have: it stands still from the beginning of one that lasts.
        """
        rounds = [row.round for row in self.rows if row.kind == target.kind]
        begin = at or self.now
        calendar = working_calendar(revision)
        record = core.start(
            target.kind, now=max(begin, self.now), started_at=begin, budget=target.budget, calendar=calendar,
            pauses=_core_pauses(target.kind, self.pauses, begin), round=max(rounds, default=0) + 1,
        )  # fmt: skip
        row = Clock(
            ticket=self.ticket,
            escalation=escalation,
            kind=target.kind,
            tier=None if escalation is None and target.kind in _WHOLE_TICKET else self.ticket.tier,
            policy_version=version,
            clause=target.clause,
            calendar_revision=revision,
            round=record.round,
            budget=record.budget,
            started_at=record.started_at,
        )
        if escalation is not None:
            row.tier = escalation.to_tier
        self.rows.append(row)
        self._put(row, record)
        return row

    def stop(self, *kinds: ClockKind, at: datetime | None = None) -> list[Clock]:
        """What these clocks asked for has happened."""
        return self._apply(
            self.live(*kinds), lambda record, calendar: core.stop(record, at or self.now, calendar=calendar)
        )

    def cancel(self, *kinds: ClockKind) -> list[Clock]:
        """These clocks are no longer asked for; without kinds, all that end with the ticket's work.

        An overdue one ends as the breach that it is. A credit is decided whatever becomes of the ticket.
        """
        rows = self.live(*kinds) if kinds else [row for row in self.live() if row.kind not in OUTLIVING]
        return self._apply(rows, lambda record, _: core.cancel(record, self.now))

    def take_back(self, row: Clock) -> None:
        """What met this clock was taken back."""
        self._put(row, core.take_back(self.record(row), self.now))

    def pause(self, wait: Wait, *, reason: str, review_at: datetime, by_id: int | None) -> Pause:
        """Begin a wait and hold the clocks that it holds."""
        rows = [row for row in self.rows if row.state in LIVE and core.pauses_for(ClockKind(row.kind), wait)]
        held = [(row, self.record(row)) for row in rows]
        pause = Pause(
            ticket=self.ticket, wait=wait.value, reason=reason, review_at=review_at,
            started_at=self.now, started_by_id=by_id,
        )  # fmt: skip
        self._keep(pause)
        for row, record in held:
            calendar = working_calendar(row.calendar_revision)
            changed = core.pause(record, self.now, wait=wait, reason=reason, review_at=review_at, calendar=calendar)
            self._put(row, changed)
        self.pauses.append(pause)
        return pause

    def resume(self, wait: Wait) -> Pause | None:
        """End a wait and let the clocks that it held run on."""
        pause = next((one for one in self.open_waits if one.wait == wait.value), None)
        if pause is None:
            return None
        held = [(row, self.record(row)) for row in self.rows if row.state == ClockState.PAUSED]
        pause.ended_at = self.now
        self._keep(pause)
        for row, record in held:
            if any(one.wait == wait for one in record.open_pauses):
                calendar = working_calendar(row.calendar_revision)
                self._put(row, core.resume(record, self.now, wait=wait, calendar=calendar))
        return pause

    def rebudget(self, row: Clock, target: Target, revision: CalendarRevision | None) -> None:
        """Give a live clock another budget, clause and calendar; used time and pauses stay."""
        if row.state not in LIVE:
            return
        record = core.rebudget(self.record(row), target.budget, self.now, calendar=working_calendar(revision))
        # An overdue clock breaches instead: it stays judged by the clause and the calendar of its deadline.
        if record.state in LIVE:
            row.clause, row.calendar_revision = target.clause, revision
        self._put(row, record)

    def recalendar(self, row: Clock, revision: CalendarRevision | None) -> None:
        """Move a live clock to a newer revision of its calendar."""
        record = core.recalendar(self.record(row), self.now, calendar=working_calendar(revision))
        if record.state in LIVE:
            row.calendar_revision = revision
        self._put(row, record)

    def _apply(self, rows: Iterable[Clock], change: Callable[[ClockRecord, Calendar], ClockRecord]) -> list[Clock]:
        changed = list(rows)
        for row in changed:
            self._put(row, change(self.record(row), working_calendar(row.calendar_revision)))
        return changed

    def _keep(self, pause: Pause) -> None:
        """Write a wait that begins or ends."""
        pause.save(update_fields=["ended_at"] if pause.pk else None)

    def _put(self, row: Clock, record: ClockRecord) -> None:
        if record.state == ClockState.BREACHED and row.state != ClockState.BREACHED and not row.is_late_record:
            self._fired.append(row)
        write_record(row, record)
        self._changed[id(row)] = row

    # --- writing ---------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the changed clocks and what the queue and the sweep read off the ticket. Saves the ticket's row.

        A clock that turned out to be overdue says so, as it would have when a sweep had come by first.
        """
        new = [row for row in self._changed.values() if row.pk is None]
        old = [row for row in self._changed.values() if row.pk is not None]
        Clock.objects.bulk_create(new)
        if len(old) == 1:
            # What most writes change; putting a bulk statement together takes longer than running this one.
            old[0].save(update_fields=WRITTEN_COLUMNS)
        elif old:
            Clock.objects.bulk_update(old, WRITTEN_COLUMNS)
        if self._fired:
            Event.objects.bulk_create([breach_event(row, self.now) for row in self._fired])
        self._changed.clear()
        self._fired.clear()
        self.reschedule()
        self.ticket.save_changes()

    def reschedule(self) -> None:
        """Set what the queue sorts by, and mark the ticket due for the sweep, which alone computes what is next."""
        ticket = self.ticket
        ticket.updated_at = self.now
        ticket.next_check_at = self.now if ticket.is_open else None
        _, policy = self.in_force
        outside = next((pause for pause in self.open_waits if is_outside(pause.wait)), None)
        found = place(
            opened_at=ticket.opened_at,
            head_start=timedelta(seconds=policy.severity(ticket.priority).head_start_seconds),
            running=[
                (row.due_at, row.kind)
                for row in self.live()
                if row.state != ClockState.PAUSED and row.due_at and row.kind not in OUTLIVING
            ],
            review_at=outside.review_at if outside else None,
        )
        ticket.due_at, ticket.due_kind, ticket.queue_key = found.due_at, found.due_kind, found.queue_key


_WHOLE_TICKET = (ClockKind.CONTRACT_RESOLUTION, ClockKind.FIRST_RESPONSE, ClockKind.PROMISED_UPDATE)
WRITTEN_COLUMNS = [
    "state", "budget", "due_at", "remaining", "paused_at", "pause_reason", "review_at", "fired_at", "stopped_at",
    "clause", "calendar_revision",
]  # fmt: skip


def clock_record(row: Clock, pauses: Iterable[Pause]) -> ClockRecord:
    """The pure core's picture of a row: its own columns, and the ticket's waits that hold this kind of clock."""
    kind = ClockKind(row.kind)
    return ClockRecord(
        kind=kind,
        state=ClockState(row.state),
        started_at=row.started_at,
        budget=row.budget,
        pauses=_core_pauses(kind, pauses, row.started_at, row.stopped_at),
        due_at=row.due_at,
        remaining=row.remaining,
        stopped_at=row.stopped_at,
        fired_at=row.fired_at,
        round=row.round,
    )


def _core_pauses(
    kind: ClockKind, pauses: Iterable[Pause], since: datetime, until: datetime | None = None
) -> tuple[core.Pause, ...]:
    """The waits between two instants that hold a clock of this kind; None is until today."""
    return tuple(
        core.Pause(Wait(one.wait), one.started_at, one.reason, one.review_at, one.ended_at)
        for one in pauses
        if core.pauses_for(kind, Wait(one.wait))
        and (one.ended_at is None or one.ended_at > since)
        and (until is None or one.started_at < until)
    )


def write_record(row: Clock, record: ClockRecord) -> None:
    row.state, row.budget, row.due_at, row.remaining = record.state, record.budget, record.due_at, record.remaining
    row.fired_at, row.stopped_at = record.fired_at, record.stopped_at
    is_paused = record.state == ClockState.PAUSED
    row.paused_at = record.paused_at
    row.pause_reason = record.pause_reason if is_paused else ""
    row.review_at = record.review_at if is_paused else None


def revision_for(
    kind: ClockKind, *, policy: Policy, ticket: Ticket, team: Team | None = None
) -> CalendarRevision | None:
    """The calendar revision that a clock of this kind counts on, None around the clock."""
    severity = policy.severity(ticket.priority)
    rule = core.calendar_rule(kind, around_the_clock=severity.runs_around_the_clock)
    match rule:
        case CalendarRule.ALWAYS:
            return None
        case CalendarRule.CUSTOMER:
            contract = policy.contract(ticket.priority, ticket.segment)
            if contract is not None and contract.calendar is not None:
                return current_revision(CalendarRow.objects.values_list("pk", flat=True).get(code=contract.calendar))
            return current_revision(ticket.customer.calendar_id)
        case CalendarRule.RECEIVING_TEAM:
            return current_revision((team or ticket.team).calendar_id)
        case CalendarRule.TEAM:
            return current_revision(ticket.team.calendar_id)


def start_stay(clocks: TicketClocks, *, at: datetime | None = None) -> None:
    """Start the clocks of the ticket's stay at its (new) tier, by the policy in force."""
    version, policy = clocks.in_force
    for target in targets_at_tier(policy, clocks.ticket):
        revision = revision_for(target.kind, policy=policy, ticket=clocks.ticket)
        clocks.start(target, version=version, revision=revision, at=at)


def start_opening(clocks: TicketClocks, *, at: datetime | None = None) -> None:
    """Start the clocks that a ticket opens with: first response and the contract's resolution."""
    version, policy = clocks.in_force
    for target in (first_response_target(policy, clocks.ticket), contract_target(policy, clocks.ticket)):
        if target is not None:
            revision = revision_for(target.kind, policy=policy, ticket=clocks.ticket)
            clocks.start(target, version=version, revision=revision, at=at)


def change_priority(clocks: TicketClocks) -> None:
    """Rebudget the running clocks after the ticket's priority changed; each keeps the version it started under."""
    ticket = clocks.ticket
    for row in clocks.live(
        ClockKind.FIRST_RESPONSE, ClockKind.CONTRACT_RESOLUTION, ClockKind.TIER_RESOLUTION, ClockKind.TIME_AT_TIER,
        ClockKind.ACKNOWLEDGEMENT, ClockKind.FOLLOW_UP,
    ):  # fmt: skip
        policy = policy_of(row.policy_version_id)
        kind = ClockKind(row.kind)
        team = row.escalation.to_team if row.escalation_id and row.escalation else None
        revision = revision_for(kind, policy=policy, ticket=ticket, team=team)
        target: Target | None = Target(kind, row.budget, row.clause)
        if kind == ClockKind.FIRST_RESPONSE:
            target = first_response_target(policy, ticket)
        elif kind == ClockKind.CONTRACT_RESOLUTION:
            target = contract_target(policy, ticket)
        if target is None:
            clocks.cancel(kind)
        else:
            clocks.rebudget(row, target, revision)
    if not clocks.live(ClockKind.CONTRACT_RESOLUTION):
        version, policy = clocks.in_force
        target = contract_target(policy, ticket)
        if target is not None:
            revision = revision_for(target.kind, policy=policy, ticket=ticket)
            clocks.start(target, version=version, revision=revision, at=ticket.opened_at)


def promise_update(clocks: TicketClocks, *, due: datetime, escalation: Escalation | None = None) -> None:
    """A promise of the next update starts a clock; a newer promise takes the place of the one before."""
    clocks.stop(ClockKind.PROMISED_UPDATE)
    version, _ = clocks.in_force
    record = core.promise(now=clocks.now, due=due)
    target = Target(ClockKind.PROMISED_UPDATE, record.budget, "")
    row = clocks.start(target, version=version, revision=None, escalation=escalation)
    row.due_at = replace(record, due_at=due).due_at
