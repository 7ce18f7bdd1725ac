"""A rota in words and bars: formatted before any template loop, in the reader's zone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from accounts.models import DutyShift, Team, User
from accounts.selectors.rota import RotaDay, RotaWeek, Stretch, Turn
from web.formats import MONTHS, WEEKDAYS, format_hours
from web.marks import swatch

MARKS = ("m1", "m3", "m2", "m-wait")


@dataclass(frozen=True, slots=True)
class TurnLine:
    """A turn of one day: "09:00–18:00", who answers, and what is to know about it."""

    hours: str
    person: User
    swatch: SafeString
    url: str
    says: tuple[str, ...]
    others: tuple[User, ...]
    backups: tuple[User, ...]
    is_now: bool


@dataclass(frozen=True, slots=True)
class GapLine:
    hours: str
    length: str
    url: str


@dataclass(frozen=True, slots=True)
class DayLine:
    label: str
    iso: str
    special: str
    is_today: bool
    is_closed: bool
    bar: SafeString
    turns: tuple[TurnLine, ...]
    gaps: tuple[GapLine, ...]
    is_empty: bool


def day_label(at: datetime) -> str:
    """ "Mon 16 Jun"."""
    return f"{WEEKDAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]}"


def hours_label(low: datetime, high: datetime, zone: tzinfo) -> str:
    """ "09:00–18:00" within a local day; midnight at its end is 24:00."""
    starts, ends = low.astimezone(zone), high.astimezone(zone)
    until = "24:00" if ends.date() != starts.date() and f"{ends:%H:%M}" == "00:00" else f"{ends:%H:%M}"
    return f"{starts:%H:%M}–{until}"


def span_label(low: datetime, high: datetime, zone: tzinfo) -> str:
    """ "Mon 16 Jun 09:00 – Mon 23 Jun 09:00", the second day left out when it is the first."""
    starts, ends = low.astimezone(zone), high.astimezone(zone)
    if starts.date() == ends.date():
        return f"{day_label(starts)} {starts:%H:%M}–{ends:%H:%M}"
    return f"{day_label(starts)} {starts:%H:%M} – {day_label(ends)} {ends:%H:%M}"


def gap_url(team: Team, gap: Stretch, zone: tzinfo) -> str:
    """The form for a new shift, filled with the gap."""
    low, high = (each.astimezone(zone) for each in gap)
    query = urlencode({"from": f"{low:%Y-%m-%dT%H:%M}", "until": f"{high:%Y-%m-%dT%H:%M}"})
    return f"{reverse('accounts:shift_create', args=[team.code])}?{query}"


def week_lines(week: RotaWeek, team: Team, *, now: datetime, zone: tzinfo) -> list[DayLine]:
    return [_day_line(day, team, now, zone) for day in week.days]


def _day_line(day: RotaDay, team: Team, now: datetime, zone: tzinfo) -> DayLine:
    return DayLine(
        label=day_label(day.starts_at),
        iso=day.day.isoformat(),
        special=day.special,
        is_today=day.starts_at <= now < day.ends_at,
        is_closed=day.is_closed,
        bar=day_bar(day, now, zone),
        turns=tuple(_turn_line(turn, now, zone) for turn in day.turns),
        gaps=tuple(
            GapLine(hours_label(*gap, zone), format_hours((gap[1] - gap[0]).total_seconds()), gap_url(team, gap, zone))
            for gap in day.gaps
            if gap[1] > now
        ),
        is_empty=not day.turns and not day.gaps,
    )


def _turn_line(turn: Turn, now: datetime, zone: tzinfo) -> TurnLine:
    return TurnLine(
        hours=hours_label(turn.starts_at, turn.ends_at, zone),
        person=turn.person,
        swatch=swatch(MARKS[turn.place % len(MARKS)]),
        url=turn.shift.get_absolute_url(),
        says=tuple(turn_says(turn)),
        others=turn.others,
        backups=turn.backups,
        is_now=turn.starts_at <= now < turn.ends_at,
    )


def turn_says(turn: Turn) -> Iterable[str]:
    """What a turn has that is not plain: a cover, a swap, a backup who leads."""
    if turn.covers is not None:
        yield f"covers for {turn.covers}, who is away"
    elif turn.shift.planned_for is not None and turn.shift.planned_for_id != turn.person.pk:
        yield f"for {turn.shift.planned_for}"
    if turn.shift.role == "backup":
        yield "backup leads: nobody else is there"
    for swap in shift_swaps(turn.shift):
        yield f"{swap.offered_to} is asked to take it"
    if turn.shift.note:
        yield turn.shift.note


def shift_swaps(shift: DutyShift) -> Sequence:
    return getattr(shift, "asked", ())


def day_bar(day: RotaDay, now: datetime, zone: tzinfo) -> SafeString:
    """The local day as one bar: who is on duty by shade, gaps hatched by outline, working hours as a line below."""
    total = _minutes(day, day.ends_at)
    parts = []
    for turn in day.turns:
        mark = MARKS[turn.place % len(MARKS)]
        parts.append(_rect(day, turn.starts_at, turn.ends_at, mark, 0, 7))
        parts.append(_rect_at(_minutes(day, turn.ends_at) - 2, 4, "m-gap", 0, 7))
    parts += [_rect(day, low, high, "m-hole", 0, 7) for low, high in day.gaps]
    parts += [_rect(day, low, high, "m-open", 8.5, 1.5) for low, high in day.working]
    if day.starts_at <= now < day.ends_at:
        parts.append(_rect_at(_minutes(day, now) - 2, 5, "m-now", 0, 10))
    said = [f"{hours_label(turn.starts_at, turn.ends_at, zone)} {turn.person}" for turn in day.turns]
    said += [f"{hours_label(low, high, zone)} nobody" for low, high in day.gaps]
    label = escape(f"{day_label(day.starts_at)}: {', '.join(said) or 'nobody on duty'}")
    return mark_safe(
        f'<svg class="share duty-bar" viewBox="0 0 {total:g} 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def _minutes(day: RotaDay, at: datetime) -> float:
    return (at.timestamp() - day.starts_at.timestamp()) / 60


def _rect(day: RotaDay, low: datetime, high: datetime, css: str, top: float, height: float) -> str:
    left = _minutes(day, low)
    return _rect_at(left, _minutes(day, high) - left, css, top, height)


def _rect_at(left: float, width: float, css: str, top: float, height: float) -> str:
    return f'<rect class="{css}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}"/>'
