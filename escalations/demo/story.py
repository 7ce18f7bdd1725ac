"""One finished ticket of the past, told in memory and written in bulk with thousands of others.

The rules are the live ones: clocks are made by the pure core from the policy in force, hops follow each other
without a gap, an escalation counts once. Only the writing is set-based, because a demo has to load in seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.calendars import working_calendar
from accounts.domain.calendars import business_seconds
from accounts.models import Team, User
from escalations.choices import ClockKind, EscalationState, HopKind, MessageKind, TicketState
from escalations.demo import texts
from escalations.demo.world import World
from escalations.domain import clocks as core
from escalations.domain.clocks import Wait
from escalations.domain.handoff import completeness
from escalations.models import (
    Clock,
    Effort,
    Escalation,
    Handoff,
    HandoffFeedback,
    Hop,
    Message,
    Pause,
    Resolution,
    Ticket,
)  # fmt: skip
from escalations.services.clocks import Target, contract_target, first_response_target, targets_at_tier, write_record
from journal.models import Event

REASONS = (("technical_complexity", 33), ("sla_risk", 22), ("customer_requested", 17), ("product_bug", 14),
           ("integration_issue", 10), ("other", 4))  # fmt: skip
BARRIERS = (("knowledge_gap", 42), ("tool_limitation", 28), ("authority_limit", 18), ("missing_information", 12))
ESCALATES = {"L1": 0.2, "L2": 0.12, "L3": 0.06, "L4": 0.0}
SWEEP_LAG = timedelta(seconds=5)


def reserve(model: type, count: int) -> Iterator[int]:
    """Ids from the table's own sequence, so that rows can refer to each other before they are written."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('{table}_id_seq') FROM generate_series(1, %s)", [count])
        return iter([row[0] for row in cursor.fetchall()])


@dataclass
class Rows:
    """What all stories together write, in the order in which the tables refer to each other."""

    tickets: list[Ticket] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)
    feedback: list[HandoffFeedback] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def add(self, other: "Rows") -> None:
        for name, rows in vars(self).items():
            rows.extend(getattr(other, name))

    def write(self) -> None:
        for rows in vars(self).values():
            if rows:
                type(rows[0]).objects.bulk_create(rows, batch_size=2000)


class Story:
    """Everything that happened to one ticket, in its own `rows` until it is known to have ended."""

    def __init__(self, world: World, ids: dict[type, Iterator[int]], opened: datetime, priority: int) -> None:
        self.world, self.rows, self.ids, self.rng = world, Rows(), ids, world.rng
        self.at = opened
        self.problem = world.problem(priority)
        self.slots = world.slots()
        self.live: dict[ClockKind, tuple[Clock, core.ClockRecord]] = {}
        self.rounds: dict[ClockKind, int] = {}
        self.hop: Hop | None = None
        self.ticket = self._open(priority)

    # --- small acts ------------------------------------------------------------------------------

    def _open(self, priority: int) -> Ticket:
        world, problem, rng = self.world, self.problem, self.rng
        customer = rng.choice(world.customers)
        region = customer.region.code
        severity = world.policy.severity(priority)
        team = world.team_for(severity.entry_tier, region)
        ticket = Ticket(
            id=next(self.ids[Ticket]), customer=customer, contact=world.contacts[customer.pk], priority=priority,
            subject=self.world.sentence(problem.subject, self.slots),
            description=problem.words.format(**self.slots), category=problem.category, issue_type=problem.issue_type,
            product_area=problem.area, channel=rng.choice(("email", "email", "portal", "chat", "phone")),
            sentiment=rng.choices(("satisfied", "neutral", "frustrated", "upset"), (15, 50, 27, 8))[0],
            tier=team.tier, team=team, segment=customer.segment, is_vip=customer.is_vip, region=customer.region,
            opened_at=self.at, tier_since=self.at, queue_key=self.at, waiting_since=self.at,
        )  # fmt: skip
        self.rows.tickets.append(ticket)
        self.ticket = ticket
        self.tell("ticket.created", None, priority=priority, tier=team.tier.code, team=team.name)
        self._hold(HopKind.HELD)
        self._start(first_response_target(world.policy, ticket))
        contract = contract_target(world.policy, ticket)
        if contract is not None:
            self._start(contract)
        for target in targets_at_tier(world.policy, ticket):
            self._start(target)
        return ticket

    def tell(self, kind: str, actor: User | None, **data: Any) -> None:
        self.rows.events.append(
            Event(subject_type="ticket", subject_id=self.ticket.pk, kind=kind, actor=actor, data=data,
                  occurred_at=self.at, recorded_at=self.at)
        )  # fmt: skip

    def _hold(self, kind: HopKind | None) -> None:
        """End the running hop now and, unless this is the end, begin the next."""
        ticket = self.ticket
        if self.hop is not None:
            start = self.hop.span.lower
            if start == self.at:
                self.at += timedelta(seconds=1)
            contract = self.world.contract_calendar(ticket)
            taken = 0 if self.hop.kind == HopKind.PAUSED else business_seconds(start, self.at, contract)
            self.hop.sla_seconds = taken
            self.hop.work_seconds = business_seconds(start, self.at, self.world.calendar_of(self.hop.team))
            self.hop.span = DateTimeTZRange(start, self.at, "[)")
            self.rows.hops.append(self.hop)
        self.hop = None if kind is None else Hop(
            ticket=ticket, kind=kind, tier=ticket.tier, team=ticket.team, holder=ticket.owner,
            span=DateTimeTZRange(self.at, None, "[)"),
        )  # fmt: skip

    def _start(self, target: Target, *, team: Team | None = None, escalation: Escalation | None = None) -> None:
        world, ticket = self.world, self.ticket
        severity = world.policy.severity(ticket.priority)
        rule = core.calendar_rule(target.kind, around_the_clock=severity.runs_around_the_clock)
        if rule == core.CalendarRule.ALWAYS:
            revision = None
        elif rule == core.CalendarRule.CUSTOMER:
            revision = world.revisions[ticket.customer.calendar_id] if ticket.customer.calendar_id else None
        else:
            revision = world.revisions[(team or ticket.team).calendar_id]
        self.rounds[target.kind] = self.rounds.get(target.kind, 0) + 1
        record = core.start(target.kind, now=self.at, budget=target.budget, calendar=working_calendar(revision))
        whole = target.kind in (ClockKind.FIRST_RESPONSE, ClockKind.CONTRACT_RESOLUTION)
        row = Clock(
            ticket=ticket, escalation=escalation, kind=target.kind, round=self.rounds[target.kind],
            tier=None if whole else (escalation.to_tier if escalation else ticket.tier),
            policy_version=world.version, clause=target.clause, calendar_revision=revision, started_at=self.at,
        )  # fmt: skip
        self.live[target.kind] = (row, record)

    def _stop(self, *kinds: ClockKind, cancel: bool = False) -> Clock | None:
        row = None
        for kind in [kind for kind in kinds if kind in self.live]:
            row, record = self.live.pop(kind)
            calendar = working_calendar(row.calendar_revision)
            record = self._fired(record)
            record = core.cancel(record, self.at) if cancel else core.stop(record, self.at, calendar=calendar)
            write_record(row, record)
            self.rows.clocks.append(row)
        return row

    def _fired(self, record: core.ClockRecord) -> core.ClockRecord:
        """What a sweep would have done before now: mark the breach some seconds after it happened."""
        if record.due_at is None or not core.is_overdue(record, self.at):
            return record
        record = core.fire(record, min(record.due_at + SWEEP_LAG, self.at))
        now, self.at = self.at, record.fired_at or self.at
        self.tell(
            "clock.breached", None, clock=record.kind, due_at=record.due_at.isoformat() if record.due_at else None
        )
        self.at = now
        return record

    def _wait(self, wait: Wait, reason: str, until: datetime) -> None:
        """Hold the clocks from now until `until`, and go there."""
        review_at = max(until, self.at + timedelta(hours=24))
        since = self.at
        for kind, (row, record) in list(self.live.items()):
            if core.pauses_for(kind, wait):
                record = self._fired(record)
                if record.is_live:
                    calendar = working_calendar(row.calendar_revision)
                    record = core.pause(
                        record, self.at, wait=wait, reason=reason, review_at=review_at, calendar=calendar
                    )
                self.live[kind] = (row, record)
        self.rows.pauses.append(
            Pause(ticket=self.ticket, wait=wait, reason=reason, review_at=review_at, started_at=since, ended_at=until,
                  started_by=self.ticket.owner)
        )  # fmt: skip
        self.at = until
        for kind, (row, record) in list(self.live.items()):
            if any(pause.wait == wait for pause in record.open_pauses):
                calendar = working_calendar(row.calendar_revision)
                self.live[kind] = (row, core.resume(record, self.at, wait=wait, calendar=calendar))

    def say(self, kind: MessageKind, body: str) -> None:
        ticket = self.ticket
        is_customer = kind == MessageKind.CUSTOMER
        message = Message(
            id=next(self.ids[Message]), ticket=ticket, kind=kind, body=body.format(**self.slots), said_at=self.at,
            channel="" if kind == MessageKind.NOTE else ticket.channel, recorded_at=self.at,
            author=None if is_customer else ticket.owner, contact=ticket.contact if is_customer else None,
        )  # fmt: skip
        self.rows.messages.append(message)
        names = {MessageKind.CUSTOMER: "ticket.customer_wrote", MessageKind.NOTE: "ticket.noted"}
        self.tell(names.get(kind, "ticket.replied"), message.author, message=message.pk, channel=message.channel)
        if kind in (MessageKind.REPLY, MessageKind.CALL):
            ticket.attempts += 1
            ticket.first_replied_at = ticket.first_replied_at or self.at
            self._stop(ClockKind.FIRST_RESPONSE)
        if kind != MessageKind.NOTE:
            ticket.last_contact_at = self.at

    def take(self, owner: User) -> None:
        self.ticket.owner = owner
        self.ticket.state = TicketState.OPEN
        self._hold(HopKind.HELD)
        self.tell("ticket.assigned", owner, changes={"owner": [None, owner.full_name]})

    # --- the whole way ---------------------------------------------------------------------------

    def tell_all(self, until: datetime) -> bool:
        """Tell the story to its end. False when it would not have ended by `until`: then nothing is kept of it."""
        world, rng, ticket = self.world, self.rng, self.ticket
        self.at = world.later(ticket.team, self.at, world.around(4))
        self.take(rng.choice(world.members[ticket.team.code]))
        response = world.policy.severity(ticket.priority).first_response_seconds / 60
        self.at = world.later(ticket.team, self.at, world.around(response * 0.3, 0.7))
        self.say(rng.choice((MessageKind.REPLY, MessageKind.REPLY, MessageKind.CALL)), rng.choice(texts.REPLIES))
        if rng.random() < 0.35:
            self.at = world.later(ticket.team, self.at, world.around(20))
            self.say(MessageKind.CUSTOMER, rng.choice(texts.FOLLOW_UPS))
        if rng.random() < 0.12:
            self._ask_customer()
        if rng.random() < 0.4:
            self.at = world.later(ticket.team, self.at, world.around(8))
            self.say(MessageKind.NOTE, rng.choice(texts.NOTES))
        while rng.random() < ESCALATES[ticket.tier.code] and self.at < until:
            self._escalate()
        self._resolve()
        return self.at + timedelta(days=3) < until

    def _ask_customer(self) -> None:
        ticket, world = self.ticket, self.world
        self.say(MessageKind.REPLY, texts.REPLIES[2])
        self.tell("ticket.waiting", ticket.owner, wait="waiting_customer", reason="Example asked for")
        self._hold(HopKind.PAUSED)
        self._wait(Wait.CUSTOMER, "Example asked for", world.later(ticket.team, self.at, world.around(180)))
        self._hold(HopKind.HELD)
        self.say(MessageKind.CUSTOMER, texts.FOLLOW_UPS[2])
        self.tell("ticket.resumed", None, waits=["waiting_customer"])

    def _escalate(self) -> None:
        world, rng, ticket = self.world, self.rng, self.ticket
        above = world.policy.tier_above(ticket.tier.code)
        if above is None:
            return
        team = world.team_for(above.code, ticket.customer.region.code)
        limit = (world.policy.tier(ticket.tier.code).time_limit_seconds or 24 * 3600) / 60
        self.at = world.later(ticket.team, self.at, min(world.around(limit * 0.3), limit * 0.9))
        escalation = Escalation(
            id=next(self.ids[Escalation]), ticket=ticket, state=EscalationState.PENDING, policy_version=world.version,
            reason=rng.choices([name for name, _ in REASONS], [weight for _, weight in REASONS])[0],
            from_tier=ticket.tier, from_team=ticket.team, from_user=ticket.owner,
            to_tier=team.tier, to_team=team, filed_at=self.at,
        )  # fmt: skip
        content = world.handoff_content(self.problem, self.slots, self.at, ticket.customer)
        measure = completeness(content, reason=escalation.reason, to=team.tier.code)
        self.rows.handoffs.append(
            Handoff(escalation=escalation, content=content.to_json(), filled=measure.filled, asked=measure.asked,
                    filed_by=ticket.owner, updated_at=self.at, updated_by=ticket.owner)
        )  # fmt: skip
        self.rows.escalations.append(escalation)
        self._file(escalation, "handoff.filed", measure.filled, measure.asked)
        if rng.random() < 0.09:
            self._return(escalation)
            self._file(escalation, "handoff.resubmitted", measure.asked, measure.asked)
        self._accept(escalation)

    def _file(self, escalation: Escalation, kind: str, filled: int, asked: int) -> None:
        world, rng = self.world, self.rng
        team = escalation.to_team
        self.tell(
            kind, escalation.from_user, escalation=escalation.pk, reason=escalation.reason, filled=filled, asked=asked,
            from_tier=escalation.from_tier.code, from_team=escalation.from_team.name,
            to_tier=escalation.to_tier.code, to_team=team.name,
        )  # fmt: skip
        ack = world.policy.tier(team.tier.code).ack_seconds or 3600
        target = Target(ClockKind.ACKNOWLEDGEMENT, ack, f"tier.{team.tier.code}.ack")
        self._start(target, team=team, escalation=escalation)
        self._hold(HopKind.WAITING)
        seen = world.later(team, self.at, world.around(ack / 60 * 0.45, 0.7))
        self._wait(Wait.HANDOFF, f"Handoff to {team.tier.code} pending", seen)
        person = rng.choice(world.members[team.code])
        row = self._stop(ClockKind.ACKNOWLEDGEMENT)
        escalation.acknowledged_at, escalation.acknowledged_by = self.at, person
        took = int((self.at - row.started_at).total_seconds()) if row else 0
        self.tell("handoff.acknowledged", person, escalation=escalation.pk, seconds=took, target=ack,
                  state=str(row.state) if row else "")  # fmt: skip

    def _return(self, escalation: Escalation) -> None:
        world, ticket = self.world, self.ticket
        self.at += timedelta(minutes=6)
        escalation.returned_at, escalation.returned_by = self.at, escalation.acknowledged_by
        escalation.return_reason, escalation.return_note = "no_next_step", "What shall we try first?"
        self.tell("handoff.returned", escalation.acknowledged_by, escalation=escalation.pk, reason="no_next_step",
                  to_team=escalation.to_team.name)  # fmt: skip
        self._hold(HopKind.HELD)
        self.at = world.later(ticket.team, self.at, world.around(15))
        escalation.resubmitted_at = self.at

    def _accept(self, escalation: Escalation) -> None:
        world, ticket, person = self.world, self.ticket, escalation.acknowledged_by
        self.at = world.later(escalation.to_team, self.at, world.around(5))
        for earlier in self.rows.escalations:
            if earlier.state == EscalationState.ACCEPTED:
                earlier.state, earlier.ended_at = EscalationState.MOVED_ON, self.at
        escalation.state = EscalationState.ACCEPTED
        escalation.accepted_at, escalation.accepted_by = self.at, person
        escalation.needs_resources = False
        target = world.policy.tier(escalation.to_tier.code).resolution_seconds / 60
        escalation.estimated_resolution_at = world.later(escalation.to_team, self.at, target * 0.9)
        self._stop(ClockKind.TIME_AT_TIER)
        self._stop(ClockKind.TIER_RESOLUTION, cancel=True)
        ticket.tier, ticket.team, ticket.owner = escalation.to_tier, escalation.to_team, person
        ticket.tier_since = self.at
        self._hold(HopKind.HELD)
        for goal in targets_at_tier(world.policy, ticket):
            self._start(goal)
        self.tell(
            "handoff.accepted", person, escalation=escalation.pk, tier=ticket.tier.code, team=ticket.team.name,
            estimated_resolution_at=escalation.estimated_resolution_at.isoformat(), needs_resources=False,
        )  # fmt: skip

    def _resolve(self) -> None:
        world, rng, ticket = self.world, self.rng, self.ticket
        target = world.policy.tier(ticket.tier.code).resolution_seconds / 60
        self.at = world.later(ticket.team, self.at, world.around(target * 0.5, 0.7))
        self.say(MessageKind.REPLY, texts.REPLIES[4])
        self.at += timedelta(minutes=2)
        escalation = next((one for one in self.rows.escalations if one.state == EscalationState.ACCEPTED), None)
        escalated = escalation is not None
        resolution = Resolution(
            id=next(self.ids[Resolution]), ticket=ticket, escalation=escalation, tier=ticket.tier, team=ticket.team,
            resolved_by=ticket.owner, resolved_at=self.at, root_cause=self.problem.root_cause,
            what_was_done=self._done(),
            satisfaction=rng.choices((1, 2, 3, 4, 5), (3, 8, 22, 40, 27) if escalated else (1, 3, 10, 37, 49))[0]
            if rng.random() < 0.6 else None,
        )  # fmt: skip
        self.rows.resolutions.append(resolution)
        self._stop(*list(self.live))
        self.tell("ticket.resolved", ticket.owner, resolution=resolution.pk, root_cause=resolution.root_cause,
                  escalation=escalation.pk if escalation else None)  # fmt: skip
        if escalation is not None:
            self._rate(escalation, resolution)
        self._hold(None)
        ticket.state, ticket.resolved_at = TicketState.CLOSED, self.at
        ticket.waiting_since = None
        ticket.version = 5
        self.at += timedelta(days=3)
        ticket.closed_at = ticket.updated_at = self.at
        self.tell("ticket.closed", None)
        self.at -= timedelta(days=3)

    def _done(self) -> str:
        more = texts.AFTERWARDS[int(self.ticket.opened_at.timestamp() / 60) % len(texts.AFTERWARDS)]
        return f"{self.problem.done} {more}".strip().format(**self.slots)

    def _rate(self, escalation: Escalation, resolution: Resolution) -> None:
        rng = self.rng
        escalation.state, escalation.ended_at = EscalationState.RESOLVED, self.at
        unneeded = rng.random() < (0.22 if escalation.from_team.code == "delta" else 0.1)
        self.rows.feedback.append(
            HandoffFeedback(
                escalation=escalation, rating=rng.choices((2, 3, 4, 5), (8, 22, 40, 30))[0], was_necessary=not unneeded,
                avoidable_by=rng.choices([n for n, _ in BARRIERS], [w for _, w in BARRIERS])[0] if unneeded else "",
                given_by=self.ticket.owner, given_at=self.at, seen_at=self.at + timedelta(hours=2),
            )
        )  # fmt: skip
        for tier in {escalation.from_tier, escalation.to_tier}:
            minutes = int(self.world.around(35 if tier == escalation.from_tier else 70))
            self.rows.efforts.append(
                Effort(ticket=self.ticket, resolution=resolution, tier=tier, minutes=max(minutes, 5))
            )
