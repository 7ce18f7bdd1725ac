"""Many shifts at once: a repeating pattern, or a calendar file. Both show every row before anything is written."""

from base64 import b64decode, b64encode
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.access import may_plan, team_for
from accounts.choices import Ability
from accounts.errors import NotAllowed, Refused
from accounts.forms.duty import PATTERN_PEOPLE, PatternForm, RotaFileForm
from accounts.forms.people import workers_by_team
from accounts.models import Team, User
from accounts.plan_lines import plan_lines, plan_summary
from accounts.querysets import able
from accounts.services.rota_files import FileShift, read_calendar
from accounts.services.rota_import import import_preview, rota_import
from accounts.services.rota_patterns import rota_preview, rota_write
from accounts.services.rota_plan import Plan
from accounts.views.answers import refuse, service_answers
from accounts.views.rota import team_tabs
from journal.models import Draft
from journal.services import draft_discard, draft_save
from web.clock import page_now
from web.http import INVALID, OK, form_methods, posted, redirect_to


def _team(request: HttpRequest, code: str) -> Team:
    team = team_for(request.user, code)
    if not may_plan(request.user, team):
        raise NotAllowed(f"The lead of {team}, managers and administrators plan its duty.")
    return team


def _rota_url(team: Team) -> str:
    return reverse("accounts:rota_detail", args=[team.code])


@form_methods
@service_answers
def rota_pattern(request: HttpRequest, code: str) -> HttpResponse:
    """People take turns: what that comes to, row by row, then written."""
    team = _team(request, code)
    zone, now = timezone.get_current_timezone(), page_now(request)
    form = PatternForm(posted(request), people=workers_by_team(team), team=team, initial=_suggestion(team, request))
    plan = None
    if form.is_bound and form.is_valid():
        try:
            pattern = form.pattern()
            if request.POST.get("do") == "write":
                done = rota_write(team=team, by=request.user, pattern=pattern, replace=form.replaces, zone=zone)
                messages.success(request, f"Written: {plan_summary(done)}.")
                return redirect_to(request, f"{_rota_url(team)}?week={pattern.first.isoformat()}")
            plan = rota_preview(team=team, pattern=pattern, replace=form.replaces, now=now, zone=zone)
        except Refused as error:
            refuse(form, error)
    return _show(request, "accounts/rota_pattern.html", team, "rota_pattern", form, plan)


def _suggestion(team: Team, request: HttpRequest) -> dict[str, object]:
    """Everybody of the team but its lead, from next Monday on, for four weeks, in the team's hours."""
    today = page_now(request).astimezone(timezone.get_current_timezone()).date()
    monday = today + timedelta(days=7 - today.weekday())
    hours = list(team.calendar.hours.all())
    members = team.members.filter(able(Ability.WORK)).exclude(pk=team.lead_id)
    return {
        **{
            f"person_{number}": person
            for number, person in enumerate(members.order_by("full_name")[:PATTERN_PEOPLE], 1)
        },
        "first": monday,
        "until": monday + timedelta(days=28),
        "opens": min((row.opens for row in hours), default=None),
        "closes": max((row.closes for row in hours), default=None),
        "weekdays": sorted({row.weekday for row in hours}),
    }


def _draft_name(team: Team) -> str:
    return f"rota-import:{team.pk}"


@form_methods
@service_answers
def rota_import_page(request: HttpRequest, code: str) -> HttpResponse:
    """Upload a calendar file, see what every event comes to, write it. The file is kept until then."""
    team = _team(request, code)
    zone, now = timezone.get_current_timezone(), page_now(request)
    act = request.POST.get("do", "") if request.method == "POST" else ""
    if act == "discard":
        draft_discard(user=request.user, form=_draft_name(team))
        return redirect_to(request, reverse("accounts:rota_import", args=[team.code]))
    form = RotaFileForm(request.POST, request.FILES) if act == "upload" else RotaFileForm()
    problem = ""
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        data = file.read()
        try:
            read_calendar(data, zone=team.calendar.time_zone, now=now)
        except Refused as error:
            refuse(form, error)
        else:
            _keep(request.user, team, file.name, data)
            return redirect_to(request, reverse("accounts:rota_import", args=[team.code]))
    name, shifts = _kept(request.user, team, now)
    if act == "write" and shifts:
        try:
            done = rota_import(team=team, by=request.user, shifts=shifts, name=name, zone=zone)
        except Refused as error:
            problem = str(error)
        else:
            draft_discard(user=request.user, form=_draft_name(team))
            messages.success(request, f"Imported: {plan_summary(done)}.")
            return redirect_to(request, _rota_url(team))
    plan = import_preview(team=team, shifts=shifts, now=now, zone=zone) if shifts and not form.is_bound else None
    return _show(request, "accounts/rota_import.html", team, "rota_import", form, plan, name=name, problem=problem)


def _keep(user: User, team: Team, name: str, data: bytes) -> None:
    kept = {"name": name[:200].replace("\0", ""), "data": b64encode(data).decode("ascii")}
    draft_discard(user=user, form=_draft_name(team))
    draft_save(user=user, form=_draft_name(team), data=kept, version=None)


def _kept(user: User, team: Team, now: object) -> tuple[str, list[FileShift]]:
    draft = Draft.objects.filter(user=user, form=_draft_name(team)).first()
    if draft is None:
        return "", []
    data = b64decode(draft.data["data"])
    return draft.data["name"], read_calendar(data, zone=team.calendar.time_zone, now=now)


def _show(
    request: HttpRequest, template: str, team: Team, page: str, form: object, plan: Plan | None, **more: object
) -> HttpResponse:
    zone = timezone.get_current_timezone()
    wrong = getattr(form, "errors", None) or more.get("problem")
    context = {
        "team": team,
        "form": form,
        "tabs": team_tabs(team, page),
        "plan": plan,
        "lines": plan_lines(plan, zone) if plan else [],
        "summary": plan_summary(plan) if plan else "",
        "may_plan": True,
        **more,
    }
    return render(request, template, context, status=int(INVALID if wrong else OK))
