"""Opening a ticket by hand."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from escalations.errors import Refused
from escalations.forms.intake import NEW, TicketCreateForm
from escalations.models import Customer, Ticket
from escalations.selectors.duplicates import Duplicate, duplicates_at_intake
from escalations.selectors.intake import customer_matches, customer_of, starts
from escalations.services.intake import intake_form_key, ticket_take_in
from escalations.views import form_drafts, intake_drafts
from escalations.views.answers import refuse, service_answers
from escalations.views.takes_in import check_takes_in
from journal.services import DraftConflict
from policies.choices import PickListName
from policies.selectors import pick_labels
from web.clock import page_now
from web.http import CONFLICT, INVALID, OK, form_methods, redirect_to

FIND = "find"
SEVERAL = ("readers",)


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


@form_methods
@service_answers
def ticket_create(request: HttpRequest) -> HttpResponse:
    """The form; `?customer=` chooses one, `?draft=` goes on with one. Sending it twice opens one ticket."""
    check_takes_in(request.user)
    if request.method == "POST" and form_drafts.asks_for_choice(request):
        key = intake_drafts.key_of(request.POST.get("idempotency_key", ""))
        form_drafts.choose(request, intake_form_key(key))
        return redirect_to(request, intake_drafts.page_of(key.hex))
    if "draft" in request.GET and request.method != "POST":
        return _gone_on(request)
    sent = request.POST if request.method == "POST" else request.GET
    customer = customer_of(sent.get("customer", ""))
    is_final = request.method == "POST" and FIND not in request.POST
    if not is_final:
        form = TicketCreateForm(initial=_typed(sent), customer=customer)
        return _page(request, form, sent, OK)
    form = TicketCreateForm(request.POST, customer=customer)
    try:
        if form.is_valid() and (ticket := _opened(request, form)):
            return redirect_to(request, ticket.get_absolute_url())
    except DraftConflict as error:
        return _page(request, form, sent, CONFLICT, conflict=form_drafts.panel_of(request, error.stored, form))
    return _page(request, form, sent, INVALID)


def _gone_on(request: HttpRequest) -> HttpResponse:
    """The form as it was left."""
    key = intake_drafts.key_of(request.GET["draft"])
    draft = form_drafts.stored_draft(request, intake_form_key(key))
    if draft is None:
        messages.warning(request, "That draft is gone: its ticket was created, or it was discarded.")
        return redirect_to(request, request.path)
    initial = intake_drafts.initial_of(draft, key)
    sent = QueryDict(mutable=True)
    sent.update({name: value for name, value in initial.items() if isinstance(value, str)})
    form = TicketCreateForm(initial=initial, customer=customer_of(sent.get("customer", "")))
    return _page(request, form, sent, OK, saved_at=draft.saved_at)


def _opened(request: HttpRequest, form: TicketCreateForm) -> Ticket | None:
    """The ticket; None where something must be corrected. Raises DraftConflict for what another window saved."""
    data = form.cleaned_data
    form_drafts.check_other_window(request, intake_form_key(data["idempotency_key"]))
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


def _page(request: HttpRequest, form: TicketCreateForm, sent: QueryDict, status: int, **more: Any) -> HttpResponse:
    policy, listed = starts(request.user, form.known_customer)
    chosen = str(form["priority"].value() or "")
    context = {
        "policy": policy,
        "starts": listed,
        "chosen_priority": chosen,
        "duplicates": _duplicates(request, form.known_customer, sent),
        "begun": intake_drafts.begun_by(request.user) if request.method != "POST" and not more else [],
        **_customer_part(form, sent.get("customer_words", ""), sent.get("customer", "")),
        **more,
    }
    return render(request, "escalations/ticket_create.html", context, status=int(status))


@require_safe
@service_answers
def ticket_create_customer(request: HttpRequest) -> HttpResponse:
    """The section about the customer, while its name is being typed or one is chosen."""
    check_takes_in(request.user)
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
    check_takes_in(request.user)
    customer = customer_of(request.GET.get("customer", ""))
    form = TicketCreateForm(initial=_typed(request.GET), customer=customer)
    context = {"form": form, "duplicates": _duplicates(request, customer, request.GET)}
    return render(request, "escalations/_ticket_create_duplicates.html", context)
