"""The two long forms of a ticket: its facts, with both versions when two people edit, and its resolution."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.models import Tier
from escalations.access import parts_on_ticket, ticket_for
from escalations.domain.handoff import HandoffContent
from escalations.errors import Refused
from escalations.forms.tickets import ChurnForm, FactsForm, ResolveForm
from escalations.models import Escalation, Ticket
from escalations.selectors.standing import accepted_escalation
from escalations.selectors.ticket import LISTS, escalations_of
from escalations.selectors.timeline_book import FACT_LABELS, fact_words
from escalations.services import resolutions, tickets
from escalations.services.outages import Outcome, ticket_resolve_all
from escalations.services.resolutions import Feedback
from escalations.services.submits import form_key, submit_once
from escalations.services.tickets import FactConflict
from escalations.views import form_drafts
from escalations.views.answers import conflict_panel, refuse, service_answers
from escalations.views.ticket_actions import (
    Sheet,
    actions_on,
    by_now,
    done,
    show_sheet,
    ticket_to_change,
)
from escalations.views.tickets import crumbs, draft_initial
from journal.models import Draft, Event
from journal.services import DraftConflict
from policies.selectors import pick_choices, pick_labels
from web.conflicts import PREFIX, Conflict, resolve
from web.formats import counted
from web.http import CONFLICT, INVALID, OK, form_methods, posted, redirect_to

RESOLVE = "resolve"


# --- facts -----------------------------------------------------------------------------------------------


def _facts_sheet(ticket: Ticket) -> Sheet:
    return Sheet(
        f"Facts of {ticket.ref}",
        "Routing, triggers and figures read them. Each change stands on the timeline.",
        "Save facts", reverse("escalations:ticket_facts", args=[ticket.ref]), "pencil",
    )  # fmt: skip


@form_methods
@service_answers
def ticket_facts(request: HttpRequest, ref: str) -> HttpResponse:
    """Change facts. Anybody who reads the ticket may report a churn threat; the rest is for those who hold it."""
    ticket = ticket_for(request.user, ref)
    if not parts_on_ticket(request.user, ticket):
        return _churn(request, ticket)
    lists = {name: pick_choices(name) for name in FactsForm.LISTS.values()}
    form = FactsForm(posted(request), ticket=ticket, lists=lists)
    if request.method != "POST" or not form.is_valid():
        return show_sheet(request, ticket, form, _facts_sheet(ticket), INVALID if form.is_bound else OK)
    try:
        _save_facts(request, ticket, form)
    except FactConflict as conflict:
        return _both_versions(request, form, lists, conflict)
    return done(request, ticket, "Facts saved.")


def _save_facts(request: HttpRequest, ticket: Ticket, form: FactsForm) -> None:
    """Save what this form changed. A change of other facts meanwhile is no conflict.

    Raises FactConflict for the fields that somebody else changed to something else since the form was shown.
    """
    mine = {name: form.cleaned_data[name] for name in form.changed_data if name in FACT_LABELS}
    version = form.cleaned_data["version"]
    if "resolve" in request.POST or "take_all" in request.POST:
        asked = [name for name in FACT_LABELS if f"{PREFIX}{name}" in request.POST]
        theirs = {name: getattr(ticket, name) for name in asked}
        mine |= resolve(request.POST, names=asked, theirs=theirs, mine=form.cleaned_data)
    try:
        tickets.ticket_change_facts(ticket=ticket, by=request.user, version=version, changes=mine)
    except FactConflict as conflict:
        shown = form.shown()
        real = {name: pair for name, pair in conflict.fields.items() if _differ(pair[0], shown.get(name))}
        if real:
            raise FactConflict(conflict.ticket, real) from None
        tickets.ticket_change_facts(ticket=ticket, by=request.user, version=conflict.ticket.version, changes=mine)


def _differ(theirs: Any, shown: Any) -> bool:
    """Whether the stored value is another than the form showed; nothing is nothing, however it is written."""
    empty = (None, "")
    return theirs != shown and not (theirs in empty and shown in empty)


def _both_versions(
    request: HttpRequest, form: FactsForm, lists: Mapping[Any, Any], conflict: FactConflict
) -> HttpResponse:
    """409: the form once more, made from the version that was saved meanwhile, with both values to choose from."""
    data = form.data.copy()
    data["version"] = str(conflict.ticket.version)
    for name, (theirs, _) in conflict.fields.items():
        # From now on "what the form showed" is theirs, so that the next save sees no conflict in it.
        data[form.add_initial_prefix(name)] = _raw(theirs)
    again = FactsForm(data, ticket=conflict.ticket, lists=lists)
    again.is_valid()
    return show_sheet(
        request, conflict.ticket, again, _facts_sheet(conflict.ticket), CONFLICT,
        conflict=_panel(request, conflict),
    )  # fmt: skip


def _raw(value: Any) -> str:
    return "" if value is None else str(value)


def _panel(request: HttpRequest, conflict: FactConflict) -> Conflict:
    last = (
        Event.objects.filter(subject_type="ticket", subject_id=conflict.ticket.pk, kind="ticket.changed")
        .select_related("actor")
        .order_by("-occurred_at", "-pk")
        .first()
    )
    labels = pick_labels(*LISTS)
    return conflict_panel(
        request,
        who=(last.actor if last else None) or "Belay",
        at=last.occurred_at if last else conflict.ticket.updated_at,
        what="ticket",
        labels={name: FACT_LABELS[name] for name in conflict.fields},
        theirs={name: fact_words(labels, name, theirs) for name, (theirs, _) in conflict.fields.items()},
        mine={name: fact_words(labels, name, mine) for name, (_, mine) in conflict.fields.items()},
    )


def _churn(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    sheet = Sheet(
        f"Churn threat on {ticket.ref}",
        "Whoever hears that a customer may leave says so here. Your name and the time are kept with it.",
        "Save churn threat" if ticket.churn_threat else "Report churn threat",
        reverse("escalations:ticket_facts", args=[ticket.ref]), "flag",
    )  # fmt: skip
    start = {"churn_threat": ticket.churn_threat, "version": ticket.version}
    form = ChurnForm(posted(request), initial=start)
    if request.method != "POST" or not form.is_valid():
        return show_sheet(request, ticket, form, sheet, INVALID if form.is_bound else OK)
    changes = {"churn_threat": form.cleaned_data["churn_threat"]}
    try:
        tickets.ticket_change_facts(
            ticket=ticket, by=request.user, version=form.cleaned_data["version"], changes=changes
        )
    except FactConflict as conflict:
        # One tick box: whoever reads what was said meanwhile still means what they ticked.
        tickets.ticket_change_facts(ticket=ticket, by=request.user, version=conflict.ticket.version, changes=changes)
    return done(request, ticket, "Churn threat reported." if changes["churn_threat"] else "Churn threat taken back.")


# --- resolution ------------------------------------------------------------------------------------------


def _minutes_so_far(escalations: list[Escalation]) -> dict[int, int]:
    """Tier id → minutes of the steps that its handoffs name."""
    spent: dict[int, int] = {}
    for one in escalations:
        handoff = getattr(one, "handoff", None)
        if handoff is not None:
            minutes = HandoffContent.from_json(handoff.content).minutes_spent
            spent[one.from_tier_id] = spent.get(one.from_tier_id, 0) + minutes
    return spent


def _resolve_form(request: HttpRequest, ticket: Ticket, behind: Escalation | None) -> ResolveForm:
    tiers = list(Tier.objects.filter(rank__lte=ticket.tier.rank))
    rated = behind is not None and behind.from_user_id != request.user.pk
    children = list(Ticket.objects.visible_to(request.user).open().filter(parent=ticket).order_by("pk"))
    if request.method == "POST":
        return ResolveForm(request.POST, tiers=tiers, rated=rated, children=children)
    spent = _minutes_so_far(escalations_of(ticket))
    start: dict[str, Any] = {f"minutes_{tier.pk}": spent.get(tier.pk) for tier in tiers}
    start["children"] = [str(one.pk) for one in children]
    draft = Draft.objects.filter(user=request.user, form=form_key(RESOLVE, ticket)).first()
    origins = {f"minutes_{tier.pk}": "from the handoff’s steps" for tier in tiers if spent.get(tier.pk)}
    kept = draft_initial(draft) | ({"children": draft.data.get("children", [])} if draft is not None else {})
    return ResolveForm(tiers=tiers, rated=rated, children=children, initial=start | kept, origins=origins)


@form_methods
@service_answers
def ticket_resolve(request: HttpRequest, ref: str) -> HttpResponse:
    """Resolve the ticket with what was learnt, and tell the sender how the handoff was received."""
    ticket = ticket_to_change(request, ref)
    # The same form sent twice is answered like the first time; the service refuses any other.
    if request.method != "POST" and "resolve" not in actions_on(request, ticket):
        raise by_now(ticket)
    if form_drafts.asks_for_choice(request):
        form_drafts.choose(request, form_key(RESOLVE, ticket))
        return redirect_to(request, request.path)
    behind = accepted_escalation(ticket)
    form = _resolve_form(request, ticket, behind)
    context: dict[str, Any] = {"ticket": ticket, "form": form, "behind": behind, "crumbs": crumbs(ticket)}
    status = INVALID if form.is_bound else OK
    if request.method == "POST" and form.is_valid():
        outcomes: list[Outcome] = []
        try:
            submit_once(
                ticket=ticket, by=request.user, key=form.cleaned_data["idempotency_key"], form=RESOLVE,
                act=lambda: form_drafts.check_other_window(request, form_key(RESOLVE, ticket))
                or _resolve(request, ticket, form, outcomes),
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        except DraftConflict as error:
            context["conflict"], status = form_drafts.panel_of(request, error.stored, form), CONFLICT
        else:
            return done(request, ticket, _ended(request, ticket, outcomes))
    return render(request, "escalations/ticket_resolve.html", context, status=int(status))


def _ended(request: HttpRequest, ticket: Ticket, outcomes: list[Outcome]) -> str:
    """What became of the ticket and, one by one, of the children that did not end with it."""
    said = f"{ticket.ref} is resolved"
    for outcome in outcomes:
        if outcome.resolved:
            said += f", and {counted(len(outcome.resolved), 'child', 'children')} with it"
        if outcome.left:
            rows = " ".join(f"{one.ref}: {why}" for one, why in outcome.left)
            messages.warning(request, f"{counted(len(outcome.left), 'child stays', 'children stay')} open. {rows}")
        if outcome.flow.unreachable:
            refs = ", ".join(one.ref for one in outcome.flow.unreachable)
            messages.warning(request, f"Not told, because no e-mail address is known: {refs}.")
    return f"{said}."


def _resolve(request: HttpRequest, ticket: Ticket, form: ResolveForm, outcomes: list[Outcome]) -> Any:
    values = form.cleaned_data
    feedback = None
    if form.rated:
        feedback = Feedback(
            rating=int(values["rating"]), was_necessary=values["was_necessary"] == "yes",
            avoidable_by=values["avoidable_by"], comment=values["comment"],
        )  # fmt: skip
    learnt = {
        "root_cause": values["root_cause"], "what_was_done": values["what_was_done"],
        "root_cause_details": values["root_cause_details"], "minutes": form.minutes(),
        "satisfaction": int(values["satisfaction"]) if values["satisfaction"] else None,
        "customer_lost": values["customer_lost"], "feedback": feedback,
    }  # fmt: skip
    if not form.has_children:
        return resolutions.ticket_resolve(ticket=ticket, by=request.user, **learnt)
    chosen = [int(pk) for pk in values["children"]]
    outcome = ticket_resolve_all(ticket=ticket, by=request.user, children=chosen, words=values["words"], **learnt)
    outcomes.append(outcome)
    return outcome.resolution
