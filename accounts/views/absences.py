"""Who is away: one's own absences, and those of the people whose duty one plans."""

from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import absence_for, check_reads, may_plan, may_set_absence
from accounts.choices import Ability
from accounts.errors import NotAllowed
from accounts.forms.duty import AbsenceForm
from accounts.forms.people import workers_by_team
from accounts.models import Absence, DutyShift, User
from accounts.rota_lines import span_label
from accounts.selectors.rota import Stretch, shifts_in_need
from accounts.services import absences
from accounts.views.answers import service_answers
from accounts.views.sheets import Sheet, act_on_sheet
from web.clock import page_now
from web.fields import INPUT_FORMAT
from web.http import form_methods, posted, redirect_to

BEHIND = timedelta(days=60)
MOST = 200


def _check_works(user: User) -> None:
    check_reads(user)


def _plans_for(user: User, groups: list[tuple[str, list[User]]]) -> list[tuple[str, list[User]]] | None:
    """Whose absences somebody may enter; None when only their own."""
    leads = set(user.leads.values_list("pk", flat=True))
    everybody = user.can(Ability.MANAGE) or user.can(Ability.ADMIN)
    kept = [
        (label, [one for one in people if everybody or one.team_id in leads or one == user]) for label, people in groups
    ]
    kept = [(label, people) for label, people in kept if people]
    if not everybody and not leads:
        return None
    if not any(user in people for _, people in kept):
        kept.insert(0, ("You", [user]))
    return kept


@require_safe
def absence_list(request: HttpRequest) -> HttpResponse:
    """Absences that are or come, and those of the last two months; everybody's, to read."""
    _check_works(request.user)
    now, zone = page_now(request), timezone.get_current_timezone()
    rows = Absence.objects.select_related("user__team__tier", "covered_by").filter(ends_at__gt=now - BEHIND)
    if request.GET.get("of") != "all":
        near = Q(user=request.user) | Q(covered_by=request.user) | Q(user__team__lead=request.user)
        if request.user.team_id:
            near |= Q(user__team=request.user.team_id)
        rows = rows.filter(near)
    found = list(rows.order_by("starts_at")[:MOST])
    current = [one for one in found if one.ends_at > now and one.cancelled_at is None]
    needs = shifts_in_need(current, now)
    context = {
        "current": [_line(one, request.user, needs.get(one.pk, []), zone, now) for one in current],
        "past": [_line(one, request.user, [], zone, now) for one in reversed(found) if one not in current],
        "is_all": request.GET.get("of") == "all",
    }
    return render(request, "accounts/absence_list.html", context)


def _line(absence: Absence, user: User, needs: list[Any], zone: tzinfo, now: datetime) -> dict[str, Any]:
    return {
        "absence": absence,
        "span": span_label(absence.starts_at, absence.ends_at, zone),
        "is_now": absence.starts_at <= now < absence.ends_at and absence.cancelled_at is None,
        "needs": [_need(absence, shift, part, user, zone) for shift, part in needs],
        "may_change": may_set_absence(user, absence.user) and absence.ends_at > now and absence.cancelled_at is None,
    }


def _need(absence: Absence, shift: DutyShift, part: Stretch, user: User, zone: tzinfo) -> dict[str, Any]:
    """A part of a shift that nobody covers, with the form that puts somebody on."""
    low, high = (each.astimezone(zone) for each in part)
    query = urlencode({"from": f"{low:{INPUT_FORMAT}}", "until": f"{high:{INPUT_FORMAT}}"})
    is_colleague = user.team_id == shift.team_id and user.pk != absence.user_id
    return {
        "shift": shift,
        "span": span_label(*part, zone),
        "url": f"{reverse('accounts:shift_cover', args=[shift.pk])}?{query}",
        "may_cover": may_plan(user, shift.team) or is_colleague,
    }


@form_methods
@service_answers
def absence_create(request: HttpRequest) -> HttpResponse:
    """Enter an absence: one's own, or of somebody whose duty one plans."""
    _check_works(request.user)
    groups = workers_by_team(request.user.team)
    of = _plans_for(request.user, groups)
    form = AbsenceForm(posted(request), people=groups, of=of, initial={"user": request.user})
    sheet = Sheet("Enter an absence", "Whoever covers answers when the person away is on duty.", "Enter absence",
                  reverse("accounts:absence_list"), "calendar-off", _crumbs())  # fmt: skip

    def act() -> HttpResponse:
        absence = absences.absence_create(by=request.user, **{"user": request.user, **form.cleaned_data})
        return _done(request, f"{absence.user} is away {_span(absence)}.")

    return act_on_sheet(request, sheet, form, act)


@form_methods
@service_answers
def absence_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change when somebody is away, and who covers."""
    absence = absence_for(request.user, pk)
    if absence.cancelled_at is not None:
        raise NotAllowed("This absence is cancelled. Enter a new one.")
    start = {"starts_at": absence.starts_at, "ends_at": absence.ends_at, "covered_by": absence.covered_by,
             "note": absence.note}  # fmt: skip
    form = AbsenceForm(posted(request), people=workers_by_team(absence.user.team), of=None, initial=start)
    sheet = Sheet(f"Change the absence of {absence.user}", _span(absence), "Save absence",
                  reverse("accounts:absence_list"), "pencil", _crumbs())  # fmt: skip

    def act() -> HttpResponse:
        changed = absences.absence_change(absence=absence, by=request.user, **form.cleaned_data)
        return _done(request, f"{changed.user} is away {_span(changed)}.")

    return act_on_sheet(request, sheet, form, act)


@require_POST
@service_answers
def absence_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """They are there after all."""
    absence = absence_for(request.user, pk)
    absences.absence_cancel(absence=absence, by=request.user)
    return _done(request, f"The absence of {absence.user} is cancelled.")


def _crumbs() -> list[tuple[str, str]]:
    return [("Duty rota", reverse("accounts:rota_list")), ("Absences", reverse("accounts:absence_list"))]


def _span(absence: Absence) -> str:
    return span_label(absence.starts_at, absence.ends_at, timezone.get_current_timezone())


def _done(request: HttpRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect_to(request, reverse("accounts:absence_list"))
