"""Calendars: edited as one thing, and frozen into the revisions that clocks use."""

from collections.abc import Collection, Iterable
from datetime import time
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from accounts.choices import ExceptionKind
from accounts.domain.calendar_errors import InvalidCalendar
from accounts.domain.calendar_json import from_json
from accounts.domain.calendar_spec import DAY_MINUTES, WEEKDAYS, CalendarSpec, Hours, format_minutes
from accounts.domain.calendar_values import CalendarValues, SpecialDay, definition_changes
from accounts.domain.calendars import Calendar as WorkingCalendar
from accounts.domain.calendars import build_calendar
from accounts.errors import EditConflict, Refused
from accounts.holidays import UnknownCountry, country_problems, frozen, public_holidays
from accounts.models import Calendar, CalendarException, CalendarHours, CalendarRevision, User
from journal import clock
from journal.services import event_append

# Frozen with the revision, so that a newer holiday library cannot move past deadlines; other years are generated.
YEARS_BACK, YEARS_AHEAD = 2, 2
NOT_SAVED = "Not saved."
NEVER_OPENS = "Say when it opens: a clock on a calendar that never does would never ring."
LONGEST_CODE = 40


def _minutes(value: time) -> int:
    return value.hour * 60 + value.minute


def stretch(opens: time, closes: time) -> Hours:
    """Hours of two clock times; midnight closes the day."""
    return Hours(_minutes(opens), _minutes(closes) or DAY_MINUTES)


def _times(hours: Hours) -> tuple[time, time]:
    return (time(*divmod(hours.opens, 60)), time(*divmod(hours.closes % DAY_MINUTES, 60)))


def calendar_values(calendar: Calendar) -> CalendarValues:
    """The calendar's rows. Four statements, none for what is prefetched."""
    weekly: list[list[Hours]] = [[] for _ in WEEKDAYS]
    for row in calendar.hours.all():
        weekly[row.weekday].append(stretch(row.opens, row.closes))
    return CalendarValues(
        name=calendar.name,
        time_zone=calendar.time_zone,
        always_open=calendar.always_open,
        country=calendar.country,
        subdivision=calendar.subdivision,
        weekly=tuple(tuple(hours) for hours in weekly),
        members=tuple(sorted(member.code for member in calendar.members.all())),
        days=tuple(
            SpecialDay(row.date, row.kind, row.name,
                       None if row.opens is None or row.closes is None else stretch(row.opens, row.closes))
            for row in calendar.exceptions.all()
        ),
    )  # fmt: skip


def _pair(hours: Hours) -> list[str]:
    return [format_minutes(hours.opens), format_minutes(hours.closes)]


def definition_of(code: str, values: CalendarValues, *, this_year: int) -> dict[str, Any]:
    """The values as the JSON that `accounts.domain.calendar_json` reads. Raises UnknownCountry."""
    years = list(range(this_year - YEARS_BACK, this_year + YEARS_AHEAD + 1)) if values.country else []
    holidays = {day.isoformat(): name for day, name in frozen(values.country, values.subdivision, years).items()}
    half_days: dict[str, Any] = {}
    overrides: dict[str, Any] = {}
    for special in values.days:
        day = special.date.isoformat()
        if special.hours is None:
            holidays[day] = special.name
        elif special.kind == ExceptionKind.HALF_DAY:
            opens, closes = _pair(special.hours)
            half_days[day] = {"name": special.name, "opens": opens, "closes": closes}
        else:
            overrides[day] = {"name": special.name, "hours": [_pair(special.hours)]}
    definition = {
        "code": code,
        "name": values.name,
        "zone": values.time_zone,
        "always_open": values.always_open,
        "weekly": {
            day: [_pair(one) for one in hours] for day, hours in zip(WEEKDAYS, values.weekly, strict=True) if hours
        },
        "country": values.country,
        "subdivision": values.subdivision,
        "holidays": holidays,
        "holiday_years": years,
        "half_days": half_days,
        "overrides": overrides,
    }
    if values.members:
        members = Calendar.objects.filter(code__in=values.members).prefetch_related("hours", "exceptions", "members")
        definition["members"] = [definition_of(one.code, calendar_values(one), this_year=this_year) for one in members]
    return definition


def members_problem(code: str, members: Collection[str]) -> str:
    """Why a calendar cannot count the hours of these as its own; "": it can."""
    if not members:
        return ""
    if code in members:
        return "A calendar does not count its own hours twice."
    inner = Calendar.objects.filter(code__in=members, members__isnull=False).distinct().first()
    if inner is not None:
        return f"{inner} is itself made of others: choose those."
    outer = Calendar.objects.filter(members__code=code).first()
    return f"{outer} is made of this one, so this one is made of no others." if outer else ""


def calendar_problems(code: str, values: CalendarValues) -> dict[str, str]:
    """Field of `CalendarValues` → what is wrong with it, for what a form by itself cannot know."""
    problems = country_problems(values.country, values.subdivision)
    if not values.opens_ever:
        problems["mon"] = NEVER_OPENS
    problem = members_problem(code, values.members)
    if problem:
        problems["members"] = problem
    dates = [day.date for day in values.days]
    twice = next((day for day in dates if dates.count(day) > 1), None)
    if twice is not None:
        problems["days"] = f"{twice.isoformat()} stands here twice."
    return problems


def calendar_as(calendar: Calendar, values: CalendarValues) -> WorkingCalendar:
    """The business time that the calendar would have with these values. Raises Refused by field."""
    return build_calendar(_checked(calendar.code, values), holidays=public_holidays)


def _checked(code: str, values: CalendarValues) -> CalendarSpec:
    """Raises Refused."""
    problems = calendar_problems(code, values)
    if not problems:
        try:
            return from_json(definition_of(code, values, this_year=clock.now().year))
        except InvalidCalendar as error:
            problems = {_field_of(error): error.message}
        except UnknownCountry as error:
            problems = {"country": str(error)}
    raise Refused(NOT_SAVED, problems)


def _field_of(error: InvalidCalendar) -> str:
    """The form's field for a path of the definition: `weekly.mon[1]` → `mon`."""
    head, _, rest = error.field.partition(".")
    match head:
        case "weekly":
            return rest[:3]
        case "zone":
            return "time_zone"
        case "half_days" | "overrides" | "holidays":
            return "days"
    return head


@transaction.atomic
def calendar_create(*, wanted: CalendarValues, by: User) -> Calendar:
    """A new calendar with its first revision; its code comes from its name. Raises Refused by field."""
    code = _free_code(wanted.name)
    _checked(code, wanted)
    calendar = Calendar.objects.create(code=code, name=wanted.name)
    _write(calendar, wanted)
    calendar_revise(calendar=calendar, by=by)
    return calendar


def _free_code(name: str) -> str:
    stem = slugify(name)[: LONGEST_CODE - 4].strip("-") or "calendar"
    taken = {"create", *Calendar.objects.filter(code__startswith=stem).values_list("code", flat=True)}
    number, code = 1, stem
    while code in taken:
        number += 1
        code = f"{stem}-{number}"
    return code


@transaction.atomic
def calendar_save(*, calendar: Calendar, wanted: CalendarValues, seen: str, by: User) -> CalendarRevision:
    """Make the calendar what is wanted and freeze it. `seen` is the mark of what the form was made from.

    Raises Refused by field, EditConflict (`current` by field) when somebody changed it since.
    """
    held = Calendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)
    current = calendar_values(held)
    if seen != current.mark and wanted != current:
        revision = held.current
        who = "You, in another window," if revision.created_by_id == by.pk else str(revision.created_by or "Belay")
        raise EditConflict(who, revision.created_at, current.fields)
    _checked(held.code, wanted)
    _write(held, wanted)
    return calendar_revise(calendar=held, by=by)


def _write(calendar: Calendar, wanted: CalendarValues) -> None:
    for field in ("name", "time_zone", "always_open", "country", "subdivision"):
        setattr(calendar, field, getattr(wanted, field))
    calendar.save()
    calendar.members.set(Calendar.objects.filter(code__in=wanted.members))
    calendar.hours.all().delete()
    CalendarHours.objects.bulk_create(
        CalendarHours(calendar=calendar, weekday=weekday, opens=opens, closes=closes)
        for weekday, hours in enumerate(wanted.weekly)
        for opens, closes in map(_times, hours)
    )
    calendar.exceptions.all().delete()
    CalendarException.objects.bulk_create(_exceptions(calendar, wanted.days))


def _exceptions(calendar: Calendar, days: Iterable[SpecialDay]) -> Iterable[CalendarException]:
    for day in days:
        opens, closes = _times(day.hours) if day.hours else (None, None)
        yield CalendarException(
            calendar=calendar, date=day.date, kind=day.kind, name=day.name, opens=opens, closes=closes
        )


@transaction.atomic
def calendar_revise(*, calendar: Calendar, by: User | None) -> CalendarRevision:
    """Make the calendar's rows its current revision. Nothing happens when they say what it says already.

    Calendars that it is a member of are revised with it. Raises InvalidCalendar naming the field, UnknownCountry.
    The sweep moves running clocks to the new revision.
    """
    calendar = Calendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)
    now = clock.now()
    current = calendar.revisions.filter(superseded_at__isnull=True).first()
    definition = definition_of(calendar.code, calendar_values(calendar), this_year=now.year)
    spec = from_json(definition)
    if current is not None and current.definition == definition:
        return current
    number, changes = 1, []
    if current is not None:
        CalendarRevision.objects.filter(pk=current.pk).update(superseded_at=now)
        number, changes = current.number + 1, definition_changes(from_json(current.definition), spec)
    revision = CalendarRevision.objects.create(
        calendar=calendar,
        number=number,
        definition=definition,
        created_by=by,
        clocks_moved_at=None if current else now,
    )
    event_append(
        subject=("calendar", calendar.pk), kind="calendar.revised", actor=by, at=now,
        data={"number": number, "changes": [list(one) for one in changes]},
    )  # fmt: skip
    for whole in calendar.part_of.all():
        calendar_revise(calendar=whole, by=by)
    return revision
