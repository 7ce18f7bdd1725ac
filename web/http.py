"""One view, two answers: the whole page for a browser, the fragment for htmx."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

OK = HTTPStatus.OK
INVALID = HTTPStatus.UNPROCESSABLE_ENTITY
CONFLICT = HTTPStatus.CONFLICT
# A form's address: shown, and sent to itself.
form_methods = require_http_methods(["GET", "HEAD", "POST"])


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: a POST even when it is empty, otherwise nothing."""
    return request.POST if request.method == "POST" else None


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part. A history restore needs the whole page."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.history_restore_request


def is_fetch(request: HttpRequest) -> bool:
    """Whether a script asks (htmx, or our fetch calls), so that a redirect to the login page is no use."""
    asked_with = request.headers.get("X-Requested-With")
    return bool(getattr(request, "htmx", False)) or asked_with in ("fetch", "XMLHttpRequest")


def page_or_fragment(
    request: HttpRequest,
    page_template: str,
    fragment_template: str,
    context: dict[str, Any] | None = None,
    status: int = OK,
) -> HttpResponse:
    """The page, or only its fragment when htmx asks. Always `Vary: HX-Request`, so no cache mixes them."""
    template = fragment_template if wants_fragment(request) else page_template
    response = render(request, template, context, status=int(status))
    patch_vary_headers(response, ("HX-Request", "HX-History-Restore-Request"))
    return response


def invalid(
    request: HttpRequest, page_template: str, fragment_template: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """422: the same fragment, with what was typed and what is wrong with it."""
    return page_or_fragment(request, page_template, fragment_template, context, INVALID)


def conflict(
    request: HttpRequest, page_template: str, fragment_template: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """409: somebody else was faster; the context holds both versions."""
    return page_or_fragment(request, page_template, fragment_template, context, CONFLICT)


def no_news() -> HttpResponse:
    """204: htmx leaves the page as it is."""
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def redirect_to(request: HttpRequest, url: str) -> HttpResponse:
    """303 for a browser (and, through `FetchRedirect`, our scripts); for htmx the address in its header."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": url})


def safe_next(request: HttpRequest, fallback: str = "/") -> str:
    """The `next` of this request if it stays on this site, else `fallback`."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if url and allowed else fallback
