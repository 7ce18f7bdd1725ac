"""One shift: seen, put on, changed, taken off, covered, and offered to a colleague."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may_plan, shift_for, swap_for, team_for
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.forms.duty import CoverForm, ShiftForm, SwapForm
from accounts.forms.people import workers_by_team
from accounts.models import DutyShift, Team, User
from accounts.rota_lines import span_label
from accounts.services import rota, swaps
from accounts.services.rota import ShiftFacts
from accounts.views.answers import refuse, service_answers
from accounts.views.sheets import Sheet, act_on_sheet, show_sheet
from accounts.views.swap_words import swap_lines
from web.clock import page_now
from web.fields import INPUT_FORMAT
from web.http import CONFLICT, INVALID, OK, form_methods, posted, redirect_to


def _rota_url(team: Team, at: datetime | None = None) -> str:
    url = reverse("accounts:rota_detail", args=[team.code])
    return f"{url}?week={at.astimezone(timezone.get_current_timezone()):%Y-%m-%d}" if at else url


def _crumbs(team: Team) -> list[tuple[str, str]]:
    return [("Duty rota", reverse("accounts:rota_list")), (f"{team.tier.code} {team}", _rota_url(team))]


def _done(request: HttpRequest, team: Team, at: datetime, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect_to(request, _rota_url(team, at))


def _span(shift: DutyShift) -> str:
    return span_label(shift.starts_at, shift.ends_at, timezone.get_current_timezone())


def _check_plans(user: User, team: Team) -> None:
    if not may_plan(user, team):
        raise NotAllowed(f"The lead of {team}, managers and administrators plan its duty.")


@require_safe
def shift_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A shift and what this person may do with it."""
    shift = shift_for(request.user, pk)
    now, plans = page_now(request), may_plan(request.user, shift.team)
    is_over, is_mine = shift.ends_at <= now, shift.user_id == request.user.pk
    asked = shift.swaps.filter(state="asked").select_related(
        "shift__team", "shift__user", "in_return__user", "asked_by", "offered_to"
    )
    context = {
        "shift": shift,
        "span": _span(shift),
        "crumbs": _crumbs(shift.team),
        "is_over": is_over,
        "plans": plans and not is_over,
        "may_cover": not is_over and (plans or (request.user.team_id == shift.team_id and not is_mine)),
        "may_swap": is_mine and shift.starts_at > now,
        "swaps": swap_lines(asked, request.user, timezone.get_current_timezone(), plans=plans),
        "back": _rota_url(shift.team, shift.starts_at),
    }
    return render(request, "accounts/shift_detail.html", context)


@form_methods
@service_answers
def shift_create(request: HttpRequest, code: str) -> HttpResponse:
    """Put somebody on duty. A gap of the page fills in its times."""
    team = team_for(request.user, code)
    _check_plans(request.user, team)
    start = {"starts_at": _given(request, "from"), "ends_at": _given(request, "until")}
    form = ShiftForm(posted(request), people=workers_by_team(team), initial=start)
    sheet = Sheet(f"Put somebody on duty for {team}", "They are told by mail.", "Add shift", _rota_url(team), "plus",
                  _crumbs(team))  # fmt: skip

    def act() -> HttpResponse:
        values = {key: value for key, value in form.cleaned_data.items() if key != "seen"}
        shift = rota.shift_create(team=team, by=request.user, **values)
        return _done(request, team, shift.starts_at, f"{shift.user} is on duty {_span(shift)}.")

    return act_on_sheet(request, sheet, form, act)


@form_methods
@service_answers
def shift_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change who has a shift, and when."""
    shift = shift_for(request.user, pk)
    _check_plans(request.user, shift.team)
    facts = ShiftFacts.of(shift)
    start = {"user": shift.user, "role": facts.role, "starts_at": facts.starts_at, "ends_at": facts.ends_at,
             "note": facts.note, "seen": facts.mark}  # fmt: skip
    form = ShiftForm(posted(request), people=workers_by_team(shift.team), initial=start)
    sheet = Sheet(f"Change the shift of {shift.user}", _span(shift), "Save shift", shift.get_absolute_url(), "pencil",
                  _crumbs(shift.team))  # fmt: skip
    status = INVALID if form.is_bound else OK
    if form.is_bound and form.is_valid():
        try:
            values = form.cleaned_data
            wanted = ShiftFacts(
                values["user"].pk, values["role"], values["starts_at"], values["ends_at"], values["note"]
            )
            changed = rota.shift_change(shift=shift, by=request.user, seen=values["seen"], facts=wanted)
        except Overtaken as error:
            form.add_error(None, f"{error} What you typed is kept: save again to write it over that.")
            form.data = form.data.copy()
            form.data["seen"] = ShiftFacts.of(shift_for(request.user, pk)).mark
            status = CONFLICT
        except Refused as error:
            refuse(form, error)
        else:
            return _done(request, shift.team, changed.starts_at, f"Saved: {changed.user}, {_span(changed)}.")
    return show_sheet(request, sheet, form, status)


@form_methods
@service_answers
def shift_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a shift off the rota, after saying what that leaves."""
    shift = shift_for(request.user, pk)
    _check_plans(request.user, shift.team)
    if request.method == "POST":
        rota.shift_delete(shift=shift, by=request.user)
        return _done(request, shift.team, shift.starts_at, f"{shift.user} is off duty {_span(shift)}.")
    runs = shift.starts_at <= page_now(request)
    purpose = "It has begun: it ends now." if runs else "Nobody takes its place. They are told by mail."
    sheet = Sheet(f"Take {shift.user} off duty, {_span(shift)}", purpose, "Take shift off",
                  shift.get_absolute_url(), "trash", _crumbs(shift.team), is_danger=True)  # fmt: skip
    return show_sheet(request, sheet)


@form_methods
@service_answers
def shift_cover(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody take over a shift or a part of it; people of the team take over for themselves."""
    shift = shift_for(request.user, pk)
    plans = may_plan(request.user, shift.team)
    if not plans and request.user.team_id != shift.team_id:
        raise NotAllowed(f"People of {shift.team} cover its shifts; its lead and managers put others on.")
    people = workers_by_team(shift.team) if plans else [(str(shift.team), [request.user])]
    begins = max(shift.starts_at, page_now(request).replace(second=0, microsecond=0))
    start: dict[str, Any] = {
        "user": None if plans else request.user,
        "starts_at": _given(request, "from") or begins,
        "ends_at": _given(request, "until") or shift.ends_at,
    }
    form = CoverForm(posted(request), people=people, holder=shift.user, initial=start)
    sheet = Sheet(f"Cover the shift of {shift.user}", f"{_span(shift)}. The rest stays theirs.", "Cover shift",
                  shift.get_absolute_url(), "user-check", _crumbs(shift.team))  # fmt: skip

    def act() -> HttpResponse:
        part = rota.shift_cover(shift=shift, by=request.user, **form.cleaned_data)
        return _done(request, shift.team, part.starts_at, f"{part.user} covers {_span(part)}.")

    return act_on_sheet(request, sheet, form, act)


@form_methods
@service_answers
def swap_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a colleague to take one's shift."""
    shift = shift_for(request.user, pk)
    now, zone = page_now(request), timezone.get_current_timezone()
    if shift.user_id != request.user.pk:
        raise NotAllowed("You can offer your own shifts. To take over a colleague’s, cover it.")
    coming = DutyShift.objects.filter(team=shift.team, starts_at__gt=now).exclude(user=request.user)
    theirs = [(one, span_label(one.starts_at, one.ends_at, zone)) for one in
              coming.select_related("user").order_by("user__full_name", "starts_at")[:200]]  # fmt: skip
    form = SwapForm(posted(request), people=workers_by_team(shift.team), asker=request.user, theirs=theirs)
    sheet = Sheet("Ask a colleague to take your shift", f"{_span(shift)}. It stays yours until they accept.",
                  "Ask colleague", shift.get_absolute_url(), "send", _crumbs(shift.team))  # fmt: skip

    def act() -> HttpResponse:
        swap = swaps.swap_ask(shift=shift, by=request.user, **form.cleaned_data)
        return _done(request, shift.team, shift.starts_at, f"{swap.offered_to} is asked.")

    return act_on_sheet(request, sheet, form, act)


@require_POST
@service_answers
def swap_accept(request: HttpRequest, pk: int) -> HttpResponse:
    swap = swap_for(request.user, pk)
    swaps.swap_accept(swap=swap, by=request.user)
    return _done(request, swap.shift.team, swap.shift.starts_at, f"The shift is yours: {_span(swap.shift)}.")


@require_POST
@service_answers
def swap_decline(request: HttpRequest, pk: int) -> HttpResponse:
    swap = swap_for(request.user, pk)
    swaps.swap_decline(swap=swap, by=request.user)
    return _done(request, swap.shift.team, swap.shift.starts_at, f"Declined. {swap.asked_by} keeps the shift.")


@require_POST
@service_answers
def swap_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    swap = swap_for(request.user, pk)
    swaps.swap_withdraw(swap=swap, by=request.user)
    return _done(request, swap.shift.team, swap.shift.starts_at, "The question is taken back.")


def _given(request: HttpRequest, name: str) -> datetime | None:
    """A local time of the address, in the reader's zone; None for anything else."""
    try:
        found = datetime.strptime(request.GET.get(name, ""), INPUT_FORMAT)
    except ValueError:
        return None
    return found.replace(tzinfo=timezone.get_current_timezone())
