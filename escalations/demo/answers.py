"""Answers that the demo's people found in what was solved before; most of them prevented an escalation."""

from datetime import datetime, timedelta

from accounts.models import User
from escalations.choices import SimilarStage, TicketState
from escalations.models import SimilarUse, Ticket
from escalations.selectors.similar import similar_to
from escalations.services.similar import similar_use
from journal import clock
from journal.models import Event

DAYS = 30
# One in so many of the last month's tickets had its answer found.
ONE_IN = 6
STAGES = (SimilarStage.TICKET, SimilarStage.TICKET, SimilarStage.HANDOFF)
MINUTES_AGO = 7


def load_answers(now: datetime) -> int:
    """Those of the finished tickets, and one of an open ticket of the documented agent. Returns how many."""
    recent = (
        Ticket.objects.filter(state=TicketState.CLOSED, opened_at__gte=now - timedelta(days=DAYS), owner__isnull=False)
        .select_related("owner")
        .prefetch_related("escalations")
        .order_by("pk")
    )
    uses = [use for number, ticket in enumerate(recent) if number % ONE_IN == 0 and (use := _found(ticket, number))]
    SimilarUse.objects.bulk_create(uses)
    Event.objects.bulk_create(
        Event(
            subject_type="ticket", subject_id=use.ticket_id, kind="ticket.answer_found", actor=use.by,
            occurred_at=use.at,
            data={"similar": use.similar_id, "ref": use.similar.ref, "stage": use.stage},
        )
        for use in uses
    )  # fmt: skip
    return len(uses) + _open_one(now)


def _found(ticket: Ticket, number: int) -> SimilarUse | None:
    """The last one of its kind that was solved before it was opened, found a third of the way to its end."""
    solved = Ticket.objects.filter(
        issue_type=ticket.issue_type, product_area=ticket.product_area, resolved_at__lt=ticket.opened_at,
        is_restricted=False,
    ).exclude(customer=ticket.customer_id)  # fmt: skip
    similar = solved.order_by("-resolved_at").first()
    if similar is None or ticket.resolved_at is None:
        return None
    filed = [one.filed_at for one in ticket.escalations.all()]
    end = min(filed, default=ticket.resolved_at)
    return SimilarUse(
        ticket=ticket, similar=similar, stage=STAGES[number % len(STAGES)], by=ticket.owner,
        at=ticket.opened_at + (end - ticket.opened_at) / 3, prevented=not filed,
    )  # fmt: skip


def _open_one(now: datetime) -> int:
    """The documented agent has just found one."""
    agent = User.objects.select_related("role", "team").get(username="tomasz")
    at = now - timedelta(minutes=MINUTES_AGO)
    for ticket in Ticket.objects.open().filter(owner=agent, opened_at__lt=at).order_by("pk"):
        found = similar_to(ticket, agent, now=at).solved
        if found:
            with clock.travel(at):
                similar_use(ticket=ticket, similar=found[0].ticket, by=agent, stage=SimilarStage.TICKET)
            return 1
    return 0
