"""How tickets and escalations would be held without their locks: for the controls of the race tests."""

from accounts.models import User
from escalations.models import Escalation, Ticket
from escalations.services.locking import RELATIONS, Held
from journal import clock


def hold_ticket_unlocked(ticket_id: int, by: User) -> Held:
    ticket = Ticket.objects.select_related(*RELATIONS).get(pk=ticket_id)
    return Held(ticket, User.objects.select_related("role", "team").get(pk=by.pk), clock.now())


def hold_escalation_unlocked(escalation_id: int, by: User) -> tuple[Held, Escalation]:
    escalation = Escalation.objects.select_related("from_team", "from_user", "to_team", "to_tier").get(pk=escalation_id)
    held = hold_ticket_unlocked(escalation.ticket_id, by)
    escalation.ticket = held.ticket
    return held, escalation
