"""The facts of one ticket, by name: what triggers are evaluated on and what a page says of their reasons."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.calendars import current_revision, working_calendar
from accounts.domain.calendars import ALWAYS_OPEN, business_seconds
from escalations.choices import ClockKind, ClockState
from escalations.models import Clock, Ticket
from escalations.selectors.episodes import episodes_of
from escalations.selectors.fact_columns import CODED, COUNTING

# The watched words that stand in the ticket or in what its customer wrote.
FOUND_WORDS = """
SELECT word FROM unnest(%(words)s::text[]) AS word
WHERE EXISTS (
    SELECT 1 FROM escalations_ticket t
    WHERE t.id = %(ticket)s
        AND to_tsvector('simple', t.subject || ' ' || t.description) @@ phraseto_tsquery('simple', word)
) OR EXISTS (
    SELECT 1 FROM escalations_message m
    WHERE m.ticket_id = %(ticket)s AND m.kind = 'customer'
        AND to_tsvector('simple', m.body) @@ phraseto_tsquery('simple', word)
)
"""


def found_words(ticket: Ticket, words: Collection[str]) -> frozenset[str]:
    """Which of the watched words the ticket holds. One statement, none without words."""
    if not words:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(FOUND_WORDS, {"words": sorted(words), "ticket": ticket.pk})
        return frozenset(row[0] for row in cursor.fetchall())


def _left(row: Clock, now: datetime) -> int:
    """Business seconds that a counting clock has left, negative once it is overdue."""
    if row.state == ClockState.PAUSED or row.due_at is None:
        return row.remaining or 0
    return business_seconds(now, row.due_at, working_calendar(row.calendar_revision))


def _used(row: Clock | None, now: datetime) -> int | None:
    return None if row is None else row.budget - _left(row, now)


def _spans(ticket: Ticket, now: datetime) -> dict[str, int | None]:
    """The facts that change with time alone, in whole seconds. Two statements."""
    clocks = {
        row.kind: row for row in Clock.objects.filter(COUNTING, ticket=ticket).select_related("calendar_revision")
    }
    team = working_calendar(current_revision(ticket.team.calendar_id))
    stay = clocks.get(ClockKind.TIME_AT_TIER) or clocks.get(ClockKind.TIER_RESOLUTION)
    contract = clocks.get(ClockKind.CONTRACT_RESOLUTION)
    waiting = ticket.waiting_since
    return {
        "age": business_seconds(ticket.opened_at, now, ALWAYS_OPEN),
        "wait_time": None if waiting is None else business_seconds(waiting, now, team),
        "time_at_tier": _used(stay, now),
        "contract_left": None if contract is None else _left(contract, now),
        "unacknowledged_for": _used(clocks.get(ClockKind.ACKNOWLEDGEMENT), now),
    }


def ticket_facts(ticket: Ticket, *, now: datetime, words: Collection[str] = ()) -> dict[str, Any]:
    """Every fact of the ticket at `now`: name → a value of the fact's kind, None or "" where it is not known.

    `words` are the watched words of the triggers that will be asked. Two to four statements.
    """
    return {
        **{name: getattr(ticket, name) for name in CODED},
        **_spans(ticket, now),
        "is_vip": ticket.is_vip,
        "churn_threat": ticket.churn_threat,
        "engineering_required": ticket.engineering_required,
        "workaround_confirmed": ticket.workaround_confirmed,
        "vendor": bool(ticket.vendor),
        "has_owner": ticket.owner_id is not None,
        "region": ticket.region.code if ticket.region else None,
        "revenue_at_risk": ticket.revenue_at_risk,
        "order_value": ticket.order_value,
        "priority": ticket.priority,
        "attempts": ticket.attempts,
        "reopen_count": ticket.reopen_count,
        "same_issue_90_days": episodes_of(ticket, now=now),
        "tier": ticket.tier.rank,
        "team": ticket.team.code,
        "words": found_words(ticket, words),
    }
