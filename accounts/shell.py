"""What the rail says of the person who is signed in, and where administration is."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from django.db.models import QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from accounts.calendars import working_calendar
from accounts.choices import Ability, DutyRole
from accounts.demo import PASSWORD, documented_logins
from accounts.domain.calendar_errors import CalendarError
from accounts.domain.calendars import closes_at, next_open
from accounts.models import Absence, CalendarRevision, DutyShift, User
from accounts.selectors.duty import absences_at
from web import navigation
from web.clock import page_now
from web.formats import format_instant, format_time, zone_name


def working_hours(request: HttpRequest) -> navigation.Status | None:
    """Until when the person is away or on duty, else until when their team works or when it opens again."""
    team, now, zone = request.user.team, page_now(request), timezone.get_current_timezone()
    away = absences_at(now).filter(user=request.user).values("ends_at")
    if team is None:
        away_until = away.values_list("ends_at", flat=True).first()
        return _away(away_until, zone, now) if away_until else None
    revision = _revision_and_person(request.user, team.calendar_id, now, away)
    if revision.away_until is not None:
        return _away(revision.away_until, zone, now)
    if revision.duty_until is not None:
        words = DutyRole(revision.duty_role).label
        until = f"{format_time(revision.duty_until, zone, now)} {zone_name(revision.duty_until, zone)}"
        return navigation.Status(f"{words} until {until}", icon="headset")
    calendar = working_calendar(revision)
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


def _away(until: datetime, zone: tzinfo, now: datetime) -> navigation.Status:
    return navigation.Status(f"Away until {format_instant(until, zone, now)}", icon="calendar-off", off=True)


def _revision_and_person(
    user: User, calendar_id: int, now: datetime, away: QuerySet[Absence, dict[str, datetime]]
) -> CalendarRevision:
    """The revision that the team's hours come from, with until when the person is away or on duty: one statement."""
    # "primary" sorts after "backup": whoever is both leads.
    turns = DutyShift.objects.filter(user=user, starts_at__lte=now, ends_at__gt=now).order_by("-role", "-ends_at")
    revisions = CalendarRevision.objects.filter(calendar=calendar_id, superseded_at__isnull=True).order_by()
    return revisions.annotate(
        away_until=Subquery(away[:1]),
        duty_until=Subquery(turns.values("ends_at")[:1]),
        duty_role=Subquery(turns.values("role")[:1]),
    ).get()


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
