"""The hop ledger: who held a ticket from when to when, and what it took of the contract's time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.calendars import current_revision, working_calendar
from accounts.domain.calendars import Calendar, business_seconds
from accounts.models import Team, Tier, User
from escalations.choices import ClockKind, HopKind
from escalations.domain.clocks import Wait, is_outside
from escalations.models import Clock, Hop, Pause, Ticket


def _contract_calendar(ticket: Ticket, known: Clock | None) -> Calendar:
    """What "SLA remaining" counts on: the contract clock's calendar, without one the customer's."""
    clock = known or (
        Clock.objects.filter(ticket=ticket, kind=ClockKind.CONTRACT_RESOLUTION)
        .select_related("calendar_revision")
        .order_by("-round")
        .first()
    )
    if clock is not None:
        return working_calendar(clock.calendar_revision)
    return working_calendar(current_revision(ticket.customer.calendar_id))


def _measure(ticket: Ticket, hop: Hop, until: datetime, contract: Clock | None) -> tuple[int, int]:
    """(seconds of the contract's calendar, seconds of the team's) in the hop; a pause takes no contract time."""
    start = hop.span.lower
    taken = 0 if hop.kind == HopKind.PAUSED else business_seconds(start, until, _contract_calendar(ticket, contract))
    team = working_calendar(current_revision(hop.team.calendar_id))
    return max(taken, 0), max(business_seconds(start, until, team), 0)


def hop_open(*, ticket: Ticket, kind: HopKind, tier: Tier, team: Team, holder: User | None, at: datetime) -> Hop:
    return Hop.objects.create(
        ticket=ticket, kind=kind, tier=tier, team=team, holder=holder, span=DateTimeTZRange(at, None, "[)")
    )


def hop_close(*, ticket: Ticket, at: datetime, contract: Clock | None = None) -> Hop | None:
    """End the running hop at `at`. One that began this very instant leaves no trace.

    `contract` is the ticket's newest contract clock, for those who have read it already.
    """
    # No order, no join: a ticket has one open hop, nearly always at the team that holds it.
    hop = next(iter(Hop.objects.filter(ticket=ticket, span__endswith__isnull=True).order_by()), None)
    if hop is None:
        return None
    if hop.team_id == ticket.team_id:
        hop.team = ticket.team
    if at - hop.span.lower < timedelta(microseconds=1):
        hop.delete()
        return None
    hop.sla_seconds, hop.work_seconds = _measure(ticket, hop, at, contract)
    hop.span = DateTimeTZRange(hop.span.lower, at, "[)")
    hop.save(update_fields=["sla_seconds", "work_seconds", "span"])
    return hop


def hop_kind(waits: Iterable[Pause]) -> HopKind:
    """How a ticket with these open waits is held: a wait outside pauses it, also while a handoff is pending.

    A child of an outage is held like any other: its contract's time runs on.
    """
    found = {pause.wait for pause in waits}
    if any(is_outside(wait) for wait in found):
        return HopKind.PAUSED
    return HopKind.WAITING if Wait.HANDOFF in found else HopKind.HELD


def hop_change(*, ticket: Ticket, waits: Iterable[Pause], at: datetime, contract: Clock | None = None) -> None:
    """The ticket as it now stands (tier, team, owner, open waits) is held in another way from `at` on."""
    hop_close(ticket=ticket, at=at, contract=contract)
    hop_open(ticket=ticket, kind=hop_kind(waits), tier=ticket.tier, team=ticket.team, holder=ticket.owner, at=at)
