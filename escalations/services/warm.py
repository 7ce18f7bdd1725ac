"""Warm transfer: the sender stays with a handed-over ticket until the receiver releases them (product.md H7)."""

from django.db import transaction

from accounts.choices import Ability
from accounts.models import User
from escalations.access import holds_for_receiver, parts_on_ticket
from escalations.choices import Axis, EscalationState
from escalations.errors import NotAllowed, Overtaken
from escalations.models import Escalation, Ticket
from escalations.services.around_notices import notify_released
from escalations.services.locking import Held, check_ticket_part, hold_escalation
from escalations.services.record import tell


def stays_with(user: User, ticket: Ticket) -> bool:
    """Whether somebody handed this ticket over warm and is not released: they may still answer the customer."""
    return user.can(Ability.WORK) and bool(
        Escalation.objects.filter(
            ticket=ticket, axis=Axis.FUNCTIONAL, state=EscalationState.ACCEPTED, from_user=user, is_warm=True,
            released_at__isnull=True,
        ).exists()
    )  # fmt: skip


def check_may_answer(held: Held) -> None:
    """Raises NotAllowed for those who neither hold the ticket nor stay with it."""
    if not parts_on_ticket(held.by, held.ticket) and not stays_with(held.by, held.ticket):
        check_ticket_part(held)


@transaction.atomic
def handoff_release(*, escalation: Escalation, by: User) -> Escalation:
    """The receiver needs the sender no longer. By whoever holds the ticket.

    It also ends by itself: with the escalation (resolved, de-escalated, moved on) and when the sender leaves.
    Raises NotAllowed, and Overtaken when nobody is held back any more.
    """
    held, current = hold_escalation(escalation.pk, by)
    if not holds_for_receiver(held.by, current):
        raise NotAllowed(f"Whoever holds the ticket releases the sender: {held.ticket.owner or held.ticket.team}.")
    if not current.has_sender_beside:
        raise Overtaken(_ended(current))
    current.released_at, current.released_by = held.now, held.by
    current.version += 1
    current.save()
    tell(held, "handoff.released", escalation=current.pk, sender=current.from_user)
    notify_released(current, by=held.by)
    return current


def _ended(escalation: Escalation) -> str:
    sender = escalation.from_user or escalation.from_team
    if escalation.released_by is not None:
        return f"{escalation.released_by} was first: {sender} is released. Nothing was changed."
    if escalation.state != EscalationState.ACCEPTED:
        return f"The handoff is {escalation.get_state_display().lower()} by now, which released {sender}."
    return f"{sender} is not held back by this handoff."
