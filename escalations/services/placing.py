"""Where a ticket stands in the queue, and when the sweep must look at it next.

One rule in two forms: `place` for a ticket that somebody holds in memory, `PLACE` for the many that a sweep holds.
`tests/escalations/services/test_placing.py` holds them to the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from policies.domain.policy import Policy

# A paused ticket sorts behind every running one; its review date orders it among the paused.
PAUSED_LAST = timedelta(days=365 * 100)
NO_DEADLINE = timedelta(days=365 * 50)
# A clock met at exactly its deadline is met: it can fire only after it, and the database counts microseconds.
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """What the queue shows and sorts by. `due_kind` is "" without a deadline."""

    due_at: datetime | None
    due_kind: str
    queue_key: datetime


def place(
    *, opened_at: datetime, head_start: timedelta, running: Iterable[tuple[datetime, str]], review_at: datetime | None
) -> Place:
    """`running`: deadline and kind of the clocks that run, breached ones that nobody stopped included, but not those
    of credit requests: nobody who works the queue can answer them.

    `review_at` is that of the wait for somebody outside, if there is one; `head_start` is the severity's.
    """
    first = min(running, default=None)
    if first is not None:
        return Place(first[0], first[1], first[0] - head_start)
    if review_at is not None:
        return Place(None, "", review_at + PAUSED_LAST)
    return Place(None, "", opened_at + NO_DEADLINE - head_start)


# Parameters: ids, now, until, touched (ids of tickets to which something happened), priorities, head_starts,
# paused_last, no_deadline, moment. `until` is up to where the sweep has done everything: see services.sweep.
PLACE = """
UPDATE escalations_ticket t
SET due_at = p.due_at,
    due_kind = p.due_kind,
    queue_key = p.queue_key,
    next_check_at = p.next_check_at,
    updated_at = CASE WHEN t.id = ANY(%(touched)s::bigint[]) THEN %(now)s ELSE t.updated_at END
FROM (
    SELECT
        t.id,
        clocks.first_due AS due_at,
        coalesce(clocks.first_kind, '') AS due_kind,
        coalesce(
            clocks.first_due - coalesce(head.start, '0'),
            outside.review_at + %(paused_last)s,
            t.opened_at + %(no_deadline)s - coalesce(head.start, '0')
        ) AS queue_key,
        CASE WHEN t.state IN ('new', 'open', 'waiting_customer', 'waiting_vendor')
             THEN LEAST(clocks.next_due + %(moment)s, acks.next_expiry + %(moment)s, reviews.next_review)
        END AS next_check_at
    FROM escalations_ticket t
    LEFT JOIN unnest(%(priorities)s::int[], %(head_starts)s::interval[]) AS head (priority, start)
        ON head.priority = t.priority
    CROSS JOIN LATERAL (
        SELECT
            min(c.due_at) FILTER (WHERE c.kind <> 'credit_decision') AS first_due,
            (array_agg(c.kind ORDER BY c.due_at, c.kind COLLATE "C")
                FILTER (WHERE c.kind <> 'credit_decision'))[1] AS first_kind,
            min(c.due_at) FILTER (
                WHERE c.state = 'running' AND c.due_at >= %(until)s AND NOT c.is_late_record
            ) AS next_due
        FROM escalations_clock c
        WHERE c.ticket_id = t.id AND c.due_at IS NOT NULL
            AND (c.state = 'running' OR (c.state = 'breached' AND c.stopped_at IS NULL))
    ) AS clocks
    CROSS JOIN LATERAL (
        SELECT min(e.ack_expires_at) AS next_expiry
        FROM escalations_escalation e
        WHERE e.ticket_id = t.id AND e.state = 'acknowledged' AND e.ack_expires_at >= %(until)s
    ) AS acks
    CROSS JOIN LATERAL (
        SELECT min(w.review_at) AS next_review
        FROM escalations_pause w
        WHERE w.ticket_id = t.id AND w.ended_at IS NULL AND w.review_asked_at IS NULL AND w.review_at > %(until)s
    ) AS reviews
    LEFT JOIN LATERAL (
        SELECT w.review_at
        FROM escalations_pause w
        WHERE w.ticket_id = t.id AND w.ended_at IS NULL AND w.wait IN ('waiting_customer', 'waiting_vendor')
        ORDER BY w.started_at, w.id
        LIMIT 1
    ) AS outside ON true
    WHERE t.id = ANY(%(ids)s::bigint[])
) AS p
WHERE t.id = p.id
"""


def place_tickets(
    ids: list[int], *, now: datetime, until: datetime, policy: Policy, touched: Iterable[int] = ()
) -> None:
    """Put locked tickets where their clocks say, and set the next instant after `until` to look at them. One statement.

    That instant may lie before `now` when the sweep works off a backlog; it is None when nothing is to come.
    """
    values: dict[str, Any] = {
        "ids": ids,
        "now": now,
        "until": until,
        "touched": list(touched),
        "priorities": [severity.priority for severity in policy.severities],
        "head_starts": [timedelta(seconds=severity.head_start_seconds) for severity in policy.severities],
        "paused_last": PAUSED_LAST,
        "no_deadline": NO_DEADLINE,
        "moment": MOMENT,
    }
    with connection.cursor() as cursor:
        cursor.execute(PLACE, values)
