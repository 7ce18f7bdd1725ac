"""What was solved before: beside a ticket, beside the handoff that is being written, and on pages of their own."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from escalations.access import check_reads, parts_on_ticket, storable, ticket_for, writing_parts
from escalations.choices import SimilarStage
from escalations.domain.similar import MOST_SHOWN
from escalations.models import Resolution, Ticket
from escalations.selectors.answers import answers_of, month_of, prevented_in
from escalations.selectors.similar import similar_to
from escalations.services import similar as services
from escalations.services.submits import form_key
from escalations.views.answers import service_answers
from escalations.views.handoff_drafts import keep_in_draft
from escalations.views.handoff_page import HandoffPage
from escalations.views.tickets import REPLY, crumbs
from journal.models import Draft
from journal.services import draft_save
from web.clock import page_now
from web.http import form_methods, no_news, page_or_fragment, redirect_to, wants_fragment

MOST_ON_A_PAGE = 10
TYPED = ("technical_description", "likely_cause")


def _stage(request: HttpRequest) -> SimilarStage:
    asked = request.POST.get("stage") or request.GET.get("stage")
    return SimilarStage.HANDOFF if asked == SimilarStage.HANDOFF else SimilarStage.TICKET


def _panel(request: HttpRequest, ticket: Ticket, most: int = MOST_SHOWN) -> dict[str, Any]:
    """What the panel shows, for what is typed in this request."""
    now = page_now(request)
    typed = " ".join(request.POST.get(name, "") for name in TYPED)
    may_write = bool(parts_on_ticket(request.user, ticket)) and ticket.is_open
    return {
        "ticket": ticket,
        "similar": similar_to(ticket, request.user, now=now, typed=typed, most=most),
        "stage": _stage(request).value,
        "prevented": prevented_in(month_of(now, timezone.get_current_timezone()), request.user),
        "may_find": services.may_find(request.user) and ticket.is_open,
        "may_copy": may_write,
    }


@form_methods
def ticket_similar(request: HttpRequest, ref: str) -> HttpResponse:
    """The panel, or a page with it. A POST carries what is being typed and writes nothing; 204: as `shown` already."""
    ticket = ticket_for(request.user, ref)
    context = _panel(request, ticket, MOST_SHOWN if wants_fragment(request) else MOST_ON_A_PAGE)
    if wants_fragment(request) and request.POST.get("shown") == context["similar"].key:
        return no_news()
    context["crumbs"] = crumbs(ticket)
    return page_or_fragment(request, "escalations/ticket_similar.html", "escalations/_similar.html", context)


def _other(request: HttpRequest, other: str) -> Ticket:
    return get_object_or_404(Ticket.objects.visible_to(request.user), ref=storable(other))


def _back(ticket: Ticket, stage: SimilarStage) -> str:
    if stage == SimilarStage.HANDOFF:
        return reverse("escalations:handoff_create", args=[ticket.ref])
    return ticket.get_absolute_url()


@require_POST
@service_answers
def similar_use(request: HttpRequest, ref: str, other: str) -> HttpResponse:
    """ "This answers it.": kept with the ticket, counted when it is resolved without an escalation."""
    ticket, solved, stage = ticket_for(request.user, ref), _other(request, other), _stage(request)
    services.similar_use(ticket=ticket, similar=solved, by=request.user, stage=stage)
    if wants_fragment(request):
        return render(request, "escalations/_similar.html", _panel(request, ticket))
    messages.success(request, f"{solved.ref} answers this.")
    return redirect_to(request, _back(ticket, stage))


@require_POST
@service_answers
def similar_take_back(request: HttpRequest, ref: str, other: str) -> HttpResponse:
    """It does not answer it after all."""
    ticket, solved, stage = ticket_for(request.user, ref), _other(request, other), _stage(request)
    services.similar_take_back(ticket=ticket, similar=solved, by=request.user)
    if wants_fragment(request):
        return render(request, "escalations/_similar.html", _panel(request, ticket))
    messages.success(request, f"{solved.ref} does not answer this after all.")
    return redirect_to(request, _back(ticket, stage))


@require_POST
@service_answers
def similar_copy(request: HttpRequest, ref: str, other: str) -> HttpResponse:
    """Without a script: what was done goes into one's draft of the reply, or of the handoff."""
    ticket, stage = ticket_for(request.user, ref), _stage(request)
    writing_parts(request.user, ticket)
    solved = _other(request, other)
    resolution = Resolution.objects.filter(ticket=solved).order_by("-resolved_at", "-pk").first()
    if resolution is None:
        raise Http404
    done = resolution.what_was_done
    if stage == SimilarStage.HANDOFF:
        keep_in_draft(HandoffPage(request, ticket), "likely_cause", f"Like {solved.ref}: {done}")
        return redirect_to(request, f"{_back(ticket, stage)}#p-hypothesis")
    key = form_key(REPLY, ticket)
    draft = Draft.objects.filter(user=request.user, form=key).first()
    data = dict(draft.data) if draft else {}
    body = "\n\n".join(text for text in ("".join(data.get("body", [])[-1:]), done) if text)
    draft_save(user=request.user, form=key, data=data | {"body": [body]}, version=draft.version if draft else None)
    return redirect_to(request, f"{ticket.get_absolute_url()}#compose")


@require_safe
def answer_list(request: HttpRequest) -> HttpResponse:
    """The answers that were found this month, and which of them prevented an escalation."""
    check_reads(request.user)
    month = month_of(page_now(request), timezone.get_current_timezone())
    found = answers_of(month, request.user)
    return render(request, "escalations/answer_list.html", {"found": found, "month": month})
