"""My desk: the start page of everybody who works tickets, and the small acts of its rows."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.choices import Ability
from accounts.models import User
from accounts.selectors import absences_now
from escalations.access import ticket_for
from escalations.errors import NotAllowed
from escalations.models import DeskHandoverLine, Mention
from escalations.selectors.desk import covered_by, my_desk, news
from escalations.services.desk_seen import desk_line_mark_seen
from escalations.services.mentions import mention_mark_seen
from escalations.views.answers import service_answers
from escalations.views.inbox import instant
from web.clock import page_now
from web.formats import counted, format_instant
from web.http import no_news, page_or_fragment, redirect_to, safe_next


def desk_page(request: HttpRequest) -> HttpResponse:
    """What needs this person, in order and with the reason."""
    now, zone = page_now(request), timezone.get_current_timezone()
    desk = my_desk(request.user, now=now, zone=zone, back=reverse("escalations:home"))
    request.desk_now = desk.now  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "desk": desk, "since": now.isoformat(), "at": format_instant(now, zone, now),
        "team": request.user.team, "nothing": _nothing(request.user),
    }  # fmt: skip
    return page_or_fragment(request, "escalations/desk.html", "escalations/_desk.html", context)


def _nothing(user: User) -> str:
    """What the empty desk says: what would stand here."""
    where = f"from {user.team}" if user.team is not None else "from the teams"
    return f"Handoffs to answer, your own tickets, questions, mentions and notes {where} appear here by themselves."


@require_GET
@service_answers
def desk_news(request: HttpRequest) -> HttpResponse:
    """What came to the desk since the page was made: 204, or the bar that says how many. Never moves a row."""
    if not request.user.can(Ability.WORK):
        raise NotAllowed("The desk is for people who work tickets.")
    since = instant(request.GET.get("since", ""))
    number = news(request.user, since=since, now=page_now(request)) if since else 0
    if not number:
        return no_news()
    words = f"{counted(number, 'new thing')} on your desk"
    return render(request, "escalations/_desk_news.html", {"words": words, "number": number, "since": since})


def _covers(request: HttpRequest) -> list[int]:
    """Those for whom this person answers now."""
    return [one.user.pk for one in covered_by(request.user, absences_now(page_now(request)))]


def _back(request: HttpRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect_to(request, safe_next(request, reverse("escalations:home")))


@require_POST
@service_answers
def mention_seen(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The note that names them was read."""
    ticket = ticket_for(request.user, ref)
    mention = get_object_or_404(Mention.objects.select_related("user"), pk=pk, message__ticket=ticket)
    mention_mark_seen(mention=mention, by=request.user, covers=_covers(request))
    return _back(request, f"Mention on {ref} read")


@require_POST
@service_answers
def desk_line_seen(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The note that came with a ticket was read."""
    ticket = ticket_for(request.user, ref)
    line = get_object_or_404(DeskHandoverLine.objects.select_related("to_user"), pk=pk, ticket=ticket)
    desk_line_mark_seen(line=line, by=request.user, covers=_covers(request))
    return _back(request, f"Note on {ref} read")
