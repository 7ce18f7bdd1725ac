"""What escalations put around every page: the alarm when nobody watches the clocks."""

from django.http import HttpRequest

from journal.heartbeats import silence_of
from web import navigation
from web.clock import page_now


def unwatched(request: HttpRequest) -> str | None:
    """Shown above every page: without a sweep no deadline rings, and people have to know that."""
    problem = silence_of("sweep", page_now(request))
    return f"Clocks are not being watched: {problem}. Deadlines hold, but nothing rings." if problem else None


def register() -> None:
    """Called once when the app is ready."""
    navigation.register_alarm(unwatched)
