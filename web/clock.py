"""The instant a page is shown at, taken once per request so that all its relative times agree."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string


def now() -> datetime:
    """The present instant, aware. `BELAY_NOW` names the clock; without it, this process's own."""
    return _source()()


def page_now(request: HttpRequest | None) -> datetime:
    """The instant at which this request is answered: the same for every call within it."""
    if request is None:
        return now()
    instant: datetime | None = getattr(request, "_page_now", None)
    if instant is None:
        instant = now()
        request._page_now = instant  # type: ignore[attr-defined]
    return instant


def _source() -> Callable[[], datetime]:
    return _load(getattr(settings, "BELAY_NOW", "django.utils.timezone.now"))


@cache
def _load(path: str) -> Callable[[], datetime]:
    source: Callable[[], datetime] = import_string(path)
    return source
