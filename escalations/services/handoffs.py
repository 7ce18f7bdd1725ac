"""Handing a ticket up: filing once, however often it is submitted, and keeping the form right while it waits."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.calendars import working_calendar
from accounts.domain.calendars import due_at
from accounts.models import Team, User
from escalations.choices import Axis, ClockKind, EscalationState, Origin
from escalations.domain.clocks import Wait
from escalations.domain.handoff import HandoffContent, completeness
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS
from escalations.errors import Overtaken, Refused
from escalations.models import Attachment, Escalation, Handoff, Ticket
from escalations.services.attachments import HANDOFF_FORM
from escalations.services.clocks import Target, TicketClocks, promise_update, revision_for
from escalations.services.families import refuse_carried
from escalations.services.hops import hop_change
from escalations.services.locking import (
    Held,
    check_ticket_part,
    escalation_parts,
    hold_escalation,
    hold_ticket,
    next_state,
)
from escalations.services.notices import notify_receivers
from escalations.services.record import tell, tell_changes
from escalations.services.similar import settle_uses
from escalations.services.targets import check_place, let_in
from journal.services import claim_submit, draft_discard, settle_submit
from policies.domain.policy import Policy
from policies.models import PolicyVersion
from policies.selectors import policy_in_force, policy_of

RE_ESCALATION_DAYS = 30
REVIEW_AFTER_ACK = timedelta(hours=1)


def handoff_form_key(ticket: Ticket) -> str:
    return f"handoff:{ticket.pk}"


def _check_goes_up(ticket: Ticket, by: User, to_team: Team, to_user: User | None) -> None:
    """An escalation goes up, to people who work there. Raises Refused naming the field."""
    if to_team.tier.rank <= ticket.tier.rank:
        raise Refused(
            f"{to_team} is at {to_team.tier}, not above {ticket.tier}.",
            {"to_team": "An escalation goes to a higher tier."},
        )
    if to_user is not None and to_user.pk == by.pk:
        raise Refused("You cannot hand a ticket to yourself.", {"to_user": "Choose somebody else."})
    check_place(ticket, to_team, to_user)


def previous_escalation(ticket: Ticket, now: datetime) -> Escalation | None:
    """The escalation that this one repeats: ended by resolution or de-escalation within 30 days."""
    return (
        Escalation.objects.filter(
            ticket=ticket,
            axis=Axis.FUNCTIONAL,
            state__in=[EscalationState.RESOLVED, EscalationState.DE_ESCALATED],
            ended_at__gte=now - timedelta(days=RE_ESCALATION_DAYS),
        )
        .order_by("-ended_at")
        .first()
    )


def start_acknowledgement(clocks: TicketClocks, escalation: Escalation, version: PolicyVersion, policy: Policy) -> None:
    """Start (a further round of) the receiver's clock."""
    tier = policy.tier(escalation.to_tier.code)
    if tier.ack_seconds is None:
        return
    target = Target(ClockKind.ACKNOWLEDGEMENT, tier.ack_seconds, f"tier.{tier.code}.ack")
    revision = revision_for(target.kind, policy=policy, ticket=clocks.ticket, team=escalation.to_team)
    clocks.start(target, version=version, revision=revision, escalation=escalation)


def _set_to_wait(held: Held, clocks: TicketClocks, escalation: Escalation) -> None:
    """From filing on the sender's time at tier stands still and the receiver's clock runs."""
    version, policy = escalation.policy_version, policy_of(escalation.policy_version_id)
    start_acknowledgement(clocks, escalation, version, policy)
    ack = next((row for row in clocks.live(ClockKind.ACKNOWLEDGEMENT) if row.escalation_id == escalation.pk), None)
    review_at = (ack.due_at if ack and ack.due_at else held.now) + REVIEW_AFTER_ACK
    if not any(pause.wait == Wait.HANDOFF for pause in clocks.open_waits):
        clocks.pause(
            Wait.HANDOFF, reason=f"Handoff to {escalation.to_tier} pending", review_at=review_at, by_id=held.by.pk
        )
    hop_change(ticket=held.ticket, waits=clocks.open_waits, at=held.now, contract=clocks.contract)


def save_handoff(
    escalation: Escalation, held: Held, content: HandoffContent, handoff: Handoff | None = None
) -> Handoff:
    """Write the form, with the files that were uploaded to it. `handoff` is the escalation's, None for its first."""
    handoff = handoff or Handoff(escalation=escalation, filed_by=held.by)
    measure = completeness(content, reason=escalation.reason, to=escalation.to_tier.code)
    handoff.content, handoff.filled, handoff.asked = content.to_json(), measure.filled, measure.asked
    handoff.updated_at, handoff.updated_by = held.now, held.by
    handoff.save()
    Attachment.objects.filter(ticket=held.ticket, draft_of=held.by, draft_form=HANDOFF_FORM).update(
        handoff=handoff, draft_of=None, draft_form=""
    )
    return handoff


def carry_facts(held: Held, content: HandoffContent) -> None:
    """What the form says of the ticket is true of the ticket: sentiment, and how the customer likes to be told."""
    ticket = held.ticket
    changes: dict[str, tuple[Any, Any]] = {}
    if content.sentiment and content.sentiment != ticket.sentiment:
        changes["sentiment"] = (ticket.sentiment, content.sentiment)
        ticket.sentiment = content.sentiment
    tell_changes(held, "ticket.changed", changes)


@transaction.atomic
def handoff_file(
    *,
    ticket: Ticket,
    by: User,
    key: uuid.UUID,
    reason: str,
    to_team: Team,
    to_user: User | None,
    content: HandoffContent,
    next_update_at: datetime | None = None,
    origin: Origin = Origin.PERSON,
    is_warm: bool = False,
) -> Escalation:
    """File the handoff, or hand in again one that was returned. The same key files once and gives the same answer.

    The sender owns the ticket until the receiver accepts; `is_warm`: and stays with it until the receiver releases
    them. Raises Refused, NotAllowed, and Overtaken when another
    handoff waits already.
    """
    claim, is_first = claim_submit(key=key, user=by, purpose=handoff_form_key(ticket))
    if not is_first:
        return Escalation.objects.get(pk=(claim.result or {})["escalation"])
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    current = held.ticket
    if not current.is_open:
        raise Overtaken(f"{current.by_now}.")
    refuse_carried(current, held.by)
    earlier = Escalation.objects.select_for_update(no_key=True).filter(ticket=current, axis=Axis.FUNCTIONAL)
    latest = max(earlier.order_by(), key=lambda one: (one.filed_at, one.pk), default=None)
    if latest is not None and latest.waits:
        own = latest.from_user_id == held.by.pk
        who, where = ("You", ", in another window") if own else (latest.from_user or "A trigger", "")
        raise Overtaken(f"{who} handed this ticket to {latest.to_team} already{where}. It waits for an answer.")
    _check_goes_up(current, held.by, to_team, to_user)
    check_promise(held, next_update_at)
    clocks = TicketClocks(current, held.now)
    is_resubmit = latest is not None and latest.state == EscalationState.RETURNED
    escalation = latest if is_resubmit and latest is not None else _new_escalation(held, clocks, origin, latest)
    escalation.reason, escalation.to_tier, escalation.to_team, escalation.to_user = (
        reason,
        to_team.tier,
        to_team,
        to_user,
    )
    escalation.is_warm = is_warm
    if is_resubmit:
        escalation.state = EscalationState.PENDING
        escalation.resubmitted_at, escalation.ended_at = held.now, None
        escalation.acknowledged_at = escalation.acknowledged_by = escalation.ack_expires_at = None
        escalation.from_tier, escalation.from_team, escalation.from_user = current.tier, current.team, held.by
        escalation.version += 1
    escalation.save()
    let_in(current, to_user, by=held.by)
    returned = Handoff.objects.filter(escalation=escalation).first() if is_resubmit else None
    handoff = save_handoff(escalation, held, content, returned)
    carry_facts(held, content)
    if next_update_at is not None and not is_promised(clocks, next_update_at):
        promise_update(clocks, due=next_update_at)
    _set_to_wait(held, clocks, escalation)
    current.version += 1
    clocks.save()
    tell(
        held, "handoff.resubmitted" if is_resubmit else "handoff.filed", escalation=escalation.pk, reason=reason,
        from_tier=current.tier.code, from_team=current.team,
        to_tier=to_team.tier.code, to_team=to_team, to_user=to_user,
        filled=handoff.filled, asked=handoff.asked, previous=escalation.previous_id,
    )  # fmt: skip
    settle_uses(held, prevented=False)
    notify_receivers(escalation, about="filed")
    draft_discard(user=held.by, form=handoff_form_key(current))
    settle_submit(claim=claim, result={"escalation": escalation.pk})
    return escalation


def is_promised(clocks: TicketClocks, at: datetime) -> bool:
    """Whether the promise stands already. The form knows minutes, the clock seconds."""
    minute = timedelta(minutes=1)
    return any(row.due_at and abs(row.due_at - at) < minute for row in clocks.live(ClockKind.PROMISED_UPDATE))


def check_promise(held: Held, at: datetime | None) -> None:
    if at is not None and at <= held.now:
        raise Refused("The promised time has passed.", {"next_update_at": "Promise a time that is still to come."})


def _new_escalation(held: Held, clocks: TicketClocks, origin: Origin, latest: Escalation | None) -> Escalation:
    version, _ = clocks.in_force
    return Escalation(
        ticket=held.ticket, axis=Axis.FUNCTIONAL, origin=origin, policy_version=version,
        from_tier=held.ticket.tier, from_team=held.ticket.team, from_user=held.by, filed_at=held.now,
        previous=previous_escalation(held.ticket, held.now) if latest is not None else None,
    )  # fmt: skip


@transaction.atomic
def handoff_withdraw(*, escalation: Escalation, by: User, note: str) -> Escalation:
    """The sender takes the handoff back; the ticket never left them, and their clock runs on."""
    held, current = hold_escalation(escalation.pk, by)
    said = f"{current.to_team} has answered: {current.get_state_display().lower()}."
    current.state = next_state(
        ESCALATION_TRANSITIONS, current.state, "withdraw", escalation_parts(held, current), said=said
    )
    clocks = TicketClocks(held.ticket, held.now)
    end_waiting(held, clocks, current)
    held.ticket.version += 1
    clocks.save()
    tell(held, "handoff.withdrawn", escalation=current.pk, to_team=current.to_team, note=note)
    notify_receivers(current, about="withdrawn")
    return current


def end_waiting(held: Held, clocks: TicketClocks, escalation: Escalation, *, answered: bool = False) -> None:
    """The handoff waits no longer and the ticket stays where it is: clocks and hop go back to the holder."""
    (clocks.stop if answered else clocks.cancel)(ClockKind.ACKNOWLEDGEMENT)
    clocks.resume(Wait.HANDOFF)
    hop_change(ticket=held.ticket, waits=clocks.open_waits, at=held.now, contract=clocks.contract)
    escalation.ended_at = held.now
    escalation.ack_expires_at = None
    escalation.version += 1
    escalation.save()


@transaction.atomic
def handoff_redirect(*, escalation: Escalation, by: User, to_team: Team, to_user: User | None, note: str) -> Escalation:
    """The sender sends a pending handoff elsewhere: the same escalation, the new receiver's clock from the start."""
    held, current = hold_escalation(escalation.pk, by)
    said = f"{current.to_team} has answered: {current.get_state_display().lower()}."
    state = next_state(ESCALATION_TRANSITIONS, current.state, "redirect", escalation_parts(held, current), said=said)
    if current.from_user is not None and to_user == current.from_user:
        raise Refused("The handoff cannot go back to its sender.", {"to_user": "Choose somebody else."})
    if (to_team, to_user) == (current.to_team, current.to_user):
        raise Refused(f"It waits for {to_user or to_team} already.", {"to_team": "Choose somebody else."})
    _check_goes_up(held.ticket, held.by, to_team, to_user)
    before = current.to_user or current.to_team
    clocks = TicketClocks(held.ticket, held.now)
    clocks.cancel(ClockKind.ACKNOWLEDGEMENT)
    current.state = state
    current.to_tier, current.to_team, current.to_user = to_team.tier, to_team, to_user
    current.acknowledged_at = current.acknowledged_by = current.ack_expires_at = None
    current.version += 1
    current.save()
    let_in(held.ticket, to_user, by=held.by)
    start_acknowledgement(clocks, current, *policy_in_force())
    held.ticket.version += 1
    clocks.save()
    tell(held, "handoff.redirected", escalation=current.pk, before=before, to_team=to_team, to_user=to_user, note=note)
    notify_receivers(current, about="redirected")
    return current


def acknowledge_by(ticket: Ticket, team: Team, at: datetime) -> datetime | None:
    """When `team` would have to acknowledge a handoff filed at `at`: shown before it is filed."""
    _, policy = policy_in_force()
    tier = policy.tier(team.tier.code)
    if tier.ack_seconds is None:
        return None
    revision = revision_for(ClockKind.ACKNOWLEDGEMENT, policy=policy, ticket=ticket, team=team)
    return due_at(at, tier.ack_seconds, working_calendar(revision))
