"""What a clock means: what happens when it rings, and how it went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.domain.deadline import DeadlineSum
from escalations.choices import ClockKind, ClockState, EscalationState
from escalations.domain.wording import humanize_seconds, moment
from escalations.models import Clock, Escalation, Ticket

# What is true of each kind when it rings. Nothing here moves a ticket by itself.
_RINGS = {
    ClockKind.FIRST_RESPONSE: "the missing first reply is marked. The first reply or call stops this clock",
    ClockKind.ACKNOWLEDGEMENT: "the handoff is marked as not acknowledged in time. The sender still owns the ticket",
    ClockKind.TIME_AT_TIER: "the limit is marked as passed. Nothing moves by itself: the holder escalates it",
    ClockKind.TIER_RESOLUTION: "the target is marked as missed. The ticket stays where it is",
    ClockKind.CONTRACT_RESOLUTION: "the contract’s target is marked as missed. The ticket stays where it is",
    ClockKind.PROMISED_UPDATE: "the promise is marked as broken. A reply or a call to the customer keeps it",
    ClockKind.FOLLOW_UP: (
        "the missing follow-up is marked. A reply to the customer, or a contact made elsewhere and recorded, stops it"
    ),
}
_OTHER = "it is marked as missed"
_STANDS = {
    ClockKind.TIME_AT_TIER: "It does not run while the ticket waits for somebody outside or for a receiver’s answer,"
    " nor while a parent carries it.",
    ClockKind.TIER_RESOLUTION: "It does not run while the ticket waits for the customer or a vendor, nor while a parent"
    " carries it.",
    ClockKind.CONTRACT_RESOLUTION: "It does not run while the ticket waits for the customer or a vendor.",
}
_RUNS_ON = "It runs on while the ticket waits."


def meaning(
    row: Clock, found: DeadlineSum, *, now: datetime, zone: Any, ticket: Ticket, escalations: Sequence[Escalation]
) -> list[str]:
    """Sentences, most important first. `found` is the clock's sum at `now` or at its end."""
    kind = ClockKind(row.kind)
    used = f"{humanize_seconds(found.used or 0)} of {humanize_seconds(row.budget)} are used."
    match row.state:
        case ClockState.RUNNING:
            told = "The receivers are" if kind == ClockKind.ACKNOWLEDGEMENT else "Whoever holds the ticket is"
            said = [f"At {moment(found.due, now, zone)} {_RINGS.get(kind, _OTHER)}. {told} told by mail.", used]
        case ClockState.PAUSED:
            left = humanize_seconds(row.remaining or 0)
            said = [f"{row.pause_reason}. {left} are left; they run on as soon as the wait ends."]
            if row.review_at is not None:
                said.append(f"To be looked at again {moment(row.review_at, now, zone)}. {used}")
        case ClockState.MET:
            said = [f"Met {moment(row.stopped_at or now, now, zone)}. {used}"]
        case ClockState.BREACHED:
            said = [_late(row, found, now, zone)]
        case _:
            said = [f"No longer asked for since {moment(row.stopped_at or now, now, zone)}. {used}"]
    if row.is_late_record:
        said.append("It was past due already when the ticket was imported, so nothing followed from it.")
    if row.state in (ClockState.RUNNING, ClockState.PAUSED):
        said.append(_STANDS.get(kind, _RUNS_ON))
    return said + _second_deadline(row, escalations, now, zone)


def _late(row: Clock, found: DeadlineSum, now: datetime, zone: Any) -> str:
    over = humanize_seconds(found.over or 0)
    if row.stopped_at is not None:
        return f"Missed. What was due happened {moment(row.stopped_at, now, zone)}, {over} of counted time too late."
    return f"Missed, and still owed: {over} of counted time over its {humanize_seconds(row.budget)}."


def _second_deadline(row: Clock, escalations: Sequence[Escalation], now: datetime, zone: Any) -> list[str]:
    """Acknowledged is not accepted: until when the receiver decides, and what happens else."""
    if row.kind != ClockKind.ACKNOWLEDGEMENT:
        return []
    own = next((one for one in escalations if one.pk == row.escalation_id), None)
    if own is None or own.state != EscalationState.ACKNOWLEDGED or own.ack_expires_at is None:
        return []
    until = moment(own.ack_expires_at, now, zone)
    return [f"{own.to_team} accepts or returns it by {until}; else it counts as not acknowledged again."]
