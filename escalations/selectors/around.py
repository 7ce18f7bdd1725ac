"""What surrounds an acceptance, for one reader: what is open between sender and receiver, and what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from accounts.models import User
from escalations.access import holds_for_receiver, parts_on_ticket
from escalations.choices import Axis, ClockKind, ClockState, ConsultState, EscalationState, ReadBackState, TicketState
from escalations.domain.around import bounces
from escalations.models import Clock, Consult, Escalation, FollowUp, Hop, ReadBack, Ticket
from escalations.selectors.around_rows import AroundRows, around_rows
from escalations.selectors.clock_strip import clock_chip, is_live
from escalations.selectors.episodes import SAME_ISSUE, ended_words, episodes_of
from escalations.selectors.related import relate
from escalations.selectors.timeline_around import how_words
from escalations.services.read_backs import sender_parts
from web.formats import format_time
from web.marks import Chip

Labels = Mapping[str, Mapping[str, str]]
CONSULTS_SHOWN = 4
ENTRY_RANK = 1


@dataclass(frozen=True, slots=True)
class Between:
    """What is open between the two sides of an accepted handoff.

    `read_back` is the last round, None where no person handed it over. The `may_` say what this reader may do.
    """

    escalation: Escalation
    read_back: ReadBack | None
    asks_read_back: bool
    may_answer: bool
    may_restate: bool
    stays: bool
    may_release: bool
    contacted: FollowUp | None
    contacted_words: str
    chip: Chip | None
    clock_key: int | None
    may_follow_up: bool

    @property
    def has_anything(self) -> bool:
        return bool(self.read_back or self.stays or self.contacted or self.chip)


def between(
    escalation: Escalation,
    rows: AroundRows,
    clocks: Sequence[Clock],
    *,
    user: User,
    labels: Labels,
    now: datetime,
    zone: tzinfo,
) -> Between:
    """No statement; one (who is away) where a read-back waits and the reader is not plainly of the sender's side."""
    is_accepted = escalation.state == EscalationState.ACCEPTED
    holds = is_accepted and holds_for_receiver(user, escalation)
    last = rows.last_read_back(escalation.pk)
    waits = is_accepted and last is not None and last.state == ReadBackState.GIVEN and last.given_by_id != user.pk
    asks = is_accepted and last is not None and last.state == ReadBackState.CORRECTED
    contacted = rows.follow_ups.get(escalation.pk)
    owed = next((row for row in clocks if row.escalation_id == escalation.pk and _is_owed(row)), None)
    return Between(
        escalation=escalation,
        read_back=last,
        asks_read_back=asks,
        may_answer=waits and bool(sender_parts(user, escalation, at=now)),
        may_restate=asks and holds,
        stays=escalation.has_sender_beside,
        may_release=holds and escalation.has_sender_beside,
        contacted=contacted,
        contacted_words=_contacted(contacted, labels, now, zone) if contacted else "",
        chip=clock_chip(owed, (), now=now, zone=zone) if owed and contacted is None else None,
        clock_key=owed.pk if owed else None,
        may_follow_up=holds and contacted is None,
    )


def _is_owed(row: Clock) -> bool:
    return row.kind == ClockKind.FOLLOW_UP and (is_live(row) or row.state == ClockState.BREACHED)


def _contacted(row: FollowUp, labels: Labels, now: datetime, zone: tzinfo) -> str:
    """ "Customer contacted 14:32 by phone"."""
    how = how_words(row.channel, labels.get("channel", {}))
    return f"Customer contacted {format_time(row.contacted_at, zone, now)}{f' {how}' if how else ''}"


def handoff_between(
    escalation: Escalation, *, user: User, labels: Labels, now: datetime, zone: tzinfo
) -> tuple[Between, AroundRows]:
    """The same for the page of one handoff. Three statements."""
    rows = around_rows(escalation.ticket, [escalation.pk])
    relate(User.objects.all(), *rows.people)
    clocks = Clock.objects.filter(escalation=escalation, kind=ClockKind.FOLLOW_UP)
    found = list(clocks.select_related("calendar_revision", "tier"))
    return between(escalation, rows, found, user=user, labels=labels, now=now, zone=zone), rows


# --- the ticket page ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConsultLine:
    """One question on the ticket page: the answer first, where there is one."""

    consult: Consult
    place: str

    @property
    def whom(self) -> str:
        return str(self.consult.to_user or self.place)

    @property
    def is_answered(self) -> bool:
        return self.consult.state == ConsultState.ANSWERED


@dataclass(frozen=True, slots=True)
class Around:
    """The panels around acceptance on the ticket page."""

    between: Between | None
    consults: list[ConsultLine]
    more_consults: int
    may_ask: bool
    may_transfer: bool
    may_de_escalate: bool
    bounces: int
    again: Escalation | None
    again_words: str = ""
    episodes: int = 0

    @property
    def bounced(self) -> str:
        """ "once", "twice", "3 times"; "" where it never came back."""
        return {0: "", 1: "once", 2: "twice"}.get(self.bounces, f"{self.bounces} times")

    @property
    def is_same_issue_again(self) -> bool:
        return self.episodes >= SAME_ISSUE


def around(
    ticket: Ticket,
    escalations: Sequence[Escalation],
    rows: AroundRows,
    clocks: Sequence[Clock],
    hops: Sequence[Hop],
    *,
    user: User,
    labels: Labels,
    now: datetime,
    zone: tzinfo,
) -> Around:
    """From what the page has read. One statement more where the ticket is linked to an issue; see also `between`."""
    functional = [one for one in escalations if one.axis == Axis.FUNCTIONAL]
    accepted = next((one for one in functional if one.state == EscalationState.ACCEPTED), None)
    holds = bool(parts_on_ticket(user, ticket)) and ticket.is_open and ticket.state != TicketState.MERGED
    pending = next((one for one in functional if one.waits), None)
    found = None
    if accepted is not None:
        found = between(accepted, rows, clocks, user=user, labels=labels, now=now, zone=zone)
    asked = [one for one in rows.consults if one.state != ConsultState.WITHDRAWN]
    lines = [ConsultLine(one, rows.places.get(one.pk, "")) for one in asked]
    latest = functional[0] if functional else None
    earlier = None
    if latest is not None and latest.previous_id is not None:
        earlier = next((one for one in functional if one.pk == latest.previous_id), None)
    return Around(
        between=found if found is not None and found.has_anything else None,
        consults=lines[:CONSULTS_SHOWN],
        more_consults=max(0, len(lines) - CONSULTS_SHOWN),
        may_ask=holds,
        may_transfer=holds and pending is None,
        may_de_escalate=holds and pending is None and ticket.tier.rank > ENTRY_RANK,
        bounces=bounces(hop.team_id for hop in hops),
        again=earlier,
        again_words=ended_words(earlier, labels, now, zone) if earlier is not None else "",
        episodes=episodes_of(ticket, now=now) if ticket.is_open else 0,
    )
