"""A handoff that somebody received and has not accepted goes on to a colleague, or back to their team.

The sender is not asked: it stays with the receiving team, and so does its target. Who it is addressed to now has not
seen it: an acknowledgement of the one before counts no longer, and a further round of its clock starts.
"""

from accounts.models import User
from escalations.choices import EscalationState
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS
from escalations.errors import Overtaken, Refused
from escalations.models import Escalation
from escalations.services.answers import answered_words
from escalations.services.clocks import TicketClocks
from escalations.services.handoffs import start_acknowledgement
from escalations.services.locking import Held, escalation_parts, next_state
from escalations.services.notices import notify_receivers
from escalations.services.record import tell
from escalations.services.targets import check_target, let_in
from policies.selectors import policy_of


def waits_for(escalation: Escalation, owner: User) -> bool:
    """Whether the handoff waits for this very person: addressed to them, or acknowledged by them."""
    if escalation.state == EscalationState.ACKNOWLEDGED and escalation.acknowledged_by_id == owner.pk:
        return True
    return escalation.waits and escalation.to_user_id == owner.pk


def handoff_readdress(*, held: Held, escalation: Escalation, owner: User, to_user: User | None, note: str) -> None:
    """Address a waiting handoff of `owner`'s to `to_user`, or to the team (None). The ticket is held already.

    Raises Overtaken when it was answered or readdressed meanwhile, Refused for its sender, for who is away or left,
    and for a team where the ticket is restricted; NotAllowed for the other side of the handoff.
    """
    if not waits_for(escalation, owner):
        raise Overtaken(answered_words(escalation))
    state = next_state(
        ESCALATION_TRANSITIONS, escalation.state, "readdress", escalation_parts(held, escalation),
        said=answered_words(escalation),
    )  # fmt: skip
    if to_user is not None and to_user.pk == escalation.from_user_id:
        raise Refused(f"{to_user} sent this handoff, and cannot answer it.")
    check_target(held.ticket, escalation.to_team, to_user, at=held.now)
    was_acknowledged = escalation.state == EscalationState.ACKNOWLEDGED
    escalation.state, escalation.to_user = state, to_user
    escalation.acknowledged_at = escalation.acknowledged_by = escalation.ack_expires_at = None
    escalation.version += 1
    escalation.save()
    let_in(held.ticket, to_user, by=held.by)
    clocks = TicketClocks(held.ticket, held.now)
    if was_acknowledged:
        policy = policy_of(escalation.policy_version_id)
        start_acknowledgement(clocks, escalation, escalation.policy_version, policy)
    held.ticket.version += 1
    clocks.save()
    tell(
        held, "handoff.readdressed", escalation=escalation.pk, before=owner, to_user=to_user,
        to_team=escalation.to_team, note=note,
    )  # fmt: skip
    notify_receivers(escalation, about="redirected")
