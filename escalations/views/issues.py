"""Issues: the list with its search, the page of one, and the form by which it is kept."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.choices import Ability
from accounts.models import User
from escalations.access import check_reads
from escalations.columns import customer_lines
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.forms.links import IssueForm
from escalations.models import Issue
from escalations.selectors import issues as about
from escalations.selectors.chips import chips_for
from escalations.selectors.episodes import EPISODE_DAYS
from escalations.selectors.queue_options import ANY
from escalations.selectors.queue_views import queue_url
from escalations.services import issues
from escalations.views.answers import refuse, service_answers
from journal.models import Event
from policies.choices import PickListName
from policies.selectors import pick_labels
from web.clock import page_now
from web.http import CONFLICT, INVALID, OK, form_methods, page_or_fragment, redirect_to
from web.toasts import toast

STATES = ((about.OPEN, "Open"), (about.CLOSED, "Closed"), (about.ANY, "All"))
SAID = {
    "issue.opened": "opened the issue",
    "issue.closed": "closed the issue",
    "issue.reopened": "opened it again",
    "issue.changed": "changed what is known of it",
}
SIGNS = {"issue.opened": "bug", "issue.closed": "circle-check", "issue.reopened": "rotate-clockwise"}


def _works(user: User) -> bool:
    return user.can(Ability.WORK) or user.can(Ability.MANAGE)


def _check_works(user: User) -> None:
    check_reads(user)
    if not _works(user):
        raise NotAllowed("Issues are kept by the people who work tickets.")


def _issue(request: HttpRequest, pk: int) -> Issue:
    check_reads(request.user)
    return get_object_or_404(Issue, pk=pk)


@require_safe
def issue_list(request: HttpRequest) -> HttpResponse:
    """Open issues, newest first; `?q=` looks for words, `?state=` for closed ones too."""
    check_reads(request.user)
    words = request.GET.get("q", "")[:200].replace("\x00", "")
    state = request.GET.get("state", about.OPEN)
    state = state if state in dict(STATES) else about.OPEN
    page, lines = about.issue_page_of(request.user, words=words, state=state, cursor=request.GET.get("cursor", ""))
    base = reverse("escalations:issue_list")
    areas = pick_labels(PickListName.PRODUCT_AREA)[PickListName.PRODUCT_AREA]
    context = {
        "page": page,
        "lines": [replace(line, area=areas.get(line.issue.product_area, line.issue.product_area)) for line in lines],
        "words": words,
        "state": state,
        "tabs": [
            {"label": label, "url": f"{base}?state={code}", "current": code == state, "count": ""}
            for code, label in STATES
        ],
        "may_work": _works(request.user),
    }
    return page_or_fragment(request, "escalations/issue_list.html", "escalations/_issue_list.html", context)


@require_safe
def issue_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One issue: its tickets, whose they are, how often they were escalated, and what happened to it."""
    issue = _issue(request, pk)
    now, zone = page_now(request), timezone.get_current_timezone()
    facts = about.issue_facts(request.user, issue, now=now)
    chips = chips_for(facts.tickets, now=now, zone=zone)
    labels = pick_labels(PickListName.PRODUCT_AREA)[PickListName.PRODUCT_AREA]
    context = {
        "issue": issue,
        "found": facts,
        "area": labels.get(issue.product_area, issue.product_area),
        "lines": customer_lines(facts.tickets, chips, now=now, zone=zone),
        "open_url": queue_url({"issue": [str(issue.pk)]}),
        "all_url": queue_url({"issue": [str(issue.pk)], "state": [ANY]}),
        "moments": [_moment(event, request.user) for event in facts.events],
        "days": EPISODE_DAYS,
        "capped": about.COUNTED,
        "may_work": _works(request.user),
    }
    return render(request, "escalations/issue_detail.html", context)


def _moment(event: Event, reader: User) -> dict[str, Any]:
    who = "Belay" if event.actor is None else "You" if event.actor_id == reader.pk else str(event.actor)
    said = SAID.get(event.kind, event.kind.partition(".")[2])
    pair = (event.data.get("changes") or {}).get("title")
    at: datetime = event.occurred_at
    more = f"It was called “{pair[0]}”" if pair else ""
    return {"who": who, "said": said, "sign": SIGNS.get(event.kind, "pencil"), "at": at, "more": more}


@form_methods
@service_answers
def issue_create(request: HttpRequest) -> HttpResponse:
    """Enter an issue before any ticket is linked to it."""
    _check_works(request.user)
    form = IssueForm(request.POST if request.method == "POST" else None, initial={"version": 0})
    if request.method == "POST" and form.is_valid():
        try:
            issue = issues.issue_create(by=request.user, **form.facts())
        except Refused as error:
            refuse(form, error)
        else:
            toast(request, "The issue is open.")
            return redirect_to(request, issue.get_absolute_url())
    return _form(request, form, None, INVALID if form.is_bound else OK)


def _form(request: HttpRequest, form: IssueForm, issue: Issue | None, status: int, **more: Any) -> HttpResponse:
    return render(request, "escalations/issue_form.html", {"form": form, "issue": issue, **more}, status=int(status))


@form_methods
@service_answers
def issue_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known. A lost race keeps what was typed and says so."""
    issue = _issue(request, pk)
    _check_works(request.user)
    start = {name: getattr(issue, name) for name in (*issues.FACTS, "version")}
    form = IssueForm(request.POST if request.method == "POST" else None, initial=start, kept=issue.product_area)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, issue, INVALID if form.is_bound else OK)
    try:
        issues.issue_change(
            issue=issue, by=request.user, version=form.cleaned_data["version"], changes=form.facts()
        )  # fmt: skip
    except Overtaken as error:
        form.add_error(None, str(error))
        return _form(request, form, issue, CONFLICT, is_stale=True)
    toast(request, "Issue saved.")
    return redirect_to(request, issue.get_absolute_url())


@require_POST
@service_answers
def issue_close(request: HttpRequest, pk: int) -> HttpResponse:
    """It is put right; its tickets stay linked."""
    issue = _issue(request, pk)
    issues.issue_close(issue=issue, by=request.user)
    toast(request, "The issue is closed. Its tickets stay as they are.")
    return redirect_to(request, issue.get_absolute_url())


@require_POST
@service_answers
def issue_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """It is there again."""
    issue = _issue(request, pk)
    issues.issue_reopen(issue=issue, by=request.user)
    toast(request, "The issue is open again.")
    return redirect_to(request, issue.get_absolute_url())
