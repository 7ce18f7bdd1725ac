"""Is a queued mail still wanted? Asked just before it is sent: see `journal.outbox.register_check`."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from escalations.choices import WAITING_FOR_RECEIVER, ClockState, ConsultState, CreditState, EscalationState
from escalations.models import Clock, Consult, CreditRequest, DeskHandoverLine, Escalation, Mention, Pause, Ticket
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


def consult_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """A question while nobody has answered it; an answer always."""
    consult = Consult.objects.filter(pk=wanted["consult"]).first()
    if consult is None or _reader(message, consult.ticket_id) is None:
        return False
    return wanted.get("about") != "asked" or consult.state == ConsultState.ASKED


def holder_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """While the ticket is still with those who got it."""
    held = Ticket.objects.open().filter(pk=wanted["holder"], team=wanted["team"], owner=wanted["owner"])
    return held.exists() and _reader(message, wanted["holder"]) is not None


def mention_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """While they have not seen the note that names them."""
    mention = (
        Mention.objects.filter(message=wanted["mention"], user__email=message.recipient, seen_at__isnull=True)
        .select_related("message")
        .first()
    )
    return mention is not None and _reader(message, mention.message.ticket_id) is not None


def desk_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """While a note of the handover is unread."""
    lines = DeskHandoverLine.objects.filter(handover=wanted["desk"], to_user__email=message.recipient)
    return lines.filter(seen_at__isnull=True, to_user__is_active=True).exists()


def ticket_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """News of a ticket: for as long as they may see it."""
    return _reader(message, wanted["ticket"]) is not None


def credit_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """A request while it waits; an answer always."""
    credit = CreditRequest.objects.filter(pk=wanted["credit"]).first()
    if credit is None or _reader(message, credit.ticket_id) is None:
        return False
    return wanted.get("about") != "asked" or credit.state == CreditState.REQUESTED


register_check("credit", credit_wanted)
register_check("escalation", escalation_wanted)
register_check("ticket", ticket_wanted)
register_check("consult", consult_wanted)
register_check("holder", holder_wanted)
register_check("clock", clock_wanted)
register_check("pause", pause_wanted)
register_check("mention", mention_wanted)
register_check("desk", desk_wanted)
