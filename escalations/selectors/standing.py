"""What a ticket stands under: the escalation that was accepted, and the handoff that waits."""

from django.db.models import QuerySet

from escalations.choices import WAITING_FOR_RECEIVER, Axis, EscalationState
from escalations.models import Escalation, Ticket


def _functional(ticket: Ticket) -> QuerySet[Escalation]:
    return Escalation.objects.filter(ticket=ticket, axis=Axis.FUNCTIONAL)


def accepted_escalation(ticket: Ticket) -> Escalation | None:
    """The escalation under which the ticket stands at its tier; None where it entered there. One statement."""
    accepted = _functional(ticket).filter(state=EscalationState.ACCEPTED)
    return accepted.select_related("from_user", "from_team__tier", "to_team", "to_tier").first()


def pending_handoff(ticket: Ticket) -> Escalation | None:
    """The handoff that waits for its receiver; there is one at most. One statement."""
    return _functional(ticket).filter(state__in=WAITING_FOR_RECEIVER).select_related("to_team").first()
