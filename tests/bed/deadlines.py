"""Thousands of tickets with deadlines, quickly; and whether each was marked, recorded and told exactly once."""

from datetime import datetime, timedelta

from django.db import connection, models

from escalations.choices import ClockKind, ClockState
from escalations.models import Clock, Hop, Ticket
from journal import audit, clock
from journal.models import Event, OutboxMessage
from tests.factories import Organisation


def _columns(model: type[models.Model], *without: str) -> str:
    fields = [f for f in model._meta.local_concrete_fields if not isinstance(f, models.GeneratedField)]
    return ", ".join(f'"{field.column}"' for field in fields if field.column not in ("id", *without))


def many_tickets(org: Organisation, count: int, *, first_due: datetime, every: timedelta) -> None:
    """`count` tickets of one kind; the n-th has a deadline `every` × n after `first_due`."""
    model = org.ticket()
    Clock.objects.filter(ticket=model).exclude(kind=ClockKind.TIER_RESOLUTION).delete()
    Clock.objects.filter(ticket=model).update(due_at=first_due)
    Ticket.objects.filter(pk=model.pk).update(next_check_at=first_due, updated_at=clock.now())
    values = {"model": model.pk, "count": count - 1, "every": every}
    tickets, clocks, hops = _columns(Ticket, "next_check_at"), _columns(Clock, "ticket_id", "due_at"), _columns(Hop)
    hops = ", ".join(name for name in hops.split(", ") if name != '"ticket_id"')
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO escalations_ticket ({tickets}, next_check_at)"
            f" SELECT {tickets}, next_check_at + n * %(every)s"
            " FROM escalations_ticket, generate_series(1, %(count)s) AS n WHERE id = %(model)s ORDER BY n",
            values,
        )
        cursor.execute(
            f"INSERT INTO escalations_clock ({clocks}, ticket_id, due_at)"
            f" SELECT {clocks}, t.id, t.next_check_at"
            " FROM escalations_clock c, (SELECT id, next_check_at FROM escalations_ticket WHERE id > %(model)s) AS t"
            " WHERE c.ticket_id = %(model)s ORDER BY t.id",
            values,
        )
        cursor.execute(
            f"INSERT INTO escalations_hop ({hops}, ticket_id) SELECT {hops}, t.id"
            " FROM escalations_hop h, (SELECT id AS id FROM escalations_ticket WHERE id > %(model)s) AS t"
            " WHERE h.ticket_id = %(model)s",
            values,
        )


def is_due(now: datetime) -> bool:
    return Clock.objects.filter(state=ClockState.RUNNING, due_at__lt=now).exists()


def tally() -> tuple[int, int, int]:
    """(breached clocks, events of breaches, mails about them)."""
    return (
        Clock.objects.filter(state=ClockState.BREACHED).count(),
        Event.objects.filter(kind="clock.breached").count(),
        OutboxMessage.objects.filter(dedupe_key__startswith="clock:").count(),
    )


def alarms(now: datetime, *without: str) -> dict[str, int]:
    """What the auditor finds: {query: rows}."""
    return {
        found.query.name: found.count for found in audit.run(now) if found.alarms and found.query.name not in without
    }
