"""The read-back: the receiver restates problem and next action, the sender confirms or corrects (product.md H6)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.selectors import absences_now
from escalations.access import holds_for_receiver, parts_on_escalation
from escalations.choices import EscalationState, Origin, ReadBackState
from escalations.domain.around import READ_BACK_TRANSITIONS
from escalations.domain.lifecycle import Part
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Escalation, ReadBack
from escalations.services.around_notices import notify_corrected, notify_read_back
from escalations.services.locking import Held, hold_escalation, next_state
from escalations.services.record import tell


@dataclass(frozen=True, slots=True)
class Restated:
    """What the receiver understood: the problem, and what happens next."""

    problem: str
    next_action: str


def owes_read_back(escalation: Escalation) -> bool:
    """Whether accepting it takes a read-back: a person handed it over. What a trigger filed, nobody could confirm."""
    return escalation.origin == Origin.PERSON and escalation.from_user_id is not None


def sender_parts(user: User, escalation: Escalation, *, at: datetime) -> frozenset[Part]:
    """In what parts somebody speaks for the sender: who filed it, their team, who covers for them; managers.

    Never who took it over: nobody confirms themselves.
    """
    if user.pk == escalation.accepted_by_id:
        return frozenset()
    parts = parts_on_escalation(user, escalation) & {Part.SENDER, Part.MANAGER}
    if Part.SENDER not in parts and escalation.from_user_id is not None and user.is_active:
        away = absences_now(at).get(escalation.from_user_id)
        if away is not None and away.cover is not None and away.cover.pk == user.pk:
            parts |= {Part.SENDER}
    return parts


def answered_words(row: ReadBack) -> str:
    """Who was first, for somebody who comes second."""
    return f"{row.answered_by} was first: the read-back is {row.get_state_display().lower()}. Nothing was changed."


def last_read_back(escalation: Escalation) -> ReadBack | None:
    rows = ReadBack.objects.filter(escalation=escalation).select_related("given_by", "answered_by")
    return rows.order_by("-round").first()


def restate(held: Held, escalation: Escalation, words: Restated | None, *, round: int = 1) -> ReadBack:
    """Write the next round. The caller holds the ticket and tells. Raises Refused where a field is empty."""
    words = words or Restated("", "")
    gaps = {
        name: text
        for name, text in (
            ("problem", "The sender checks it against theirs."),
            ("next_action", "The sender checks what you do first."),
        )
        if not getattr(words, name).strip()
    }
    if gaps:
        raise Refused("Restate the problem and your next action.", gaps)
    return ReadBack.objects.create(
        escalation=escalation, round=round, problem=words.problem.strip(), next_action=words.next_action.strip(),
        given_by=held.by, given_at=held.now,
    )  # fmt: skip


def _check_lasts(escalation: Escalation) -> None:
    if escalation.state != EscalationState.ACCEPTED:
        state = escalation.get_state_display().lower()
        raise Overtaken(f"The handoff is {state} by now: there is nothing left to read back.")


@transaction.atomic
def read_back_give(*, escalation: Escalation, by: User, problem: str, next_action: str) -> ReadBack:
    """Restate after a correction. By whoever holds the ticket, never its sender.

    Raises NotAllowed, Refused, and Overtaken when a read-back waits already, was confirmed or is not asked for.
    """
    held, current = hold_escalation(escalation.pk, by)
    if not holds_for_receiver(held.by, current):
        raise NotAllowed(f"Whoever holds the ticket restates it: {held.ticket.owner or held.ticket.team}.")
    _check_lasts(current)
    last = last_read_back(current)
    if last is None:
        raise Overtaken("Nobody could confirm a read-back of this handoff: no person sent it.")
    if last.state == ReadBackState.GIVEN:
        raise Overtaken(f"{last.given_by} was first: a read-back waits for the sender. Nothing was changed.")
    if last.state == ReadBackState.CONFIRMED:
        raise Overtaken(f"{last.answered_by} confirmed the read-back: there is nothing to restate.")
    row = restate(held, current, Restated(problem, next_action), round=last.round + 1)
    tell(held, "handoff.read_back", escalation=current.pk, read_back=row.pk, round=row.round)
    notify_read_back(current, row, at=held.now)
    return row


def _hold_round(escalation: Escalation, by: User, round: int, action: str) -> tuple[Held, Escalation, ReadBack]:
    """Lock, and check that this person may answer this very round and that nobody has. Sets its new state."""
    held, current = hold_escalation(escalation.pk, by)
    parts = sender_parts(held.by, current, at=held.now)
    if not parts:
        raise NotAllowed(f"{current.from_user or current.from_team} and their team answer the read-back.")
    row = ReadBack.objects.filter(escalation=current, round=round).select_related("given_by", "answered_by").first()
    if row is None:
        raise Overtaken("This read-back does not exist. Nothing was changed.")
    if row.given_by_id == held.by.pk:
        raise NotAllowed("You gave this read-back. The other side answers it.")
    if row.state == ReadBackState.GIVEN:
        _check_lasts(current)
    row.state = next_state(READ_BACK_TRANSITIONS, row.state, action, parts, said=answered_words(row))
    row.answered_by, row.answered_at = held.by, held.now
    return held, current, row


@transaction.atomic
def read_back_confirm(*, escalation: Escalation, by: User, round: int) -> ReadBack:
    """ "Yes, that is it": one click. Raises NotAllowed, and Overtaken when it was answered meanwhile."""
    held, current, row = _hold_round(escalation, by, round, "confirm")
    row.save()
    tell(held, "handoff.read_back_confirmed", escalation=current.pk, read_back=row.pk, round=row.round)
    return row


@transaction.atomic
def read_back_correct(*, escalation: Escalation, by: User, round: int, correction: str) -> ReadBack:
    """ "Not quite": what is different. The receiver restates in a further round until it is confirmed."""
    held, current, row = _hold_round(escalation, by, round, "correct")
    if not correction.strip():
        raise Refused("Say what is different.", {"correction": "The receiver restates by what you write."})
    row.correction = correction.strip()
    row.save()
    tell(held, "handoff.read_back_corrected", escalation=current.pk, read_back=row.pk, round=row.round)
    notify_corrected(current, row)
    return row
