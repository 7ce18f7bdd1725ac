"""My desk: what needs somebody now, in order and with the reason, formatted before the template's loop.

A fixed number of statements, whatever the desk holds: who is away, what asks (`desk_sources`), and what the rows show
of tickets, clocks and people. The order is `escalations.domain.desk`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendars import Calendar, business_seconds, due_at
from accounts.models import User
from accounts.selectors import Away, absences_now
from escalations.domain.desk import OWN_TICKET, RULES, Claim, Group, Item, Kind, arrange
from escalations.models import Ticket
from escalations.selectors.chips import chips_for, chips_of
from escalations.selectors.counts import CAP as COUNT_CAP
from escalations.selectors.desk_sources import CAP, TICKET_CAP, Found, desk_news, desk_rows
from escalations.selectors.desk_words import Act, Desk, act, aside, link, reason, stands_in
from web.formats import format_time, format_when
from web.marks import Chip, clock, fact, prio

TITLES = {Group.NOW: "Now", Group.TODAY: "Today", Group.LATER: "Later"}
TICKET_FIELDS = (
    "id", "ref", "subject", "priority", "state", "segment", "is_vip", "customer__name", "tier__code", "team__name",
    "team__calendar_id", "owner_id", "due_at", "due_kind", "waiting_since", "queue_key",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line, ready to print."""

    kind: str
    url: str
    ref: str
    subject: str
    sub: SafeString
    prio: SafeString
    reason: str
    when: SafeString
    asides: list[str]
    words: str = ""
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One of the three parts of the page."""

    key: str
    title: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class MyDesk:
    """The page: its sections, whom the reader stands in for, and whether they are away themselves."""

    sections: list[Section] = field(default_factory=list)
    covers: list[Away] = field(default_factory=list)
    away: Away | None = None
    is_cut: bool = False

    @property
    def total(self) -> int:
        return sum(len(section.rows) for section in self.sections)

    @property
    def now(self) -> int:
        return sum(len(section.rows) for section in self.sections if section.key == Group.NOW.name.lower())


def day_end(now: datetime, zone: ZoneInfo) -> datetime:
    """The end of the person's day, in their zone."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


def covered_by(user: User, away: Mapping[int, Away]) -> list[Away]:
    """Those who are away now and for whom this person answers."""
    return [one for one in away.values() if one.cover is not None and one.cover.pk == user.pk]


Calendars = Mapping[int, Calendar]
PATIENCE = int(RULES[Kind.TICKET].patience.total_seconds())


def _calendars(tickets: Mapping[int, Any]) -> Calendars:
    """The calendars of the teams whose customers wait, by id: waiting time is working time. One statement."""
    waiting = {row.team__calendar_id for row in tickets.values() if row.waiting_since is not None}
    return {key: working_calendar(row) for key, row in current_revisions(waiting).items()} if waiting else {}


def _claims(found: Sequence[Found], tickets: Mapping[int, Any], calendars: Calendars) -> dict[Claim, Found]:
    """What asks, as the pure order knows it. Rows whose ticket went away meanwhile are not there."""
    claims = {}
    for one in found:
        ticket = tickets.get(one.ticket) if one.ticket is not None else None
        if one.ticket is not None and ticket is None:
            continue
        kind = Kind(one.kind)
        claim = Claim(
            kind, one.key, one.ticket, at=one.at, since=one.since,
            ends=_patience_ends(ticket, calendars) if kind == Kind.TICKET else None,
            lead=_lead(ticket) if kind == Kind.TICKET else timedelta(),
            priority=ticket.priority if ticket is not None else 4,
        )  # fmt: skip
        claims[claim] = one
    return claims


def _lead(ticket: Any) -> timedelta:
    """The head start that its severity gave the ticket in the queue."""
    return ticket.due_at - ticket.queue_key if ticket.due_at is not None else timedelta()


def _patience_ends(ticket: Any, calendars: Calendars) -> datetime | None:
    """When a customer who waits has waited too long, on the team's calendar."""
    if ticket.waiting_since is None:
        return None
    return due_at(ticket.waiting_since, PATIENCE, calendars[ticket.team__calendar_id])


def _tickets(found: Sequence[Found]) -> dict[int, Any]:
    wanted = {one.ticket for one in found if one.ticket is not None}
    rows = Ticket.objects.filter(pk__in=wanted).values_list(*TICKET_FIELDS, named=True) if wanted else ()
    return {row.id: row for row in rows}


def my_desk(user: User, *, now: datetime, zone: ZoneInfo, back: str) -> MyDesk:
    """Everything that needs this person, in order. `back` is where the forms of the rows return to."""
    away = absences_now(now)
    covers = covered_by(user, away)
    found = desk_rows(user, [one.user.pk for one in covers])
    tickets = _tickets(found)
    calendars = _calendars(tickets)
    claims = _claims(found, tickets, calendars)
    items = arrange(claims, now=now, day_ends=day_end(now, zone))
    desk, own_chips = _desk(user, list(claims.values()), tickets, calendars, away, now, zone)
    sections: dict[Group, list[Row]] = {}
    for item in items:
        row = _row(item, claims, tickets, own_chips, desk, back)
        sections.setdefault(item.group, []).append(row)
    kept = sum(item.group == Group.NOW for item in items)
    _keep_count(user, kept)
    caps: dict[str, int] = {}
    for one in found:
        caps[one.kind] = caps.get(one.kind, 0) + 1
    return MyDesk(
        [Section(group.name.lower(), TITLES[group], sections[group]) for group in Group if group in sections],
        covers,
        away.get(user.pk),
        any(number >= (TICKET_CAP if kind == Kind.TICKET else CAP) for kind, number in caps.items()),
    )


def _desk(
    user: User,
    found: Sequence[Found],
    tickets: Mapping[int, Any],
    calendars: Calendars,
    away: Mapping[int, Away],
    now: datetime,
    zone: ZoneInfo,
) -> tuple[Desk, Mapping[int, Chip]]:
    """What the words need: names and chips. Three statements at most."""
    wanted = {pk for one in found for pk in (one.other, one.person) if pk is not None and pk != user.pk}
    names = dict(User.objects.filter(pk__in=wanted).values_list("pk", "full_name")) if wanted else {}
    clocks = [one.clock for one in found if one.clock is not None]
    chips = chips_of(clocks, now=now, zone=zone) if clocks else {}
    own = {one.ticket for one in found if Kind(one.kind) in OWN_TICKET}
    own_chips = chips_for([row for row in tickets.values() if row.id in own], now=now, zone=zone) if own else {}

    def waited(ticket: Any) -> int:
        return max(0, business_seconds(ticket.waiting_since, now, calendars[ticket.team__calendar_id]))

    return Desk(user.pk, names, away, chips, waited, now, zone), own_chips


def _chip(found: Found, own: Mapping[int, Chip], desk: Desk) -> Chip | None:
    if found.clock is not None:
        return desk.chips.get(found.clock)
    if Kind(found.kind) in OWN_TICKET:
        return own.get(found.ticket or 0)
    if found.at is None:
        return None
    left = found.at - desk.now
    state = "late" if left < timedelta() else "soon" if left <= timedelta(minutes=30) else "ok"
    shown = format_when(found.at, desk.zone, desk.now).relative
    said = f"{shown.removesuffix(' ago')} late" if state == "late" else f"{shown.removeprefix('in ')} left"
    return Chip(state, said, format_time(found.at, desk.zone, desk.now))


LABELS = {Kind.ACKNOWLEDGED: "Accept or return", Kind.SWAP: "Shift begins"}


def _when(found: Found, chip: Chip | None, desk: Desk) -> SafeString:
    """The clock where one runs, else since when it waits."""
    if chip is not None:
        what = LABELS.get(Kind(found.kind), "") if found.clock is None else ""
        return clock(Chip(chip.state, chip.left, f"{what} · {chip.what}") if what else chip)
    if found.since is None:
        return SafeString("")
    shown = format_when(found.since, desk.zone, desk.now)
    return format_html(
        '<time class="nowrap quiet" datetime="{}" title="{}"><span data-relative>{}</span> · {}</time>',
        shown.iso, shown.full, shown.relative, format_time(found.since, desk.zone, desk.now),
    )  # fmt: skip


def _row(
    item: Item, claims: Mapping[Claim, Found], tickets: Mapping[int, Any], own: Mapping[int, Chip], desk: Desk,
    back: str,
) -> Row:  # fmt: skip
    found = claims[item.claim]
    ticket = tickets.get(found.ticket) if found.ticket is not None else None
    chip = _chip(found, own, desk)
    asides = [aside(found, ticket, desk), stands_in(found, desk)]
    shown = chip
    for claim in item.also:
        other = claims[claim]
        nearer = _chip(other, own, desk)
        asides.append(reason(other, ticket, nearer, desk, below=found.kind))
        shown = shown or nearer
    return Row(
        kind=found.kind, url=link(found, ticket), ref=ticket.ref if ticket is not None else "",
        subject=ticket.subject if ticket is not None else "A shift",
        sub=_sub(ticket) if ticket is not None else SafeString(""),
        prio=prio(ticket.priority) if ticket is not None else SafeString(""),
        reason=reason(found, ticket, chip, desk), when=_when(found, shown, desk),
        asides=[text for text in asides if text], words=found.words, act=act(found, ticket, desk, back),
    )  # fmt: skip


def _sub(ticket: Any) -> SafeString:
    vip = fact("VIP", vip=True) if ticket.is_vip else ""
    return format_html('<span class="cut">{}</span>{}', f"{ticket.ref} · {ticket.customer__name}", vip)


# --- the number beside "My desk" -------------------------------------------------------------------------------


def _count_key(user: User) -> str:
    return f"desk-now:{user.pk}"


def _keep_count(user: User, number: int) -> None:
    cache.set(_count_key(user), number, settings.BELAY_DESK_COUNT_SECONDS)


def forget_count(user: User) -> None:
    """Count anew for the next page: after an act of their own people look at the number."""
    cache.delete(_count_key(user))


def desk_count(user: User, *, now: datetime, zone: ZoneInfo) -> int:
    """How many lines stand under "Now". Kept for some seconds, since every page shows it; the desk counts anew."""
    known: int | None = cache.get(_count_key(user))
    if known is not None:
        return known
    covers = covered_by(user, absences_now(now))
    found = desk_rows(user, [one.user.pk for one in covers])
    tickets = _tickets(found)
    items = arrange(_claims(found, tickets, _calendars(tickets)), now=now, day_ends=day_end(now, zone))
    number = min(sum(item.group == Group.NOW for item in items), COUNT_CAP)
    _keep_count(user, number)
    return number


def news(user: User, *, since: datetime, now: datetime) -> int:
    """How many things came to the desk after `since`. Two statements."""
    covers = covered_by(user, absences_now(now))
    return desk_news(user, [one.user.pk for one in covers], since)
