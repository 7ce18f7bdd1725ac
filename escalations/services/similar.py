"""Somebody found their ticket's answer in one that was solved before, and what came of it."""

from django.db import transaction

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import SimilarStage, TicketState
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import SimilarUse, Ticket
from escalations.services.locking import Held, hold_ticket
from escalations.services.record import tell

OVER = (TicketState.RESOLVED, TicketState.CLOSED)


def may_find(user: User) -> bool:
    """Whether somebody works tickets, so that their word about an answer counts. The ticket need not be theirs."""
    return user.can(Ability.WORK) or user.can(Ability.MANAGE)


def _hold(ticket: Ticket, by: User) -> Held:
    """The open ticket, for somebody who may. Raises NotAllowed, Overtaken."""
    held = hold_ticket(ticket.pk, by)
    if not may_find(held.by):
        raise NotAllowed("Answers are found by the people who work tickets.")
    if not held.ticket.is_open:
        raise Overtaken(f"{held.ticket.by_now}. Nothing was changed.")
    return held


@transaction.atomic
def similar_use(*, ticket: Ticket, similar: Ticket, by: User, stage: SimilarStage) -> SimilarUse:
    """Say that `similar`, solved before, answers `ticket`. Saying it again changes nothing.

    Raises NotAllowed, Overtaken when the ticket is over, Refused for one that is not solved (any more).
    """
    held = _hold(ticket, by)
    solved = Ticket.objects.visible_to(held.by).filter(pk=similar.pk, state__in=OVER).exclude(pk=ticket.pk).exists()
    if not solved:
        raise Refused(f"{similar.ref} is not solved, so it answers nothing yet.")
    use, is_new = SimilarUse.objects.get_or_create(
        ticket=held.ticket, similar=similar, defaults={"stage": stage, "by": held.by, "at": held.now}
    )
    if is_new:
        tell(held, "ticket.answer_found", similar=similar.pk, ref=similar.ref, stage=stage)
    return use


@transaction.atomic
def similar_take_back(*, ticket: Ticket, similar: Ticket, by: User) -> None:
    """It does not answer it after all. Raises NotAllowed for anybody but whoever said it; Overtaken."""
    held = _hold(ticket, by)
    use = SimilarUse.objects.filter(ticket=held.ticket, similar=similar).first()
    if use is None:
        return
    if use.by_id != held.by.pk:
        raise NotAllowed(f"{use.by} said that {similar.ref} answers this. They can take it back.")
    use.delete()
    tell(held, "ticket.answer_dropped", similar=similar.pk, ref=similar.ref)


def settle_uses(held: Held, *, prevented: bool) -> None:
    """The ticket was resolved (`prevented`) or escalated: what its answers were good for is known now.

    A statement only where somebody found an answer: `hold_ticket` has looked already.
    """
    if getattr(held.ticket, "has_answers", True):
        SimilarUse.objects.filter(ticket=held.ticket, prevented__isnull=True).update(prevented=prevented)
