"""The ticket page, its hop ledger, and the question whether there is news."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from escalations.access import ticket_for
from escalations.forms.tickets import CustomerWordsForm, MessageForm
from escalations.models import Ticket
from escalations.selectors.clock_strip import clock_rows, pause_rows
from escalations.selectors.hops import hop_ledger, hop_rows
from escalations.selectors.links import Links
from escalations.selectors.ticket import log_page, ticket_page
from escalations.selectors.timeline import news_since, said_since, view_of
from escalations.services.attachments import MAX_BYTES
from escalations.services.submits import form_key
from journal.models import Draft
from web.clock import page_now
from web.http import no_news, wants_fragment

REPLY, CUSTOMER = "reply", "customer"
NUMBER_DIGITS = 18


def number(text: str) -> int | None:
    """A row's id out of a query string; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS else None


def crumbs(ticket: Ticket) -> list[tuple[str, str]]:
    """The way from the queue to the ticket, for the pages below it."""
    return [("Queue", reverse("escalations:queue_list")), (ticket.ref, ticket.get_absolute_url())]


def draft_initial(draft: Draft | None) -> dict[str, Any]:
    """A draft as a form's initial values: the last one wins where a field came several times."""
    if draft is None:
        return {}
    fields = {
        name: values[-1]
        for name, values in draft.data.items()
        if isinstance(values, list) and values and name != "draft_window"
    }
    return fields | {"draft_version": draft.version}


def compose_forms(
    request: HttpRequest, ticket: Ticket, *, may_write: bool, channels: list[tuple[str, str]], links: Links
) -> dict[str, Any]:
    """The compose box and the customer's words, with what was typed before. One statement."""
    names = {form_key(name, ticket): name for name in (REPLY, CUSTOMER)}
    drafts = {names[row.form]: row for row in Draft.objects.filter(user=request.user, form__in=names)}
    usual = ticket.channel or (ticket.customer.contact_method if ticket.customer_id else "") or "email"
    reply = draft_initial(drafts.get(REPLY))
    words = draft_initial(drafts.get(CUSTOMER))
    return {
        "reply_form": MessageForm(
            channels=channels,
            only_note=not may_write,
            auto_id="reply_%s",
            children=links.open_children,
            initial={"channel": usual, "to_children": not ticket.is_restricted} | reply,
        ),
        "customer_form": CustomerWordsForm(channels=channels, auto_id="words_%s", initial={"channel": usual} | words),
        "customer_open": bool(words.get("body")),
        "reply_draft": drafts.get(REPLY),
    }


def page_context(request: HttpRequest, ticket: Ticket, **forms: Any) -> dict[str, Any]:
    """Everything the page shows; `forms` take the place of the empty ones, with their errors."""
    context: dict[str, Any] = ticket_page(
        ticket,
        request.user,
        now=page_now(request),
        zone=timezone.get_current_timezone(),
        opened=number(request.GET.get("clock", "")),
        view=view_of(request.GET.get("show", "")),
        before=request.GET.get("before", ""),
    )
    may_write, channels = context["offers"].can_reply, context["channels"]
    context |= compose_forms(request, ticket, may_write=may_write, channels=channels, links=context["links"]) | forms
    unsent = [one for one in context["unsent"] if one.draft_form == REPLY]
    context |= {"reply_files": unsent, "max_bytes": MAX_BYTES}
    return context


@require_GET
def ticket_detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The page. For htmx: older entries, or whatever can change without touching a form."""
    ticket = ticket_for(request.user, ref)
    if not wants_fragment(request):
        response = render(request, "escalations/ticket_detail.html", page_context(request, ticket))
    elif "before" in request.GET:
        response = render(request, "escalations/_ticket_entries.html", _log(request, ticket))
    else:
        response = render(request, "escalations/_ticket_live.html", page_context(request, ticket))
    patch_vary_headers(response, ("HX-Request", "HX-History-Restore-Request"))
    return response


def _log(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    return log_page(
        ticket,
        request.user,
        now=page_now(request),
        zone=timezone.get_current_timezone(),
        view=view_of(request.GET.get("show", "")),
        before=request.GET["before"],
    )


@require_GET
def ticket_news(request: HttpRequest, ref: str) -> HttpResponse:
    """How much happened since the page was shown (`?seen=`): a bar that says so, or 204 for nothing."""
    ticket = ticket_for(request.user, ref)
    seen = number(request.GET.get("seen", ""))
    count, newest = news_since(ticket, seen) if seen is not None else (0, 0)
    if seen is None or not count:
        return no_news()
    context = {"ticket": ticket, "seen": seen, "count": count, "said": said_since(ticket, seen), "newest": newest}
    return render(request, "escalations/_ticket_news.html", context)


@require_GET
def hop_list(request: HttpRequest, ref: str) -> HttpResponse:
    """Who held the ticket, from when to when, and what it took of the contract's time."""
    ticket = ticket_for(request.user, ref)
    pauses = pause_rows(ticket)
    ledger = hop_ledger(hop_rows(ticket), clock_rows(ticket), pauses, reader=request.user, now=page_now(request))
    return render(request, "escalations/hop_list.html", {"ticket": ticket, "ledger": ledger, "crumbs": crumbs(ticket)})
