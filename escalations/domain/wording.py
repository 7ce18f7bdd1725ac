"""How a clock is said: the chip of the queue and of the ticket page, durations, and when something is due."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from accounts.domain.calendars import Calendar, next_open, open_at
from escalations.choices import ClockKind, ClockState
from escalations.domain.clocks import ClockLike, is_overdue, seconds_late, seconds_left

# Fixed names: strftime would follow the server's locale.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE, HOUR, DAY = 60, 3600, 86_400
SOON = 30 * MINUTE
NEAR_DAYS = 6


class Sign(StrEnum):
    """The look of a chip; each has its own icon and word, never colour alone."""

    OK = "ok"
    SOON = "soon"
    LATE = "late"
    PAUSE = "pause"
    MET = "met"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Chip:
    """`text` is line 1 ("9 min left"), `what` and `when` are line 2 ("Acknowledge", "Thu 14:41")."""

    sign: Sign
    text: str
    what: str
    when: str


def humanize_seconds(seconds: int, *, days: bool = False) -> str:
    """`9 min`, `1 h 05 min`, `62 h`; with `days`, from a day on, `2 d`. Cut to what is named, never rounded up.

    Days are of 24 wall-clock hours, so sums of business time are said in hours.
    """
    if days and seconds >= DAY:
        return f"{seconds // DAY} d"
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    if hours:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else "under 1 min"


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`14:41` today, `Thu 14:41` within six days, `25 Apr, 14:41` in this year, else with the year; in `zone`."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    clock, distance = f"{local:%H:%M}", abs((local.date() - today).days)
    if distance == 0:
        return clock
    if distance <= NEAR_DAYS:
        return f"{WEEKDAYS[local.weekday()]} {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {MONTHS[local.month - 1]}{year}, {clock}"


def clock_label(kind: ClockKind, tier: str = "") -> str:
    """What the clock asks for: `Acknowledge`, `Time at L2`, `Resolve at L2`."""
    if kind == ClockKind.FOLLOW_UP:
        return "Follow-up"  # with whom, its sum says: lists have no room for it
    label = str(kind.label)
    if tier and kind in (ClockKind.TIME_AT_TIER, ClockKind.TIER_RESOLUTION):
        return label.removesuffix("tier") + tier
    return label


def target_words(clock: ClockLike) -> str:
    """`limit 8 h`, `target 15 min` or `promised`: where the deadline comes from, beside its instant."""
    if clock.kind == ClockKind.PROMISED_UPDATE:
        return "promised"
    word = "limit" if clock.kind == ClockKind.TIME_AT_TIER else "target"
    return f"{word} {humanize_seconds(clock.budget)}"


def chip(
    clock: ClockLike, *, now: datetime, calendar: Calendar, zone: ZoneInfo, tier: str = "", used: int | None = None
) -> Chip:
    """The chip of a clock at `now`, its instants in the reader's `zone`.

    Time left and time taken are business time, since that is what one has; from 24 such hours on, and for what is
    late or paused, it is time on the wall. Soon is 30 minutes or less, the last instant included; while the calendar is
    closed those of the wall, and what is left says from when on ("15 min from Mon 08:00"). `used` is what
    `clocks.used_seconds` says of a met clock; it needs the pauses, which a row by itself does not have.
    """
    sign, text = _state(clock, now, calendar, zone, used)
    if clock.state == ClockState.PAUSED:
        when = clock.pause_reason
    elif clock.state in (ClockState.MET, ClockState.CANCELLED) and clock.stopped_at:
        when = moment(clock.stopped_at, now, zone)
    else:
        when = moment(clock.due_at, now, zone) if clock.due_at else ""
    return Chip(sign, text, clock_label(ClockKind(clock.kind), tier), when)


def _state(
    clock: ClockLike, now: datetime, calendar: Calendar, zone: ZoneInfo, used: int | None
) -> tuple[Sign, str]:  # fmt: skip
    if clock.state == ClockState.CANCELLED:
        return Sign.OFF, "Cancelled"
    if clock.state == ClockState.MET:
        return Sign.MET, "Met" if used is None else f"Met in {humanize_seconds(used)}"
    if clock.state == ClockState.PAUSED:
        stood = int((now - clock.paused_at).total_seconds()) if clock.paused_at else 0
        return Sign.PAUSE, f"Paused {humanize_seconds(max(0, stood), days=True)}"
    if clock.state == ClockState.BREACHED or is_overdue(clock, now):
        return Sign.LATE, f"{humanize_seconds(seconds_late(clock, now), days=True)} late"
    left = seconds_left(clock, now, calendar)
    if left >= DAY and clock.due_at:
        return Sign.OK, f"{humanize_seconds(int((clock.due_at - now).total_seconds()), days=True)} left"
    if clock.due_at and not open_at(now, calendar):
        return _closed(clock.due_at, left, now, calendar, zone)
    return Sign.SOON if left <= SOON else Sign.OK, f"{humanize_seconds(left)} left"


def _closed(due: datetime, left: int, now: datetime, calendar: Calendar, zone: ZoneInfo) -> tuple[Sign, str]:
    """`15 min from Mon 08:00`: nothing runs out while nobody works, so it is urgent only if the wall clock says so."""
    sign = Sign.SOON if (due - now).total_seconds() <= SOON else Sign.OK
    return sign, f"{humanize_seconds(left)} from {moment(next_open(now, calendar), now, zone)}"
