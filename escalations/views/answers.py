"""What a service refuses, as an HTTP answer: NotAllowed 403, Refused 422, Overtaken and conflicts 409.

`@service_answers` on a view turns whatever its service refuses into the page (for htmx: the note) that says so.
In a view with a form, `refuse(form, error)` puts a refusal at the form's fields, and `conflict_panel` makes the
panel of both versions that `{% conflict panel %}` draws inside the form.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.views.answers import SERVICE_ERRORS, View, answer, fault_for, refuse
from escalations.errors import Refused
from web.clock import page_now
from web.conflicts import Conflict, differences
from web.formats import format_time

__all__ = ["answer", "at_target", "conflict_panel", "fault_for", "refuse", "service_answers"]


def service_answers(view: View) -> View:
    """Answer for a view what its service refuses; the way out is the ticket that the view's `ref` names."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SERVICE_ERRORS as error:
            ref = getattr(error, "way_out", "") or kwargs.get("ref")
            if not ref:
                return answer(request, error)
            return answer(request, error, act=f"Open {ref}", url=reverse("escalations:ticket_detail", args=[ref]))

    return answered


def at_target(error: Refused) -> Refused:
    """Services speak of a team and a person; our forms have one field `to` for both."""
    fields = {"to" if name in ("to_team", "to_user") else name: text for name, text in error.fields.items()}
    return Refused(str(error), fields)


def conflict_panel(
    request: HttpRequest,
    *,
    who: object,
    at: datetime,
    what: str,
    labels: Mapping[str, str],
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
    show: Mapping[str, Any] | None = None,
    short: str = "",
    between: str = "",
    verb: str = "saved",
) -> Conflict:
    """The 409 panel: `who` (in buttons: `short`) saved `what` at `at`.

    `labels` name the fields, `show` says how a value is written.
    """
    when = format_time(at, timezone.get_current_timezone(), page_now(request))
    found = differences(labels=labels, theirs=theirs, mine=mine, show=show)
    return Conflict(str(who), when, what, found, short, between, verb)
