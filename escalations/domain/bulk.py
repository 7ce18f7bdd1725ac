"""Acts on many tickets at once: what each is called, and for which tickets it can do nothing, said before it is done.

What an act does and how it is taken back stands in `escalations.services.bulk_acts`. `why_not` foresees what that
will refuse; it is no guard, since everything may change until then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from escalations.choices import EscalationState, TicketState
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS, TICKET_TRANSITIONS, Part, allowed

LIMIT = 500  # tickets at once: more take longer than anybody waits for a page


@dataclass(frozen=True, slots=True)
class BulkAct:
    """One act. `label` is its button, `done` its past tense, `undone` that of taking it back ("" if it stays).

    `asks`: it needs values of a form. `noun` is what it changes, for "Noor Haddad changed the owner since".
    """

    code: str
    label: str
    done: str
    sign: str
    noun: str
    undone: str = ""
    asks: bool = False

    @property
    def can_undo(self) -> bool:
        return bool(self.undone)


ACTS: Mapping[str, BulkAct] = {
    act.code: act
    for act in (
        BulkAct("acknowledge", "Acknowledge", "acknowledged", "eye", "the handoff", "no longer acknowledged"),
        BulkAct("take", "Take", "taken", "hand-grab", "the owner", "given back to the owner before"),
        BulkAct("assign", "Set owner", "given a new owner", "user-plus", "the owner", "back with who had it", True),
        BulkAct("priority", "Set priority", "set to a new priority", "flag", "the priority", "back at the one it had",
                True),
        BulkAct("wait", "Set to wait", "set to wait", "player-pause", "what it waits for", "as they were", True),
        BulkAct("resume", "Go on with the work", "gone on with", "player-play", "what it waits for", "waiting again"),
        BulkAct("note", "Add note", "given the note", "note", "the notes", asks=True),
        BulkAct("link", "Link to parent", "linked to the parent", "link", "the parent", "as they were", True),
        BulkAct("close", "Close", "closed", "checkbox", "its state", "no longer closed"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides, of one ticket and one person. `waits` is the state of the handoff that waits on it, "" for none.

    `owner_id` and `priority` are as they stand; `parts` those on the ticket, `answering` those on that handoff.
    """

    state: str
    priority: int
    owner_id: int | None
    team_id: int
    parts: frozenset[Part]
    waits: str = ""
    is_sender: bool = False
    answering: frozenset[Part] = frozenset()
    parent_id: int | None = None
    pk: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in (TicketState.NEW, TicketState.OPEN, *_WAITING)


_WAITING = (TicketState.WAITING_CUSTOMER, TicketState.WAITING_VENDOR)
ANOTHER_TEAM = "Held by a team that is not yours"
NOT_OPEN = "Not open any more"


def why_not(code: str, ticket: Standing, values: Mapping[str, Any]) -> str:
    """Why the act would do nothing to this ticket, "" when it can be done. The same words for the same reason.

    `values`: owner and owner_team (ids), priority, wait (as `domain.clocks.Wait`), parent (id); absent while unknown.
    """
    if code == "acknowledge":
        return _not_acknowledged(ticket)
    if code == "note":
        return ""
    if not ticket.parts:
        return ANOTHER_TEAM
    if code == "close":
        return "" if "close" in allowed(TICKET_TRANSITIONS, ticket.state, ticket.parts) else "Not resolved, or closed"
    if not ticket.is_open:
        return NOT_OPEN
    match code:
        case "take" | "assign":
            return _not_assigned(ticket, values)
        case "priority":
            return "Has this priority already" if ticket.priority == values.get("priority") else ""
        case "wait":
            return "Waits for them already" if ticket.state == values.get("wait") else ""
        case "resume":
            return "" if ticket.state in _WAITING else "Does not wait"
        case "link":
            return _not_linked(ticket, values)
    return ""


def _not_acknowledged(ticket: Standing) -> str:
    if not ticket.waits:
        return "No handoff waits on it"
    if ticket.is_sender:
        return "You filed its handoff yourself"
    if "acknowledge" in allowed(ESCALATION_TRANSITIONS, ticket.waits, ticket.answering):
        return ""
    return "Acknowledged already" if ticket.waits == EscalationState.ACKNOWLEDGED else "Its handoff waits for others"


def _not_assigned(ticket: Standing, values: Mapping[str, Any]) -> str:
    if "owner" not in values:
        return ""
    if ticket.owner_id == values["owner"]:
        return "Has this owner already"
    if values["owner"] is not None and values.get("owner_team") != ticket.team_id:
        return "The owner would not be of its team"
    return ""


def _not_linked(ticket: Standing, values: Mapping[str, Any]) -> str:
    parent = values.get("parent")
    if parent is None:
        return ""
    if ticket.pk == parent:
        return "It is the parent itself"
    return "Has this parent already" if ticket.parent_id == parent else ""


def grouped(reasons: Iterable[str]) -> list[tuple[str, int]]:
    """(reason, how many), the most frequent first; those without a reason left out."""
    given = sorted(reason for reason in reasons if reason)
    counts = [(reason, len(list(same))) for reason, same in groupby(given)]
    return sorted(counts, key=lambda found: (-found[1], found[0]))
