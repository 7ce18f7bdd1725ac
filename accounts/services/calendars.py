"""Freezing a calendar's rows into the revision that clocks use."""

from datetime import time
from typing import Any

from django.db import transaction

from accounts.choices import ExceptionKind
from accounts.domain.calendar_json import from_json
from accounts.domain.calendar_spec import WEEKDAYS
from accounts.holidays import public_holidays
from accounts.models import Calendar, CalendarRevision, User
from journal import clock
from journal.services import event_append

# Frozen with the revision, so that a newer holiday library cannot move past deadlines; other years are generated.
YEARS_BACK, YEARS_AHEAD = 2, 2


def _clock_text(value: time, *, closing: bool = False) -> str:
    return "24:00" if closing and value == time(0) else value.strftime("%H:%M")


def _hours(opens: time | None, closes: time | None) -> list[list[str]]:
    if opens is None or closes is None:
        return []
    return [[_clock_text(opens), _clock_text(closes, closing=True)]]


def calendar_definition(calendar: Calendar, *, this_year: int) -> dict[str, Any]:
    """The rows as the JSON that `accounts.domain.calendar_json` reads."""
    weekly: dict[str, list[list[str]]] = {}
    for row in calendar.hours.all():
        weekly.setdefault(WEEKDAYS[row.weekday], []).extend(_hours(row.opens, row.closes))
    years = list(range(this_year - YEARS_BACK, this_year + YEARS_AHEAD + 1)) if calendar.country else []
    holidays = {
        day.isoformat(): name
        for year in years
        for day, name in public_holidays(calendar.country, calendar.subdivision, year).items()
    }
    half_days: dict[str, Any] = {}
    overrides: dict[str, Any] = {}
    for special in calendar.exceptions.all():
        day, hours = special.date.isoformat(), _hours(special.opens, special.closes)
        if special.kind == ExceptionKind.HALF_DAY:
            opens, closes = hours[0]
            half_days[day] = {"name": special.name, "opens": opens, "closes": closes}
        elif special.kind == ExceptionKind.HOLIDAY:
            holidays[day] = special.name
        else:
            overrides[day] = {"name": special.name, "hours": hours}
    return {
        "code": calendar.code,
        "name": calendar.name,
        "zone": calendar.time_zone,
        "always_open": calendar.always_open,
        "weekly": weekly,
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "holidays": holidays,
        "holiday_years": years,
        "half_days": half_days,
        "overrides": overrides,
    }


@transaction.atomic
def calendar_revise(*, calendar: Calendar, by: User | None) -> CalendarRevision:
    """Make the calendar's rows its current revision. Nothing happens when they say what it says already.

    Raises InvalidCalendar naming the field. The sweep moves running clocks to the new revision.
    """
    calendar = Calendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)
    now = clock.now()
    current = calendar.revisions.filter(superseded_at__isnull=True).first()
    definition = calendar_definition(calendar, this_year=now.year)
    from_json(definition)
    if current is not None and current.definition == definition:
        return current
    number = 1
    if current is not None:
        CalendarRevision.objects.filter(pk=current.pk).update(superseded_at=now)
        number = current.number + 1
    revision = CalendarRevision.objects.create(
        calendar=calendar,
        number=number,
        definition=definition,
        created_by=by,
        clocks_moved_at=None if current else now,
    )
    event_append(subject=("calendar", calendar.pk), kind="calendar.revised", actor=by, at=now, data={"number": number})
    return revision
