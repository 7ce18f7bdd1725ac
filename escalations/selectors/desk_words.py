"""Why a line of the desk stands where it stands, and what can be done about it from there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.selectors import Away
from escalations.choices import ClockKind, TicketState
from escalations.domain.desk import Kind
from escalations.domain.wording import clock_label, humanize_seconds
from escalations.selectors.desk_sources import Found
from web.formats import format_duration, format_instant, format_time
from web.marks import Chip


@dataclass(frozen=True, slots=True)
class Act:
    """The most common act, possible from the row: a form when it is `posted`, else a link."""

    label: str
    url: str
    sign: str
    posted: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    acknowledges: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """What the words of all rows draw from, read once."""

    me: int
    names: Mapping[int, str]
    away: Mapping[int, Away]
    chips: Mapping[int, Chip]
    waited: Callable[[Any], int]
    now: datetime
    zone: ZoneInfo

    def name(self, pk: int | None, nobody: str = "A trigger") -> str:
        if pk == self.me:
            return "You"
        return self.names.get(pk, "Somebody") if pk is not None else nobody

    def whom(self, found: Found, team: str) -> str:
        """To whom it is addressed: "you", the colleague whom the reader stands in for, or the team."""
        if found.person is None:
            return team
        return "you" if found.person == self.me else self.names.get(found.person, "a colleague")

    def time(self, at: datetime) -> str:
        return format_time(at, self.zone, self.now)


def stands_in(found: Found, desk: Desk) -> str:
    """ "For Noor Haddad, away until Fri 08:00", where the row is somebody else's whom the reader covers."""
    away = desk.away.get(found.person) if found.person is not None and found.person != desk.me else None
    return f"For {away.user}, away until {desk.time(away.until)}" if away is not None else ""


def within(at: datetime | None, chip: Chip | None, desk: Desk) -> str:
    """ "within 12 min" or "18 min late", as the chip beside it counts; "by Mon 08:03" over closed hours."""
    if chip is None:
        return ""
    if chip.state == "late":
        return chip.left
    left = chip.left.removesuffix(" left")
    if at is not None and format_duration((at - desk.now).total_seconds()) != left:
        return f"by {desk.time(at)}"
    return f"within {left}"


def _by(said: str, when: str) -> str:
    """The act and how soon: "Acknowledge within 12 min", "Acknowledge: 18 min late"."""
    if not when:
        return said
    return f"{said}: {when}" if when.endswith("late") else f"{said} {when}"


def reason(found: Found, ticket: Any, chip: Chip | None, desk: Desk, *, below: str = "") -> str:
    """Why the line is where it is, in one sentence. `ticket` is None for a swap; `chip` is the clock it goes by.

    `below`: the kind of the claim that takes this one along. What that one says already is left out; "" for nothing.
    """
    other, when = desk.name(found.other), within(found.at, chip, desk)
    team = str(ticket.team__name) if ticket is not None else ""
    match Kind(found.kind):
        case Kind.PENDING:
            return _by("Acknowledge", when)
        case Kind.ACKNOWLEDGED:
            return _by("Accept or return it", when)
        case Kind.PROMISE:
            return _by("Update the customer", when)
        case Kind.FOLLOW_UP:
            return _by("Contact the customer and confirm it", when)
        case Kind.RETURNED:
            return f"{other} returned the handoff"
        case Kind.READ_BACK:
            return f"{other} read the problem back: confirm or correct it"
        case Kind.CORRECTED:
            return f"{other} corrected your read-back"
        case Kind.CONSULT:
            return f"{other} asks {desk.whom(found, 'your team')} about it"
        case Kind.ANSWER:
            return f"{other} answered your question"
        case Kind.RELEASE:
            return f"Release {other}, who stays with it until you do"
        case Kind.STAY:
            return f"Stay reachable: {desk.name(found.other, 'the receiver')} has not released you"
        case Kind.HANDED:
            return f"{other} handed it to {desk.whom(found, team)}"
        case Kind.MENTION:
            return f"{other} mentions {desk.whom(found, team)}"
        case Kind.SWAP:
            at = format_instant(found.at, desk.zone, desk.now) if found.at else ""
            return f"{other} asks you to take a shift: {at}"
        case Kind.FEEDBACK:
            return f"{other} rated your handoff"
        case Kind.WAIT:
            return _look_again(found, ticket, desk)
    return _own(found, ticket, chip, desk, below)


def _look_again(found: Found, ticket: Any, desk: Desk) -> str:
    whom = "the vendor" if ticket.state == TicketState.WAITING_VENDOR else "the customer"
    if found.at is not None and found.at <= desk.now:
        return f"Look again: it waits for {whom} longer than planned"
    return f"Waits for {whom}" + (f", look again {desk.time(found.at)}" if found.at else "")


def _own(found: Found, ticket: Any, chip: Chip | None, desk: Desk, below: str) -> str:
    """A ticket of one's own: what of its clocks is late or near, and how long the customer has waited."""
    said = []
    if found.at is not None and chip is not None and chip.state in ("late", "soon") and ticket.due_kind != below:
        kind = ClockKind(ticket.due_kind) if ticket.due_kind in ClockKind.values else None
        label = clock_label(kind, ticket.tier__code) if kind else "Its deadline"
        said.append(_by(label, within(found.at, chip, desk)))
    if found.since is not None:
        seconds = desk.waited(ticket)
        said.append(f"Customer has waited {humanize_seconds(seconds)}" if seconds >= 60 else "Customer waits")
    if said:
        return ", ".join([said[0], *(text[0].lower() + text[1:] for text in said[1:])])
    if below:
        return ""
    return "Yours, its next deadline is not near" if found.at else "Yours, nothing is due"


def aside(found: Found, ticket: Any, desk: Desk) -> str:
    """Who and to whom, where the sentence does not say it."""
    match Kind(found.kind):
        case Kind.PENDING:
            return f"{desk.name(found.other)} hands it to {desk.whom(found, 'your team')}"
        case Kind.ACKNOWLEDGED:
            who = "You have" if found.person == desk.me else f"{desk.name(found.person)} has"
            return f"{who} acknowledged it; it came from {desk.name(found.other)}"
        case Kind.PROMISE:
            return f"Promised to {ticket.customer__name}"
    return ""


READ = "Mark as read"


def act(found: Found, ticket: Any, desk: Desk, back: str) -> Act | None:
    """What the row offers. `back` is the address of the desk, to which every form here returns."""
    ref = ticket.ref if ticket is not None else ""
    home = (("next", back),)
    match Kind(found.kind):
        case Kind.PENDING:
            url = reverse("escalations:handoff_acknowledge", args=[ref, found.key])
            return Act("Acknowledge", url, "eye", True, (("back", "desk"),), acknowledges=True)
        case Kind.ACKNOWLEDGED:
            return Act("Accept or return", _handoff(ref, found.key), "user-check")
        case Kind.RETURNED:
            return Act("Hand in again", reverse("escalations:handoff_create", args=[ref]), "arrow-up-right")
        case Kind.READ_BACK:
            url = reverse("escalations:read_back_answer", args=[ref, found.place])
            return Act("Confirm", url, "check", True, (("do", "confirm"), ("round", str(found.round)), *home))
        case Kind.CORRECTED:
            return Act("Read back again", _handoff(ref, found.place or 0), "repeat")
        case Kind.RELEASE:
            return Act(
                "Release", reverse("escalations:handoff_release", args=[ref, found.place]), "door-exit", True, home
            )
        case Kind.CONSULT:
            return Act("Answer", link(found, ticket), "message-2")
        case Kind.ANSWER:
            return Act(READ, reverse("escalations:consult_seen", args=[ref, found.key]), "check", True, home)
        case Kind.SWAP:
            return Act("Answer", link(found, ticket), "calendar-time")
        case Kind.MENTION:
            return Act(READ, reverse("escalations:mention_seen", args=[ref, found.key]), "check", True, home)
        case Kind.HANDED:
            return Act(READ, reverse("escalations:desk_line_seen", args=[ref, found.key]), "check", True, home)
        case Kind.FEEDBACK:
            url = reverse("escalations:feedback_seen", args=[ref, found.place])
            return Act(READ, url, "check", True, home)
        case Kind.WAIT:
            if found.at is not None and found.at <= desk.now:
                return Act("Look again", link(found, ticket), "eye")
            return None
        case Kind.FOLLOW_UP if found.place:
            url = reverse("escalations:follow_up_create", args=[ref, found.place])
            return Act("Record contact", url, "heart-handshake")
        case Kind.PROMISE:
            return Act("Write update", f"{_ticket(ref)}#compose", "send")
    return None


def _handoff(ref: str, pk: int) -> str:
    return reverse("escalations:handoff_detail", args=[ref, pk])


def _ticket(ref: str) -> str:
    return reverse("escalations:ticket_detail", args=[ref])


def link(found: Found, ticket: Any) -> str:
    """Where one acts on it."""
    match Kind(found.kind):
        case Kind.PENDING | Kind.ACKNOWLEDGED | Kind.RETURNED:
            return _handoff(ticket.ref, found.key)
        case Kind.READ_BACK | Kind.CORRECTED | Kind.STAY | Kind.RELEASE | Kind.FEEDBACK if found.place:
            return _handoff(ticket.ref, found.place)
        case Kind.CONSULT | Kind.ANSWER:
            return reverse("escalations:consult_detail", args=[ticket.ref, found.key])
        case Kind.SWAP:
            return reverse("accounts:shift_detail", args=[found.place])
    return _ticket(ticket.ref)
