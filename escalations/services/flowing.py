"""Updates flow down: what the parent's customer is told, its children's customers are told too, each on their ticket.

Batched, because an outage has hundreds of them: the number of statements does not depend on how many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, Max, Value, When
from django.db.models.functions import Coalesce

from escalations.choices import ClockKind, MessageKind, TicketState
from escalations.domain import clocks as core
from escalations.models import Clock, Message, Ticket
from escalations.services.families import Family
from escalations.services.many_clocks import read_clocks, save_clocks
from escalations.services.record import tell
from journal.models import Event, OutboxMessage
from journal.services import outbox_put_many
from policies.selectors import policy_in_force


@dataclass(frozen=True, slots=True)
class Flow:
    """Which children's customers were told, and which could not be: no e-mail address is known."""

    told: list[Ticket]
    unreachable: list[Ticket]


def flow_down(
    family: Family, parent: Ticket, message: Message, children: Sequence[Ticket], *, next_update_at: datetime | None
) -> Flow:
    """Repeat a reply of the parent on each of its held children: a message there, an attempt, and its clocks.

    One mail goes to each address, however many of these tickets it has. Where no address is known nothing is said to
    have been said. Children that the person may not see are left out, silently.
    """
    seen = [one for one in children if family.sees(one)]
    told = [one for one in seen if one.contact is not None and one.contact.email]
    flow = Flow(told, [one for one in seen if one not in told])
    if told:
        _stop_clocks(told, family.now, next_update_at)
        _write_tickets(told, family.now)
        messages = Message.objects.bulk_create(
            Message(
                ticket=one, kind=MessageKind.REPLY, author=family.by, channel="email", body=message.body,
                said_at=family.now, flowed_from=message,
            )
            for one in told
        )  # fmt: skip
        _tell(family, messages, next_update_at)
        _mail(parent, told, message)
    tell(
        family.held(parent.pk), "ticket.update_flowed", message=message.pk, told=len(flow.told),
        unreachable=[one.ref for one in flow.unreachable],
    )  # fmt: skip
    return flow


def _stop_clocks(tickets: Sequence[Ticket], now: datetime, next_update_at: datetime | None) -> None:
    """First response and promise as after a reply; a promise made to the parent's customer is made to theirs."""
    many = read_clocks(tickets, now)
    for clocks in many.values():
        clocks.stop(ClockKind.FIRST_RESPONSE, ClockKind.PROMISED_UPDATE)
    if next_update_at is not None:
        _promise(tickets, now, next_update_at)
    save_clocks(list(many.values()))


def _promise(tickets: Sequence[Ticket], now: datetime, due: datetime) -> None:
    """A clock for each, as `services.clocks.promise_update` starts one."""
    version, _ = policy_in_force()
    last = dict(
        Clock.objects.filter(ticket__in=tickets, kind=ClockKind.PROMISED_UPDATE)
        .order_by()
        .values_list("ticket")
        .annotate(last=Max("round"))
    )
    record = core.promise(now=now, due=due)
    Clock.objects.bulk_create(
        Clock(
            ticket=one, kind=ClockKind.PROMISED_UPDATE, round=last.get(one.pk, 0) + 1, policy_version=version,
            budget=record.budget, started_at=now, due_at=due,
        )
        for one in tickets
    )  # fmt: skip


def _write_tickets(tickets: Sequence[Ticket], now: datetime) -> None:
    Ticket.objects.filter(pk__in=[one.pk for one in tickets]).update(
        attempts=F("attempts") + 1,
        first_replied_at=Coalesce("first_replied_at", Value(now)),
        waiting_since=None,
        last_contact_at=now,
        state=Case(When(state=TicketState.NEW, then=Value(TicketState.OPEN)), default=F("state")),
    )


def _tell(family: Family, messages: Sequence[Message], next_update_at: datetime | None) -> None:
    promised = next_update_at.isoformat() if next_update_at else None
    Event.objects.bulk_create(
        Event(
            subject_type="ticket", subject_id=one.ticket_id, kind="ticket.replied", actor=family.by,
            occurred_at=family.now,
            data={"message": one.pk, "channel": "email", "next_update_at": promised, "flowed": True},
        )
        for one in messages
    )  # fmt: skip


def _mail(parent: Ticket, told: Sequence[Ticket], message: Message) -> None:
    """One mail an address. The key is that of the parent's own mail, so its contact gets no second one."""
    by_address: dict[str, list[Ticket]] = {}
    for one in told:
        assert one.contact is not None
        by_address.setdefault(one.contact.email.lower(), []).append(one)
    if message.channel == "email" and parent.contact is not None:
        by_address.pop(parent.contact.email.lower(), None)
    outbox_put_many(
        OutboxMessage(
            dedupe_key=f"message:{message.pk}:{address}:email",
            recipient=address,
            subject=f"[{tickets[0].ref}] {tickets[0].subject}"[:300],
            body=message.body + _about(tickets),
        )
        for address, tickets in sorted(by_address.items())
    )


def _about(tickets: Sequence[Ticket]) -> str:
    """Which of their tickets it is about, where they have several."""
    return f"\n\nThis is about {', '.join(one.ref for one in tickets)}.\n" if len(tickets) > 1 else ""
