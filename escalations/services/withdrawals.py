"""A handoff that waits, when its ticket goes another way: withdrawn, with notice to who was to answer."""

from escalations.domain.lifecycle import ESCALATION_TRANSITIONS, Part
from escalations.models import Escalation
from escalations.selectors.standing import pending_handoff
from escalations.services.clocks import TicketClocks
from escalations.services.handoffs import end_waiting
from escalations.services.locking import Held, next_state
from escalations.services.notices import notify_receivers
from escalations.services.record import tell


def withdraw_waiting(held: Held, clocks: TicketClocks, *, note: str) -> Escalation | None:
    """Withdraw the handoff that waits on the held ticket, if one does. `note` says why, on the timeline.

    What was written stays readable. The caller saves the clocks.
    """
    pending = pending_handoff(held.ticket)
    if pending is None:
        return None
    pending.ticket = held.ticket
    said = f"{pending.to_team} has answered meanwhile."
    pending.state = next_state(ESCALATION_TRANSITIONS, pending.state, "withdraw", frozenset({Part.SYSTEM}), said=said)
    end_waiting(held, clocks, pending)
    tell(held, "handoff.withdrawn", escalation=pending.pk, to_team=pending.to_team, note=note)
    notify_receivers(pending, about="withdrawn")
    return pending
