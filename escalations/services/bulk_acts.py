"""What each act on many tickets does to one of them, and how that is taken back. See docs/how-to/bulk-action.md.

Every act calls the service that a ticket's own page calls, so that rights, clocks and events are the same. `do` gives
back what undoing needs, as JSON; `undo` gets it again and does the compensating act, which may refuse in turn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from escalations.choices import WAITING_STATES
from escalations.domain.clocks import Wait
from escalations.errors import Overtaken, Refused
from escalations.models import Escalation, Pause, Ticket
from escalations.selectors.standing import pending_handoff
from escalations.services.answers import handoff_acknowledge
from escalations.services.conversation import ticket_note
from escalations.services.parents import ticket_link_parent, ticket_unlink_parent
from escalations.services.resolutions import ticket_close
from escalations.services.taking_back import handoff_unacknowledge, ticket_unclose
from escalations.services.tickets import ticket_assign, ticket_change_priority, ticket_resume, ticket_wait

Values = Mapping[str, Any]
Before = dict[str, Any]


def nothing_else(values: Values, before: Values) -> list[int]:
    return []


TAKEN_BACK = "Taken back: the change before was undone."


@dataclass(frozen=True, slots=True)
class Work:
    """`touches`: what has to happen to a ticket after the act for it to be no longer ours to take back.

    `also`: ids of tickets that the act locks besides, so that all are locked in the order of their ids.
    """

    do: Callable[[Ticket, User, Values], Before]
    undo: Callable[[Ticket, User, Values, Values], None] | None = None
    touches: tuple[str, ...] = ()
    also: Callable[[Values, Values], list[int]] = nothing_else


def _acknowledge(ticket: Ticket, by: User, values: Values) -> Before:
    escalation = pending_handoff(ticket)
    if escalation is None or escalation.pk != values.get("escalation", escalation.pk):
        raise Overtaken("No handoff waits on it any more.")
    handoff_acknowledge(escalation=escalation, by=by)
    return {"escalation": escalation.pk}


def _unacknowledge(ticket: Ticket, by: User, values: Values, before: Values) -> None:
    handoff_unacknowledge(escalation=Escalation(pk=before["escalation"]), by=by)


def _give(ticket: Ticket, by: User, owner: User | None) -> Before:
    old = ticket.owner_id
    if old == (owner.pk if owner else None):
        raise Refused(f"{ticket.ref} has this owner already.", {"owner": "Choose somebody else."})
    ticket_assign(ticket=ticket, by=by, owner=owner)
    return {"owner": old, "team": ticket.team_id}


def _take(ticket: Ticket, by: User, values: Values) -> Before:
    return _give(ticket, by, by)


def _assign(ticket: Ticket, by: User, values: Values) -> Before:
    return _give(ticket, by, _person(values["owner"]))


def _person(pk: int | None) -> User | None:
    return None if pk is None else User.objects.get(pk=pk)


def _give_back(ticket: Ticket, by: User, values: Values, before: Values) -> None:
    if ticket.team_id != before["team"]:
        raise Overtaken(f"It has moved to {ticket.team} since.")
    ticket_assign(ticket=ticket, by=by, owner=_person(before["owner"]))


def _priority(ticket: Ticket, by: User, values: Values) -> Before:
    old = ticket.priority
    if old == values["priority"]:
        raise Refused(f"{ticket.ref} has this priority already.", {"priority": "Choose another one."})
    ticket_change_priority(ticket=ticket, by=by, priority=values["priority"], reason=values["reason"])
    return {"priority": old}


def _priority_back(ticket: Ticket, by: User, values: Values, before: Values) -> None:
    ticket_change_priority(ticket=ticket, by=by, priority=before["priority"], reason=TAKEN_BACK)


def _outside(ticket: Ticket) -> Before:
    """For whom it waits now, so that it can be set to wait again."""
    if ticket.state not in WAITING_STATES:
        return {}
    pause = Pause.objects.filter(ticket=ticket, wait=ticket.state, ended_at__isnull=True).first()
    if pause is None:
        return {}
    return {"wait": pause.wait, "reason": pause.reason, "review_at": pause.review_at.isoformat()}


def _wait(ticket: Ticket, by: User, values: Values) -> Before:
    before = _outside(ticket)
    _set_to_wait(ticket, by, values)
    return before


def _set_to_wait(ticket: Ticket, by: User, values: Values) -> None:
    review_at = datetime.fromisoformat(values["review_at"])
    ticket_wait(ticket=ticket, by=by, wait=Wait(values["wait"]), reason=values["reason"], review_at=review_at)


def _wait_back(ticket: Ticket, by: User, values: Values, before: Values) -> None:
    if before.get("wait"):
        _set_to_wait(ticket, by, before)
    else:
        ticket_resume(ticket=ticket, by=by)


def _resume(ticket: Ticket, by: User, values: Values) -> Before:
    before = _outside(ticket)
    ticket_resume(ticket=ticket, by=by)
    return before


def _resume_back(ticket: Ticket, by: User, values: Values, before: Values) -> None:
    if not before.get("wait"):
        raise Refused("What it waited for was not noted.")
    _set_to_wait(ticket, by, before)


def _note(ticket: Ticket, by: User, values: Values) -> Before:
    return {"message": ticket_note(ticket=ticket, by=by, body=values["body"]).pk}


def _close(ticket: Ticket, by: User, values: Values) -> Before:
    ticket_close(ticket=ticket, by=by)
    return {}


def _unclose(ticket: Ticket, by: User, values: Values, before: Values) -> None:
    ticket_unclose(ticket=ticket, by=by)


def _link(ticket: Ticket, by: User, values: Values) -> Before:
    old = ticket.parent_id
    if old == values["parent"]:
        raise Refused(f"{ticket.ref} has this parent already.", {"parent": "Choose another ticket."})
    ticket_link_parent(ticket=ticket, parent=Ticket.objects.get(pk=values["parent"]), by=by)
    return {"parent": old}


def _link_back(ticket: Ticket, by: User, values: Values, before: Values) -> None:
    """A handoff that the linking withdrew stays withdrawn: its receivers were told."""
    if before["parent"] is None:
        ticket_unlink_parent(ticket=ticket, by=by)
    else:
        ticket_link_parent(ticket=ticket, parent=Ticket.objects.get(pk=before["parent"]), by=by)


def _parents(values: Values, before: Values) -> list[int]:
    return [pk for pk in (values.get("parent"), before.get("parent")) if pk is not None]


_ENDS = ("ticket.resolved", "ticket.closed", "ticket.reopened", "ticket.merged", "ticket.unclosed")
_MOVES = ("handoff.accepted", "handoff.de_escalated", "ticket.transferred", "ticket.handed_over")
_WAITS = ("ticket.waiting", "ticket.resumed", "ticket.customer_wrote", "handoff.accepted", *_ENDS)
_HANDOFF = (
    "handoff.acknowledged", "handoff.unacknowledged", "handoff.ack_expired", "handoff.accepted", "handoff.returned",
    "handoff.withdrawn", "handoff.redirected", "handoff.resubmitted",
)  # fmt: skip

WORKS: Mapping[str, Work] = {
    "acknowledge": Work(_acknowledge, _unacknowledge, _HANDOFF),
    "take": Work(_take, _give_back, ("ticket.assigned", *_MOVES, *_ENDS)),
    "assign": Work(_assign, _give_back, ("ticket.assigned", *_MOVES, *_ENDS)),
    "priority": Work(_priority, _priority_back, ("ticket.priority_changed", *_ENDS)),
    "wait": Work(_wait, _wait_back, _WAITS),
    "resume": Work(_resume, _resume_back, _WAITS),
    "note": Work(_note),
    "link": Work(_link, _link_back, ("ticket.parent_linked", "ticket.parent_unlinked", *_ENDS), _parents),
    "close": Work(_close, _unclose, _ENDS),
}
