"""A rota as iCalendar: what calendars show, and what `accounts.services.rota_files` reads back unchanged."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vText

from accounts.models import DutyShift, Team

BEHIND = timedelta(days=31)


def exported_shifts(team: Team, now: datetime) -> Iterable[DutyShift]:
    """What a download holds: everything from a month back on."""
    return DutyShift.objects.filter(team=team, ends_at__gt=now - BEHIND).select_related("user").order_by("starts_at")


def rota_calendar(team: Team, shifts: Iterable[DutyShift], now: datetime) -> bytes:
    """One event a shift, in UTC, with its person as attendee and its kind as category."""
    calendar = Calendar()
    calendar.add("prodid", "-//Belay//Duty rota//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", f"Duty rota of {team}")
    calendar.add("x-wr-timezone", team.calendar.time_zone)
    for shift in shifts:
        calendar.add_component(_event(team, shift, now))
    return bytes(calendar.to_ical())


def _event(team: Team, shift: DutyShift, now: datetime) -> Event:
    event = Event()
    event.add("uid", shift.uid)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", shift.starts_at.astimezone(UTC))
    event.add("dtend", shift.ends_at.astimezone(UTC))
    event.add("summary", f"{shift.user}: {shift.get_role_display()}, {team}")
    event.add("categories", [shift.get_role_display()])
    if shift.note:
        event.add("description", shift.note)
    attendee = vCalAddress(f"mailto:{shift.user.email}")
    attendee.params["CN"] = vText(str(shift.user))
    event.add("attendee", attendee, encode=0)
    return event
