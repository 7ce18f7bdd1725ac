"""Splitting: a second matter in one conversation becomes a ticket of its own, its messages and files with it.

From a merged ticket it is the way back: the state machine does not un-merge, but what was said gets a ticket again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from escalations.choices import ClockKind, HopKind, MessageKind
from escalations.errors import Refused
from escalations.models import Attachment, Message, Ticket, TicketReader
from escalations.services.clocks import TicketClocks, start_opening, start_stay
from escalations.services.hops import hop_open
from escalations.services.locking import Held, check_ticket_part, hold_ticket
from escalations.services.record import tell

# What the new ticket takes over: facts of the customer and of the matter at large. Not the customer's words on the old.
SAME = (
    "customer_id", "contact_id", "segment", "is_vip", "region_id", "category", "issue_type", "product_area", "channel",
    "sentiment", "tier_id", "team_id", "is_restricted",
)  # fmt: skip
SAID_BY_US = (MessageKind.REPLY, MessageKind.CALL)


@transaction.atomic
def ticket_split(
    *, ticket: Ticket, by: User, messages: Collection[int], subject: str, priority: int, from_message: bool
) -> Ticket:
    """Make a ticket of some of this one's messages, which move there with their files.

    It stays with the same team; its owner is `by` if they belong to it. `from_message`: the first response and the
    contract count from the first of the messages, else from now. The stay at its tier begins now. Readers of a
    restricted ticket read the new one too. Raises Refused (with the fields `messages`, `subject`), NotAllowed.
    """
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    if not subject.strip():
        raise Refused("The new ticket needs a subject.", {"subject": "Say what it is about."})
    chosen = list(Message.objects.filter(ticket=held.ticket, pk__in=messages).order_by("said_at", "pk"))
    if not chosen:
        raise Refused("Nothing was chosen.", {"messages": "Choose what the new ticket is about."})
    if len(chosen) < len(set(messages)):
        raise Refused("Some of these messages were moved meanwhile.", {"messages": "Choose among those still here."})
    made = _open(held, chosen, subject.strip(), priority, from_message=from_message)
    moved = [message.pk for message in chosen]
    Message.objects.filter(pk__in=moved).update(ticket=made)
    Attachment.objects.filter(message__in=moved).update(ticket=made)
    _set_back(held, chosen)
    _start_clocks(made, chosen, held)
    _tell(held, made, len(chosen))
    return made


def _open(held: Held, chosen: Sequence[Message], subject: str, priority: int, *, from_message: bool) -> Ticket:
    source, now = held.ticket, held.now
    opened = min(chosen[0].said_at, now) if from_message else now
    answers = [one.said_at for one in chosen if one.kind in SAID_BY_US]
    spoken = [one.said_at for one in chosen if one.kind != MessageKind.NOTE]
    made = Ticket(
        **{name: getattr(source, name) for name in SAME},
        subject=subject, priority=priority, split_from=source, created_by=held.by,
        owner=held.by if held.by.team_id == source.team_id else None,
        opened_at=opened, tier_since=now, queue_key=now, updated_at=now,
        attempts=len(answers), first_replied_at=min(answers, default=None),
        waiting_since=_waits(chosen) or (None if answers else opened), last_contact_at=max(spoken, default=now),
    )  # fmt: skip
    made.save()
    if source.is_restricted:
        readers = {*source.readers.values_list("user", flat=True), held.by.pk}
        TicketReader.objects.bulk_create(TicketReader(ticket=made, user_id=pk, named_by=held.by) for pk in readers)
    hop_open(ticket=made, kind=HopKind.HELD, tier=source.tier, team=source.team, holder=made.owner, at=now)
    return made


def _waits(messages: Sequence[Message]) -> datetime | None:
    """Since when the customer waits: their oldest message after our last word."""
    last = max((one.said_at for one in messages if one.kind in SAID_BY_US), default=None)
    theirs = [one.said_at for one in messages if one.kind == MessageKind.CUSTOMER]
    return min((at for at in theirs if last is None or at > last), default=None)


def _set_back(held: Held, chosen: Sequence[Message]) -> None:
    """The customer no longer waits here for an answer to what is answered there."""
    source = held.ticket
    moved = {one.said_at for one in chosen if one.kind == MessageKind.CUSTOMER}
    if source.waiting_since in moved:
        never_answered = source.opened_at if source.attempts == 0 and source.is_open else None
        source.waiting_since = _waits(list(Message.objects.filter(ticket=source))) or never_answered
    source.version += 1
    source.updated_at = held.now
    source.next_check_at = held.now if source.is_open else None
    source.save()


def _start_clocks(made: Ticket, chosen: Sequence[Message], held: Held) -> None:
    made = Ticket.objects.select_related("customer", "tier", "team", "owner").get(pk=made.pk)
    clocks = TicketClocks(made, held.now)
    start_opening(clocks, at=made.opened_at)
    start_stay(clocks)
    if made.first_replied_at is not None:
        clocks.stop(ClockKind.FIRST_RESPONSE, at=max(made.first_replied_at, made.opened_at))
    clocks.save()


def _tell(held: Held, made: Ticket, count: int) -> None:
    tell(held, "ticket.split_off", other=made.pk, ref=made.ref, messages=count)
    new = Held(made, held.by, held.now)
    tell(
        new, "ticket.created", priority=made.priority, tier=held.ticket.tier.code, team=held.ticket.team,
        owner=made.owner,
    )  # fmt: skip
    tell(new, "ticket.split_from", other=held.ticket.pk, ref=held.ticket.ref, messages=count)
