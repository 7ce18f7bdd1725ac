"""Is a queued mail still wanted? Asked just before it is sent: see `journal.outbox.register_check`."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from escalations.choices import WAITING_FOR_RECEIVER, ClockState, EscalationState
from escalations.models import Clock, Escalation, Pause, Ticket
from journal.models import OutboxMessage
from journal.outbox import register_check

# To whom an answer is still to be given. Everything else about an escalation stays news.
_WAITS_FOR: dict[str, tuple[str, ...]] = {
    "filed": WAITING_FOR_RECEIVER,
    "redirected": WAITING_FOR_RECEIVER,
    "expired": (EscalationState.PENDING,),
    "overdue": (EscalationState.PENDING,),
}


def _reader(message: OutboxMessage, ticket_id: int) -> User | None:
    """Whom the mail is for, if they are still here and may see the ticket."""
    person = User.objects.filter(email=message.recipient, is_active=True).select_related("role").first()
    if person is None or not Ticket.objects.visible_to(person).filter(pk=ticket_id).exists():
        return None
    return person


def escalation_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    escalation = Escalation.objects.filter(pk=wanted["escalation"]).first()
    person = _reader(message, escalation.ticket_id) if escalation else None
    if escalation is None or person is None:
        return False
    states = _WAITS_FOR.get(wanted.get("about", ""))
    if states is None:
        return True
    is_addressed = (
        person.pk == escalation.to_user_id if escalation.to_user_id else person.team_id == escalation.to_team_id
    )
    is_lead = escalation.to_team.lead_id == person.pk
    return escalation.state in states and (is_addressed or is_lead)


def clock_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """While what was due has not happened."""
    row = Clock.objects.filter(pk=wanted["clock"], state=ClockState.BREACHED, stopped_at__isnull=True).first()
    return row is not None and _reader(message, row.ticket_id) is not None


def pause_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """While the ticket still waits."""
    pause = Pause.objects.filter(pk=wanted["pause"], ended_at__isnull=True).first()
    return pause is not None and _reader(message, pause.ticket_id) is not None


register_check("escalation", escalation_wanted)
register_check("clock", clock_wanted)
register_check("pause", pause_wanted)
