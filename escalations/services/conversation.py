"""What is said on a ticket. Attempts and waiting time come from here."""

from datetime import datetime
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import ClockKind, MessageKind, TicketState
from escalations.errors import NotAllowed, Refused
from escalations.models import Attachment, Contact, Message, Ticket
from escalations.services.clocks import TicketClocks, promise_update
from escalations.services.follow_ups import meet_by_reply
from escalations.services.locking import Held, hold_ticket
from escalations.services.mentions import mentions_add
from escalations.services.record import tell
from escalations.services.survivors import check_may_record, check_not_merged, hold_survivor, tell_late
from escalations.services.tickets import resume_outside
from escalations.services.warm import check_may_answer
from journal.services import outbox_put


def _say(
    held: Held,
    kind: MessageKind,
    body: str,
    *,
    channel: str,
    said_at: datetime | None = None,
    contact: Contact | None = None,
) -> Message:
    is_customer = kind == MessageKind.CUSTOMER
    return Message.objects.create(
        ticket=held.ticket, kind=kind, body=body, channel=channel, said_at=said_at or held.now,
        author=None if is_customer else held.by, contact=contact,
    )  # fmt: skip


def _attach(message: Message, keys: list[str], by: User) -> None:
    Attachment.objects.filter(
        ticket=message.ticket, key__in=keys, draft_of=by, message__isnull=True, handoff__isnull=True
    ).update(message=message, draft_of=None)


class Said(TypedDict):
    """A reply: `channel` a code of the list ("email" sends it), `attachments` keys of files uploaded before."""

    body: str
    channel: NotRequired[str]
    next_update_at: NotRequired[datetime | None]
    attachments: NotRequired[list[str] | None]


@transaction.atomic
def ticket_reply(*, ticket: Ticket, by: User, **said: Unpack[Said]) -> Message:
    """Answer the customer: sent by e-mail through the outbox, or noted as said by phone or elsewhere.

    Counts as an attempt, ends the customer's wait, the first response and the follow-up; a promise starts its clock.
    By whoever holds the ticket, and by a sender who stays with it (warm transfer).
    """
    held = hold_ticket(ticket.pk, by)
    check_may_answer(held)
    return reply_held(held, **said)


def reply_held(
    held: Held,
    *,
    body: str,
    channel: str = "email",
    next_update_at: datetime | None = None,
    attachments: list[str] | None = None,
) -> Message:
    """Answer the customer of a ticket that is held already, by somebody who may."""
    current = held.ticket
    check_not_merged(current)
    if next_update_at is not None and next_update_at <= held.now:
        raise Refused("The promised time has passed already.", {"next_update_at": "Promise a time still to come."})
    if next_update_at is not None and not current.is_open:
        said = f"{current.ref} is {current.get_state_display().lower()}: nothing more is promised on it."
        raise Refused(said, {"next_update_at": "Reopen the ticket first, or send the reply without a promise."})
    message = _say(held, MessageKind.CALL if channel == "phone" else MessageKind.REPLY, body, channel=channel)
    _attach(message, attachments or [], held.by)
    current.attempts += 1
    current.first_replied_at = current.first_replied_at or held.now
    current.waiting_since = None
    current.last_contact_at = held.now
    if current.state == TicketState.NEW:
        current.state = TicketState.OPEN
    clocks = TicketClocks(current, held.now)
    clocks.stop(ClockKind.FIRST_RESPONSE, ClockKind.PROMISED_UPDATE)
    meet_by_reply(held, clocks, message)
    if next_update_at is not None:
        promise_update(clocks, due=next_update_at)
    clocks.save()
    if channel == "email" and current.contact and current.contact.email:
        outbox_put(
            key=f"message:{message.pk}:{current.contact.email}:email",
            recipient=current.contact.email,
            subject=f"[{current.ref}] {current.subject}",
            body=body,
        )
    tell(held, "ticket.replied", message=message.pk, channel=channel, next_update_at=next_update_at)
    return message


@transaction.atomic
def ticket_record_customer(
    *, ticket: Ticket, by: User, body: str, channel: str, said_at: datetime | None = None
) -> Message:
    """Record what the customer said. Work goes on if the ticket waited for them.

    What is said to a merged ticket is said to its survivor, by whoever may write on either; both timelines say so.
    """
    held = hold_survivor(ticket, by)
    current = held.ticket
    is_late = current.pk != ticket.pk
    check_may_record(held, ticket if is_late else None)
    when = said_at or held.now
    if when > held.now:
        raise Refused("That time is still to come.", {"said_at": "Give the time at which the customer wrote."})
    contact = ticket.contact if is_late else current.contact
    message = _say(held, MessageKind.CUSTOMER, body, channel=channel, said_at=when, contact=contact)
    current.waiting_since = min(current.waiting_since or when, when)
    current.last_contact_at = max(current.last_contact_at or when, when)
    clocks = TicketClocks(current, held.now)
    if current.state == TicketState.WAITING_CUSTOMER:
        current.state = TicketState.OPEN
        resume_outside(held, clocks)
    clocks.save()
    tell(held, "ticket.customer_wrote", message=message.pk, channel=channel)
    if is_late:
        tell_late(held, ticket)
    return message


@transaction.atomic
def ticket_note(*, ticket: Ticket, by: User, body: str, attachments: list[str] | None = None) -> Message:
    """An internal note. Everybody who works tickets and sees this one may add to it; no clock moves.

    Whom it mentions (`@user`) is told. Raises NotAllowed; Refused when somebody named cannot see the ticket.
    """
    held = hold_ticket(ticket.pk, by)
    if not held.by.can(Ability.READ):
        raise NotAllowed("Notes are for support staff.")
    message = _say(held, MessageKind.NOTE, body, channel="")
    _attach(message, attachments or [], held.by)
    Ticket.objects.filter(pk=held.ticket.pk).update(updated_at=held.now, next_check_at=held.now)
    people = mentions_add(held=held, message=message)
    tell(held, "ticket.noted", message=message.pk, mentions=[person.pk for person in people])
    return message
