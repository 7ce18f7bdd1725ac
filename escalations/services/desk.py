"""A whole desk changes hands: at the end of a shift, before leave, or when somebody has left (H20).

One submit is one transaction with a line of result for each ticket. What changed meanwhile (resolved, given away,
accepted by the next tier) is reported and left as it is; everything else is handed over all the same. Tickets are
locked in the order of their ids, so that two desks never wait for each other.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services.absences import absence_create
from escalations.choices import HandoverReason, TicketState
from escalations.desk_access import may_hand_over_desk
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import DeskHandover, DeskHandoverLine, Escalation, Ticket
from escalations.services.desk_notices import notify_new_holders
from escalations.services.hops import hop_change
from escalations.services.locking import Held, check_ticket_part, hold_escalation, hold_ticket
from escalations.services.readdress import handoff_readdress
from escalations.services.record import tell_changes
from escalations.services.targets import check_target, let_in
from journal import clock
from journal.models import Event
from journal.services import claim_submit, draft_discard, event_append, settle_submit

STREAM = "desk"


def desk_form_key(owner: User) -> str:
    """The name under which the draft of a desk's handover is kept."""
    return f"desk:{owner.pk}"


@dataclass(frozen=True, slots=True)
class Give:
    """What the form says of one line: a ticket, or a handoff that waits for the owner's answer.

    `to` None gives it to the team. `version` is that of the ticket when the note was written, if it is known.
    """

    pk: int
    to: User | None
    note: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """The absence that the handover prepares."""

    starts_at: datetime
    ends_at: datetime
    covered_by: User | None
    note: str = ""


class Outcome(StrEnum):
    GIVEN = "given"
    TO_TEAM = "to_team"
    READDRESSED = "readdressed"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one line, as the page of the handover tells it. Kept in the event of the handover."""

    ref: str
    subject: str
    outcome: str
    words: str
    note: str = ""


@transaction.atomic
def desk_hand_over(
    *,
    owner: User,
    by: User,
    key: uuid.UUID,
    reason: HandoverReason,
    note: str = "",
    tickets: Sequence[Give] = (),
    handoffs: Sequence[Give] = (),
    leave: Leave | None = None,
) -> DeskHandover:
    """Give tickets of `owner` and handoffs that wait for their answer to others, each with a note.

    By the owner themselves, the lead of their team, and managers. The same key does it once and gives the same
    answer. Raises NotAllowed; Refused when there is nothing to do or the absence cannot be entered: then nothing
    was changed. What cannot be done to a single line is said in its result.
    """
    claim, is_first = claim_submit(key=key, user=by, purpose=desk_form_key(owner))
    if not is_first:
        return DeskHandover.objects.get(pk=(claim.result or {})["handover"])
    people = User.objects.select_related("role", "team")
    giver, actor = people.get(pk=owner.pk), people.get(pk=by.pk)
    if not may_hand_over_desk(actor, giver):
        raise NotAllowed(f"{giver}, the lead of their team and managers hand this desk over.")
    if not tickets and not handoffs and leave is None:
        raise Refused("Every ticket is kept, so there is nothing to hand over.", {"to": "Choose who gets them."})
    handover = DeskHandover.objects.create(
        from_user=giver, by=actor, team=_team(giver, tickets), reason=reason, note=note.strip(), given_at=clock.now()
    )
    results = _all_lines(handover, actor, tickets, handoffs)
    if leave is not None:
        absence_create(
            user=giver, by=actor, starts_at=leave.starts_at, ends_at=leave.ends_at, covered_by=leave.covered_by,
            note=leave.note,
        )  # fmt: skip
    event_append(
        subject=(STREAM, handover.pk), kind="desk.handed_over", at=handover.given_at, actor=actor,
        data={"reason": str(reason), "from": str(giver), "results": [asdict(one) for one in results]},
    )  # fmt: skip
    notify_new_holders(handover)
    draft_discard(user=by, form=desk_form_key(owner))
    settle_submit(claim=claim, result={"handover": handover.pk})
    return handover


def _team(giver: User, tickets: Sequence[Give]) -> Any:
    """The team whose desk it is: the giver's; of who belongs to none, that of the first ticket."""
    if giver.team is not None:
        return giver.team
    first = Ticket.objects.filter(pk__in=[one.pk for one in tickets]).select_related("team").order_by("pk").first()
    if first is None:
        raise Refused(f"{giver} belongs to no team and holds none of these tickets.")
    return first.team


def _all_lines(
    handover: DeskHandover, actor: User, tickets: Sequence[Give], handoffs: Sequence[Give]
) -> list[Result]:  # fmt: skip
    """Every line in the order of the tickets' ids; what one of them refuses is undone to its own savepoint."""
    places: Mapping[int, int] = dict(
        Escalation.objects.filter(pk__in=[one.pk for one in handoffs]).values_list("pk", "ticket_id")
    )
    work = [(one.pk, False, one) for one in tickets]
    work += [(places[one.pk], True, one) for one in handoffs if one.pk in places]
    results, lines = [], []
    for ticket_id, is_handoff, give in sorted(work, key=lambda line: line[:2]):
        act = _readdress if is_handoff else _give
        try:
            with transaction.atomic():
                results.append(act(handover, actor, give))
        except (Refused, Overtaken, NotAllowed) as error:
            results.append(_refused(ticket_id, actor, give, str(error)))
            continue
        except Ticket.DoesNotExist:
            continue
        lines.append(DeskHandoverLine(handover=handover, ticket_id=ticket_id, to_user=give.to, note=give.note.strip()))
    DeskHandoverLine.objects.bulk_create(lines, ignore_conflicts=True)
    return results


def _refused(ticket_id: int, actor: User, give: Give, words: str) -> Result:
    """The line of a ticket that stays where it is. Who may not see it by now is not told what it is."""
    ticket = Ticket.objects.visible_to(actor).filter(pk=ticket_id).first()
    if ticket is None:
        return Result("", "A ticket that you no longer see", Outcome.REFUSED, words, give.note)
    return Result(ticket.ref, ticket.subject, Outcome.REFUSED, words, give.note)


def _give(handover: DeskHandover, actor: User, give: Give) -> Result:
    """One ticket to its new holder: owner, readers, hop and event."""
    held = hold_ticket(give.pk, actor)
    ticket = held.ticket
    _check_still_held(held, handover.from_user)
    check_ticket_part(held)
    if give.to is not None and give.to.pk == handover.from_user_id:
        raise Refused(f"{give.to} holds it already.")
    check_target(ticket, ticket.team, give.to, at=held.now)
    let_in(ticket, give.to, by=held.by)
    changed = give.version is not None and ticket.version != give.version
    old = ticket.owner
    ticket.owner = give.to
    if ticket.state == TicketState.NEW and give.to is not None:
        ticket.state = TicketState.OPEN
    ticket.version += 1
    hop_change(ticket=ticket, waits=list(ticket.pauses.filter(ended_at__isnull=True)), at=held.now)
    ticket.updated_at = ticket.next_check_at = held.now
    ticket.save()
    tell_changes(
        held, "ticket.handed_over", {"owner": (old, give.to)}, handover=handover.pk, reason=handover.reason,
        note=give.note.strip(),
    )  # fmt: skip
    words = f"{give.to} holds it" if give.to is not None else f"With {ticket.team}, no owner"
    if changed:
        words += ". It changed while you wrote your note"
    outcome = Outcome.GIVEN if give.to is not None else Outcome.TO_TEAM
    return Result(ticket.ref, ticket.subject, outcome, words, give.note.strip())


def _check_still_held(held: Held, giver: User) -> None:
    """Raises Overtaken, naming what happened, for a ticket that its giver holds no longer."""
    ticket = held.ticket
    if not ticket.is_open:
        raise Overtaken(f"Not handed over: it is {ticket.get_state_display().lower()} by now.")
    if ticket.owner_id != giver.pk:
        raise Overtaken(f"Not handed over: it is with {ticket.owner or ticket.team} by now.")


def _readdress(handover: DeskHandover, actor: User, give: Give) -> Result:
    """One handoff that the giver has not accepted, to somebody else of the receiving team or back to the team."""
    held, escalation = hold_escalation(give.pk, actor)
    handoff_readdress(
        held=held, escalation=escalation, owner=handover.from_user, to_user=give.to, note=give.note.strip()
    )
    words = f"Waits for {give.to or escalation.to_team} to acknowledge"
    return Result(held.ticket.ref, held.ticket.subject, Outcome.READDRESSED, words, give.note.strip())


def results_of(handover: DeskHandover) -> list[Result]:
    """What became of every line, as it was told then. One statement."""
    event = Event.objects.get(subject_type=STREAM, subject_id=handover.pk, kind="desk.handed_over")
    return [Result(**row) for row in event.data["results"]]
