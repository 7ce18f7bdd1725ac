"""One ticket that cannot be worked through never holds up the others: it is noted, and tried again later."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.db import DatabaseError, connection, transaction

from accounts.domain.calendar_errors import CalendarError
from escalations.domain.clocks import ClockError
from policies.domain.policy import NoSuchRule

# What a row can do to the sweep: the database refuses it, the calendar or the policy has no answer, a value is odd.
POISON = (
    DatabaseError, CalendarError, ClockError, NoSuchRule, ArithmeticError, AttributeError, LookupError, TypeError,
    ValueError,
)  # fmt: skip
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)

T = TypeVar("T")

log = structlog.get_logger(__name__)

NOTE = """
INSERT INTO escalations_sweepproblem AS p (ticket_id, attempts, first_failed_at, next_try_at, error)
VALUES (%(ticket)s, 1, %(now)s, %(now)s + %(first)s, %(error)s)
ON CONFLICT (ticket_id) DO UPDATE SET
    attempts = p.attempts + 1,
    next_try_at = %(now)s + LEAST(%(first)s * power(2, LEAST(p.attempts, 16)), %(longest)s),
    error = excluded.error
"""


def note_problem(ticket_id: int, error: Exception, now: datetime) -> None:
    """Remember that the ticket failed, for the operator's list, and when to try it again."""
    values: dict[str, Any] = {
        "ticket": ticket_id,
        "now": now,
        "first": FIRST_WAIT,
        "longest": LONGEST_WAIT,
        "error": f"{type(error).__name__}: {error}".replace("\0", "")[:2000],
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, values)


def work_through(ids: list[int], now: datetime, work: Callable[[list[int]], T]) -> tuple[list[T], int]:
    """Do `work` on all locked tickets at once; if that fails, on each by itself: (results, how many failed).

    Runs inside the transaction that holds the tickets. A lost connection is raised: nothing of the batch was done.
    """
    try:
        with transaction.atomic():
            return [work(ids)], 0
    except POISON as error:
        if not connection.is_usable():
            raise
        log.warning("sweep_batch_failed", tickets=len(ids), error=str(error))
    results, failed = [], 0
    for ticket_id in ids:
        try:
            with transaction.atomic():
                results.append(work([ticket_id]))
        except POISON as error:
            failed += 1
            log.error("sweep_ticket_failed", ticket=ticket_id, error=str(error))
            note_problem(ticket_id, error, now)
    return results, failed
