"""Calendars as pages show them: whether they are open, their week, the days that are unlike it, what was changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendar_errors import CalendarError
from accounts.domain.calendar_spec import format_minutes
from accounts.domain.calendar_values import CLOSED
from accounts.domain.calendars import Calendar, closes_at, next_open, open_between
from accounts.models import Calendar as CalendarRow
from accounts.models import CalendarRevision, Team
from journal.models import Event

AHEAD = timedelta(days=365)
SHOWN_DAYS = 40
SHOWN_REVISIONS = 20
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Standing:
    """Open until `until`, or closed until then; no `until`: always the one or the other."""

    is_open: bool
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """A calendar of the list. `whole` are calendars that count its hours as their own."""

    calendar: CalendarRow
    hours: str
    standing: Standing
    teams: list[Team]
    members: list[str]


@dataclass(frozen=True, slots=True)
class ComingDay:
    """A date unlike its weekday, its name and what is open on it. `of`: the member, where there are several."""

    day: date
    name: str
    hours: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class DayChange:
    day: date
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Revised:
    """One revision: who froze it when, and each thing that it changed, old and new."""

    number: int
    who: str
    at: datetime
    changes: list[tuple[str, str, str]]


def standing_of(calendar: Calendar, now: datetime) -> Standing:
    try:
        closing = closes_at(now, calendar)
        if closing is not None:
            return Standing(True, closing)
        opening = next_open(now, calendar)
    except CalendarError:
        return Standing(False, None)
    is_open = opening <= now
    return Standing(is_open, None if is_open else opening)


def calendar_lines(now: datetime) -> list[Line]:
    """All calendars by name. Four statements."""
    rows = list(CalendarRow.objects.prefetch_related("members"))
    revisions = current_revisions({row.pk for row in rows})
    teams: dict[int, list[Team]] = {}
    for team in Team.objects.filter(is_active=True).select_related("tier"):
        teams.setdefault(team.calendar_id, []).append(team)
    lines = []
    for row in rows:
        calendar = working_calendar(revisions.get(row.pk))
        members = [member.name for member in row.members.all()]
        lines.append(Line(row, calendar.summary, standing_of(calendar, now), teams.get(row.pk, []), members))
    return lines


def _seconds_words(parts: Iterable[tuple[int, int]]) -> str:
    shown = (f"{_clock(low)}–{_clock(high)}" for low, high in parts)
    return ", ".join(shown) or CLOSED


def _clock(seconds: int) -> str:
    minutes = seconds // 60
    return format_minutes(minutes if minutes <= DAY_MINUTES else minutes - DAY_MINUTES)


def coming_days(calendar: Calendar, now: datetime) -> list[ComingDay]:
    """The dates of the next year on which anything but the weekday's hours is kept."""
    found = []
    for plan in calendar.plans:
        today = now.astimezone(ZoneInfo(plan.spec.zone)).date()
        for ahead in range(AHEAD.days):
            day = today + timedelta(days=ahead)
            special = plan.special_on(day)
            if special is None or (not special[1] and not plan.spec.weekly[day.weekday()]):
                continue  # a holiday on a day that is closed anyway takes nothing
            name = plan.spec.name if len(calendar.plans) > 1 else ""
            found.append(ComingDay(day, special[0].name, _seconds_words(special[1]), name))
    return sorted(found, key=lambda one: (one.day, one.of))[:SHOWN_DAYS]


def day_changes(before: Calendar, after: Calendar, now: datetime, zone: ZoneInfo) -> list[DayChange]:
    """The local dates of the next year on which two calendars are not open alike, in the hours of `zone`."""
    today = now.astimezone(zone).date()
    found = []
    for ahead in range(AHEAD.days):
        day = today + timedelta(days=ahead)
        low, high = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
        was, now_open = (open_between(low, high, calendar) for calendar in (before, after))
        if was != now_open:
            found.append(DayChange(day, _open_words(was, zone, high), _open_words(now_open, zone, high)))
    return found


def _open_words(parts: list[tuple[datetime, datetime]], zone: ZoneInfo, end: datetime) -> str:
    shown = (f"{low.astimezone(zone):%H:%M}–{'24:00' if high == end else f'{high.astimezone(zone):%H:%M}'}"
             for low, high in parts)  # fmt: skip
    return ", ".join(shown) or CLOSED


def revisions_of(calendar: CalendarRow) -> list[Revised]:
    """The newest revisions, with what each changed. Two statements."""
    rows = CalendarRevision.objects.filter(calendar=calendar).select_related("created_by").order_by("-number")
    events = Event.objects.filter(subject_type="calendar", subject_id=calendar.pk, kind="calendar.revised")
    changes = {data["number"]: data.get("changes", []) for data in events.values_list("data", flat=True)}
    return [
        Revised(
            row.number, str(row.created_by or "Belay"), row.created_at,
            [(str(what), str(old), str(new)) for what, old, new in changes.get(row.number, [])],
        )
        for row in rows.defer("definition")[:SHOWN_REVISIONS]
    ]  # fmt: skip
