"""The hop ledger: who held a ticket, from when to when, and what it took of the contract's time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendars import Calendar, PauseSpan, business_seconds, counted_seconds
from accounts.models import User
from escalations.choices import ClockKind, ClockState, HopKind
from escalations.domain.clocks import seconds_left, used_seconds
from escalations.domain.wording import humanize_seconds
from escalations.models import Clock, Hop, Pause, Ticket
from escalations.services.clocks import clock_record
from web.marks import Part

MARKS = {1: "m1", 2: "m2", 3: "m3"}
KEY_LINES = 6


@dataclass(frozen=True, slots=True)
class HopLine:
    """One hop. `work` are business seconds of the team, `taken` those of the contract; `share` of it in percent."""

    hop: Hop
    since: datetime
    until: datetime | None
    holder: str
    work: int
    taken: int | None
    share: str
    is_now: bool

    @property
    def work_text(self) -> str:
        return humanize_seconds(self.work)

    @property
    def taken_text(self) -> str:
        return "–" if self.taken is None else humanize_seconds(self.taken) if self.taken else "0 min"

    @property
    def kind(self) -> str:
        return str(self.hop.get_kind_display())


@dataclass(frozen=True, slots=True)
class Ledger:
    """All hops, and the bar of the running round. `budget` is the contract's, None where there is none."""

    lines: list[HopLine]
    parts: list[Part]
    summary: str
    paused: str
    label: str
    budget: int | None
    more: int = 0


def hop_rows(ticket: Ticket) -> list[Hop]:
    """The ticket's hops in order. One statement."""
    rows = Hop.objects.filter(ticket=ticket).select_related("tier", "team", "holder").order_by()
    return sorted(rows, key=lambda hop: hop.span.lower)


def contract_clock(rows: Sequence[Clock]) -> Clock | None:
    """The contract clock of the latest round, unless it was cancelled."""
    found = [row for row in rows if row.kind == ClockKind.CONTRACT_RESOLUTION and row.state != ClockState.CANCELLED]
    return max(found, key=lambda row: row.round, default=None)


class _Measure:
    """Seconds in an interval: on the contract's calendar without the waits outside, and on the team's."""

    def __init__(self, hops: Sequence[Hop], contract: Clock | None, pauses: Sequence[Pause], now: datetime) -> None:
        self.now = now
        self.contract = contract
        self.calendar: Calendar = working_calendar(contract.calendar_revision if contract else None)
        self.pauses: list[PauseSpan] = clock_record(contract, pauses).spans(now) if contract else []
        current = [hop for hop in hops if hop.work_seconds is None]
        revisions = current_revisions({hop.team.calendar_id for hop in current}) if current else {}
        self.teams = {calendar_id: working_calendar(revision) for calendar_id, revision in revisions.items()}

    def taken(self, hop: Hop) -> int | None:
        """What the hop took of this round's contract; None where it lies before it or there is none."""
        if self.contract is None or (hop.span.upper is not None and hop.span.upper <= self.contract.started_at):
            return hop.sla_seconds if self.contract is not None else None
        start = max(hop.span.lower, self.contract.started_at)
        until = min(hop.span.upper or self.now, self.contract.stopped_at or self.now)
        return counted_seconds(start, until, self.calendar, self.pauses)

    def work(self, hop: Hop) -> int:
        if hop.work_seconds is not None:
            return int(hop.work_seconds)
        return max(0, business_seconds(hop.span.lower, self.now, self.teams[hop.team.calendar_id]))


def hop_ledger(
    hops: Sequence[Hop], clocks: Sequence[Clock], pauses: Sequence[Pause], *, reader: User, now: datetime
) -> Ledger:
    """The ledger. At most one statement: the calendar of the team that holds the ticket now.

    What the hops took adds up to what the contract clock has used, because both are counted on its calendar.
    """
    contract = contract_clock(clocks)
    measure = _Measure(hops, contract, pauses, now)
    lines = [_line(hop, measure, contract, reader) for hop in hops]
    if contract is None:
        used = sum(line.work for line in lines if line.hop.kind != HopKind.PAUSED)
        summary, left = f"{humanize_seconds(used)} of business time. No contract target", 0
    else:
        used = used_seconds(clock_record(contract, pauses), now, measure.calendar)
        left = seconds_left(contract, now, measure.calendar) if contract.stopped_at is None else 0
        summary = f"{humanize_seconds(used)} of the {humanize_seconds(contract.budget)} contract SLA"
        if left:
            summary += f", {humanize_seconds(left)} left"
        elif used > contract.budget:
            summary += f", {humanize_seconds(used - contract.budget)} over"
    begin = contract.started_at if contract else None
    shown = [line for line in lines if begin is None or line.until is None or line.until > begin]
    parts, more = _parts(shown, contract is not None)
    standing = sum(line.work for line in shown if line.hop.kind == HopKind.PAUSED)
    paused = f"Paused {humanize_seconds(standing)}, not counted" if standing else ""
    label = ", ".join(f"{part.label} {part.value}" for part in parts if part.label) or "Nothing used yet"
    if left:
        parts.append(Part("m4", left))
        label += f", {humanize_seconds(left)} left"
    return Ledger(lines, parts, summary, paused, label, contract.budget if contract else None, more)


def _line(hop: Hop, measure: _Measure, contract: Clock | None, reader: User) -> HopLine:
    taken = measure.taken(hop)
    share = ""
    if taken is not None and contract is not None and contract.budget:
        # Half up, as every share on a page.
        share = f"{(200 * taken + contract.budget) // (2 * contract.budget)} %"
    holder = "No owner" if hop.holder is None else "you" if hop.holder_id == reader.pk else hop.holder.full_name
    return HopLine(hop, hop.span.lower, hop.span.upper, holder, measure.work(hop), taken, share, hop.span.upper is None)


def _parts(lines: Sequence[HopLine], by_contract: bool) -> tuple[list[Part], int]:
    """The bar in the order of time; each holder named once, with the sum, and at most six of them."""
    totals: dict[str, int] = {}
    named: list[tuple[str, str, int]] = []
    for line in lines:
        size = (line.taken or 0) if by_contract else line.work
        if line.hop.kind == HopKind.PAUSED or size == 0:
            continue
        is_wait = line.hop.kind == HopKind.WAITING
        name = "Waiting for acceptance" if is_wait else f"{line.hop.tier.code} {line.hop.team}, {line.holder}"
        totals[name] = totals.get(name, 0) + size
        named.append((name, "m-wait" if is_wait else MARKS.get(line.hop.tier.rank, "m1"), size))
    told: set[str] = set()
    parts = []
    for name, mark, size in named:
        is_first = name not in told and len(told) < KEY_LINES
        if is_first:
            told.add(name)
        parts.append(Part(mark, size, name if is_first else "", humanize_seconds(totals[name]) if is_first else ""))
    return parts, len(totals) - len(told)
