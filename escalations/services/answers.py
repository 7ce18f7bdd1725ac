"""The receiver's answer to a handoff: acknowledge, accept or return. One winner, however many try at once."""

from datetime import datetime

from django.db import transaction

from accounts.calendars import working_calendar
from accounts.domain.calendars import due_at
from accounts.models import User
from escalations.choices import WAITING_STATES, Axis, ClockKind, EscalationState, TicketState
from escalations.domain.clocks import Wait, used_seconds
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS
from escalations.errors import Refused
from escalations.models import Clock, Escalation
from escalations.services.around_notices import notify_read_back
from escalations.services.clocks import TicketClocks, promise_update, revision_for, start_stay
from escalations.services.follow_ups import start_follow_up
from escalations.services.handoffs import end_waiting
from escalations.services.hops import hop_change
from escalations.services.locking import Held, escalation_parts, hold_escalation, next_state
from escalations.services.notices import notify_sender
from escalations.services.read_backs import Restated, owes_read_back, restate
from escalations.services.record import tell
from escalations.services.targets import let_in
from escalations.services.tickets import move_ticket, resume_outside
from policies.selectors import policy_of


def answered_words(escalation: Escalation, reader: User | None = None) -> str:
    """Who was first, for somebody who comes second: also for the one who was first, in another window."""
    who = escalation.accepted_by or escalation.returned_by or escalation.acknowledged_by
    first = "You were first, in another window" if who and who == reader else f"{who or 'Somebody'} was first"
    return f"{first}: this handoff is {escalation.get_state_display().lower()}. Nothing was changed."


def _answer(held: Held, escalation: Escalation, action: str) -> str:
    parts = escalation_parts(held, escalation)
    if escalation.from_user_id == held.by.pk:
        raise Refused("You filed this handoff. Somebody else answers for it.")
    return next_state(ESCALATION_TRANSITIONS, escalation.state, action, parts, said=answered_words(escalation, held.by))


def _ack_expiry(held: Held, escalation: Escalation) -> datetime:
    """Within one further acknowledgement target the receiver accepts or returns (product.md, Decisions)."""
    policy = policy_of(escalation.policy_version_id)
    seconds = policy.tier(escalation.to_tier.code).ack_seconds or 3600
    revision = revision_for(ClockKind.ACKNOWLEDGEMENT, policy=policy, ticket=held.ticket, team=escalation.to_team)
    return due_at(held.now, seconds, working_calendar(revision))


@transaction.atomic
def handoff_acknowledge(*, escalation: Escalation, by: User) -> Escalation:
    """ "I have seen it": stops the acknowledgement clock. Ownership stays with the sender.

    Raises Overtaken when it was answered already, NotAllowed for anybody but receivers and managers, Refused for
    its own sender.
    """
    held, current = hold_escalation(escalation.pk, by)
    current.state = _answer(held, current, "acknowledge")
    current.acknowledged_at, current.acknowledged_by = held.now, held.by
    current.ack_expires_at = _ack_expiry(held, current)
    current.version += 1
    current.save()
    clocks = TicketClocks(held.ticket, held.now)
    stopped = clocks.stop(ClockKind.ACKNOWLEDGEMENT)
    clocks.save()
    tell(held, "handoff.acknowledged", escalation=current.pk, **_met(clocks, stopped))
    return current


def _met(clocks: TicketClocks, stopped: list[Clock]) -> dict[str, object]:
    """How the acknowledgement went, for the timeline: seconds that its clock counted, and the target's seconds."""
    if not stopped:
        return {}
    row = stopped[-1]
    took = used_seconds(clocks.record(row), clocks.now, working_calendar(row.calendar_revision))
    return {"seconds": took, "target": row.budget, "state": row.state}


@transaction.atomic
def handoff_accept(
    *,
    escalation: Escalation,
    by: User,
    estimated_resolution_at: datetime,
    needs_resources: bool,
    resources_details: str = "",
    next_update_at: datetime | None = None,
    read_back: Restated | None = None,
    keep_sender: bool = False,
) -> Escalation:
    """Take the ticket over: from now on the receiver owns it and their clocks run.

    `read_back`: what they understood, for the sender to confirm; asked for where a person handed it over.
    `keep_sender`: the sender stays with it until released. Raises Overtaken when somebody was first, NotAllowed,
    Refused (estimate in the past, resources without details, no read-back or half of one).
    """
    held, current = hold_escalation(escalation.pk, by)
    state = _answer(held, current, "accept")
    if estimated_resolution_at <= held.now:
        raise Refused("The estimate has passed already.", {"estimated_resolution_at": "Give a time still to come."})
    if needs_resources and not resources_details.strip():
        raise Refused("Say which resources are needed.", {"resources_details": "Name what you need, and from whom."})
    if next_update_at is not None and next_update_at <= held.now:
        raise Refused("The promised time has passed.", {"next_update_at": "Promise a time that is still to come."})
    ticket = held.ticket
    clocks = TicketClocks(ticket, held.now)
    ack = clocks.stop(ClockKind.ACKNOWLEDGEMENT)
    clocks.resume(Wait.HANDOFF)
    clocks.stop(ClockKind.TIME_AT_TIER)
    clocks.cancel(ClockKind.TIER_RESOLUTION, ClockKind.FOLLOW_UP)
    Escalation.objects.filter(ticket=ticket, axis=Axis.FUNCTIONAL, state=EscalationState.ACCEPTED).update(
        state=EscalationState.MOVED_ON, ended_at=held.now
    )
    current.state = state
    if current.acknowledged_at is None:
        current.acknowledged_at, current.acknowledged_by = held.now, held.by
    current.ack_expires_at = None
    current.accepted_at, current.accepted_by = held.now, held.by
    current.estimated_resolution_at = estimated_resolution_at
    current.needs_resources, current.resources_details = needs_resources, resources_details
    current.is_warm = current.from_user_id is not None and (current.is_warm or keep_sender)
    current.version += 1
    current.save()
    restated = restate(held, current, read_back) if owes_read_back(current) else None
    let_in(ticket, held.by, by=current.from_user)
    if ticket.state in WAITING_STATES:
        ticket.state = TicketState.OPEN
        resume_outside(held, clocks)
    move_ticket(ticket, tier=current.to_tier, team=current.to_team, owner=held.by, at=held.now)
    hop_change(ticket=ticket, waits=clocks.open_waits, at=held.now, contract=clocks.contract)
    start_stay(clocks)
    start_follow_up(clocks, current)
    if next_update_at is not None:
        promise_update(clocks, due=next_update_at)
    clocks.save()
    tell(
        held, "handoff.accepted", escalation=current.pk, tier=current.to_tier.code, team=current.to_team,
        estimated_resolution_at=estimated_resolution_at, needs_resources=needs_resources, is_warm=current.is_warm,
        read_back=restated.pk if restated else None, **_met(clocks, ack),
    )  # fmt: skip
    if restated is not None:
        notify_read_back(current, restated, at=held.now, accepted=True)
    else:
        notify_sender(current, about="accepted", by=held.by)
    return current


@transaction.atomic
def handoff_return(*, escalation: Escalation, by: User, reason: str, note: str) -> Escalation:
    """Send the handoff back with a reason. The sender owned the ticket all along, and their clock runs on."""
    held, current = hold_escalation(escalation.pk, by)
    current.state = _answer(held, current, "return")
    current.returned_at, current.returned_by = held.now, held.by
    current.return_reason, current.return_note = reason, note
    clocks = TicketClocks(held.ticket, held.now)
    end_waiting(held, clocks, current, answered=True)
    held.ticket.version += 1
    clocks.save()
    tell(held, "handoff.returned", escalation=current.pk, reason=reason, to_team=current.to_team)
    notify_sender(current, about="returned", by=held.by)
    return current
