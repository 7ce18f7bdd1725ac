"""Moves of a ticket that are no escalation: to another team or person of its tier (H20), and back down (H9)."""

from datetime import datetime

from django.db import transaction

from accounts.models import Team, User
from accounts.selectors import absences_now
from escalations.choices import ClockKind
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS, Part
from escalations.errors import Overtaken, Refused
from escalations.models import Escalation, Ticket
from escalations.selectors.standing import accepted_escalation, pending_handoff
from escalations.services.around_notices import notify_holder
from escalations.services.clocks import TicketClocks, start_stay
from escalations.services.hops import hop_change
from escalations.services.locking import Held, check_ticket_part, hold_for_system, hold_ticket, next_state
from escalations.services.record import tell
from escalations.services.targets import check_target, let_in
from escalations.services.tickets import move_ticket


def _check_free(ticket: Ticket) -> None:
    """Raises Overtaken on a ticket that is over, Refused while a handoff waits for its receiver."""
    if not ticket.is_open:
        raise Overtaken(f"{ticket.by_now}.")
    pending = pending_handoff(ticket)
    if pending is not None:
        raise Refused(
            f"A handoff to {pending.to_team} waits for an answer. Withdraw it first, or redirect it.",
            {"to": "The ticket cannot go two ways at once."},
        )


@transaction.atomic
def ticket_transfer(*, ticket: Ticket, by: User, to_team: Team, to_user: User | None, note: str) -> Ticket:
    """Give the ticket to another team or person of the same tier. No escalation: no handoff, no acknowledgement.

    Its clocks run on as they started, on the calendar they started under; only hop and owner change. Raises
    NotAllowed, Overtaken, and Refused for another tier, for oneself, for who is away or has left, and while a handoff
    is pending.
    """
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    current = held.ticket
    _check_free(current)
    if to_team.tier_id != current.tier_id:
        up = to_team.tier.rank > current.tier.rank
        way = "Escalate it: that needs a handoff." if up else "De-escalate it: that needs a justification."
        raise Refused(f"{to_team} is at {to_team.tier}, the ticket at {current.tier}.", {"to_team": way})
    if to_user is not None and to_user.pk == held.by.pk:
        raise Refused("You cannot transfer a ticket to yourself.", {"to_user": "Take it instead, from its menu."})
    if (to_team.pk, to_user.pk if to_user else None) == (current.team_id, current.owner_id):
        raise Refused(f"It is with {to_user or to_team} already.", {"to_team": "Choose somebody else."})
    check_target(current, to_team, to_user, at=held.now)
    if not note.strip():
        raise Refused("Say why, for whoever gets it.", {"note": "They read it first."})
    before = (current.team, current.owner)
    clocks = TicketClocks(current, held.now)
    _place(held, clocks, to_team, to_user)
    clocks.save()
    tell(
        held, "ticket.transferred", from_team=before[0], from_user=before[1], to_team=to_team, to_user=to_user,
        note=note.strip(),
    )  # fmt: skip
    key = f"ticket:{current.pk}:{current.version}:transferred"
    notify_holder(current, f"{held.by} transfers {current.ref} to you", key=key, but=held.by)
    return current


def _place(held: Held, clocks: TicketClocks, to_team: Team, to_user: User | None) -> None:
    """Owner and hop; who gets a restricted ticket is named on it."""
    ticket = held.ticket
    let_in(ticket, to_user, by=held.actor)
    move_ticket(ticket, tier=to_team.tier, team=to_team, owner=to_user, at=held.now)
    hop_change(ticket=ticket, waits=clocks.open_waits, at=held.now, contract=clocks.contract)


# --- back down ------------------------------------------------------------------------------------------


def came_from(escalation: Escalation | None, *, at: datetime) -> tuple[Team | None, User | None]:
    """Where a ticket goes back to unless somebody says otherwise: the sender if they are there, else their team."""
    if escalation is None or not escalation.from_team.is_active:
        return None, None
    sender, team = escalation.from_user, escalation.from_team
    is_there = sender is not None and sender.is_active and sender.team_id == team.pk
    if is_there and sender is not None and sender.pk in absences_now(at):
        is_there = False
    return team, sender if is_there else None


@transaction.atomic
def ticket_de_escalate(
    *, ticket: Ticket, by: User | None, reason: str, note: str, to_team: Team | None = None, to_user: User | None = None
) -> Ticket:
    """Move the ticket back down, with a reason (code of the list) and a justification.

    `to_team` None: to where it came from, its sender if they are there. `by` None: Belay itself, by a rule.
    The clocks of its stay end as at an acceptance; the stay at the lower tier starts anew. Waits outside go on.
    Raises NotAllowed, Overtaken, and Refused for the same or a higher tier, for who is away or has left, and while a
    handoff is pending.
    """
    held = hold_ticket(ticket.pk, by) if by is not None else hold_for_system(ticket.pk)
    parts = check_ticket_part(held) if by is not None else frozenset({Part.SYSTEM})
    current = held.ticket
    _check_free(current)
    escalation = accepted_escalation(current)
    if to_team is None:
        to_team, to_user = came_from(escalation, at=held.now)
    if to_team is None:
        raise Refused("Nobody handed it up to where it is.", {"to_team": "Choose the team that goes on with it."})
    if to_team.tier.rank >= current.tier.rank:
        way = "Transfer it instead." if to_team.tier_id == current.tier_id else "Escalate it: that needs a handoff."
        raise Refused(f"{to_team} is at {to_team.tier}, not below {current.tier}.", {"to_team": way})
    check_target(current, to_team, to_user, at=held.now)
    if not note.strip():
        raise Refused("A de-escalation needs a justification.", {"note": "Whoever gets it back reads it first."})
    before = (current.tier, current.team)
    clocks = TicketClocks(current, held.now)
    clocks.stop(ClockKind.TIME_AT_TIER)
    clocks.cancel(ClockKind.TIER_RESOLUTION, ClockKind.FOLLOW_UP)
    if escalation is not None:
        _end(held, escalation, parts, reason, note.strip())
    _place(held, clocks, to_team, to_user)
    start_stay(clocks)
    clocks.save()
    tell(
        held, "handoff.de_escalated", escalation=escalation.pk if escalation else None, reason=reason,
        from_tier=before[0].code, from_team=before[1], to_tier=to_team.tier.code, to_team=to_team, to_user=to_user,
        note=note.strip(),
    )  # fmt: skip
    key = f"ticket:{current.pk}:{current.version}:de_escalated"
    who = held.actor or "Belay"
    notify_holder(current, f"{who} de-escalates {current.ref} to {to_team}", key=key, but=held.actor)
    return current


def _end(held: Held, escalation: Escalation, parts: frozenset[Part], reason: str, note: str) -> None:
    said = f"The escalation is {escalation.get_state_display().lower()} by now."
    escalation.state = next_state(ESCALATION_TRANSITIONS, escalation.state, "de_escalate", parts, said=said)
    escalation.ended_at, escalation.de_escalated_by = held.now, held.actor
    escalation.de_escalation_reason, escalation.de_escalation_note = reason, note
    escalation.version += 1
    escalation.save()
