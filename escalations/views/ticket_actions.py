"""What one does to a ticket: each act a small form of its own, a page that a script shows as a dialog."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import User
from escalations.access import escalation_for, parts_on_ticket, ticket_for, writing_parts
from escalations.choices import OPEN_STATES, Priority
from escalations.domain.clocks import Wait
from escalations.domain.lifecycle import TICKET_TRANSITIONS, allowed
from escalations.errors import Overtaken, Refused
from escalations.forms.tickets import AssignForm, PriorityForm, ReopenForm, RestrictForm, WaitForm
from escalations.models import BulkAction, Ticket
from escalations.selectors.handoff_targets import owner_notes
from escalations.services import resolutions, tickets
from escalations.services.bulk import bulk_once
from escalations.views.answers import refuse, service_answers
from web.clock import page_now
from web.formats import counted
from web.http import INVALID, OK, form_methods, page_or_fragment, posted, redirect_to, safe_next
from web.toasts import toast

WAITS = {"wait_for_customer": Wait.CUSTOMER, "wait_for_vendor": Wait.VENDOR}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The words around a form: its heading, why it asks, and the button that does it."""

    title: str
    purpose: str
    act: str
    url: str
    sign: str = ""


def show_sheet(
    request: HttpRequest, ticket: Ticket, form: forms.Form, sheet: Sheet, status: int = OK, **more: Any
) -> HttpResponse:
    context = {"ticket": ticket, "form": form, "sheet": sheet, **more}
    return page_or_fragment(request, "escalations/ticket_form.html", "escalations/_ticket_form.html", context, status)


def ticket_to_change(request: HttpRequest, ref: str) -> Ticket:
    """The ticket, for somebody who may write on it. Http404 without sight, NotAllowed without a part in it."""
    ticket = ticket_for(request.user, ref)
    writing_parts(request.user, ticket)
    return ticket


def actions_on(request: HttpRequest, ticket: Ticket) -> frozenset[str]:
    return allowed(TICKET_TRANSITIONS, ticket.state, parts_on_ticket(request.user, ticket))


def by_now(ticket: Ticket) -> Overtaken:
    return Overtaken(f"{ticket.by_now}. Nothing was changed.")


def _url(name: str, ticket: Ticket) -> str:
    return reverse(f"escalations:{name}", args=[ticket.ref])


def done(request: HttpRequest, ticket: Ticket, text: str, action: BulkAction | None = None) -> HttpResponse:
    """Back to the ticket with a toast; `action` is what it did, for the way back."""
    toast(request, text, undo=undo_url(action) if action is not None else "")
    return redirect_to(request, ticket.get_absolute_url())


def undo_url(action: BulkAction) -> str:
    return reverse("escalations:bulk_undo", args=[action.pk])


@form_methods
@service_answers
def ticket_priority(request: HttpRequest, ref: str) -> HttpResponse:
    """Raise or lower the priority, with a reason."""
    ticket = ticket_to_change(request, ref)
    if not ticket.is_open:
        raise by_now(ticket)
    sheet = Sheet(
        f"Change the priority of {ticket.ref}",
        "Its deadlines are worked out anew from their start. What is used and every pause stay.",
        "Change priority", _url("ticket_priority", ticket), "flag",
    )  # fmt: skip
    form = PriorityForm(posted(request), initial={"priority": ticket.priority})
    if request.method != "POST" or not form.is_valid():
        return show_sheet(request, ticket, form, sheet, INVALID if form.is_bound else OK)
    try:
        action = bulk_once(code="priority", ticket=ticket, by=request.user, values=dict(form.cleaned_data))
    except Refused as error:
        refuse(form, error)
        return show_sheet(request, ticket, form, sheet, INVALID)
    return done(request, ticket, f"Priority is {Priority(form.cleaned_data['priority']).label}.", action)


@form_methods
@service_answers
def ticket_assign(request: HttpRequest, ref: str) -> HttpResponse:
    """Give the ticket to somebody of its team, or take it."""
    ticket = ticket_to_change(request, ref)
    if not ticket.is_open:
        raise by_now(ticket)
    sheet = Sheet(
        f"Who owns {ticket.ref}",
        f"People of {ticket.team}. To move it to another tier, escalate it.",
        "Set owner", _url("ticket_assign", ticket), "user-check",
    )  # fmt: skip
    notes = owner_notes(ticket, by=request.user, now=page_now(request), zone=timezone.get_current_timezone())
    form = AssignForm(posted(request), ticket=ticket, notes=notes, initial={"owner": ticket.owner_id})
    if request.method == "POST" and form.is_valid():
        owner = form.cleaned_data["owner"]
        try:
            action = bulk_once(
                code="assign", ticket=ticket, by=request.user, values={"owner": owner.pk if owner else None}
            )
        except Refused as error:
            refuse(form, error)
        else:
            return done(request, ticket, _owned(request, owner), action)
    return show_sheet(request, ticket, form, sheet, INVALID if form.is_bound else OK)


def _owned(request: HttpRequest, owner: User | None) -> str:
    return "You own it now." if owner == request.user else f"Owner: {owner or 'nobody'}."


@form_methods
@service_answers
def ticket_wait(request: HttpRequest, ref: str) -> HttpResponse:
    """Set the ticket to wait for somebody outside, with a reason and the time to look again."""
    ticket = ticket_to_change(request, ref)
    actions = actions_on(request, ticket)
    waits = [wait for action, wait in WAITS.items() if action in actions]
    if not waits:
        raise by_now(ticket)
    sheet = Sheet(
        f"{ticket.ref} waits for somebody outside",
        "Time at tier and resolution stand still. Acknowledgements and promises run on.",
        "Set to wait", _url("ticket_wait", ticket), "player-pause",
    )  # fmt: skip
    wanted = request.GET.get("for", "")
    start = {"wait": wanted if wanted in waits else waits[0], "review_at": page_now(request) + timedelta(days=1)}
    form = WaitForm(posted(request), waits=waits, initial=start)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            action = bulk_once(
                code="wait", ticket=ticket, by=request.user,
                values={**values, "review_at": values["review_at"].isoformat()},
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        else:
            return done(request, ticket, "The ticket waits. Its clocks stand still.", action)
    return show_sheet(request, ticket, form, sheet, INVALID if form.is_bound else OK)


@require_POST
@service_answers
def ticket_resume(request: HttpRequest, ref: str) -> HttpResponse:
    """Work goes on."""
    ticket = ticket_to_change(request, ref)
    action = bulk_once(code="resume", ticket=ticket, by=request.user)
    return done(request, ticket, "The clocks run again.", action)


@form_methods
@service_answers
def ticket_reopen(request: HttpRequest, ref: str) -> HttpResponse:
    """Open a resolved or closed ticket again."""
    ticket = ticket_to_change(request, ref)
    if "reopen" not in actions_on(request, ticket):
        raise by_now(ticket)
    sheet = Sheet(
        f"Reopen {ticket.ref}",
        f"It goes on at {ticket.tier} {ticket.team}.",
        "Reopen ticket", _url("ticket_reopen", ticket), "rotate-clockwise",
    )  # fmt: skip
    form = ReopenForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return show_sheet(request, ticket, form, sheet, INVALID if form.is_bound else OK)
    resolutions.ticket_reopen(ticket=ticket, by=request.user, reason=form.cleaned_data["reason"])
    finished = Ticket.objects.visible_to(request.user).filter(parent=ticket).exclude(state__in=OPEN_STATES).count()
    stays = f" {counted(finished, 'child stays', 'children stay')} resolved." if finished else ""
    return done(request, ticket, f"The ticket is open again.{stays}")


@require_POST
@service_answers
def ticket_close(request: HttpRequest, ref: str) -> HttpResponse:
    """Put a resolved ticket away."""
    ticket = ticket_to_change(request, ref)
    action = bulk_once(code="close", ticket=ticket, by=request.user)
    return done(request, ticket, "The ticket is closed.", action)


@form_methods
@service_answers
def ticket_restrict(request: HttpRequest, ref: str) -> HttpResponse:
    """Name the only people who may see the ticket, or open it to all support staff."""
    ticket = ticket_to_change(request, ref)
    sheet = Sheet(
        f"Who sees {ticket.ref}",
        "For legal, security and compliance matters.",
        "Set readers", _url("ticket_restrict", ticket), "lock",
    )  # fmt: skip
    named = list(ticket.readers.values_list("user", flat=True)) if request.method != "POST" else []
    start = {"restricted": "yes" if ticket.is_restricted else "no", "readers": named}
    form = RestrictForm(posted(request), initial=start)
    if request.method != "POST" or not form.is_valid():
        return show_sheet(request, ticket, form, sheet, INVALID if form.is_bound else OK)
    values = form.cleaned_data
    tickets.ticket_restrict(ticket=ticket, by=request.user, readers=values["readers"], restricted=values["restricted"])
    return done(
        request, ticket, "Only the people named see it." if values["restricted"] else "All support staff see it."
    )


@require_POST
@service_answers
def feedback_seen(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The sender has read how the handoff was received."""
    escalation = escalation_for(request.user, ref, pk)
    resolutions.feedback_mark_seen(escalation=escalation, by=request.user, at=page_now(request))
    return redirect_to(request, safe_next(request, escalation.ticket.get_absolute_url()))
