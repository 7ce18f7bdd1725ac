"""What is recorded and told when something falls due, for one clock in memory and for the many of a sweep."""

import math
from datetime import datetime, timedelta

from escalations.choices import ClockKind
from escalations.models import Clock
from journal.models import Event

# Beyond this the record says that it came late: a sweep was missing. The auditor alarms at the same age.
LATE_AFTER = timedelta(minutes=2)

# The subject of the mail, by what fell due. {ref} and {tier} are filled in.
BREACH_WORDS: dict[str, str] = {
    ClockKind.FIRST_RESPONSE: "{ref}: the first response is overdue",
    ClockKind.ACKNOWLEDGEMENT: "{ref} is not acknowledged in time",
    ClockKind.TIME_AT_TIER: "{ref} has been at {tier} for longer than it may",
    ClockKind.TIER_RESOLUTION: "{ref} is not resolved at {tier} in time",
    ClockKind.CONTRACT_RESOLUTION: "{ref}: the contract's resolution time has passed",
    ClockKind.PROMISED_UPDATE: "{ref}: the update promised to the customer is overdue",
    ClockKind.FOLLOW_UP: "{ref}: the customer has not heard from its new holder",
    **{
        kind: f"{{ref}} is overdue: {kind.label[0].lower()}{kind.label[1:]}"
        for kind in (
            ClockKind.MANAGEMENT_ACK, ClockKind.EXECUTIVE_NOTIFIED, ClockKind.CUSTOMER_CONTACTED,
            ClockKind.RESOLUTION_PLAN, ClockKind.STATUS_UPDATE, ClockKind.CREDIT_DECISION,
        )
    },
}  # fmt: skip
REVIEW_WORDS = "{ref} waits: it is time to look again"
EXPIRED_WORDS = "{ref} waits again: acknowledged, not accepted"


def breach_event(row: Clock, now: datetime) -> Event:
    """The event of a clock that passed its deadline: it happened at the deadline and is recorded at `now`.

    data: clock (kind), round, escalation (id or null), clause, due_at, seconds_late, late (a sweep was missing).
    """
    due = row.due_at or now
    return Event(
        subject_type="ticket",
        subject_id=row.ticket_id,
        kind="clock.breached",
        occurred_at=due,
        data={
            "clock": row.kind,
            "round": row.round,
            "escalation": row.escalation_id,
            "clause": row.clause,
            "due_at": due.isoformat(),
            "seconds_late": math.ceil((now - due).total_seconds()),
            "late": now - due > LATE_AFTER,
        },
    )
