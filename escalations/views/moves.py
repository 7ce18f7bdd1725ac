"""Giving a ticket to somebody else of its tier, and moving it back down."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from escalations.errors import Refused
from escalations.forms.around import DeEscalateForm, TransferForm
from escalations.models import Ticket
from escalations.selectors.handoff_targets import Target, Targets, targets_among
from escalations.selectors.hops import hop_rows
from escalations.selectors.standing import accepted_escalation, pending_handoff
from escalations.services.moves import came_from
from escalations.services.moves import ticket_de_escalate as lower
from escalations.services.moves import ticket_transfer as transfer
from escalations.views.answers import service_answers
from escalations.views.sheets import answer_sheet
from escalations.views.ticket_actions import Sheet, by_now, done, ticket_to_change
from policies.choices import PickListName
from policies.selectors import pick_choices
from web.clock import page_now
from web.formats import counted
from web.http import form_methods, posted


def _ticket_that_may_move(request: HttpRequest, ref: str) -> Ticket:
    """Raises NotAllowed; to those who only look Overtaken on one that is over, Refused while a handoff waits.

    What is sent goes to the service, so that its refusal comes back with what was typed.
    """
    ticket = ticket_to_change(request, ref)
    if request.method == "POST":
        return ticket
    if not ticket.is_open:
        raise by_now(ticket)
    pending = pending_handoff(ticket)
    if pending is not None:
        raise Refused(f"A handoff to {pending.to_team} waits for an answer. Withdraw it first, or redirect it.")
    return ticket


def _targets(request: HttpRequest, ticket: Ticket, where: Q) -> Targets:
    zone = timezone.get_current_timezone()
    return targets_among(ticket, where, by=request.user, now=page_now(request), zone=zone)


def _chosen(targets: Targets, value: str) -> Target:
    target = targets.find(value)
    if target is None:
        raise Refused("That is no longer on offer.", {"to": "Choose who should have it."})
    return target


@form_methods
@service_answers
def ticket_transfer(request: HttpRequest, ref: str) -> HttpResponse:
    """Give the ticket to another team or person of the same tier, with a note."""
    ticket = _ticket_that_may_move(request, ref)
    targets = _targets(request, ticket, Q(tier=ticket.tier_id))
    sheet = Sheet(
        f"Transfer {ticket.ref}",
        f"To people of {ticket.tier}. Its clocks run on as they are. To another tier: escalate or de-escalate it.",
        "Transfer ticket", reverse("escalations:ticket_transfer", args=[ref]), "arrows-exchange",
    )  # fmt: skip
    form = TransferForm(posted(request), to=targets.choices())

    def act(values: Any) -> HttpResponse:
        target = _chosen(targets, values["to"])
        person = target.person.user if target.person else None
        transfer(ticket=ticket, by=request.user, to_team=target.team.team, to_user=person, note=values["note"])
        return done(request, ticket, f"{ref} transferred to {target.words}.")

    return answer_sheet(request, ticket, form, sheet, act, before=_teams_before(ticket))


def _teams_before(ticket: Ticket) -> str:
    """Who has held it already, so that it does not go round in circles."""
    names: dict[str, int] = {}
    last = None
    for hop in hop_rows(ticket):
        if hop.team_id != last:
            names[hop.team.name] = names.get(hop.team.name, 0) + 1
        last = hop.team_id
    if len(names) < 2:
        return ""
    said = [name if number == 1 else f"{name} ({counted(number, 'time')})" for name, number in names.items()]
    return f"Has been with {', '.join(said)}."


@form_methods
@service_answers
def ticket_de_escalate(request: HttpRequest, ref: str) -> HttpResponse:
    """Move the ticket back down, with a reason and a justification."""
    ticket = _ticket_that_may_move(request, ref)
    targets = _targets(request, ticket, Q(tier__rank__lt=ticket.tier.rank))
    if not targets.teams:
        raise Refused(f"{ticket.tier} is the lowest tier. There is nobody below to give it to.")
    team, person = came_from(accepted_escalation(ticket), at=page_now(request))
    start = f"user:{person.pk}" if person else f"team:{team.pk}" if team else ""
    sheet = Sheet(
        f"De-escalate {ticket.ref}",
        "Whoever gets it goes on with it. The clocks of the lower tier start; the contract’s runs on.",
        "De-escalate ticket", reverse("escalations:ticket_de_escalate", args=[ref]), "arrow-down-left",
    )  # fmt: skip
    reasons = pick_choices(PickListName.DE_ESCALATION)
    form = DeEscalateForm(
        posted(request), to=targets.choices(), reasons=reasons, initial={"to": start if targets.find(start) else ""}
    )

    def act(values: Any) -> HttpResponse:
        target = _chosen(targets, values["to"])
        to_user = target.person.user if target.person else None
        lower(
            ticket=ticket, by=request.user, reason=values["reason"], note=values["note"], to_team=target.team.team,
            to_user=to_user,
        )  # fmt: skip
        return done(request, ticket, f"{ref} de-escalated to {target.words}.")

    return answer_sheet(request, ticket, form, sheet, act)
