"""Merging a ticket into another, both side by side, and splitting messages off to a new one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from escalations.access import TICKET_RELATIONS
from escalations.choices import MessageKind, TicketState
from escalations.errors import Refused
from escalations.forms.links import MESSAGE, MergeForm, SplitForm
from escalations.models import Message, Ticket
from escalations.selectors.clock_strip import StripItem, clock_rows, pause_rows, strip
from escalations.services.merging import ticket_merge as merge
from escalations.services.splitting import ticket_split as split
from escalations.services.submits import submit_once
from escalations.views.answers import refuse, service_answers
from escalations.views.links import other_ticket
from escalations.views.ticket_actions import actions_on, by_now, done, ticket_to_change
from escalations.views.tickets import crumbs
from web.clock import page_now
from web.http import INVALID, OK, form_methods, redirect_to
from web.toasts import toast

MESSAGES_SHOWN, SAID_SHOWN = 200, 3


@form_methods
@service_answers
def ticket_merge(request: HttpRequest, ref: str) -> HttpResponse:
    """Both tickets side by side, and the button that makes one of them."""
    ticket = ticket_to_change(request, ref)
    asked = request.POST.get("into") or request.GET.get("into") or ""
    if not asked:
        return redirect_to(request, reverse("escalations:ticket_links", args=[ticket.ref]))
    into = _whole(other_ticket(request, asked))
    # The same form sent twice is answered like the first time; the service refuses any other.
    if request.method != "POST" and "merge" not in actions_on(request, ticket):
        raise by_now(ticket)
    form = MergeForm(
        request.POST if request.method == "POST" else None, ticket=ticket, into=into, initial={"into": into.ref}
    )
    if request.method == "POST" and form.is_valid():
        try:
            submit_once(
                ticket=ticket, by=request.user, key=form.cleaned_data["idempotency_key"], form="merge",
                act=lambda: merge(
                    ticket=ticket, into=into, by=request.user, confirmed=form.cleaned_data.get("confirmed", False)
                ),
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        else:
            return done(request, into, f"{ticket.ref} is merged into this ticket.")
    return _merge_page(request, ticket, into, form)


def _whole(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related(*TICKET_RELATIONS).get(pk=ticket.pk)


def _merge_page(request: HttpRequest, ticket: Ticket, into: Ticket, form: MergeForm) -> HttpResponse:
    context = {
        "ticket": ticket,
        "into": into,
        "form": form,
        "sides": [_side(request, ticket, "Ends"), _side(request, into, "Goes on")],
        "crumbs": [*crumbs(ticket), ("Links", reverse("escalations:ticket_links", args=[ticket.ref]))],
    }
    status = INVALID if form.is_bound else OK
    return render(request, "escalations/ticket_merge.html", context, status=int(status))


def _side(request: HttpRequest, ticket: Ticket, role: str) -> dict[str, Any]:
    """What one compares: facts, deadlines, and what was said first and last."""
    spoken = ticket.messages.exclude(kind=MessageKind.NOTE).select_related("author", "contact")
    return {
        "ticket": ticket,
        "role": role,
        "strip": _strip(request, ticket),
        "said": list(spoken.order_by("-said_at", "-pk")[:SAID_SHOWN]),
        "count": ticket.messages.count(),
    }


def _strip(request: HttpRequest, ticket: Ticket) -> list[StripItem]:
    zone, now = timezone.get_current_timezone(), page_now(request)
    return strip(ticket, clock_rows(ticket), pause_rows(ticket), now=now, zone=zone, opened=None)


@form_methods
@service_answers
def ticket_split(request: HttpRequest, ref: str) -> HttpResponse:
    """Choose messages; they become a ticket of their own with their files."""
    ticket = ticket_to_change(request, ref)
    messages = list(
        ticket.messages.select_related("author", "contact").prefetch_related("attachments")
        .order_by("-said_at", "-pk")[:MESSAGES_SHOWN]
    )  # fmt: skip
    form = SplitForm(
        request.POST if request.method == "POST" else None, offered=[one.pk for one in messages],
        initial=_first_choice(request, ticket, messages),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        made: list[Ticket] = []
        try:
            submit_once(
                ticket=ticket, by=request.user, key=form.cleaned_data["idempotency_key"], form="split",
                act=lambda: made.append(_split(request, ticket, form)) or made[0],
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        else:
            return _split_done(request, ticket, made)
    context = {"ticket": ticket, "form": form, "messages_said": messages, "crumbs": crumbs(ticket)}
    return render(request, "escalations/ticket_split.html", context, status=int(INVALID if form.is_bound else OK))


def _first_choice(request: HttpRequest, ticket: Ticket, messages: list[Message]) -> dict[str, Any]:
    """Of a merged ticket everything, since that is the way back; of another what the address names."""
    start: dict[str, Any] = {"priority": ticket.priority, "since": MESSAGE}
    if ticket.state == TicketState.MERGED:
        return start | {"messages": [str(one.pk) for one in messages], "subject": ticket.subject}
    return start | {"messages": request.GET.getlist("message")}


def _split(request: HttpRequest, ticket: Ticket, form: SplitForm) -> Ticket:
    values = form.cleaned_data
    return split(
        ticket=ticket, by=request.user, messages=[int(pk) for pk in values["messages"]], subject=values["subject"],
        priority=values["priority"], from_message=values["since"] == MESSAGE,
    )  # fmt: skip


def _split_done(request: HttpRequest, ticket: Ticket, made: list[Ticket]) -> HttpResponse:
    if not made:
        return done(request, ticket, "These messages were split off already.")
    new = Ticket.objects.get(pk=made[0].pk)
    toast(request, f"{new.ref} is split off from {ticket.ref}.")
    return redirect_to(request, new.get_absolute_url())
