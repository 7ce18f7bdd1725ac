"""One act on many tickets, once however often it is sent, and taken back where nobody has acted since.

Each ticket is a transaction of its own, in the order of their ids, with its line of the result in it: whatever dies
in the middle leaves whole lines, and the same form sent again goes on where it stopped. A bulk act of one ticket is
how the ticket's own page does the same, so that there is one undo.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from escalations.choices import BulkState
from escalations.domain.bulk import ACTS, LIMIT
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import BulkAction, BulkLine, Ticket
from escalations.services.bulk_acts import WORKS, Work, nothing_else
from journal import clock
from journal.models import Event
from journal.services import KeyOfAnother

REFUSALS = (NotAllowed, Refused, Overtaken)
LONGEST = 300  # characters of a line's message
READ = ("pk", "ref", "state", "priority", "owner", "team", "parent")


def bulk_run(
    *, key: uuid.UUID, code: str, tickets: Iterable[int], by: User, values: Mapping[str, Any] | None = None
) -> BulkAction:
    """Do the act to each of these tickets (ids) that the person may see, and keep what became of each.

    `values` is JSON, what the act's form said. The same key does nothing twice and gives the same result; where the
    first arrival died it goes on. Raises Refused for no ticket or more than LIMIT, KeyOfAnother.
    """
    action = _begin(key, code, tickets, by, dict(values or {}))
    return bulk_go_on(action=action, by=by)


def bulk_go_on(*, action: BulkAction, by: User) -> BulkAction:
    """Do what is left of it: nothing, unless whoever began it was stopped. What was taken back is not done any more."""
    _check_own(action, by)
    if action.state == BulkState.UNDONE:
        return action
    for line, ticket in _lines(action, is_done=False, message=""):
        _do_line(action, line, ticket, by)
    return action


@transaction.atomic
def _begin(key: uuid.UUID, code: str, tickets: Iterable[int], by: User, values: dict[str, Any]) -> BulkAction:
    made, is_first = BulkAction.objects.get_or_create(
        key=key, defaults={"action": code, "values": values, "by": by, "at": clock.now()}
    )
    if not is_first:
        if made.by_id != by.pk or made.action != code:
            raise KeyOfAnother(str(key))
        return made
    wanted = list(dict.fromkeys(tickets))
    seen = list(Ticket.objects.visible_to(by).filter(pk__in=wanted).order_by("pk").values_list("pk", flat=True))
    if not seen:
        raise Refused("No ticket was selected.")
    if len(seen) > LIMIT:
        raise Refused(f"{len(seen):,} tickets are selected; {LIMIT} at once is the most.")
    BulkLine.objects.bulk_create(BulkLine(action=made, ticket_id=pk, is_done=False) for pk in seen)
    return made


def _lines(action: BulkAction, **wanted: Any) -> list[tuple[int, int]]:
    found = BulkLine.objects.filter(action=action, **wanted).order_by("ticket_id")
    return list(found.values_list("pk", "ticket_id"))


def _lock(ids: Iterable[int]) -> dict[int, Ticket]:
    """Lock tickets in the order of their ids: those that there are, with what acts read of them before they begin."""
    found = Ticket.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk")
    return {ticket.pk: ticket for ticket in found.only(*READ)}


def _hold(action: BulkAction, line_id: int, ticket_id: int) -> tuple[BulkLine, Ticket] | None:
    """The tickets first, as everywhere, then the line. None when an import was taken back with the ticket meanwhile."""
    work = WORKS[action.action]
    before: dict[str, Any] = {}
    if work.also is not nothing_else:
        before = BulkLine.objects.values_list("before", flat=True).filter(pk=line_id).first() or {}
    ticket = _lock([ticket_id, *work.also(action.values, before)]).get(ticket_id)
    return None if ticket is None else (BulkLine.objects.select_for_update().get(pk=line_id), ticket)


@transaction.atomic
def _do_line(action: BulkAction, line_id: int, ticket_id: int, by: User) -> None:
    held = _hold(action, line_id, ticket_id)
    if held is None:
        return
    line, ticket = held
    if line.is_done or line.message:
        return  # the same form, sent again, was here first
    try:
        with transaction.atomic():
            line.before = _act(WORKS[action.action], ticket, by, action.values)
    except REFUSALS as error:
        line.message = str(error)[:LONGEST]
    else:
        line.is_done = True
    line.save(update_fields=["is_done", "message", "before"])


def _act(work: Work, ticket: Ticket, by: User, values: Mapping[str, Any]) -> dict[str, Any]:
    """Do it, and note the last event of the ticket: what comes after it is somebody else's."""
    before = work.do(ticket, by, values)
    return before | {"event": _stream(ticket).order_by("-pk").values_list("pk", flat=True).first() or 0}


def _stream(ticket: Ticket) -> Any:
    return Event.objects.filter(subject_type="ticket", subject_id=ticket.pk)


@transaction.atomic
def bulk_once(*, code: str, ticket: Ticket, by: User, values: Mapping[str, Any] | None = None) -> BulkAction:
    """Do the act to one ticket, as its own page does. Raises what the act refuses; then nothing is kept."""
    given = dict(values or {})
    current = _lock([ticket.pk, *WORKS[code].also(given, {})])[ticket.pk]
    before = _act(WORKS[code], current, by, given)
    action = BulkAction.objects.create(key=uuid.uuid4(), action=code, values=given, by=by, at=clock.now())
    BulkLine.objects.create(action=action, ticket=current, is_done=True, before=before)
    return action


def bulk_undo(*, action: BulkAction, by: User) -> BulkAction:
    """Take back what was done, ticket by ticket, by compensating acts; a line says why where that is no longer right.

    A second time does nothing more. Raises Refused for acts that stay, NotAllowed for anybody but who did it.
    """
    _check_own(action, by)
    if WORKS[action.action].undo is None:
        raise Refused(f"What was {ACTS[action.action].done} stays: nothing is ever deleted from a ticket.")
    for line, ticket in _lines(action, is_done=True, is_undone=False, undo_message=""):
        _undo_line(action, line, ticket, by)
    is_done = BulkAction.objects.filter(pk=action.pk, state=BulkState.DONE)
    is_done.update(state=BulkState.UNDONE, undone_at=clock.now())
    action.refresh_from_db(fields=["state", "undone_at"])
    return action


@transaction.atomic
def _undo_line(action: BulkAction, line_id: int, ticket_id: int, by: User) -> None:
    held = _hold(action, line_id, ticket_id)
    if held is None:
        return
    line, ticket = held
    undo = WORKS[action.action].undo
    if undo is None or line.is_undone or line.undo_message:
        return  # taken back already, or found to be no longer ours
    try:
        with transaction.atomic():
            _check_untouched(action, line, ticket)
            undo(ticket, by, action.values, line.before)
    except REFUSALS as error:
        line.undo_message = str(error)[:LONGEST]
    else:
        line.is_undone = True
    line.save(update_fields=["is_undone", "undo_message"])


def _check_untouched(action: BulkAction, line: BulkLine, ticket: Ticket) -> None:
    """Raises Overtaken when something has happened since that changed the same."""
    kinds = WORKS[action.action].touches
    since = _stream(ticket).filter(pk__gt=line.before["event"], kind__in=kinds).select_related("actor")
    later = since.order_by(F("pk").desc()).first()
    if later is not None:
        who = "You" if later.actor_id == action.by_id else later.actor or "Belay"
        raise Overtaken(f"{who} changed {ACTS[action.action].noun} since.")


def _check_own(action: BulkAction, by: User) -> None:
    if action.by_id != by.pk:
        raise NotAllowed(f"{action.by} did this, and alone can take it back.")
