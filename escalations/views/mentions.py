"""Who can be named in a note on a ticket: what the list under the compose box offers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.choices import Ability
from escalations.access import ticket_for
from escalations.errors import NotAllowed
from escalations.selectors.mentions import nameable
from escalations.views.answers import service_answers

LONGEST = 40


@require_GET
@service_answers
def mention_list(request: HttpRequest, ref: str) -> HttpResponse:
    """Up to eight people who see the ticket, by the beginning of their name (`?q=`)."""
    ticket = ticket_for(request.user, ref)
    if not request.user.can(Ability.READ):
        raise NotAllowed("Notes are for support staff.")
    words = request.GET.get("q", "").replace("\x00", "")[:LONGEST]
    return render(request, "escalations/_mention_list.html", {"people": nameable(ticket, request.user, words)})
