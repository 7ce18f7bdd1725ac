"""Who else is here: each open page of a ticket says that it is, and hears who else is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.services.presence import presence_left, presence_seen
from escalations.access import ticket_for
from escalations.models import Escalation, Ticket
from escalations.selectors.handoff import last_escalation
from escalations.selectors.presence import HANDOFF, TICKET, present, subject_of
from web.clock import page_now
from web.http import no_news


@require_POST
def ticket_presence(request: HttpRequest, ref: str) -> HttpResponse:
    """One call of an open page (`at`): who else is there, or 204 when that is what it shows (`here`) already."""
    ticket = ticket_for(request.user, ref)
    page = HANDOFF if request.POST.get("at") == HANDOFF else TICKET
    subject = subject_of(ticket, page)
    if "left" in request.POST:
        presence_left(user=request.user, subject=subject)
        return no_news()
    now = page_now(request)
    presence_seen(user=request.user, subject=subject, at=now, is_writing=bool(request.POST.get("writing")))
    found = present(ticket, but=request.user, now=now)
    filed = _filed_meanwhile(request, ticket) if page == HANDOFF else None
    key = f"{found.key} {filed.pk if filed else ''}".strip()
    if request.POST.get("here", "") == key:
        return no_news()
    context = {"ticket": ticket, "present": found, "at": page, "here": key, "filed": filed}
    context["completes"] = request.POST.get("completes")
    return render(request, "escalations/_presence.html", context)


def _filed_meanwhile(request: HttpRequest, ticket: Ticket) -> Escalation | None:
    """A handoff that waits while somebody still writes one; not the one that this page completes itself."""
    if request.POST.get("completes"):
        return None
    latest = last_escalation(ticket)
    return latest if latest is not None and latest.waits else None
