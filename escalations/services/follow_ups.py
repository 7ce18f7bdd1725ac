"""The ownership follow-up: after acceptance the customer hears from the new holder (product.md H8).

Its clock counts on the receiving team's calendar. The first reply meets it, with the message as evidence; a contact
made elsewhere is recorded by hand.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from escalations.access import holds_for_receiver
from escalations.choices import ClockKind, EscalationState
from escalations.domain.clocks import is_overdue
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Escalation, FollowUp, Message
from escalations.services.clocks import Target, TicketClocks, revision_for
from escalations.services.locking import Held, hold_escalation
from escalations.services.record import tell


def start_follow_up(clocks: TicketClocks, escalation: Escalation) -> None:
    """From acceptance on, where the policy in force gives the receiving tier a target."""
    version, policy = clocks.in_force
    seconds = policy.tier(escalation.to_tier.code).follow_up_seconds
    if seconds is None:
        return
    target = Target(ClockKind.FOLLOW_UP, seconds, f"tier.{escalation.to_tier.code}.follow_up")
    revision = revision_for(target.kind, policy=policy, ticket=clocks.ticket, team=escalation.to_team)
    clocks.start(target, version=version, revision=revision, escalation=escalation)


def meet_by_reply(held: Held, clocks: TicketClocks, message: Message) -> None:
    """The reply that was just written is the follow-up, unless the sender wrote it: they stand beside, no more.

    No statement where no follow-up is owed. The caller saves the clocks.
    """
    owed = [row.escalation_id for row in clocks.live(ClockKind.FOLLOW_UP) if row.escalation_id is not None]
    escalation = Escalation.objects.filter(pk__in=owed).first() if owed else None
    if escalation is None or escalation.from_user_id == held.by.pk:
        return
    clocks.stop(ClockKind.FOLLOW_UP)
    _write(held, clocks, escalation, contacted_at=held.now, channel=message.channel, message=message)


def _write(
    held: Held,
    clocks: TicketClocks,
    escalation: Escalation,
    *,
    contacted_at: datetime,
    channel: str,
    note: str = "",
    message: Message | None = None,
) -> FollowUp:
    row = FollowUp.objects.create(
        escalation=escalation, contacted_at=contacted_at, channel=channel, note=note, message=message,
        recorded_by=held.by, recorded_at=held.now,
    )  # fmt: skip
    tell(
        held, "handoff.followed_up", escalation=escalation.pk, follow_up=row.pk, contacted_at=contacted_at,
        channel=channel, message=message.pk if message else None,
    )  # fmt: skip
    return row


@transaction.atomic
def follow_up_record(
    *, escalation: Escalation, by: User, contacted_at: datetime, channel: str, note: str = ""
) -> FollowUp:
    """Record a contact made elsewhere, at `contacted_at`, by whoever holds the ticket.

    An overdue clock stays breached, whenever the contact was: it was owed until it was recorded.
    Raises NotAllowed, Refused, and Overtaken when the follow-up is on record or no longer asked for.
    """
    held, current = hold_escalation(escalation.pk, by)
    if not holds_for_receiver(held.by, current):
        raise NotAllowed(f"Whoever holds the ticket follows up: {held.ticket.owner or held.ticket.team}.")
    known = FollowUp.objects.filter(escalation=current).select_related("recorded_by").first()
    if known is not None:
        raise Overtaken(f"{known.recorded_by} was first: the follow-up is on record. Nothing was changed.")
    if current.state != EscalationState.ACCEPTED or current.accepted_at is None:
        raise Overtaken(f"The handoff is {current.get_state_display().lower()}: no follow-up is asked for.")
    if contacted_at > held.now:
        raise Refused("That time is still to come.", {"contacted_at": "Give the time of the contact."})
    # The form knows minutes: the minute of the acceptance itself is after it.
    if contacted_at < current.accepted_at.replace(second=0, microsecond=0):
        raise Refused(
            "That was before the handoff was accepted.", {"contacted_at": "A follow-up comes after accepting."}
        )
    contacted_at = max(contacted_at, current.accepted_at)
    clocks = TicketClocks(held.ticket, held.now)
    owed = clocks.live(ClockKind.FOLLOW_UP)
    is_late = any(is_overdue(clocks.record(row), held.now) or row.fired_at for row in owed)
    clocks.stop(ClockKind.FOLLOW_UP, at=held.now if is_late else contacted_at)
    row = _write(held, clocks, current, contacted_at=contacted_at, channel=channel, note=note.strip())
    clocks.save()
    return row
