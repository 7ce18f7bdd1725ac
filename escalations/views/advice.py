"""Should I escalate? Beside the ticket, and on a page of its own."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from escalations.access import parts_on_ticket, ticket_for
from escalations.selectors.advice import answers_in, counsel
from escalations.views.tickets import crumbs
from web.clock import page_now
from web.http import page_or_fragment


@require_safe
def ticket_advice(request: HttpRequest, ref: str) -> HttpResponse:
    """Which rules fire, what one may do alone, and what the answers in the URL lead to. Writes nothing."""
    ticket = ticket_for(request.user, ref)
    found = counsel(ticket, request.user, answers=answers_in(request.GET), now=page_now(request))
    context = {
        "ticket": ticket, "counsel": found, "may_write": bool(parts_on_ticket(request.user, ticket)),
        "crumbs": crumbs(ticket),
    }  # fmt: skip
    return page_or_fragment(request, "escalations/ticket_advice.html", "escalations/_advice.html", context)
