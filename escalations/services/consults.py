"""Consult: ask another team or person without handing over (product.md H19). Counted apart: it is no escalation."""

from datetime import datetime

from django.db import transaction

from accounts.choices import Ability
from accounts.models import Team, User
from accounts.selectors import absences_now
from escalations.access import in_team, parts_on_ticket
from escalations.choices import ConsultState
from escalations.domain.around import CONSULT_TRANSITIONS
from escalations.domain.lifecycle import Part
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Consult, Ticket
from escalations.services.around_notices import notify_answered, notify_consulted
from escalations.services.locking import Held, check_ticket_part, hold_ticket, next_state
from escalations.services.record import tell


def consult_parts(user: User, consult: Consult, *, at: datetime) -> frozenset[Part]:
    """Sender: who asked, and who holds the ticket. Receiver: the person asked, their cover and their team's lead;
    of a team everybody in it. Never who asked: nobody answers themselves. Managers: both.
    """
    parts = set()
    is_asker = user.pk == consult.asked_by_id
    if user.is_active and (is_asker or parts_on_ticket(user, consult.ticket)):
        parts.add(Part.SENDER)
    if user.can(Ability.WORK) and not is_asker and _is_asked(user, consult, at):
        parts.add(Part.RECEIVER)
    if user.can(Ability.MANAGE) and not is_asker:
        parts.add(Part.MANAGER)
    return frozenset(parts)


def _is_asked(user: User, consult: Consult, at: datetime) -> bool:
    if consult.to_user_id is None:
        return in_team(user, consult.to_team)
    if user.pk in (consult.to_user_id, consult.to_team.lead_id):
        return True
    away = absences_now(at).get(consult.to_user_id)
    return away is not None and away.cover is not None and away.cover.pk == user.pk


def answered_words(consult: Consult) -> str:
    """Who was first, for somebody who comes second."""
    if consult.state == ConsultState.WITHDRAWN:
        return "The question was taken back meanwhile. Nothing was changed."
    return f"{consult.answered_by} was first: the question is answered. Nothing was changed."


@transaction.atomic
def consult_ask(*, ticket: Ticket, by: User, to_team: Team, to_user: User | None, question: str) -> Consult:
    """Ask a team or one of its people, of any tier. The ticket, its clocks and its hops stay as they are.

    On a restricted ticket only people who are named on it can be asked. Raises NotAllowed, Refused, Overtaken.
    """
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    current = held.ticket
    if not current.is_open:
        raise Overtaken(f"{current.by_now}: nothing is asked on it.")
    if not question.strip():
        raise Refused("Write the question.", {"question": "What would you like to know?"})
    _check_asked(held, to_team, to_user)
    consult = Consult.objects.create(
        ticket=current, question=question.strip(), asked_by=held.by, asked_at=held.now, from_team=current.team,
        to_team=to_team, to_user=to_user,
    )  # fmt: skip
    _touch(held)
    tell(held, "ticket.consulted", consult=consult.pk, to_tier=to_team.tier.code, to_team=to_team, to_user=to_user)
    notify_consulted(consult, at=held.now)
    return consult


def _check_asked(held: Held, to_team: Team, to_user: User | None) -> None:
    if not to_team.is_active:
        raise Refused(f"{to_team} is no longer in use.", {"to": "Choose a team that is in use."})
    if to_user is None:
        if held.ticket.is_restricted:
            raise Refused("A restricted ticket is discussed with people, not with teams.", {"to": "Name a person."})
        if to_team.pk == held.by.team_id:
            raise Refused("That is your own team.", {"to": "Write an internal note, or choose another team."})
        return
    if to_user.pk == held.by.pk:
        raise Refused("You cannot ask yourself.", {"to": "Choose somebody else."})
    if not to_user.is_active or to_user.team_id != to_team.pk:
        raise Refused(f"{to_user} does not work in {to_team}.", {"to": "Choose somebody of the team."})
    if held.ticket.is_restricted and not held.ticket.readers.filter(user=to_user).exists():
        raise Refused(
            f"{to_user} is not named on this ticket.", {"to": "Name them under “Who sees it” first, or ask another."}
        )


def _touch(held: Held) -> None:
    Ticket.objects.filter(pk=held.ticket.pk).update(updated_at=held.now)


def _hold(consult: Consult, by: User) -> tuple[Held, Consult]:
    """Lock the ticket, then read the question as it is."""
    held = hold_ticket(consult.ticket_id, by)
    current = Consult.objects.select_related("asked_by", "to_team", "to_user", "answered_by").get(pk=consult.pk)
    current.ticket = held.ticket
    return held, current


def _check_part(parts: frozenset[Part], action: str, words: str) -> None:
    if not any(part in row.parts for row in CONSULT_TRANSITIONS if row.action == action for part in parts):
        raise NotAllowed(words)


@transaction.atomic
def consult_answer(*, consult: Consult, by: User, answer: str) -> Consult:
    """Answer it: one winner. The answer stays on the ticket. Raises NotAllowed, Refused, Overtaken."""
    held, current = _hold(consult, by)
    parts = consult_parts(held.by, current, at=held.now)
    _check_part(parts, "answer", f"{current.to_user or current.to_team} was asked. They answer.")
    current.state = next_state(CONSULT_TRANSITIONS, current.state, "answer", parts, said=answered_words(current))
    if not answer.strip():
        raise Refused("Write the answer.", {"answer": f"{current.asked_by} waits for it."})
    current.answer, current.answered_by, current.answered_at = answer.strip(), held.by, held.now
    current.save()
    _touch(held)
    tell(held, "ticket.consult_answered", consult=current.pk, to_team=current.to_team)
    notify_answered(current)
    return current


@transaction.atomic
def consult_withdraw(*, consult: Consult, by: User) -> Consult:
    """Take the question back while nobody has answered. Raises NotAllowed, Overtaken."""
    held, current = _hold(consult, by)
    parts = consult_parts(held.by, current, at=held.now)
    _check_part(parts, "withdraw", f"{current.asked_by} asked. They, or whoever holds the ticket, take it back.")
    current.state = next_state(CONSULT_TRANSITIONS, current.state, "withdraw", parts, said=answered_words(current))
    current.save()
    _touch(held)
    tell(held, "ticket.consult_withdrawn", consult=current.pk, to_team=current.to_team, to_user=current.to_user)
    return current


@transaction.atomic
def consult_seen(*, consult: Consult, by: User) -> bool:
    """Whoever asked has read the answer. False, and nothing happens, for anybody else and for a second time."""
    held, current = _hold(consult, by)
    if current.asked_by_id != held.by.pk or current.state != ConsultState.ANSWERED or current.seen_at is not None:
        return False
    current.seen_at = held.now
    current.save(update_fields=["seen_at"])
    return True


def consults_end(held: Held, why: str) -> int:
    """The held ticket is over: questions that nobody answered are taken back. How many."""
    rows = Consult.objects.filter(ticket=held.ticket, state=ConsultState.ASKED).select_related("to_team", "to_user")
    for row in rows:
        row.state = ConsultState.WITHDRAWN
        row.save(update_fields=["state"])
        tell(held, "ticket.consult_withdrawn", consult=row.pk, to_team=row.to_team, to_user=row.to_user, note=why)
    return len(rows)
