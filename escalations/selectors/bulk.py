"""Acts on many tickets before and after: who can be acted on and why not, and what became of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import Count as Tally
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from accounts.models import User
from escalations.access import parts_on_escalation, parts_on_ticket
from escalations.choices import WAITING_FOR_RECEIVER, Axis, BulkState
from escalations.domain.bulk import ACTS, LIMIT, BulkAct, Standing, grouped, why_not
from escalations.models import BulkAction, BulkLine, Escalation, Ticket
from web.formats import counted, format_when
from web.marks import prio

SHOWN = 12  # tickets named on the page that asks
COUNTED = 10_000  # beyond that the exact number helps nobody


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tickets that an act is meant for. `matching` is how many the view holds where all of it was meant."""

    tickets: list[Ticket]
    standings: list[Standing]
    unseen: int = 0
    matching: int | None = None

    @property
    def refs(self) -> list[str]:
        return [ticket.ref for ticket in self.tickets]

    @property
    def ids(self) -> list[int]:
        return [ticket.pk for ticket in self.tickets]

    @property
    def is_too_many(self) -> bool:
        return len(self.tickets) > LIMIT or (self.matching or 0) > LIMIT


def chosen_by_ref(user: User, refs: Iterable[str]) -> Chosen:
    """The visible tickets among these. Two statements."""
    wanted = list(dict.fromkeys(ref for ref in refs if "\x00" not in ref))[: LIMIT + 1]
    tickets = _fetch(Ticket.objects.visible_to(user).filter(ref__in=wanted))
    return Chosen(tickets, standings(user, tickets), len(wanted) - len(tickets))


def chosen_by_view(user: User, tickets: QuerySet[Ticket]) -> Chosen:
    """All tickets of a view. Where they are too many, only their number."""
    found = _fetch(tickets.order_by("queue_key", "pk")[: LIMIT + 1])
    if len(found) > LIMIT:
        number = tickets.order_by("queue_key").values("pk")[: COUNTED + 1].count()
        return Chosen([], [], matching=number)
    return Chosen(found, standings(user, found), matching=len(found))


def _fetch(tickets: QuerySet[Ticket]) -> list[Ticket]:
    return list(tickets.select_related("team", "customer"))


def standings(user: User, tickets: Sequence[Ticket]) -> list[Standing]:
    """How each stands to this person: the ticket, and the handoff that waits on it. One statement."""
    waiting = Escalation.objects.filter(
        ticket__in=[ticket.pk for ticket in tickets], axis=Axis.FUNCTIONAL, state__in=WAITING_FOR_RECEIVER
    ).select_related("from_team", "to_team")
    by_ticket = {one.ticket_id: one for one in waiting}
    return [_standing(user, ticket, by_ticket.get(ticket.pk)) for ticket in tickets]


def _standing(user: User, ticket: Ticket, waiting: Escalation | None) -> Standing:
    known = {
        "state": ticket.state, "priority": ticket.priority, "owner_id": ticket.owner_id, "team_id": ticket.team_id,
        "parts": parts_on_ticket(user, ticket), "parent_id": ticket.parent_id, "pk": ticket.pk,
    }  # fmt: skip
    if waiting is None:
        return Standing(**known)
    waiting.ticket = ticket
    answering = parts_on_escalation(user, waiting)
    return Standing(**known, waits=waiting.state, is_sender=waiting.from_user_id == user.pk, answering=answering)


@dataclass(frozen=True, slots=True)
class Count:
    """What the act will do, counted first: how many it changes, and why the others stay as they are."""

    act: BulkAct
    chosen: Chosen
    able: list[Ticket]
    unable: list[tuple[Ticket, str]]

    @property
    def total(self) -> int:
        return len(self.chosen.tickets)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        found = grouped(reason for _, reason in self.unable)
        return [*found, ("You do not see it any more", self.chosen.unseen)] if self.chosen.unseen else found

    @property
    def is_clear(self) -> bool:
        """Whether it is exactly what was asked for: nothing to be told beforehand."""
        return not self.unable and not self.chosen.unseen and self.chosen.matching is None

    @property
    def words(self) -> str:
        """ "12 tickets"."""
        return counted(len(self.able), "ticket")

    @property
    def named(self) -> list[Ticket]:
        return self.able[:SHOWN]

    @property
    def not_named(self) -> int:
        return max(0, len(self.able) - SHOWN)


def count_first(act: BulkAct, chosen: Chosen, values: Mapping[str, Any]) -> Count:
    """No statement: everything is known of the chosen."""
    able, unable = [], []
    for ticket, standing in zip(chosen.tickets, chosen.standings, strict=True):
        reason = why_not(act.code, standing, values)
        unable.append((ticket, reason)) if reason else able.append(ticket)
    return Count(act, chosen, able, unable)


# --- afterwards --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What became of one ticket. `url` is "" for one that the reader no longer sees."""

    ref: str
    subject: str
    url: str
    prio: SafeString | str
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class Result:
    """A bulk act as its page shows it."""

    action: BulkAction
    act: BulkAct
    lines: list[ResultLine]
    done: int
    not_done: int
    undone: int
    kept: int
    left: int

    @property
    def title(self) -> str:
        return f"{counted(self.done, 'ticket')} {self.act.done}"

    @property
    def was_undone(self) -> bool:
        return self.action.state == BulkState.UNDONE

    @property
    def can_undo(self) -> bool:
        return self.act.can_undo and not self.was_undone and self.done > 0


def result_of(action: BulkAction, reader: User) -> Result:
    """The lines, those that were not done first. Two statements."""
    rows = list(BulkLine.objects.filter(action=action).order_by("is_done", "ticket_id"))
    visible = Ticket.objects.visible_to(reader).filter(pk__in=[row.ticket_id for row in rows])
    seen = {row.pk: row for row in visible.only("ref", "subject", "priority")}
    act = ACTS[action.action]
    done = [row for row in rows if row.is_done]
    return Result(
        action, act, [_line(row, seen.get(row.ticket_id), act) for row in rows],
        done=len(done), not_done=sum(not row.is_done and bool(row.message) for row in rows),
        undone=sum(row.is_undone for row in done), kept=sum(bool(row.undo_message) for row in done),
        left=sum(not row.is_done and not row.message for row in rows) if action.state == BulkState.DONE else 0,
    )  # fmt: skip


def _line(row: BulkLine, ticket: Ticket | None, act: BulkAct) -> ResultLine:
    if row.is_undone:
        sign, words = "arrow-back-up", f"Taken back: {act.undone}"
    elif row.undo_message:
        sign, words = "alert-triangle", f"Not taken back. {row.undo_message}"
    elif row.is_done:
        sign, words = "check", act.done[0].upper() + act.done[1:]
    else:
        sign, words = ("circle-x", row.message) if row.message else ("hourglass", "Not reached yet")
    if ticket is None:
        return ResultLine("", "A ticket that you do not see any more", "", "", "lock", "Not shown")
    return ResultLine(ticket.ref, ticket.subject, ticket.get_absolute_url(), prio(ticket.priority), sign, words)


@dataclass(frozen=True, slots=True)
class Past:
    """One line of what somebody did to many tickets."""

    url: str
    title: str
    when: str
    state: str


def past_acts(user: User, *, now: datetime, zone: tzinfo) -> list[Past]:
    """The newest fifty of this person that were about several tickets. One statement."""
    found = BulkAction.objects.filter(by=user).annotate(
        total=Tally("lines"),
        done=Tally("lines", filter=Q(lines__is_done=True)),
        undone=Tally("lines", filter=Q(lines__is_undone=True)),
    )
    return [_past(action, now, zone) for action in found.filter(total__gt=1).order_by("-at")[:50]]


def _past(action: Any, now: datetime, zone: tzinfo) -> Past:
    when = format_when(action.at, zone, now)
    back = f"{action.undone:,} taken back" if action.state == BulkState.UNDONE else ""
    title = f"{counted(action.done, 'ticket')} {ACTS[action.action].done}"
    return Past(action.get_absolute_url(), title, f"{when.relative} · {when.absolute}", back)
