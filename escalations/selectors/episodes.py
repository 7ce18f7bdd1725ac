"""How often the same thing happened: earlier escalations of a ticket, and of a customer's issue (product.md H10)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

EPISODE_DAYS = 90
SAME_ISSUE = 3

# An episode lasts from opening or reopening to resolution: however many hops it takes, it counts once. Duplicates
# count with the ticket they were merged into, children of an outage with their parent: issues are counted, not tickets.
EPISODES = """
SELECT t.customer_id, t.issue_id, count(DISTINCT (
    coalesce(t.merged_into_id, t.parent_id, t.id),
    (SELECT count(*) FROM escalations_resolution r WHERE r.ticket_id = t.id AND r.resolved_at <= e.filed_at)
))
FROM escalations_ticket t
JOIN escalations_escalation e ON e.ticket_id = t.id
WHERE t.issue_id = ANY(%(issues)s::bigint[]) AND e.filed_at > %(since)s AND e.filed_at <= %(now)s
GROUP BY t.customer_id, t.issue_id
"""


def escalated_episodes(issues: Iterable[int], *, now: datetime) -> dict[tuple[int, int], int]:
    """(customer id, issue id) → escalated episodes of these issues in the 90 days before `now`. One statement.

    Source: product.md, Decisions, "Same issue 3+ times by same customer". The issue's tickets include those that a
    reader may not see: a count says nothing of them.
    """
    wanted = sorted(set(issues))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        since = now - timedelta(days=EPISODE_DAYS)
        cursor.execute(EPISODES, {"issues": wanted, "since": since, "now": now})
        return {(customer, issue): count for customer, issue, count in cursor.fetchall()}


def same_issue_again(customer: int, issue: int, *, now: datetime) -> int:
    """The customer's escalated episodes of the issue in 90 days: 3 or more are one too many."""
    return escalated_episodes([issue], now=now).get((customer, issue), 0)
