"""The one clock. In production the database's, so that every process agrees; in tests it can be moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db import connection

_moved_to: list[datetime] = []


def now() -> datetime:
    """The present instant, aware, UTC. Take it *after* the lock, or a clock can be met and breached at once.

    `clock_timestamp()`, not `now()`: inside a transaction the latter stands still at its start.
    """
    if _moved_to:
        return _moved_to[-1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


@contextmanager
def travel(at: datetime) -> Iterator["Traveller"]:
    """Hold the clock at `at` (aware) until the block ends, or until the traveller moves it on."""
    if at.tzinfo is None:
        raise ValueError("travel() takes an aware datetime")
    _moved_to.append(at.astimezone(UTC))
    try:
        yield Traveller()
    finally:
        _moved_to.pop()


class Traveller:
    """Moves the innermost `travel()`."""

    def forward(self, by: timedelta) -> datetime:
        _moved_to[-1] += by
        return _moved_to[-1]

    def to(self, at: datetime) -> datetime:
        _moved_to[-1] = at.astimezone(UTC)
        return _moved_to[-1]
