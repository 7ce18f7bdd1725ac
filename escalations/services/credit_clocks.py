"""The clock of a credit request: 30 min as shipped, around the clock, one round a role that is asked.

It runs on whatever becomes of the ticket (a resolved ticket's credit is still decided), and it does not move the
ticket in the queue: those who work there cannot answer it.
"""

from datetime import datetime

from django.db.models import Max

from accounts.domain.calendars import ALWAYS_OPEN
from escalations.choices import OPEN_STATES, ClockKind
from escalations.domain import clocks as core
from escalations.models import Clock, Ticket
from escalations.services.breaches import breach_event
from escalations.services.clocks import LIVE, clock_record, write_record
from policies.domain.policy import Policy

KIND = ClockKind.CREDIT_DECISION
# Where a policy names no time: product.md M5.
SECONDS = 30 * 60


def start_clock(ticket: Ticket, *, version_id: int, policy: Policy, now: datetime) -> Clock:
    """The next round of the ticket's credit clocks. The ticket is locked."""
    budget = policy.responses.get(KIND, SECONDS)
    last = Clock.objects.filter(ticket=ticket, kind=KIND).aggregate(last=Max("round"))["last"] or 0
    record = core.start(KIND, now=now, budget=budget, calendar=ALWAYS_OPEN, round=last + 1)
    row = Clock(
        ticket=ticket, kind=KIND, round=record.round, policy_version_id=version_id, clause=f"response.{KIND}",
        budget=budget, started_at=record.started_at,
    )  # fmt: skip
    write_record(row, record)
    row.save()
    # The sweep computes when to look at the ticket again; those of closed tickets it finds by the request.
    Ticket.objects.filter(pk=ticket.pk, state__in=OPEN_STATES).update(next_check_at=now)
    return row


def end_clock(row: Clock | None, *, now: datetime, cancel: bool = False) -> None:
    """Somebody answered, or (`cancel`) nobody has to any more. One that is overdue ends as the breach it is."""
    if row is None or row.stopped_at is not None:
        return
    was_live = row.state in LIVE
    record = clock_record(row, ())
    ended = core.cancel(record, now) if cancel else core.stop(record, now, calendar=ALWAYS_OPEN)
    write_record(row, ended)
    row.save(update_fields=["state", "due_at", "remaining", "fired_at", "stopped_at"])
    if was_live and ended.fired_at is not None:
        breach_event(row, now).save()
