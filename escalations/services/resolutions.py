"""The end of a ticket: resolved with what was learnt, reopened, closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction

from accounts.models import Tier, User
from escalations.choices import OPEN_STATES, ClockKind, EscalationState, HopKind
from escalations.domain.clocks import Wait
from escalations.domain.lifecycle import TICKET_TRANSITIONS, Part
from escalations.errors import Refused
from escalations.models import Effort, Escalation, HandoffFeedback, Resolution, Ticket
from escalations.selectors.standing import accepted_escalation
from escalations.services.clocks import TicketClocks, contract_target, revision_for, start_stay
from escalations.services.consults import consults_end
from escalations.services.families import carrying_parent, hold_family
from escalations.services.hops import hop_close, hop_open
from escalations.services.locking import Held, check_ticket_part, hold_ticket, next_state
from escalations.services.many_clocks import hold_for_parent
from escalations.services.notices import notify_sender
from escalations.services.parents import carry_children, look_again, release_children
from escalations.services.record import tell
from escalations.services.similar import settle_uses
from escalations.services.withdrawals import withdraw_waiting
from policies.selectors import policy_in_force


@dataclass(frozen=True, slots=True)
class Feedback:
    """The receiver's word on the handoff: `rating` 1–5; `avoidable_by` a barrier's code, "" when nothing would have."""

    rating: int
    was_necessary: bool
    avoidable_by: str = ""
    comment: str = ""


class Learnt(TypedDict):
    """What product.md asks for at the end of a ticket. `minutes`: effort by tier.

    `feedback` is required when the ticket stands under an accepted escalation that somebody else filed.
    """

    root_cause: str
    what_was_done: str
    root_cause_details: NotRequired[str]
    minutes: NotRequired[Mapping[Tier, int] | None]
    satisfaction: NotRequired[int | None]
    customer_lost: NotRequired[bool]
    feedback: NotRequired[Feedback | None]


@transaction.atomic
def ticket_resolve(*, ticket: Ticket, by: User, **learnt: Unpack[Learnt]) -> Resolution:
    """Resolve the ticket with what was learnt. Every clock stops; a handoff that waits is withdrawn.

    Raises Refused, NotAllowed, Overtaken.
    """
    held, family = hold_family(ticket.pk, by)
    resolution = resolve_held(held, parts=check_ticket_part(held), **learnt)
    if left := family.children(held.ticket):
        release_children(family, held.ticket, left)
    return resolution


def resolve_held(
    held: Held,
    *,
    parts: frozenset[Part],
    root_cause: str,
    what_was_done: str,
    root_cause_details: str = "",
    minutes: Mapping[Tier, int] | None = None,
    satisfaction: int | None = None,
    customer_lost: bool = False,
    feedback: Feedback | None = None,
) -> Resolution:
    """Resolve a ticket that is held already; its open children are the caller's."""
    current = held.ticket
    said = f"{current.by_now}."
    current.state = next_state(TICKET_TRANSITIONS, current.state, "resolve", parts, said=said)
    escalation = accepted_escalation(current)
    if escalation is not None and feedback is None and escalation.from_user_id != held.by.pk:
        raise Refused("The sender waits for your word on the handoff.", {"rating": "Rate the handoff."})
    clocks = TicketClocks(current, held.now)
    withdraw_waiting(held, clocks, note="The ticket was resolved.")
    resolution = Resolution.objects.create(
        ticket=current, escalation=escalation, tier=current.tier, team=current.team, resolved_by=held.by,
        resolved_at=held.now, root_cause=root_cause, root_cause_details=root_cause_details,
        what_was_done=what_was_done, satisfaction=satisfaction, customer_lost=customer_lost,
    )  # fmt: skip
    Effort.objects.bulk_create(
        Effort(ticket=current, resolution=resolution, tier=tier, minutes=spent)
        for tier, spent in (minutes or {}).items()
        if spent
    )
    if escalation is not None:
        _end_escalation(held, escalation, feedback)
    consults_end(held, "The ticket was resolved.")
    settle_uses(held, prevented=True)
    stop_everything(clocks)
    hop_close(ticket=current, at=held.now)
    current.resolved_at = held.now
    current.waiting_since = None
    current.version += 1
    clocks.save()
    tell(
        held, "ticket.resolved", resolution=resolution.pk, root_cause=root_cause, satisfaction=satisfaction,
        escalation=escalation.pk if escalation else None,
    )  # fmt: skip
    return resolution


def _end_escalation(held: Held, escalation: Escalation, feedback: Feedback | None) -> None:
    escalation.state = EscalationState.RESOLVED
    escalation.ended_at = held.now
    escalation.version += 1
    escalation.save()
    if feedback is None:
        return
    HandoffFeedback.objects.create(
        escalation=escalation, rating=feedback.rating, was_necessary=feedback.was_necessary,
        avoidable_by=feedback.avoidable_by, comment=feedback.comment, given_by=held.by, given_at=held.now,
    )  # fmt: skip
    escalation.ticket = held.ticket
    tell(held, "handoff.rated", escalation=escalation.pk, rating=feedback.rating, necessary=feedback.was_necessary)
    notify_sender(escalation, about="feedback", by=held.by)


def stop_everything(clocks: TicketClocks) -> None:
    """The work is done: what was asked for has happened, and nothing else is asked for any more."""
    for pause in list(clocks.open_waits):
        clocks.resume(Wait(pause.wait))
    clocks.stop(
        ClockKind.FIRST_RESPONSE, ClockKind.TIME_AT_TIER, ClockKind.TIER_RESOLUTION, ClockKind.CONTRACT_RESOLUTION
    )
    clocks.cancel()


@transaction.atomic
def ticket_reopen(*, ticket: Ticket, by: User, reason: str) -> Ticket:
    """Open a resolved or closed ticket again where it was; a further round of its clocks starts.

    A parent carries its open children again; those that were resolved stay so, and the timeline says how many.
    """
    held, family = hold_family(ticket.pk, by)
    parts = check_ticket_part(held)
    current = held.ticket
    said = f"{current.by_now}."
    current.state = next_state(TICKET_TRANSITIONS, current.state, "reopen", parts, said=said)
    current.reopen_count += 1
    current.resolved_at = current.closed_at = None
    current.tier_since = current.waiting_since = held.now
    if current.owner is not None and not current.owner.is_active:
        current.owner = None
    current.version += 1
    hop_open(ticket=current, kind=HopKind.HELD, tier=current.tier, team=current.team, holder=current.owner, at=held.now)
    clocks = TicketClocks(current, held.now)
    version, policy = policy_in_force()
    target = contract_target(policy, current)
    if target is not None:
        revision = revision_for(target.kind, policy=policy, ticket=current)
        clocks.start(target, version=version, revision=revision)
    start_stay(clocks)
    if carrying_parent(current) is not None:
        hold_for_parent(clocks, by_id=held.by.pk, review_at=look_again(held.now))
    clocks.save()
    finished = Ticket.objects.filter(parent=current).exclude(state__in=OPEN_STATES).count()
    tell(held, "ticket.reopened", reason=reason, children=finished)
    if children := family.children(current):
        carry_children(family, current, children)
    return current


@transaction.atomic
def ticket_close(*, ticket: Ticket, by: User) -> Ticket:
    """Put a resolved ticket away."""
    held = hold_ticket(ticket.pk, by)
    parts = check_ticket_part(held)
    said = f"{held.ticket.by_now}."
    held.ticket.state = next_state(TICKET_TRANSITIONS, held.ticket.state, "close", parts, said=said)
    held.ticket.closed_at = held.now
    held.ticket.version += 1
    held.ticket.updated_at = held.now
    held.ticket.save()
    tell(held, "ticket.closed")
    return held.ticket


@transaction.atomic
def feedback_mark_seen(*, escalation: Escalation, by: User, at: datetime) -> None:
    """The sender has read how the handoff was received."""
    if escalation.from_user_id == by.pk:
        HandoffFeedback.objects.filter(escalation=escalation, seen_at__isnull=True).update(seen_at=at)
