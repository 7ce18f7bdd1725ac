"""What may follow what: one table a state machine, for services, pages and the database's own trigger."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from escalations.choices import CreditState as C
from escalations.choices import EscalationState as E
from escalations.choices import TicketState as T


class TransitionNotAllowed(Exception):
    """The thing is not in a state from which the action leads anywhere, or not for this role."""

    def __init__(self, state: str, action: str, role: str) -> None:
        super().__init__(f"{action} is not possible for the {role} while {state}")
        self.state, self.action, self.role = state, action, role


class Part(StrEnum):
    """In what part somebody acts on a ticket or an escalation: see `escalations.access`."""

    OWNER = "owner"
    SENDER = "sender"
    RECEIVER = "receiver"
    MANAGER = "manager"
    SYSTEM = "system"
    REQUESTER = "requester"
    APPROVER = "approver"


@dataclass(frozen=True, slots=True)
class Transition:
    source: str
    action: str
    target: str
    parts: frozenset[Part]


def _rows(sources: Iterable[str], action: str, target: str, *parts: Part) -> list[Transition]:
    return [Transition(str(source), action, str(target), frozenset(parts)) for source in sources]


_WORKING = (Part.OWNER, Part.MANAGER)
_ANSWERED = (T.NEW, T.OPEN, T.WAITING_CUSTOMER, T.WAITING_VENDOR)

TICKET_TRANSITIONS: tuple[Transition, ...] = tuple(
    _rows([T.NEW], "open", T.OPEN, *_WORKING, Part.SYSTEM)
    + _rows([T.NEW, T.OPEN, T.WAITING_VENDOR], "wait_for_customer", T.WAITING_CUSTOMER, *_WORKING)
    + _rows([T.NEW, T.OPEN, T.WAITING_CUSTOMER], "wait_for_vendor", T.WAITING_VENDOR, *_WORKING)
    + _rows([T.WAITING_CUSTOMER, T.WAITING_VENDOR], "resume", T.OPEN, *_WORKING, Part.SYSTEM)
    + _rows(_ANSWERED, "resolve", T.RESOLVED, *_WORKING)
    + _rows([T.RESOLVED], "close", T.CLOSED, *_WORKING, Part.SYSTEM)
    + _rows([T.CLOSED], "unclose", T.RESOLVED, *_WORKING)
    + _rows([T.RESOLVED, T.CLOSED], "reopen", T.OPEN, *_WORKING, Part.SYSTEM)
    + _rows(_ANSWERED, "merge", T.MERGED, *_WORKING)
)

_RECEIVING = (Part.RECEIVER, Part.MANAGER)
_SENDING = (Part.SENDER, Part.MANAGER)

ESCALATION_TRANSITIONS: tuple[Transition, ...] = tuple(
    _rows([E.PENDING], "acknowledge", E.ACKNOWLEDGED, *_RECEIVING)
    + _rows([E.ACKNOWLEDGED], "expire_acknowledgement", E.PENDING, Part.SYSTEM)
    + _rows([E.ACKNOWLEDGED], "unacknowledge", E.PENDING, *_RECEIVING)
    + _rows([E.PENDING, E.ACKNOWLEDGED], "accept", E.ACCEPTED, *_RECEIVING)
    + _rows([E.PENDING, E.ACKNOWLEDGED], "return", E.RETURNED, *_RECEIVING)
    + _rows([E.PENDING, E.ACKNOWLEDGED], "withdraw", E.WITHDRAWN, *_SENDING, Part.SYSTEM)
    + _rows([E.ACKNOWLEDGED], "redirect", E.PENDING, *_SENDING)
    + _rows([E.PENDING], "redirect", E.PENDING, *_SENDING)
    + _rows([E.PENDING, E.ACKNOWLEDGED], "readdress", E.PENDING, *_RECEIVING)
    + _rows([E.PENDING], "complete", E.PENDING, *_SENDING)
    + _rows([E.ACKNOWLEDGED], "complete", E.ACKNOWLEDGED, *_SENDING)
    + _rows([E.RETURNED], "resubmit", E.PENDING, *_SENDING)
    + _rows([E.ACCEPTED], "resolve", E.RESOLVED, Part.OWNER, Part.MANAGER, Part.SYSTEM)
    + _rows([E.ACCEPTED], "de_escalate", E.DE_ESCALATED, *_WORKING, Part.SYSTEM)
    + _rows([E.ACCEPTED], "move_on", E.MOVED_ON, Part.SYSTEM)
)

# Whoever issued a credit, on their own authority or by deciding, acts as its approver when it is reversed.
CREDIT_TRANSITIONS: tuple[Transition, ...] = tuple(
    _rows([C.REQUESTED], "issue", C.ISSUED, Part.APPROVER)
    + _rows([C.REQUESTED], "approve", C.APPROVED, Part.APPROVER)
    + _rows([C.REQUESTED], "deny", C.DENIED, Part.APPROVER)
    + _rows([C.REQUESTED], "expire", C.EXPIRED, Part.REQUESTER, Part.SYSTEM)
    + _rows([C.ISSUED], "reverse", C.REVERSED, Part.APPROVER)
)


def transition(table: Iterable[Transition], state: str, action: str, part: Part) -> str:
    """The state that `action` by somebody acting as `part` leads to. Raises TransitionNotAllowed."""
    for row in table:
        if row.source == state and row.action == action and part in row.parts:
            return row.target
    raise TransitionNotAllowed(state, action, part)


def allowed(table: Iterable[Transition], state: str, parts: Iterable[Part]) -> frozenset[str]:
    """The actions open to somebody who acts in any of `parts`: what a page offers."""
    held = frozenset(parts)
    return frozenset(row.action for row in table if row.source == state and row.parts & held)
