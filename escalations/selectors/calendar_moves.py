"""What another state of a calendar would do to the clocks that count on it now. Nothing moves."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from accounts.domain.calendar_errors import CalendarError
from accounts.domain.calendars import Calendar
from accounts.models import Calendar as CalendarRow
from accounts.models import User
from escalations.choices import ClockState
from escalations.domain import clocks as core
from escalations.models import Clock, Pause, Ticket
from escalations.selectors.counts import CAP, capped_counts, count_text
from escalations.services.clocks import LIVE, clock_record

ASKED = 500  # clocks that are recomputed for a preview: those due next
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Move:
    """A running clock whose deadline would change."""

    ticket: Ticket
    what: str
    was: datetime
    due: datetime

    @property
    def is_sooner(self) -> bool:
        return self.due < self.was


@dataclass(frozen=True, slots=True)
class Moves:
    """`count` clocks count on the calendar; of the `asked` due next `moved` would change, `shown` are the first of
    them on tickets that this person sees; `late` would be overdue at once."""

    count: str
    number: int
    asked: int
    moved: int
    late: int
    shown: list[Move]

    @property
    def are_all(self) -> bool:
        return self.asked == self.number


def calendar_moves(row: CalendarRow, after: Calendar, user: User, *, now: datetime) -> Moves:
    """The live clocks on any revision of the calendar, as they would be on `after`. Four statements."""
    live = Clock.objects.filter(calendar_revision__calendar=row, state__in=LIVE)
    (number,) = capped_counts([live.order_by()])
    clocks = list(live.select_related("ticket").order_by("due_at", "id")[:ASKED])
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for pause in Pause.objects.filter(ticket__in={clock.ticket_id for clock in clocks}).order_by("started_at"):
        pauses[pause.ticket_id].append(pause)
    moved, late, moves = 0, 0, []
    for clock in clocks:
        due = _due_on(clock, pauses[clock.ticket_id], after, now)
        if due is None:
            continue
        moved += 1
        if clock.state == ClockState.RUNNING and clock.due_at is not None:
            late += due <= now < clock.due_at
            moves.append(Move(clock.ticket, clock.get_kind_display(), clock.due_at, due))
    seen = set(
        Ticket.objects.visible_to(user).filter(pk__in={one.ticket.pk for one in moves}).values_list("pk", flat=True)
    )
    shown = [one for one in moves if one.ticket.pk in seen][:SHOWN]
    return Moves(count_text(number, CAP), number, len(clocks), moved, late, shown)


def _due_on(clock: Clock, pauses: list[Pause], after: Calendar, now: datetime) -> datetime | None:
    """When a clock that would change is due on the other calendar (of one that stands still, now); None: as before."""
    try:
        record = core.recalendar(clock_record(clock, pauses), now, calendar=after)
    except CalendarError:
        return None
    if (record.due_at, record.remaining) == (clock.due_at, clock.remaining):
        return None
    return record.due_at or now
