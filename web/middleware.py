"""The reader's time zone, and logins that scripts can understand."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from web.http import is_fetch

LOGIN_HEADER = "Belay-Login"
LOCATION_HEADER = "Belay-Location"


class PersonZone:
    """Show and read times in the zone of the person who is logged in. Stands after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = getattr(request, "user", None)
        name = getattr(user, "time_zone", "") if user is not None and user.is_authenticated else ""
        with timezone.override(_zone(name)):
            return self.get_response(request)


class LoginRequired(LoginRequiredMiddleware):
    """Login by default. A script gets 401 and where to log in, instead of a login page inside its fragment."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseBase:
        if not is_fetch(request):
            return super().handle_no_permission(request, view_func)
        return HttpResponse(
            status=401, headers={LOGIN_HEADER: reverse("web:session_login"), "Cache-Control": "no-store"}
        )


class FetchRedirect:
    """A redirect that our scripts can follow themselves: 204 and the address.

    A script that let fetch follow it would read the next page (and its messages) for nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code in (302, 303) and request.headers.get("X-Requested-With") == "fetch":
            response.status_code = 204
            response[LOCATION_HEADER] = response["Location"]
            del response["Location"]
        return response


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    """None (the installation's zone) for a name that this machine's zone data no longer knows."""
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
