"""Pages for what went wrong: what happened, what is kept, what to do. Wired in config/urls.py.

handler400 = "web.errors.bad_request"        handler403 = "web.errors.forbidden"
handler404 = "web.errors.not_found"          handler500 = "web.errors.server_error"
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template, render_to_string
from django.views.decorators.csrf import requires_csrf_token

from web.http import is_fetch


@dataclass(frozen=True, slots=True)
class Fault:
    """The words of one error page."""

    status: int
    sign: str
    title: str
    happened: str
    kept: str = ""
    act: str = "Open the queue"
    url: str = "/"


BAD_REQUEST = Fault(
    HTTPStatus.BAD_REQUEST,
    "alert-circle",
    "Belay could not read that request",
    "The address or the form holds something that cannot be right. Nothing was changed.",
    "Go back in your browser: what you typed is still in the form.",
    "Open the start page",
)
TOO_BIG = Fault(
    HTTPStatus.BAD_REQUEST,
    "alert-circle",
    "That was too much at once",
    "The form is larger than 5 MB without its files. Nothing was saved.",
    "Go back in your browser: what you typed is still in the form. Move long logs into an attachment.",
    "Open the start page",
)
FORBIDDEN = Fault(
    HTTPStatus.FORBIDDEN,
    "lock",
    "This is not yours to do",
    "Your role does not include it. Nothing was changed.",
    "If you need it for your work, your team lead or an administrator can say who may.",
    "Open the start page",
)
NOT_FOUND = Fault(
    HTTPStatus.NOT_FOUND,
    "file-off",
    "There is nothing here",
    "The address is wrong, what was here is gone, or it is for other people only.",
    "Search by number, customer or words of the subject to find a ticket.",
    "Open the start page",
)
CHANGED = Fault(
    HTTPStatus.CONFLICT,
    "arrows-exchange",
    "Somebody was faster",
    "This was changed while you were at it, so your change was not saved.",
    "Go back in your browser: what you typed is still in the form. Reload that page to see what changed.",
    "Open the start page",
)
INVALID = Fault(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "alert-circle",
    "That cannot be saved as it is",
    "Something in the form does not fit. Nothing was changed.",
    "Go back in your browser: what you typed is still in the form.",
    "Open the start page",
)
STALE_FORM = Fault(
    HTTPStatus.FORBIDDEN,
    "refresh",
    "This form is too old to send",
    "You logged in or out in another window since it was opened, or cookies are switched off. Nothing was saved.",
    "Go back in your browser: what you typed is still there. Reload that page and send it again. "
    "Drafts of handoffs and replies are kept here as well.",
    "Open the start page",
)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return respond(request, TOO_BIG if isinstance(exception, RequestDataTooBig) else BAD_REQUEST)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return respond(request, FORBIDDEN)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: also what nobody may know exists."""
    return respond(request, NOT_FOUND)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was signed for another session."""
    return respond(request, STALE_FORM)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """500: rendered without context processors, session or database, any of which may be what failed."""
    return HttpResponse(get_template("500.html").render(), status=HTTPStatus.INTERNAL_SERVER_ERROR)


def changed(request: HttpRequest) -> HttpResponse:
    """409 where there is no form to show both versions in."""
    return respond(request, CHANGED)


def invalid(request: HttpRequest) -> HttpResponse:
    """422 where there is no form to show what is wrong."""
    return respond(request, INVALID)


def respond(request: HttpRequest, fault: Fault, extra: dict[str, Any] | None = None) -> HttpResponse:
    """The page of a fault; for scripts only its words, which they show as a note."""
    template = "web/_fault.html" if is_fetch(request) else "web/fault.html"
    html = render_to_string(template, {"fault": fault, **(extra or {})}, request=request)
    return HttpResponse(html, status=fault.status)
