"""What a calendar's editor would change: the calendar is a room below, so it loads this panel by its address."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.access import calendar_for, check_configures
from accounts.calendars import working_calendar
from accounts.errors import Refused
from accounts.forms.calendars import CalendarEditor
from accounts.selectors.calendars import day_changes
from accounts.services.calendars import calendar_as
from escalations.selectors.calendar_moves import calendar_moves
from journal import clock
from web.http import INVALID, OK, page_or_fragment

SHOWN_DAYS = 12


@require_POST
def calendar_preview(request: HttpRequest, code: str) -> HttpResponse:
    """The days and the running clocks that what stands in the editor would change. Changes nothing."""
    check_configures(request.user)
    calendar = calendar_for(request.user, code)
    editor = CalendarEditor.sent(request.POST, calendar)
    context = {"calendar": calendar, "problems": []}
    status = INVALID
    if not editor.is_valid():
        context["problems"] = editor.problems
    else:
        now, values = clock.now(), editor.values
        try:
            after = calendar_as(calendar, values)
        except Refused as error:
            context["problems"] = list(error.fields.values())
        else:
            status = OK
            days = day_changes(working_calendar(calendar.current), after, now, ZoneInfo(values.time_zone))
            context |= {
                "days": days[:SHOWN_DAYS], "more": len(days) - SHOWN_DAYS, "zone": values.time_zone,
                "moves": calendar_moves(calendar, after, request.user, now=now),
            }  # fmt: skip
    return page_or_fragment(
        request, "escalations/calendar_preview.html", "escalations/_calendar_preview.html", context, int(status)
    )  # fmt: skip
