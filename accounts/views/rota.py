"""The duty rota: all teams now, a team's week, its month, and its download as a calendar."""

from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import check_reads, may_plan, team_for
from accounts.calendars import current_revision, working_calendar
from accounts.domain.calendars import open_at
from accounts.models import Team
from accounts.rota_history import rota_history
from accounts.rota_lines import day_label, span_label, week_lines
from accounts.selectors.duty import duty_now
from accounts.selectors.rota import Stretch, coming_gaps, open_swaps, rota_days, shifts_between, shifts_in_need
from accounts.selectors.rota_export import exported_shifts, rota_calendar
from accounts.views.swap_words import swap_lines
from web.clock import page_now
from web.formats import MONTHS, format_hours, zone_name

WEEK = 7
AHEAD = timedelta(days=7)


def team_tabs(team: Team, page: str) -> list[dict[str, object]]:
    names = {"rota_detail": "Week", "rota_month": "Month", "rota_pattern": "Pattern", "rota_import": "Import"}
    return [
        {"label": label, "url": reverse(f"accounts:{name}", args=[team.code]), "current": name == page}
        for name, label in names.items()
    ]


def read_day(text: str, default: date) -> date:
    """A date of the address; the default for anything else, and for years that calendars do not cover."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return default
    return found if 2000 <= found.year <= 2100 else default


def is_missing(gaps: list[Stretch], now: datetime) -> bool:
    """Whether somebody should be there now and nobody is: closed hours without anybody are no alarm."""
    return any(low <= now < high for low, high in gaps)


@require_safe
def rota_list(request: HttpRequest) -> HttpResponse:
    """Every team: who is on duty now, until when, and the next hours without anybody."""
    check_reads(request.user)
    now, zone = page_now(request), timezone.get_current_timezone()
    teams = list(Team.objects.filter(is_active=True).select_related("tier", "region", "lead", "calendar"))
    stands = duty_now(teams, now)
    gaps = coming_gaps(teams, now, now + AHEAD)
    rows = []
    for team in teams:
        missing = gaps[team.pk] if stands[team.pk].keeps_rota else []
        length = sum((high - low).total_seconds() for low, high in missing)
        rows.append(
            {
                "team": team,
                "stand": stands[team.pk],
                "url": reverse("accounts:rota_detail", args=[team.code]),
                "gaps": format_hours(length) if missing else "",
                "first_gap": span_label(*missing[0], zone) if missing else "",
                "is_open": is_missing(missing, now),
                "is_mine": team.pk == request.user.team_id or team.lead_id == request.user.pk,
            }
        )
    context = {"rows": rows, "zone": zone_name(now, zone), "nobody": sum(row["is_open"] for row in rows)}
    return render(request, "accounts/rota_list.html", context)


@require_safe
def rota_detail(request: HttpRequest, code: str) -> HttpResponse:
    """A team's week: who answers when, gaps, swaps, absences and what was done to the rota."""
    team = team_for(request.user, code)
    now, zone = page_now(request), timezone.get_current_timezone()
    today = now.astimezone(zone).date()
    chosen = read_day(request.GET.get("week", ""), today)
    monday = chosen - timedelta(days=chosen.weekday())
    week = rota_days(team, monday, WEEK, zone)
    calendar = working_calendar(current_revision(team.calendar_id))
    stand = duty_now([team], now)[team.pk]
    needs = shifts_in_need(week.absences, now)
    context = {
        "team": team,
        "week": week,
        "days": week_lines(week, team, now=now, zone=zone),
        "stand": stand,
        "is_open": stand.nobody and open_at(now, calendar),
        "swaps": swap_lines(open_swaps(team), request.user, zone, plans=may_plan(request.user, team)),
        "absences": [(one, [(shift, span_label(*part, zone)) for shift, part in needs.get(one.pk, [])])
                     for one in week.absences],
        "history": rota_history(team, zone, now),
        "gap_length": format_hours(week.gap_seconds) if week.gap_seconds else "",
        "hours": calendar.summary,
        "hours_zone": calendar.zone,
        "zone": f"{zone_name(now, zone)} ({zone})",
        "title": f"{day_label(_at(monday))} to {day_label(_at(monday + timedelta(days=6)))} {monday.year}",
        "before": (monday - timedelta(days=7)).isoformat(),
        "after": (monday + timedelta(days=7)).isoformat(),
        "is_this_week": monday <= today < monday + timedelta(days=7),
        "may_plan": may_plan(request.user, team),
        "tabs": team_tabs(team, "rota_detail"),
    }  # fmt: skip
    return render(request, "accounts/rota_detail.html", context)


@require_safe
def rota_month(request: HttpRequest, code: str) -> HttpResponse:
    """A team's shifts of a month as a list."""
    team = team_for(request.user, code)
    now, zone = page_now(request), timezone.get_current_timezone()
    chosen = read_day(f"{request.GET.get('month', '')}-01", now.astimezone(zone).date()).replace(day=1)
    after = (chosen + timedelta(days=32)).replace(day=1)
    low, high = (datetime(day.year, day.month, 1, tzinfo=zone) for day in (chosen, after))
    shifts = list(shifts_between(team, low, high))
    context = {
        "team": team,
        "rows": [{"shift": one, "span": span_label(one.starts_at, one.ends_at, zone), "is_over": one.ends_at <= now,
                  "is_now": one.starts_at <= now < one.ends_at} for one in shifts],
        "title": f"{MONTHS[chosen.month - 1]} {chosen.year}",
        "zone": f"{zone_name(now, zone)} ({zone})",
        "before": f"{chosen - timedelta(days=1):%Y-%m}",
        "after": f"{after:%Y-%m}",
        "may_plan": may_plan(request.user, team),
        "tabs": team_tabs(team, "rota_month"),
    }  # fmt: skip
    return render(request, "accounts/rota_month.html", context)


@require_safe
def rota_export(request: HttpRequest, code: str) -> HttpResponse:
    """The rota from a month back on as an iCalendar file."""
    team = team_for(request.user, code)
    now = page_now(request)
    data = rota_calendar(team, exported_shifts(team, now), now)
    headers = {
        "Content-Disposition": f'attachment; filename="duty-{team.code}.ics"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(data, content_type="text/calendar; charset=utf-8", headers=headers)


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
