"""Handing over a whole desk: the form with a line for every ticket, its draft, and what became of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from escalations.choices import HandoverReason
from escalations.desk_access import desk_owner_for, handover_for
from escalations.errors import Refused
from escalations.forms.desk import HandoverForm
from escalations.models import DeskHandover
from escalations.selectors import desk_handover as about
from escalations.selectors.desk import forget_count
from escalations.services.desk import desk_form_key, desk_hand_over, results_of
from escalations.views import form_drafts
from escalations.views.answers import refuse, service_answers
from escalations.views.tickets import NUMBER_DIGITS, draft_initial
from journal.models import Draft
from journal.services import DraftConflict
from web.clock import page_now
from web.conflicts import Conflict
from web.http import CONFLICT, INVALID, OK, form_methods, posted, redirect_to


def _form(request: HttpRequest, owner: User, other: Draft | None = None) -> HandoverForm:
    """The form of this desk as it now is, with what was typed before; `other` has lines of another window."""
    now, zone = page_now(request), timezone.get_current_timezone()
    receivers = about.receivers_for(owner, now=now, zone=zone)
    draft = form_drafts.stored_draft(request, desk_form_key(owner)) if request.method != "POST" else None
    wanted = request.GET.get("reason", "")
    start = {
        "to": receivers.suggested,
        "reason": wanted if wanted in HandoverReason.values else HandoverReason.SHIFT_END,
    }
    named = {kind: _named(request, kind, other) for kind in "th"}
    return HandoverForm(
        posted(request),
        tickets=about.ticket_lines(owner, request.user, now=now, zone=zone, only=named["t"]),
        handoffs=about.handoff_lines(owner, request.user, only=named["h"]), receivers=receivers, owner=owner,
        initial=start | draft_initial(draft), auto_id="desk_%s",
    )  # fmt: skip


def _named(request: HttpRequest, kind: str, other: Draft | None) -> set[int] | None:
    """The lines that a sent form has, None for a form that is only shown.

    What left the desk meanwhile is still a line, so that it is reported; what came to it since is none, and stays.
    """
    if request.method != "POST":
        return None
    fields = (*request.POST, *(other.data if other else ()))
    names = (name.removeprefix(f"give_{kind}") for name in fields if name.startswith(f"give_{kind}"))
    return {int(name) for name in names if name.isascii() and name.isdigit() and len(name) <= NUMBER_DIGITS}


def _show(
    request: HttpRequest, owner: User, form: HandoverForm, status: int = OK, conflict: Conflict | None = None
) -> HttpResponse:
    own = owner.pk == request.user.pk
    context: dict[str, Any] = {
        "form": form, "owner": owner, "own": own, "receivers": form.receivers, "conflict": conflict,
        "title": "Hand over your desk" if own else f"Hand over the desk of {owner}",
        "crumbs": [("My desk", reverse("escalations:home"))] if own else [
            ("Team desk", f"{reverse('escalations:team_desk')}?team={owner.team.code if owner.team else ''}")
        ],
    }  # fmt: skip
    return render(request, "escalations/desk_handover.html", context, status=status)


@form_methods
@service_answers
def desk_handover(request: HttpRequest, pk: int) -> HttpResponse:
    """A line for every open ticket and every handoff that waits: who gets it, with which note."""
    owner = desk_owner_for(request.user, pk)
    if form_drafts.asks_for_choice(request):
        form_drafts.choose(request, desk_form_key(owner))
        return redirect_to(request, request.path)
    form = _form(request, owner)
    if request.method != "POST" or not form.is_valid():
        return _show(request, owner, form, INVALID if form.is_bound else OK)
    values = form.cleaned_data
    try:
        form_drafts.check_other_window(request, desk_form_key(owner))
        done = desk_hand_over(
            owner=owner, by=request.user, key=values["idempotency_key"], reason=HandoverReason(values["reason"]),
            note=values["note"], tickets=form.tickets_given(), handoffs=form.handoffs_given(), leave=form.leave(),
        )  # fmt: skip
    except Refused as error:
        refuse(form, error)
        return _show(request, owner, form, INVALID)
    except DraftConflict as error:
        panel = form_drafts.panel_of(request, error.stored, _form(request, owner, error.stored))
        return _show(request, owner, form, CONFLICT, panel)
    forget_count(request.user)
    messages.success(request, "Your desk is handed over" if owner == request.user else "The desk is handed over")
    return redirect_to(request, reverse("escalations:desk_handover_detail", args=[done.pk]))


@require_POST
@service_answers
def desk_handover_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what somebody types into the handover. 409 with both versions when another window of theirs is newer."""
    owner = desk_owner_for(request.user, pk)
    key = desk_form_key(owner)
    return form_drafts.keep(request, key, lambda: _form(request, owner, form_drafts.stored_draft(request, key)))


@require_GET
@service_answers
def desk_handover_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of every line: given, to the team, passed on, or left where it is and why."""
    handover: DeskHandover = handover_for(request.user, pk)
    results = _seen(request.user, handover)
    owner = handover.from_user
    refs = {result.ref: result for result in results}
    context = {
        "handover": handover, "results": results,
        "left": about.still_there(owner, request.user, refs),
        "refused": [result for result in results if result.outcome == "refused"],
        "done": sum(result.outcome != "refused" for result in results),
        "crumbs": [("My desk", reverse("escalations:home"))],
        "own": owner.pk == request.user.pk,
    }  # fmt: skip
    return render(request, "escalations/desk_handover_detail.html", context)


def _seen(user: User, handover: DeskHandover) -> list[Any]:
    """The results that the reader may see: who got a part sees that part, and nobody a ticket hidden from them."""
    results = results_of(handover)
    visible = about.visible_refs(user, [result.ref for result in results])
    return [result for result in results if not result.ref or result.ref in visible]
