"""Questions to another team or person: asked, answered, taken back, and the list of them."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.choices import Ability
from escalations.access import consult_for
from escalations.choices import ConsultState
from escalations.domain.around import CONSULT_TRANSITIONS
from escalations.domain.lifecycle import allowed
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.forms.around import AnswerForm, ConsultForm
from escalations.models import Consult
from escalations.selectors import consults as about
from escalations.selectors.handoff_targets import targets_among
from escalations.services import consults
from escalations.views.answers import refuse, service_answers
from escalations.views.inbox import inbox_tabs
from escalations.views.sheets import answer_sheet
from escalations.views.ticket_actions import Sheet, by_now, ticket_to_change
from web.clock import page_now
from web.formats import counted
from web.forms import BelayForm
from web.http import (
    CONFLICT,
    INVALID,
    OK,
    form_methods,
    no_news,
    page_or_fragment,
    posted,
    redirect_to,
    safe_next,
    wants_fragment,
)
from web.toasts import toast


@require_GET
@service_answers
def consult_list(request: HttpRequest) -> HttpResponse:
    """Questions that wait for me and my team, and those that I asked."""
    user = request.user
    if not user.can(Ability.READ):
        raise NotAllowed("The inbox is for support staff.")
    now, zone = page_now(request), timezone.get_current_timezone()
    waiting, page = about.to_answer(user, now=now), about.mine(user, request.GET.get("cursor", ""))
    context = {
        "tabs": inbox_tabs(request, "consults"), "page": page, "team": user.team or "your team",
        "waiting": about.rows_of(waiting, user=user, now=now, zone=zone),
        "mine": about.rows_of(page.rows, user=user, now=now, zone=zone),
        "summary": counted(len(page.rows), "question"),
    }  # fmt: skip
    return page_or_fragment(request, "escalations/consult_list.html", "escalations/_consult_list.html", context)


@form_methods
@service_answers
def consult_create(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask another team, or one of its people. The ticket stays where it is."""
    ticket = ticket_to_change(request, ref)
    if request.method != "POST" and not ticket.is_open:
        raise by_now(ticket)
    now, zone = page_now(request), timezone.get_current_timezone()
    # On a restricted ticket only who is named on it; elsewhere anybody, but for one's own team: that is a note.
    named = Q(pk__in=ticket.readers.values("user")) if ticket.is_restricted else Q()
    others = ~Q(pk=request.user.team_id) if request.user.team_id and not ticket.is_restricted else Q()
    targets = targets_among(ticket, others, by=request.user, now=now, zone=zone, who=named)
    sheet = Sheet(
        f"Ask about {ticket.ref}",
        "A question, not a handoff: you keep the ticket and its clocks. The answer stays on the ticket."
        + (" Only people named on the ticket can be asked." if ticket.is_restricted else ""),
        "Ask question", reverse("escalations:consult_create", args=[ref]), "help",
    )  # fmt: skip
    form = ConsultForm(posted(request), to=targets.choices())

    def act(values: Any) -> HttpResponse:
        target = targets.find(values["to"])
        if target is None:
            raise Refused("That is no longer on offer.", {"to": "Choose whom you ask."})
        consults.consult_ask(
            ticket=ticket, by=request.user, to_team=target.team.team,
            to_user=target.person.user if target.person else None, question=values["question"],
        )  # fmt: skip
        toast(request, f"{target.words} is asked.")
        return redirect_to(request, ticket.get_absolute_url())

    return answer_sheet(request, ticket, form, sheet, act)


@require_GET
@service_answers
def consult_detail(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """One question with its answer, or the form to answer it."""
    return _detail(request, consult_for(request.user, ref, pk))


def _detail(
    request: HttpRequest, consult: Consult, *, form: BelayForm | None = None, status: int = OK, **more: Any
) -> HttpResponse:
    """`more`: `overtaken` says who was first, `kept` holds what the second one typed."""
    ticket, now = consult.ticket, page_now(request)
    acts = allowed(CONSULT_TRANSITIONS, consult.state, consults.consult_parts(request.user, consult, at=now))
    if not ticket.is_open:
        acts = acts - {"answer"}
    is_asker = consult.asked_by_id == request.user.pk
    is_above = consult.to_team.tier.rank > ticket.tier.rank
    context = {
        "consult": consult, "ticket": ticket, "acts": acts, "whom": about.whom(consult),
        "head_title": f"Question: {ticket.subject}", "form": form or (AnswerForm() if "answer" in acts else None),
        "crumbs": [("Consults", reverse("escalations:consult_list")), (ticket.ref, ticket.get_absolute_url())],
        "is_unread": is_asker and consult.state == ConsultState.ANSWERED and consult.seen_at is None,
        "may_hand_over": consult.state == ConsultState.ANSWERED and ticket.is_open and is_above
        and "withdraw" in allowed(CONSULT_TRANSITIONS, ConsultState.ASKED, _parts(request, consult)),
        **more,
    }  # fmt: skip
    return page_or_fragment(
        request, "escalations/consult_detail.html", "escalations/_consult_detail.html", context, status
    )


def _parts(request: HttpRequest, consult: Consult) -> Any:
    return consults.consult_parts(request.user, consult, at=page_now(request))


@require_POST
@service_answers
def consult_answer(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Answer it. Who is second gets the answer that stands beside what they typed (409)."""
    consult, by = consult_for(request.user, ref, pk), request.user
    if "answer" not in allowed(CONSULT_TRANSITIONS, ConsultState.ASKED, _parts(request, consult)):
        raise NotAllowed(f"{about.whom(consult)} was asked. They answer.")
    form = AnswerForm(request.POST)
    try:
        if form.is_valid():
            consults.consult_answer(consult=consult, by=by, answer=form.cleaned_data["answer"])
            toast(request, f"{consult.asked_by} has your answer.")
            return redirect_to(request, reverse("escalations:consult_list"))
    except Refused as error:
        refuse(form, error)
    except Overtaken as error:
        fresh = consult_for(by, ref, pk)
        return _detail(request, fresh, status=CONFLICT, overtaken=str(error), kept=form["answer"].value() or "")
    return _detail(request, consult, form=form, status=INVALID)


@require_POST
@service_answers
def consult_withdraw(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Take the question back while nobody has answered."""
    consult = consult_for(request.user, ref, pk)
    try:
        consults.consult_withdraw(consult=consult, by=request.user)
    except Overtaken as error:
        return _detail(request, consult_for(request.user, ref, pk), status=CONFLICT, overtaken=str(error))
    toast(request, "Question taken back.")
    return redirect_to(request, consult.ticket.get_absolute_url())


@require_POST
@service_answers
def consult_seen(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Whoever asked has read the answer."""
    consult = consult_for(request.user, ref, pk)
    consults.consult_seen(consult=consult, by=request.user)
    if wants_fragment(request):  # the page said so by itself: whoever reads goes on reading
        return no_news()
    return redirect_to(request, safe_next(request, consult.ticket.get_absolute_url()))
