"""Opening a ticket by hand."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import Ability
from accounts.models import User
from escalations.errors import NotAllowed, Refused
from escalations.forms.intake import NEW, TicketCreateForm
from escalations.models import Customer, Ticket
from escalations.selectors.duplicates import Duplicate, duplicates_at_intake
from escalations.selectors.intake import customer_matches, customer_of, starts
from escalations.services.intake import ticket_take_in
from escalations.views.answers import refuse, service_answers
from policies.choices import PickListName
from policies.selectors import pick_labels
from web.clock import page_now
from web.http import INVALID, OK, redirect_to

FIND = "find"
SEVERAL = ("readers",)


def _check_takes_in(user: User) -> None:
    if not user.can(Ability.WORK) and not user.can(Ability.MANAGE):
        raise NotAllowed("Tickets are opened by the people who work them.")


def _typed(data: QueryDict) -> dict[str, Any]:
    """What was typed as a form's initial values, so that looking for a customer complains about nothing."""
    return {name: data.getlist(name) if name in SEVERAL else data.get(name) for name in data}


def _customer_part(form: TicketCreateForm, words: str, chosen: str) -> dict[str, Any]:
    """What the section about the customer shows: matches, the one chosen, and whether it is a new one."""
    matches, more = customer_matches(words) if words else ([], False)
    known = form.known_customer
    if known is not None and known not in matches:
        matches.insert(0, known)
    segments = pick_labels(PickListName.SEGMENT)[PickListName.SEGMENT]
    rows = [
        {
            "customer": row,
            "segment": segments.get(row.segment, row.segment),
            "chosen": known is not None and row == known,
        }
        for row in matches
    ]
    return {"form": form, "rows": rows, "more": more, "words": words, "is_new": chosen == NEW, "known": known}


@require_http_methods(["GET", "HEAD", "POST"])
@service_answers
def ticket_create(request: HttpRequest) -> HttpResponse:
    """The form; `?customer=` chooses one. Sending it twice opens one ticket."""
    _check_takes_in(request.user)
    sent = request.POST if request.method == "POST" else request.GET
    customer = customer_of(sent.get("customer", ""))
    is_final = request.method == "POST" and FIND not in request.POST
    if not is_final:
        form = TicketCreateForm(initial=_typed(sent), customer=customer)
        return _page(request, form, sent, OK)
    form = TicketCreateForm(request.POST, customer=customer)
    if form.is_valid() and (ticket := _opened(request, form)):
        return redirect_to(request, ticket.get_absolute_url())
    return _page(request, form, sent, INVALID)


def _opened(request: HttpRequest, form: TicketCreateForm) -> Ticket | None:
    data = form.cleaned_data
    try:
        ticket, is_first = ticket_take_in(
            by=request.user, key=data["idempotency_key"], customer=form.who(), contact=form.whom(),
            subject=data["subject"], description=data["description"], priority=data["priority"], team=data["team"],
            is_restricted=data["is_restricted"], readers=data["readers"], **form.facts(),
        )  # fmt: skip
    except Refused as error:
        refuse(form, error)
        return None
    said = "created" if is_first else "was created already; it is the same one"
    messages.success(request, f"{ticket.ref} {said}: {ticket.tier} {ticket.team} holds it.")
    return ticket


def _page(request: HttpRequest, form: TicketCreateForm, sent: QueryDict, status: int) -> HttpResponse:
    policy, listed = starts(request.user, form.known_customer)
    chosen = str(form["priority"].value() or "")
    context = {
        "policy": policy,
        "starts": listed,
        "chosen_priority": chosen,
        "duplicates": _duplicates(request, form.known_customer, sent),
        **_customer_part(form, sent.get("customer_words", ""), sent.get("customer", "")),
    }
    return render(request, "escalations/ticket_create.html", context, status=int(status))


@require_safe
@service_answers
def ticket_create_customer(request: HttpRequest) -> HttpResponse:
    """The section about the customer, while its name is being typed or one is chosen."""
    _check_takes_in(request.user)
    customer = customer_of(request.GET.get("customer", ""))
    form = TicketCreateForm(initial=_typed(request.GET), customer=customer)
    part = _customer_part(form, request.GET.get("customer_words", ""), request.GET.get("customer", ""))
    return render(request, "escalations/_ticket_create_customer.html", part)


def _duplicates(request: HttpRequest, customer: Customer | None, sent: QueryDict) -> list[Duplicate]:
    """What the customer may have reported already, for the subject typed so far."""
    subject = sent.get("subject", "")[:300].replace("\x00", "")
    return duplicates_at_intake(request.user, subject=subject, customer=customer, now=page_now(request))


@require_safe
@service_answers
def ticket_create_duplicates(request: HttpRequest) -> HttpResponse:
    """Tickets that may say the same already, while the subject is being typed."""
    _check_takes_in(request.user)
    customer = customer_of(request.GET.get("customer", ""))
    form = TicketCreateForm(initial=_typed(request.GET), customer=customer)
    context = {"form": form, "duplicates": _duplicates(request, customer, request.GET)}
    return render(request, "escalations/_ticket_create_duplicates.html", context)
