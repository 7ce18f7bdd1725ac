"""Views of the queue by name: saved, renamed, shared, pinned and taken away."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Team
from escalations.access import check_reads, team_choices, view_for, writes_view
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.filter_bar import FilterBar
from escalations.forms.saved_views import SavedViewForm
from escalations.models import SavedView
from escalations.selectors.queue import Queue
from escalations.selectors.queue_options import queue_options
from escalations.selectors.saved_views import open_view, query_of, view_lines, words_of
from escalations.services import saved_views as service
from escalations.views.answers import refuse, service_answers
from web.clock import page_now
from web.http import CONFLICT, INVALID, OK, form_methods, page_or_fragment, redirect_to, safe_next
from web.toasts import toast

LIST = "escalations:view_list"


@require_safe
@service_answers
def view_list(request: HttpRequest) -> HttpResponse:
    """Every saved view that this person has, the pinned ones first."""
    check_reads(request.user)
    lines = view_lines(request.user, queue_options(request.user))
    pinned = [line for line in lines if line.is_pinned]
    context = {"pinned": pinned, "others": [line for line in lines if not line.is_pinned]}
    return render(request, "escalations/view_list.html", context)


def _shown(request: HttpRequest) -> str:
    """The address that the page shows, as a view keeps it: only what a queue understands, in one order."""
    options = queue_options(request.user)
    opened = open_view(request.user, request.GET, options)
    queue = Queue(request.user, opened.data, now=page_now(request), options=options)
    bar = FilterBar(queue, reverse("escalations:queue_list"))
    return query_of(bar.chosen, bar.look)


def _show(
    request: HttpRequest, form: SavedViewForm, query: str, view: SavedView | None = None, status: int = OK, **more: Any
) -> HttpResponse:
    context = {
        "form": form, "view": view, "words": words_of(query, queue_options(request.user)),
        "url": reverse("escalations:view_edit", args=[view.pk]) if view else reverse("escalations:view_create"),
        "back": view.get_absolute_url() if view else f"{reverse('escalations:queue_list')}?{query}", **more,
    }  # fmt: skip
    return page_or_fragment(request, "escalations/view_form.html", "escalations/_view_form.html", context, status)


@form_methods
@service_answers
def view_create(request: HttpRequest) -> HttpResponse:
    """Save what the queue shows under a name. The address carries what it shows."""
    check_reads(request.user)
    teams = team_choices(request.user)
    if request.method != "POST":
        query = _shown(request)
        form = SavedViewForm(initial={"query": query, "team": "", "pin": True}, teams=teams, is_new=True)
        return _show(request, form, query)
    form = SavedViewForm(request.POST, teams=teams, is_new=True)
    if form.is_valid():
        data = form.cleaned_data
        try:
            view = service.saved_view_create(
                by=request.user, name=data["name"], query=data["query"], team=form.chosen_team(), pin=data["pin"]
            )
        except Refused as error:
            refuse(form, error)
        else:
            toast(request, f"View “{view.name}” saved")
            return redirect_to(request, view.get_absolute_url())
    return _show(request, form, request.POST.get("query", ""), status=INVALID)


@form_methods
@service_answers
def view_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view, share it, or let it show what the address says."""
    check_reads(request.user)
    view = view_for(request.user, pk)
    if not writes_view(request.user, view):
        raise NotAllowed(f"{view.owner} keeps this view. Save one of your own instead.")
    teams = _teams(request, view)
    if request.method != "POST":
        query = _shown(request) if request.GET else view.query
        start = {"name": view.name, "team": str(view.team_id or ""), "query": query, "version": view.version}
        return _show(request, SavedViewForm(initial=start, teams=teams, is_new=False), query, view)
    form = SavedViewForm(request.POST, teams=teams, is_new=False)
    if form.is_valid():
        try:
            return _save(request, view, form)
        except Refused as error:
            refuse(form, error)
        except Overtaken as error:
            return _overtaken(request, view, form, error)
    return _show(request, form, request.POST.get("query", ""), view, INVALID)


def _teams(request: HttpRequest, view: SavedView) -> list[Team]:
    """A view of another team, which its owner has left, may stay there."""
    teams = team_choices(request.user)
    kept = [view.team] if view.team is not None and view.team not in teams else []
    return [*teams, *kept]


def _save(request: HttpRequest, view: SavedView, form: SavedViewForm) -> HttpResponse:
    data = form.cleaned_data
    service.saved_view_change(
        view=view, by=request.user, version=data["version"] or 0, name=data["name"], query=data["query"],
        team=form.chosen_team(),
    )  # fmt: skip
    toast(request, f"View “{data['name']}” saved")
    return redirect_to(request, view.get_absolute_url())


def _overtaken(request: HttpRequest, view: SavedView, form: SavedViewForm, error: Overtaken) -> HttpResponse:
    """409: what was typed stays, and saving once more puts it over what somebody else saved."""
    fresh = view_for(request.user, view.pk)
    form.data = form.data.copy()
    form.data["version"] = str(fresh.version)
    theirs = words_of(fresh.query, queue_options(request.user))
    query = request.POST.get("query", "")
    return _show(request, form, query, fresh, CONFLICT, overtaken=str(error), theirs=theirs)


@require_POST
@service_answers
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a view away, from everybody who has it."""
    check_reads(request.user)
    view = view_for(request.user, pk)
    version = request.POST.get("version", "")
    known = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    service.saved_view_delete(view=view, by=request.user, version=known)
    toast(request, f"View “{view.name}” deleted")
    return redirect_to(request, reverse(LIST))


@require_POST
@service_answers
def view_pin(request: HttpRequest, pk: int) -> HttpResponse:
    """Into the rail, or out of it (`pinned` is empty)."""
    check_reads(request.user)
    view = view_for(request.user, pk)
    if request.POST.get("pinned"):
        service.saved_view_pin(view=view, by=request.user)
        toast(request, f"“{view.name}” is in the rail")
    else:
        service.saved_view_unpin(view=view, by=request.user)
        toast(request, f"“{view.name}” is out of the rail")
    return redirect_to(request, safe_next(request, reverse(LIST)))


@require_POST
@service_answers
def view_move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up or down in the rail."""
    check_reads(request.user)
    view = view_for(request.user, pk)
    service.saved_view_move(view=view, by=request.user, up=request.POST.get("to") == "up")
    return redirect_to(request, reverse(LIST))
