"""What the rail says of the person who is signed in, and where administration is."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.utils import timezone

from accounts.calendars import current_revision, working_calendar
from accounts.choices import Ability
from accounts.demo import PASSWORD, documented_logins
from accounts.domain.calendar_errors import CalendarError
from accounts.domain.calendars import closes_at, next_open
from web import navigation
from web.clock import page_now
from web.formats import format_instant, format_time, zone_name


def working_hours(request: HttpRequest) -> navigation.Status | None:
    """Until when the person's team works, or when it opens again, in the person's zone."""
    team = request.user.team
    if team is None:
        return None
    now = page_now(request)
    calendar = working_calendar(current_revision(team.calendar_id))
    zone = timezone.get_current_timezone()
    try:
        closing = closes_at(now, calendar)
        if closing is not None:
            return navigation.Status(f"{team} works until {format_time(closing, zone, now)} {zone_name(closing, zone)}")
        opening = next_open(now, calendar)
    except CalendarError:
        return navigation.Status(f"{team} has no working hours", off=True)
    if opening == now.replace(microsecond=0):
        return navigation.Status(f"{team} works around the clock")
    return navigation.Status(f"{team} opens {format_instant(opening, zone, now)}", icon="clock", off=True)


def demo_logins() -> Iterable[navigation.DemoLogin]:
    return [navigation.DemoLogin(username, PASSWORD, person, role) for role, username, person in documented_logins()]


def _reads(request: HttpRequest) -> bool:
    return bool(request.user.can(Ability.READ))


def register() -> None:
    """Called once when the app is ready."""
    navigation.register(
        group="Run", label="Duty rota", icon="calendar-time", url_name="accounts:rota_list", order=40, visible=_reads
    )
    navigation.register(
        group="Run", label="Expertise", icon="certificate", url_name="accounts:expertise_list", order=50,
        visible=_reads,
    )  # fmt: skip
    navigation.register_status(working_hours)
    navigation.register_demo_logins(demo_logins)
    navigation.register(
        group="Also",
        label="Administration",
        icon="settings",
        url_name="admin:index",
        order=90,
        visible=lambda request: request.user.may_configure,
    )
