"""The receiver's inbox, and the sender's view of what they handed over."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from accounts.choices import Ability
from accounts.models import User
from escalations.domain.bulk import ACTS
from escalations.errors import NotAllowed
from escalations.export_columns import HANDOFFS, HandoffLine
from escalations.selectors import inbox
from escalations.selectors.consults import consult_count
from escalations.views.answers import service_answers
from policies.selectors import pick_labels
from web.clock import page_now
from web.exports import csv_response, xlsx_response
from web.formats import counted
from web.forms import new_key
from web.http import no_news, page_or_fragment

EMPTY = {
    "waiting": ("Nothing waits for you", "Handoffs to {team} appear here until someone accepts them."),
    "acknowledged": ("Nothing acknowledged is open", "What {team} has acknowledged stays here until it is answered."),
    "returned": ("Nothing came back to you", "A handoff that its receiver returns appears here with the reason."),
    "mine": ("You have handed nothing over", "Open a ticket and choose Escalate to hand it to the next tier."),
    "feedback": ("No feedback yet", "When a receiver resolves a ticket that you handed over, they rate the handoff."),
}
HEADS = {
    "waiting": ("From", "Due", "Urgency"),
    "acknowledged": ("From", "Due", "Urgency"),
    "returned": ("To", "Returned", "Why"),
    "mine": ("To", "Filed", "Expected"),
    "feedback": ("To", "Resolved", "Rating"),
}

EXPORT_LIMIT = 10_000  # handoffs of one person: a file of more is no work list


def _readable(user: User) -> None:
    if not user.can(Ability.READ):
        raise NotAllowed("The inbox is for support staff.")


@require_GET
@service_answers
def inbox_list(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, by deadline; the other tabs by `?tab=`."""
    user: User = request.user
    _readable(user)
    now, zone = page_now(request), timezone.get_current_timezone()
    tab = request.GET.get("tab", "")
    tab = tab if tab in dict(inbox.TABS) else "waiting"
    page = inbox.page_of(user, tab, request.GET.get("cursor", ""))
    title, text = EMPTY[tab]
    context: dict[str, Any] = {
        "tab": tab, "tabs": inbox_tabs(request, tab), "page": page, "heads": HEADS[tab],
        "rows": inbox.rows_of(page.rows, tab=tab, user=user, now=now, zone=zone),
        "empty_title": title, "empty_text": text.format(team=user.team or "your team"),
        "since": now.isoformat(), "summary": counted(len(page.rows), "handoff"),
        "is_cut": tab == "waiting" and len(page.rows) == inbox.WAITING_CAP, "export_limit": EXPORT_LIMIT,
        "key": new_key(), "acts": ([ACTS["acknowledge"], ACTS["note"]], []) if user.can(Ability.WORK) else (),
    }  # fmt: skip
    return page_or_fragment(request, "escalations/inbox_list.html", "escalations/_inbox_list.html", context)


@require_GET
@service_answers
def inbox_export(request: HttpRequest) -> HttpResponseBase:
    """The handoffs of a tab as a file, in its order. `?format=xlsx` or csv."""
    user: User = request.user
    _readable(user)
    now, zone = page_now(request), timezone.get_current_timezone()
    tab = request.GET.get("tab", "")
    tab = tab if tab in dict(inbox.TABS) else "waiting"
    labels = pick_labels(*inbox.LISTS)
    rows = HANDOFFS.export_rows(HandoffLine(one, labels) for one in inbox.ordered(user, tab)[:EXPORT_LIMIT])
    respond = xlsx_response if request.GET.get("format") == "xlsx" else csv_response
    name = f"handoffs-{tab}-{now.astimezone(zone):%Y-%m-%d-%H%M}"
    return respond(name, HANDOFFS.header(str(zone)), rows, zone=zone)


def inbox_tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """The tabs of the inbox with their counts; questions have a page of their own among them."""
    user: User = request.user
    numbers, url = inbox.counts(user), reverse("escalations:inbox_list")
    tabs = [
        {"label": label, "url": f"{url}?tab={key}", "current": key == current, "count": numbers.get(key) or None}
        for key, label in inbox.TABS
    ]
    number = consult_count(user, now=page_now(request))
    asked = {"label": "Consults", "url": reverse("escalations:consult_list"), "current": current == "consults"}
    return [*tabs, asked | {"count": number or None}]


@require_GET
@service_answers
def inbox_news(request: HttpRequest) -> HttpResponse:
    """What came in since the page was made: 204, or the bar that says how many. Never moves a row."""
    _readable(request.user)
    since = instant(request.GET.get("since", ""))
    number = inbox.news(request.user, since=since) if since else 0
    if not number:
        return no_news()
    return render(request, "escalations/_inbox_news.html", {"words": counted(number, "new handoff"), "since": since})


def instant(text: str) -> datetime | None:
    """An instant out of a query string; None for anything else."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None
