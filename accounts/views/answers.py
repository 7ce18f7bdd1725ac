"""What a service refuses, as an HTTP answer: NotAllowed 403, Refused 422, Overtaken 409.

`@service_answers` on a view turns whatever its service refuses into the page (for htmx: the note) that says so. In a
view with a form, `refuse(form, error)` puts a refusal at the form's fields, and `conflict_panel` makes the panel of
both versions that `{% conflict panel %}` draws inside the form.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.errors import EditConflict, NotAllowed, Overtaken, Refused
from journal.services import KeyOfAnother
from web.clock import page_now
from web.conflicts import Conflict, differences
from web.errors import Fault
from web.formats import format_time
from web.http import wants_fragment

View = Callable[..., HttpResponse]
ServiceError = NotAllowed | Refused | Overtaken | KeyOfAnother
SERVICE_ERRORS = (NotAllowed, Refused, Overtaken, KeyOfAnother)


def fault_for(error: ServiceError, *, act: str = "Open the start page", url: str = "/") -> Fault:
    """The words of the page that answers `error`."""
    match error:
        case NotAllowed():
            return Fault(HTTPStatus.FORBIDDEN, "lock", "This is not yours to do", str(error), "", act, url)
        case Overtaken():
            return Fault(HTTPStatus.CONFLICT, "users", "Somebody was faster", str(error), "", act, url)
        case KeyOfAnother():
            words = "This form was opened by another person, or for something else. Nothing was saved."
            return Fault(HTTPStatus.CONFLICT, "refresh", "This form cannot be sent from here", words, "", act, url)
    fields = [text for text in error.fields.values() if text not in str(error)]
    return Fault(
        HTTPStatus.UNPROCESSABLE_ENTITY, "alert-circle", "Not done", str(error), " ".join(fields), act, url
    )  # fmt: skip


def answer(request: HttpRequest, error: ServiceError, *, act: str = "", url: str = "") -> HttpResponse:
    """The page for `error`, with one way out; for htmx only its note.

    Scripts that send a whole form get the page too: they put it in the place of the one they stand on.
    """
    fault = fault_for(error, act=act, url=url) if url else fault_for(error)
    template = "web/_fault.html" if wants_fragment(request) else "web/fault.html"
    return HttpResponse(render_to_string(template, {"fault": fault}, request=request), status=fault.status)


def service_answers(view: View) -> View:
    """Answer for a view what its service refuses."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SERVICE_ERRORS as error:
            return answer(request, error)

    return answered


def refuse(form: forms.Form, error: Refused) -> None:
    """Put a service's refusal where the form shows it: what happened above, what to do at its fields."""
    form.add_error(None, str(error))
    for name, text in error.fields.items():
        if name in form.fields:
            form.add_error(name, text)


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


def lost_panel(
    request: HttpRequest, lost: EditConflict, *, what: str, labels: Mapping[str, str], mine: Mapping[str, Any],
    show: Mapping[str, Any] | None = None,
) -> Conflict:  # fmt: skip
    """The 409 panel of what a service says was lost."""
    short = "Theirs" if "window" in lost.who else ""
    return conflict_panel(
        request, who=lost.who, at=lost.at, what=what, labels=labels, theirs=lost.current, mine=mine, show=show,
        short=short,
    )  # fmt: skip
