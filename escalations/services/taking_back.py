"""Acts that take an act back. Nothing is erased: each is an event of its own, beside the one that it answers."""

from django.db import transaction

from accounts.models import User
from escalations.choices import ClockKind, ClockState, EscalationState
from escalations.domain.clocks import fire, is_overdue
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS, TICKET_TRANSITIONS
from escalations.errors import NotAllowed
from escalations.models import Clock, Escalation, Ticket
from escalations.services.answers import answered_words
from escalations.services.breaches import breach_event
from escalations.services.clocks import Target, TicketClocks, write_record
from escalations.services.locking import check_ticket_part, escalation_parts, hold_escalation, hold_ticket, next_state
from escalations.services.notices import notify_receivers
from escalations.services.record import tell

EXPIRED = "The acknowledgement has ended by itself: the handoff was not accepted in time."


@transaction.atomic
def handoff_unacknowledge(*, escalation: Escalation, by: User) -> Escalation:
    """ "I have not seen it after all": the handoff waits again, and its clock counts on from where it began.

    Only who acknowledged it. Nothing is gained by it: the receiver's clock counts from its first start as if nobody
    had acknowledged; one that was late already goes on being late. Raises Overtaken when it was answered since, or when
    the acknowledgement has expired (that starts a full round: only then the receivers are told anew); NotAllowed.
    """
    held, current = hold_escalation(escalation.pk, by)
    if current.state == EscalationState.ACKNOWLEDGED and current.acknowledged_by_id != held.by.pk:
        raise NotAllowed(f"{current.acknowledged_by} acknowledged it, and alone can take that back.")
    said = EXPIRED if current.state == EscalationState.PENDING else answered_words(current)
    parts = escalation_parts(held, current)
    current.state = next_state(ESCALATION_TRANSITIONS, current.state, "unacknowledge", parts, said=said)
    current.acknowledged_at = current.acknowledged_by = current.ack_expires_at = None
    current.version += 1
    current.save()
    clocks = TicketClocks(held.ticket, held.now)
    rung = _count_on(clocks, current)
    clocks.save()
    tell(held, "handoff.unacknowledged", escalation=current.pk)
    if rung is not None:
        _tell_rung(rung, clocks, current)
    return current


def _count_on(clocks: TicketClocks, escalation: Escalation) -> Clock | None:
    """Let the receiver's clock count from its first start: a round that was met by this counts as met no more.

    The round that has rung by this, if one has.
    """
    asked = [row for row in clocks.rows if row.kind == ClockKind.ACKNOWLEDGEMENT]
    rounds = [row for row in asked if row.escalation_id == escalation.pk]
    if not rounds:
        return None
    last = max(rounds, key=lambda row: row.round)
    if last.state == ClockState.BREACHED:
        last.stopped_at = None
        last.save(update_fields=["stopped_at"])
        return None
    clocks.take_back(last)
    target = Target(ClockKind.ACKNOWLEDGEMENT, last.budget, last.clause)
    row = clocks.start(
        target, version=last.policy_version, revision=last.calendar_revision, escalation=escalation, at=last.started_at
    )
    if not is_overdue(row, clocks.now):
        return None
    write_record(row, fire(clocks.record(row), clocks.now))
    return row


def _tell_rung(row: Clock, clocks: TicketClocks, escalation: Escalation) -> None:
    """Its deadline passed while it stood acknowledged. That no sweep marked it is nobody's lateness."""
    event = breach_event(row, clocks.now)
    event.data["late"] = False
    event.save()
    notify_receivers(escalation, about="overdue")


@transaction.atomic
def ticket_unclose(*, ticket: Ticket, by: User) -> Ticket:
    """Put a ticket that was closed by mistake back among the resolved. Unlike reopening, no clock starts."""
    held = hold_ticket(ticket.pk, by)
    parts = check_ticket_part(held)
    current = held.ticket
    said = f"{current.by_now}."
    current.state = next_state(TICKET_TRANSITIONS, current.state, "unclose", parts, said=said)
    current.closed_at = None
    current.version += 1
    current.updated_at = held.now
    current.save()
    tell(held, "ticket.unclosed")
    return current
