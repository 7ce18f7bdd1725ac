"""Calendars: when teams and customers work. Everybody reads them; who configures edits them, as one page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import calendar_for, check_configures, check_reads
from accounts.calendars import working_calendar
from accounts.choices import Ability
from accounts.domain.calendar_values import LABELS, MONDAY_FIRST, CalendarValues, field_words, hours_words
from accounts.errors import EditConflict, Refused
from accounts.forms.calendars import CalendarEditor
from accounts.models import Calendar
from accounts.selectors.calendars import SHOWN_DAYS, calendar_lines, coming_days, revisions_of, standing_of
from accounts.services.calendars import calendar_create as create
from accounts.services.calendars import calendar_save, calendar_values
from accounts.views.answers import lost_panel, service_answers
from web.clock import page_now
from web.conflicts import chooses, resolve
from web.http import CONFLICT, INVALID, OK, redirect_to


def _page(request: HttpRequest, **context: Any) -> dict[str, Any]:
    """What stands around every page of calendars: those who draft policy come from the studio."""
    return {"in_studio": request.user.can(Ability.POLICY), "may_edit": request.user.may_configure, **context}


@require_safe
def calendar_list(request: HttpRequest) -> HttpResponse:
    """Every calendar: its hours, whether it is open, who works by it."""
    check_reads(request.user)
    lines = calendar_lines(page_now(request))
    return render(request, "accounts/calendar_list.html", _page(request, lines=lines))


@require_safe
def calendar_detail(request: HttpRequest, code: str) -> HttpResponse:
    """A calendar's week, the days that are unlike it, and who changed what."""
    calendar = calendar_for(request.user, code)
    revision, now = calendar.current, page_now(request)
    open_hours, values = working_calendar(revision), calendar_values(calendar)
    context = _page(
        request, calendar=calendar, revision=revision, values=values, standing=standing_of(open_hours, now),
        summary=open_hours.summary, days=coming_days(open_hours, now), shown_days=SHOWN_DAYS,
        week=[(day, hours_words(hours)) for day, hours in zip(MONDAY_FIRST, values.weekly, strict=True)],
        members=calendar.members.all(), part_of=calendar.part_of.all(), history=revisions_of(calendar),
        teams=calendar.teams.filter(is_active=True).select_related("tier"),
    )  # fmt: skip
    return render(request, "accounts/calendar_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@service_answers
def calendar_create(request: HttpRequest) -> HttpResponse:
    """A new calendar."""
    check_configures(request.user)
    return _editor(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@service_answers
def calendar_edit(request: HttpRequest, code: str) -> HttpResponse:
    """A calendar with its hours and special days."""
    check_configures(request.user)
    return _editor(request, calendar_for(request.user, code))


def _editor(request: HttpRequest, calendar: Calendar | None) -> HttpResponse:
    if request.method != "POST":
        values = calendar_values(calendar) if calendar else None
        return _form_page(request, calendar, CalendarEditor.of(values, calendar))
    if "add_day" in request.POST or "remove_day" in request.POST:
        editor = CalendarEditor.reshaped(request.POST, calendar, without=request.POST.get("remove_day"))
        return _form_page(request, calendar, editor)
    editor = CalendarEditor.sent(request.POST, calendar)
    if not editor.is_valid():
        return _form_page(request, calendar, editor)
    try:
        kept = _save(request, calendar, editor)
    except Refused as error:
        editor.refuse(error.fields)
        return _form_page(request, calendar, editor)
    except EditConflict as lost:
        return _lost(request, calendar, editor.values, lost)
    messages.success(request, f"Calendar saved: {kept.name}. The clocks that count on it are recomputed.")
    return redirect_to(request, reverse("accounts:calendar_detail", args=[kept.code]))


def _save(request: HttpRequest, calendar: Calendar | None, editor: CalendarEditor) -> Calendar:
    wanted = editor.values
    if calendar is None:
        return create(wanted=wanted, by=request.user)
    if chooses(request.POST):
        theirs = calendar_values(calendar).fields
        wanted = CalendarValues.of_fields(resolve(request.POST, names=LABELS, theirs=theirs, mine=wanted.fields))
    return calendar_save(
        calendar=calendar, wanted=wanted, seen=editor.form.cleaned_data["seen"], by=request.user
    ).calendar  # fmt: skip


def _lost(
    request: HttpRequest, calendar: Calendar | None, mine: CalendarValues, lost: EditConflict
) -> HttpResponse:  # fmt: skip
    show = {name: _shown(name) for name in LABELS}
    panel = lost_panel(request, lost, what="calendar", labels=LABELS, mine=mine.fields, show=show)
    editor = CalendarEditor.of(mine, calendar, seen=CalendarValues.of_fields(lost.current).mark)
    return _form_page(request, calendar, editor, panel=panel)


def _shown(name: str) -> Any:
    return lambda value: field_words(name, value)


def _form_page(
    request: HttpRequest, calendar: Calendar | None, editor: CalendarEditor, *, panel: Any = None
) -> HttpResponse:  # fmt: skip
    status = CONFLICT if panel else INVALID if editor.is_bound else OK
    back = reverse("accounts:calendar_detail", args=[calendar.code]) if calendar else reverse("accounts:calendar_list")
    context = _page(request, calendar=calendar, form=editor.form, days=editor.days, panel=panel, back=back)
    return render(request, "accounts/calendar_edit.html", context, status=int(status))
