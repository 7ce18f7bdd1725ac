"""Acts on many tickets: counted first, done once, with a result for each and the way back."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from escalations.access import check_reads, ticket_for
from escalations.domain.bulk import ACTS, LIMIT, BulkAct
from escalations.errors import Overtaken, Refused
from escalations.forms.bulk import BulkForm, form_for
from escalations.models import BulkAction
from escalations.selectors.bulk import Chosen, Count, chosen_by_ref, chosen_by_view, count_first, past_acts, result_of
from escalations.selectors.queue import Queue
from escalations.services import bulk
from escalations.views.answers import service_answers
from web.clock import page_now
from web.formats import counted
from web.forms import new_key
from web.http import INVALID, OK, is_fetch, redirect_to, safe_next
from web.toasts import toast

# A direct act is named by what it does, so that the same list acts anew on others and twice on the same only once.
DIRECT = uuid.UUID("5d4b1d0e-3d55-4d2b-8d0c-0f6b1f5b7a10")


def act_named(code: str) -> BulkAct:
    """The act. Http404 for one that there is not."""
    act = ACTS.get(code)
    if act is None:
        raise Http404("There is no such act.")
    return act


def list_url(request: HttpRequest) -> str:
    return safe_next(request, reverse("escalations:queue_list"))


def own_action(request: HttpRequest, pk: int) -> BulkAction:
    """Somebody's own act on many tickets. Http404 for those of others: what they saw is no matter of this person."""
    check_reads(request.user)
    return get_object_or_404(BulkAction.objects.select_related("by"), pk=pk, by=request.user)


def _chosen(request: HttpRequest) -> Chosen:
    """The tickets ticked, or all of the view that the list showed."""
    if request.POST.get("all"):
        queue = Queue(request.user, QueryDict(request.POST.get("query", "")), now=page_now(request))
        return chosen_by_view(request.user, queue.tickets)
    return chosen_by_ref(request.user, request.POST.getlist("ticket"))


@require_POST
@service_answers
def bulk_create(request: HttpRequest) -> HttpResponse:
    """Count first; then do it. Without anything to ask or to tell, a selection made by hand is acted on at once."""
    check_reads(request.user)
    act, chosen = act_named(request.POST.get("act", "")), _chosen(request)
    if not chosen.tickets and not chosen.matching:
        messages.warning(request, "No ticket was selected.")
        return redirect_to(request, list_url(request))
    is_sure = "sure" in request.POST
    key = _key(request, act, chosen, is_sure=is_sure)
    known_act = BulkAction.objects.filter(key=key, by=request.user).first()
    if known_act is not None:  # sent twice: what it would find now is what it did itself
        return _done(request, bulk.bulk_go_on(action=known_act, by=request.user))
    asked = act.asks and "asked" not in request.POST
    form = form_for(act.code, chosen.tickets, request.user, None if asked else request.POST)
    values = form.values() if form.is_bound and form.is_valid() else {}
    known = values | ({"owner": request.user.pk, "owner_team": request.user.team_id} if act.code == "take" else {})
    count = count_first(act, chosen, known)
    if chosen.is_too_many or (form.is_bound and not form.is_valid()):
        return _ask(request, count, form, INVALID)
    if asked or not count.able or not (is_sure or count.is_clear):
        return _ask(request, count, form, OK)
    # All that the form names, whatever the count finds now: each says for itself why it could not be changed.
    action = bulk.bulk_run(key=key, code=act.code, tickets=chosen.ids, by=request.user, values=values)
    return _done(request, action)


def _key(request: HttpRequest, act: BulkAct, chosen: Chosen, *, is_sure: bool) -> uuid.UUID:
    given = request.POST.get("key", "")
    try:
        key = uuid.UUID(given)
    except ValueError:
        raise Refused("This form is damaged. Open the list again and select anew.") from None
    return key if is_sure else uuid.uuid5(DIRECT, f"{key} {act.code} {' '.join(chosen.refs)}")


def _ask(request: HttpRequest, count: Count, form: BulkForm, status: int) -> HttpResponse:
    context = {
        "count": count, "act": count.act, "form": form, "key": new_key(), "next": list_url(request), "limit": LIMIT,
        "is_sure": not count.act.asks or form.is_bound,
    }  # fmt: skip
    return render(request, "escalations/bulk_create.html", context, status=int(status))


def _done(request: HttpRequest, action: BulkAction) -> HttpResponse:
    """What became of each; after a selection that was acted on at once and went as asked, the list with a toast."""
    result = result_of(action, request.user)
    if "sure" in request.POST or result.not_done or result.left or result.was_undone:
        return redirect_to(request, action.get_absolute_url())
    toast(request, result.title, undo=reverse("escalations:bulk_undo", args=[action.pk]) if result.can_undo else "")
    return redirect_to(request, list_url(request))


@require_safe
@service_answers
def bulk_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of each ticket, those that were not changed first."""
    result = result_of(own_action(request, pk), request.user)
    return render(request, "escalations/bulk_detail.html", {"result": result, "action": result.action})


@require_safe
@service_answers
def bulk_list(request: HttpRequest) -> HttpResponse:
    """What this person did to many tickets at once."""
    check_reads(request.user)
    found = past_acts(request.user, now=page_now(request), zone=timezone.get_current_timezone())
    return render(request, "escalations/bulk_list.html", {"acts": found})


@require_POST
@service_answers
def bulk_go_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what was not reached, because something stopped in the middle."""
    action = own_action(request, pk)
    bulk.bulk_go_on(action=action, by=request.user)
    return redirect_to(request, action.get_absolute_url())


@require_POST
@service_answers
def bulk_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back: of one ticket to where one was, of many to the result."""
    action = own_action(request, pk)
    bulk.bulk_undo(action=action, by=request.user)
    result = result_of(action, request.user)
    by_toast = is_fetch(request) and "result" not in request.POST
    if len(result.lines) > 1 and not (by_toast and not result.kept):
        return redirect_to(request, action.get_absolute_url())
    if result.kept:
        line = result.lines[0]
        raise Overtaken(f"{line.ref}: {line.words}")
    text = f"{counted(result.undone, 'ticket')} {result.act.undone}"
    if is_fetch(request):
        return _toast(request, text, "")
    toast(request, text)
    return redirect_to(request, list_url(request))


@require_POST
@service_answers
def bulk_one(request: HttpRequest) -> HttpResponse:
    """One act on one ticket straight from its row. A script gets the toast, a browser the list again."""
    check_reads(request.user)
    code, _, ref = request.POST.get("one", "").partition(":")
    act, ticket = act_named(code), ticket_for(request.user, ref)
    if act.asks:
        raise Http404("This act asks something first.")
    action = bulk.bulk_once(code=act.code, ticket=ticket, by=request.user)
    text = f"{ticket.ref} {act.done}"
    undo = reverse("escalations:bulk_undo", args=[action.pk]) if act.can_undo else ""
    if is_fetch(request):
        return _toast(request, text, undo)
    toast(request, text, undo=undo)
    return redirect_to(request, list_url(request))


def _toast(request: HttpRequest, text: str, undo: str) -> HttpResponse:
    return render(request, "components/_toast.html", {"text": text, "undo": undo, "back": list_url(request)})
