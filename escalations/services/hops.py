"""The hop ledger: who held a ticket from when to when, and what it took of the contract's time."""

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendars import Calendar, business_seconds
from accounts.models import Team, Tier, User
from escalations.choices import HopKind
from escalations.models import Hop, Ticket


def _measure(ticket: Ticket, hop: Hop, until: datetime) -> tuple[int, int]:
    """(seconds of the contract's calendar, seconds of the team's) in the hop; a pause takes no contract time."""
    start = hop.span.lower
    contract_id = ticket.customer.calendar_id
    ids = {hop.team.calendar_id} | ({contract_id} if contract_id else set())
    revisions = current_revisions(ids)
    contract: Calendar = working_calendar(revisions[contract_id] if contract_id else None)
    team = working_calendar(revisions[hop.team.calendar_id])
    taken = 0 if hop.kind == HopKind.PAUSED else business_seconds(start, until, contract)
    return max(taken, 0), max(business_seconds(start, until, team), 0)


def hop_open(*, ticket: Ticket, kind: HopKind, tier: Tier, team: Team, holder: User | None, at: datetime) -> Hop:
    return Hop.objects.create(
        ticket=ticket, kind=kind, tier=tier, team=team, holder=holder, span=DateTimeTZRange(at, None, "[)")
    )


def hop_close(*, ticket: Ticket, at: datetime) -> Hop | None:
    """End the running hop at `at`. One that began this very instant leaves no trace."""
    hop = Hop.objects.select_related("team").filter(ticket=ticket, span__endswith__isnull=True).first()
    if hop is None:
        return None
    if at - hop.span.lower < timedelta(microseconds=1):
        hop.delete()
        return None
    hop.sla_seconds, hop.work_seconds = _measure(ticket, hop, at)
    hop.span = DateTimeTZRange(hop.span.lower, at, "[)")
    hop.save(update_fields=["sla_seconds", "work_seconds", "span"])
    return hop


def hop_change(*, ticket: Ticket, kind: HopKind, at: datetime) -> None:
    """The ticket as it now stands (tier, team, owner) is held in another way from `at` on."""
    hop_close(ticket=ticket, at=at)
    hop_open(ticket=ticket, kind=kind, tier=ticket.tier, team=ticket.team, holder=ticket.owner, at=at)
