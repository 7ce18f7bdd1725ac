"""The clocks of a ticket as its page shows them: the strip of what runs, and the sum behind one deadline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.urls import reverse

from accounts.calendars import working_calendar
from accounts.domain.calendars import PauseSpan
from accounts.domain.day_plan import Closure
from accounts.domain.deadline import ClosedPart, DeadlineSum, explain
from escalations.choices import ClockKind, ClockState
from escalations.domain.clocks import ClockRecord, used_seconds
from escalations.domain.wording import Sign, chip, clock_label, humanize_seconds, target_words
from escalations.models import Clock, Escalation, Pause, Ticket
from escalations.selectors.clock_words import meaning
from escalations.services.clocks import clock_record
from policies.selectors import policy_of
from web.formats import MONTHS, WEEKDAYS, counted, zone_name
from web.marks import Chip

SHOWN = 5
RECENT = timedelta(hours=24)
ENDED = (ClockState.MET, ClockState.BREACHED)
SIGNS = {Sign.OFF: "stopped"}


def clock_rows(ticket: Ticket) -> list[Clock]:
    """Every clock the ticket ever had, with what explains it. One statement."""
    rows = Clock.objects.filter(ticket=ticket).select_related("tier", "calendar_revision__calendar").order_by()
    return sorted(rows, key=lambda row: (row.started_at, row.pk))


def pause_rows(ticket: Ticket) -> list[Pause]:
    """Every wait of the ticket, in order. One statement."""
    return sorted(Pause.objects.filter(ticket=ticket).order_by(), key=lambda pause: pause.started_at)


@dataclass(frozen=True, slots=True)
class StripItem:
    """One clock of the strip. `key` is its row's id; `url` opens its sum, or closes it when it is open."""

    key: int
    label: str
    chip: Chip
    url: str
    fragment: str
    is_open: bool


def is_live(row: Clock) -> bool:
    """Running, standing still, or late and still owed."""
    return row.state in (ClockState.RUNNING, ClockState.PAUSED) or (
        row.state == ClockState.BREACHED and row.stopped_at is None
    )


def on_strip(rows: Iterable[Clock], now: datetime) -> list[Clock]:
    """What the strip shows: all that live, most urgent first and paused last, then what ended within a day."""
    live = [row for row in rows if is_live(row)]
    live.sort(key=lambda row: (row.state == ClockState.PAUSED, row.due_at or row.review_at or now, row.pk))
    ended = [row for row in rows if row.state in ENDED and row.stopped_at and now - row.stopped_at <= RECENT]
    ended.sort(key=lambda row: (row.stopped_at or now, row.pk), reverse=True)
    return live + ended[: max(0, SHOWN - len(live))]


def strip(
    ticket: Ticket, rows: Sequence[Clock], pauses: Sequence[Pause], *, now: datetime, zone: Any, opened: int | None
) -> list[StripItem]:
    """The strip. `opened` is the id of the clock whose sum stands below."""
    shown = on_strip(rows, now)
    if opened is not None and all(row.pk != opened for row in shown):
        shown += [row for row in rows if row.pk == opened]
    page = reverse("escalations:ticket_detail", args=[ticket.ref])
    return [_item(row, pauses, page=page, ticket=ticket, now=now, zone=zone, opened=opened) for row in shown]


def _item(
    row: Clock, pauses: Sequence[Pause], *, page: str, ticket: Ticket, now: datetime, zone: Any, opened: int | None
) -> StripItem:
    is_open = row.pk == opened
    sum_url = reverse("escalations:clock_detail", args=[ticket.ref, row.pk])
    return StripItem(
        key=row.pk,
        label=clock_name(row),
        chip=clock_chip(row, pauses, now=now, zone=zone),
        url=page if is_open else f"{page}?clock={row.pk}#clock_strip",
        fragment=f"{sum_url}?close=1" if is_open else sum_url,
        is_open=is_open,
    )


def clock_name(row: Clock) -> str:
    return clock_label(ClockKind(row.kind), row.tier.code if row.tier else "")


def clock_chip(row: Clock, pauses: Sequence[Pause], *, now: datetime, zone: Any) -> Chip:
    """The chip of the strip: "28 min left", and below "Thu 15:00 · promised"."""
    calendar = working_calendar(row.calendar_revision)
    used = used_seconds(clock_record(row, pauses), now, calendar) if row.state == ClockState.MET else None
    said = chip(row, now=now, calendar=calendar, zone=zone, used=used)
    if row.state == ClockState.PAUSED:
        return Chip(said.sign.value, said.text, said.when)
    what = " · ".join(part for part in (said.when, target_words(row)) if part)
    return Chip(SIGNS.get(said.sign, said.sign.value), said.text, what)


# --- the sum ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SumLine:
    """One line of the sum. `seconds` is what it adds; `parts` are its stretches when there are several."""

    label: str
    value: str
    seconds: int = 0
    parts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Why:
    """Why this deadline. `total` is what `start` and the lines add up to."""

    clock: Clock
    name: str
    title: str
    start_label: str
    start: str
    lines: list[SumLine]
    due_label: str
    due: str
    total: datetime
    means: list[str]
    clause_no: str
    clause_text: str
    policy_code: str
    clause_url: str
    calendar: str
    hours: str
    calendar_note: str


@dataclass(frozen=True, slots=True)
class _Dial:
    """How the instants of one sum are written: in the reader's zone, to the second only where it matters."""

    zone: tzinfo
    now: datetime
    exact: bool

    def clock(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{local:%H:%M:%S}" if self.exact and local.second else f"{local:%H:%M}"

    def day(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        year = "" if local.year == self.now.astimezone(self.zone).year else f" {local.year}"
        return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}{year}"

    def full(self, at: datetime) -> str:
        return f"{self.day(at)}, {self.clock(at)}"

    def span(self, since: datetime, until: datetime) -> str:
        """ "13:05 to 13:47" within a day, else with both days."""
        if since.astimezone(self.zone).date() == until.astimezone(self.zone).date():
            return f"{self.day(since)}, {self.clock(since)} to {self.clock(until)}"
        return f"{self.full(since)} to {self.full(until)}"

    def seconds(self, seconds: int) -> str:
        rest = seconds % 60
        if not self.exact or not rest:
            return humanize_seconds(seconds) if seconds >= 60 else f"{seconds} s" if seconds else "0 min"
        return f"{humanize_seconds(seconds)} {rest} s" if seconds >= 60 else f"{rest} s"


def deadline_sum(record: ClockRecord, row: Clock, now: datetime) -> DeadlineSum:
    """The parts of the clock's deadline. Of a paused clock: as if work went on now."""
    until = row.stopped_at or now
    spans = [
        PauseSpan(span.since, min(span.until, until), span.reason) for span in record.spans(until) if span.since < until
    ]
    return explain(row.started_at, row.budget, working_calendar(row.calendar_revision), spans, now=until)


def why(
    row: Clock,
    *,
    ticket: Ticket,
    pauses: Sequence[Pause],
    escalations: Sequence[Escalation],
    now: datetime,
    zone: tzinfo,
) -> Why:
    """The sum behind one clock of the ticket, in words. No statements."""
    found = deadline_sum(clock_record(row, pauses), row, now)
    dial = _Dial(zone, now, exact=_needs_seconds(found))
    policy = policy_of(row.policy_version_id)
    clause = policy.clause(row.clause)
    url = reverse("policies:policy_detail", args=[policy.code])
    return Why(
        clock=row,
        name=clock_name(row),
        title=_title(row, found, dial),
        start_label=f"Started: {start_words(row, ticket, escalations)}",
        start=dial.full(found.started),
        lines=list(_lines(row, found, dial)),
        due_label=_due_label(row),
        due=f"{dial.full(found.due)} {zone_name(found.due, zone)}",
        total=found.due,
        means=meaning(row, found, now=now, zone=zone, ticket=ticket, escalations=escalations),
        clause_no=clause.number,
        clause_text=clause.text,
        policy_code=policy.code,
        clause_url=f"{url}#{row.clause}" if clause.number else url,
        calendar=found.calendar,
        hours=found.hours,
        calendar_note=_calendar_note(row),
    )


def _needs_seconds(found: DeadlineSum) -> bool:
    """Whether any part is not of whole minutes: rounded lines would not add up to the deadline."""
    parts = (*found.paused, *found.closed, *found.special)
    return bool(found.started.second or found.due.second or any(part.seconds % 60 for part in parts))


def _title(row: Clock, found: DeadlineSum, dial: _Dial) -> str:
    if row.state == ClockState.PAUSED:
        return "Why does it stand still?"
    if row.state == ClockState.CANCELLED:
        return f"{clock_name(row)}: no longer asked for"
    local = found.due.astimezone(dial.zone)
    day = "" if local.date() == dial.now.astimezone(dial.zone).date() else f"{dial.day(found.due)}, "
    return f"Why {day}{local:%H:%M}?"


def _due_label(row: Clock) -> str:
    match row.state:
        case ClockState.PAUSED:
            return "Due, if work went on now"
        case ClockState.RUNNING:
            return "Due"
    return "Was due"


def start_words(row: Clock, ticket: Ticket, escalations: Sequence[Escalation]) -> str:
    """What started the clock."""
    kind, at = ClockKind(row.kind), row.started_at
    if kind == ClockKind.PROMISED_UPDATE:
        return "the update was promised"
    if kind == ClockKind.ACKNOWLEDGEMENT:
        own = next((one for one in escalations if one.pk == row.escalation_id), None)
        return f"{own.from_user} handed it over" if own and own.from_user and own.filed_at == at else "handed over"
    if at == ticket.opened_at:
        return "the ticket was opened"
    accepted = next((one for one in escalations if one.accepted_at == at), None)
    if accepted is not None:
        return f"{accepted.accepted_by} accepted"
    return "the ticket was reopened" if ticket.reopen_count else "it came to this tier"


def _lines(row: Clock, found: DeadlineSum, dial: _Dial) -> Iterable[SumLine]:
    yield SumLine(_budget_label(row), f"+ {dial.seconds(found.budget)}", found.budget)
    for part in found.paused:
        label = f"Pause: {part.reason}, {dial.span(part.start, part.end)}"
        outside = "" if part.seconds == part.wall_seconds else ", closed hours not counted twice"
        yield SumLine(label + outside, f"+ {dial.seconds(part.seconds)}", part.seconds)
    yield from _closed_lines(found.closed, dial)
    if not found.hours or found.hours == "24×7":
        yield SumLine("Closed hours", "none, it runs around the clock")
    elif not found.special:
        yield SumLine("Holidays", "none")
    for special in found.special:
        name = f"{_SPECIAL[special.kind]}: {special.name}, {dial.span(special.start, special.end)}"
        yield SumLine(name, f"+ {dial.seconds(special.seconds)}", special.seconds)


_SPECIAL = {Closure.HOLIDAY: "Holiday", Closure.HALF_DAY: "Half day", Closure.OVERRIDE: "Other hours"}
_CLOSED = {Closure.HOURS: ("night", "Closed hours"), Closure.WEEKEND: ("weekend", "Weekend")}


def _budget_label(row: Clock) -> str:
    tier = f" at {row.tier.code}" if row.tier and row.kind == ClockKind.TIME_AT_TIER else ""
    match row.kind:
        case ClockKind.TIME_AT_TIER:
            return f"Limit{tier}"
        case ClockKind.PROMISED_UPDATE:
            return "Until the promised time"
    return "Target"


def _closed_lines(closed: Sequence[ClosedPart], dial: _Dial) -> Iterable[SumLine]:
    """Nights and weekends, each group one line that opens into its stretches."""
    for kind, (unit, alone) in _CLOSED.items():
        parts = [part for part in closed if part.kind is kind]
        if not parts:
            continue
        total = sum(part.seconds for part in parts)
        if len(parts) == 1:
            yield SumLine(f"{alone}: {dial.span(parts[0].start, parts[0].end)}", f"+ {dial.seconds(total)}", total)
            continue
        stretches = [(dial.span(part.start, part.end), dial.seconds(part.seconds)) for part in parts]
        yield SumLine(f"Closed: {counted(len(parts), unit)}", f"+ {dial.seconds(total)}", total, stretches)


def _calendar_note(row: Clock) -> str:
    """When a newer revision of the calendar has come since, or "" while the clock's is the current one."""
    revision = row.calendar_revision
    if revision is None or revision.superseded_at is None or row.stopped_at is not None:
        return ""
    return "The calendar has changed since; the deadline is about to be worked out anew."
