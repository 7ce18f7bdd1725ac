"""What the page of a handover shows: the open tickets of a desk with a line of state each, and who could get them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.safestring import SafeString

from accounts.models import Team, User
from accounts.selectors import DutyNow, duty_now
from escalations.choices import (
    WAITING_FOR_RECEIVER,
    WAITING_STATES,
    Axis,
    ClockKind,
    ClockState,
    EscalationState,
    TicketState,
)
from escalations.domain.clocks import Wait
from escalations.domain.handover import Standing, state_line
from escalations.domain.wording import clock_label
from escalations.models import Clock, Escalation, Pause, Ticket
from escalations.selectors.chips import chips_for
from escalations.selectors.handoff_targets import workers
from web.formats import format_time, zone_name
from web.marks import clock, prio

MOST = 200  # tickets of one desk on one page


def held_by(owner: User, reader: User) -> QuerySet[Ticket]:
    """The open tickets that somebody owns, as far as the reader sees them, most urgent first."""
    return Ticket.objects.visible_to(reader).open().filter(owner=owner).order_by("queue_key", "pk")


def waiting_for(owner: User, reader: User) -> QuerySet[Escalation]:
    """Handoffs that wait for this very person: addressed to them, or acknowledged by them."""
    theirs = Q(to_user=owner) | Q(acknowledged_by=owner, state=EscalationState.ACKNOWLEDGED)
    return _readable(reader).filter(theirs, state__in=WAITING_FOR_RECEIVER)


def _readable(reader: User) -> QuerySet[Escalation]:
    return (
        Escalation.objects.filter(axis=Axis.FUNCTIONAL, ticket__in=Ticket.objects.visible_to(reader))
        .select_related("ticket", "ticket__customer", "from_user", "to_team", "to_tier")
        .order_by("filed_at", "pk")
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page: a ticket, or a handoff that waits. `state` is what its note begins with."""

    pk: int
    ref: str
    url: str
    subject: str
    customer: str
    prio: SafeString
    clock: SafeString
    state: str
    version: int
    team: int
    is_restricted: bool = False
    about: str = ""


def ticket_lines(
    owner: User, reader: User, *, now: datetime, zone: ZoneInfo, only: Collection[int] | None = None
) -> list[Line]:
    """The desk's tickets. Five statements, however many there are.

    `only`: those that a form names, on the desk or not by now, so that what became of them can be said.
    """
    outside = Pause.objects.filter(ticket=OuterRef("pk"), ended_at__isnull=True).exclude(wait=Wait.HANDOFF.value)
    outside = outside.order_by("started_at")
    tickets = list(
        (held_by(owner, reader) if only is None else Ticket.objects.visible_to(reader).filter(pk__in=only))
        .select_related("customer", "tier")
        .annotate(review_at=Subquery(outside.values("review_at")[:1]), why=Subquery(outside.values("reason")[:1]))
        .defer("search", "description")[:MOST]
    )
    ids = [ticket.pk for ticket in tickets]
    waiting = [*WAITING_FOR_RECEIVER, EscalationState.RETURNED]
    moves = Escalation.objects.filter(ticket__in=ids, state__in=waiting, axis=Axis.FUNCTIONAL)
    latest = {one.ticket_id: one for one in moves.select_related("to_team", "to_tier", "returned_by")}
    live = Q(state=ClockState.RUNNING) | Q(state=ClockState.BREACHED, stopped_at__isnull=True)
    promises = Clock.objects.filter(live, ticket__in=ids, kind=ClockKind.PROMISED_UPDATE).order_by("due_at")
    promised = dict(promises.values_list("ticket_id", "due_at"))
    chips = chips_for(tickets, now=now, zone=zone)
    return [
        Line(
            ticket.pk, ticket.ref, ticket.get_absolute_url(), ticket.subject, ticket.customer.name,
            prio(ticket.priority), clock(chips[ticket.pk]),
            state_line(_standing(ticket, latest.get(ticket.pk), promised.get(ticket.pk), now, zone)),
            ticket.version, ticket.team_id, ticket.is_restricted,
        )
        for ticket in tickets
    ]  # fmt: skip


def _standing(
    ticket: Any, move: Escalation | None, promised: datetime | None, now: datetime, zone: ZoneInfo
) -> Standing:  # fmt: skip
    def at(instant: datetime | None) -> str:
        return f"{format_time(instant, zone, now)} {zone_name(instant, zone)}" if instant is not None else ""

    waits = {TicketState.WAITING_CUSTOMER: "the customer", TicketState.WAITING_VENDOR: "the vendor"}
    returned = move is not None and move.state == EscalationState.RETURNED
    kind = ClockKind(ticket.due_kind) if ticket.due_kind in ClockKind.values else None
    return Standing(
        waits_for=waits.get(ticket.state, "") if ticket.state in WAITING_STATES else "",
        wait_reason=ticket.why or "", look_again=at(ticket.review_at),
        handed_to=f"{move.to_tier} {move.to_team}" if move is not None and not returned else "",
        is_acknowledged=move is not None and move.state == EscalationState.ACKNOWLEDGED,
        returned_by=str(move.returned_by or move.to_team) if move is not None and returned else "",
        customer_since=at(ticket.waiting_since), attempts=ticket.attempts,
        answered_at=at(ticket.last_contact_at) if ticket.attempts else "", promised=at(promised),
        due=_due(kind, ticket, at(ticket.due_at), now),
    )  # fmt: skip


def _due(kind: ClockKind | None, ticket: Any, when: str, now: datetime) -> str:
    """What is due next. Somebody else's acknowledgement is nothing that a new holder can do."""
    if kind is None or not when or kind == ClockKind.ACKNOWLEDGEMENT:
        return ""
    return f"{clock_label(kind, ticket.tier.code)} {'late since' if ticket.due_at < now else 'by'} {when}"


def handoff_lines(owner: User, reader: User, *, only: Collection[int] | None = None) -> list[Line]:
    """Handoffs that the owner has not accepted, or (`only`) those that a form names. One statement."""
    rows = _readable(reader).filter(pk__in=only) if only is not None else waiting_for(owner, reader)
    return [
        Line(
            one.pk, one.ticket.ref, one.get_absolute_url(), one.ticket.subject, one.ticket.customer.name,
            prio(one.ticket.priority), SafeString(""), "", one.version, one.to_team_id, one.ticket.is_restricted,
            f"From {one.from_user or 'a trigger'}, {one.get_state_display().lower()}",
        )
        for one in rows[:MOST]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody of the team who could get tickets, and what speaks for or against it."""

    user: User
    taken: int
    words: str
    is_there: bool
    is_on_duty: bool

    @property
    def value(self) -> str:
        return f"user:{self.user.pk}"

    @property
    def label(self) -> str:
        return f"{self.user}, {self.words}"


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who could get the desk. `suggested` is a form value; `nobody` says that nobody of the team is on duty."""

    people: Sequence[Receiver]
    suggested: str
    duty: DutyNow
    team: Team | None

    @property
    def offered(self) -> list[Receiver]:
        return [one for one in self.people if one.is_there]

    @property
    def absent(self) -> list[Receiver]:
        return [one for one in self.people if not one.is_there]

    @property
    def nobody(self) -> bool:
        return self.duty.keeps_rota and not any(one.is_on_duty for one in self.offered)

    def find(self, value: str) -> User | None:
        return next((one.user for one in self.offered if one.value == value), None)


def receivers_for(owner: User, *, now: datetime, zone: ZoneInfo) -> Receivers:
    """The owner's colleagues, who is on duty first. Three statements.

    Suggested: who is on duty and holds least for what they can hold; else the owner's cover, else the lead of the
    team, each only if they are there; else the team, without an owner.
    """
    team = owner.team
    if team is None:
        return Receivers((), "team", DutyNow(0), None)
    duty = duty_now([team], now)[team.pk]
    rota = {person.pk for person in duty.people}
    people = [
        _receiver(person, duty, rota, now, zone)
        for person in workers().filter(team=team).exclude(pk=owner.pk).order_by("full_name")
    ]
    people.sort(key=lambda one: (not one.is_on_duty, not one.is_there, one.user.full_name))
    there = {one.user.pk: one for one in people if one.is_there}
    away = duty.absent.get(owner.pk)
    cover = away.cover.pk if away is not None and away.cover is not None else None
    on_duty = sorted(
        (one for one in there.values() if one.is_on_duty),
        key=lambda one: (one.taken / max(one.user.capacity, 1), one.user.full_name),
    )
    first = next(iter(on_duty), None) or there.get(cover or 0) or there.get(team.lead_id or 0)
    return Receivers(people, first.value if first else "team", duty, team)


def _receiver(person: Any, duty: DutyNow, rota: set[int], now: datetime, zone: ZoneInfo) -> Receiver:
    load = f"{person.taken} of {person.capacity} taken"
    away = duty.absent.get(person.pk)
    if away is not None:
        cover = f", {away.cover} covers" if away.cover else ""
        return Receiver(person, person.taken, f"away until {format_time(away.until, zone, now)}{cover}", False, False)
    if person.pk not in rota:
        return Receiver(person, person.taken, load, True, False)
    until = f" until {format_time(duty.until, zone, now)}" if duty.until and duty.primary == person else ""
    return Receiver(person, person.taken, f"on duty{until}, {load}", True, True)


def still_there(owner: User, reader: User, handled: Mapping[str, Any]) -> list[Ticket]:
    """Open tickets of the desk that the handover did not name: kept, or come in since. One statement."""
    return list(held_by(owner, reader).exclude(ref__in=list(handled)).select_related("customer")[:MOST])


def visible_refs(reader: User, refs: Sequence[str]) -> set[str]:
    """Those of the references that the reader may see. One statement."""
    return set(
        Ticket.objects.visible_to(reader).filter(ref__in=[ref for ref in refs if ref]).values_list("ref", flat=True)
    )
