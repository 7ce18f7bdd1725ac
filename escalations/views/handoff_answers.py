"""A filed handoff: read, answered by its receiver, completed, redirected or taken back by its sender."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from escalations.access import escalation_for, parts_on_escalation
from escalations.choices import EscalationState
from escalations.domain.handoff import YES
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS, allowed
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.forms.answers import AcceptForm, RedirectForm, ReturnForm, WithdrawForm
from escalations.forms.around import ReadBackForm, RestateForm
from escalations.models import Escalation
from escalations.selectors import handoff as about
from escalations.selectors import handoff_reading as reading
from escalations.selectors import handoff_targets
from escalations.selectors.around import Between, handoff_between
from escalations.selectors.episodes import earlier_of
from escalations.services import answers, handoffs
from escalations.services.bulk import bulk_once
from escalations.services.locking import next_state
from escalations.services.read_backs import Restated, owes_read_back
from escalations.views.answers import at_target, refuse, service_answers
from policies.choices import PickListName
from policies.selectors import pick_choices
from web.clock import page_now
from web.formats import format_time
from web.forms import BelayForm
from web.http import CONFLICT, INVALID, OK, page_or_fragment, redirect_to
from web.toasts import toast

PAGE, FRAGMENT = "escalations/handoff_detail.html", "escalations/_handoff_reading.html"
STATE_SIGNS = {
    EscalationState.PENDING: "hourglass", EscalationState.ACKNOWLEDGED: "eye", EscalationState.ACCEPTED: "user-check",
    EscalationState.RETURNED: "arrow-back-up", EscalationState.WITHDRAWN: "hand-stop",
    EscalationState.RESOLVED: "circle-check",
}  # fmt: skip
BACK_TO = {"inbox": "escalations:inbox_list", "desk": "escalations:home"}
ELSEWHERE = frozenset({"readdress"})  # done where a whole desk is handed over
BY_RECEIVER = frozenset({"acknowledge", "accept", "return"})


def actions_for(user: User, escalation: Escalation) -> frozenset[str]:
    """What the page offers this person. Nobody answers a handoff that they filed."""
    found = allowed(ESCALATION_TRANSITIONS, escalation.state, parts_on_escalation(user, escalation)) - ELSEWHERE
    return found - BY_RECEIVER if escalation.from_user_id == user.pk else found


def _forms(request: HttpRequest, escalation: Escalation, actions: frozenset[str]) -> dict[str, BelayForm]:
    """An empty form for each action on offer that asks something."""
    found: dict[str, BelayForm] = {}
    if "accept" in actions:
        found["accept"] = AcceptForm(initial={"needs_resources": "no"}, **_accept_options(escalation))
    if "return" in actions:
        found["return"] = ReturnForm(reasons=pick_choices(PickListName.RETURN_REASON))
    if "withdraw" in actions:
        found["withdraw"] = WithdrawForm()
    if "redirect" in actions:
        found["redirect"] = RedirectForm(to=_targets(request, escalation).choices())
    return found


def _accept_options(escalation: Escalation) -> dict[str, Any]:
    """What accepting asks here: a read-back for a person who can confirm it, and whether they are to stay."""
    sender = escalation.from_user
    stays = sender is not None and sender.is_active and not escalation.is_warm
    return {"restates": owes_read_back(escalation), "keeps": sender.get_short_name() if sender and stays else ""}


def _between_forms(sides: Between) -> dict[str, BelayForm]:
    """The forms of what is open between the two sides, for those who may answer."""
    found: dict[str, BelayForm] = {}
    if sides.may_restate:
        last = sides.read_back
        begun = {"problem": last.problem, "next_action": last.next_action} if last is not None else {}
        found["restate"] = RestateForm(initial=begun)
    if sides.may_answer and sides.read_back is not None:
        found["correct"] = ReadBackForm(initial={"round": sides.read_back.round})
    return found


def _targets(request: HttpRequest, escalation: Escalation) -> handoff_targets.Targets:
    zone = timezone.get_current_timezone()
    return handoff_targets.targets_for(escalation.ticket, by=request.user, now=page_now(request), zone=zone)


def detail(
    request: HttpRequest,
    escalation: Escalation,
    *,
    status: int = OK,
    bound: Mapping[str, BelayForm] | None = None,
    overtaken: str = "",
    kept: str = "",
) -> HttpResponse:
    """The page of a handoff. `bound` are forms that came back wrong, by action; `overtaken` says who was first.

    `kept`: what somebody typed who was second.
    """
    now, zone, user = page_now(request), timezone.get_current_timezone(), request.user
    actions, labels = actions_for(user, escalation), reading.reading_labels()
    content, measure = reading.measure_of(escalation)
    feedback = reading.feedback_of(escalation)
    ticket = escalation.ticket
    sides, around = handoff_between(escalation, user=user, labels=labels, now=now, zone=zone)
    context = {
        "escalation": escalation, "ticket": ticket, "actions": actions, "measure": measure, "between": sides,
        "head_title": f"Handoff: {ticket.subject}", "state_sign": STATE_SIGNS.get(escalation.state, "clock"),
        "crumbs": [("Inbox", reverse("escalations:inbox_list")), (ticket.ref, ticket.get_absolute_url())],
        "segment": labels["segment"].get(ticket.segment, ticket.segment),
        "reading": reading.read(
            content, measure=measure, reason=escalation.reason, labels=labels, now=now, zone=zone
        ),
        "files": reading.files_of(escalation), "feedback": feedback, "labels": labels,
        "barrier": labels["barrier"].get(feedback.avoidable_by, "") if feedback else "",
        "is_sender": escalation.from_user_id == user.pk,
        "return_reason": labels["return_reason"].get(escalation.return_reason, escalation.return_reason),
        "chip": reading.acknowledgement(escalation, now=now, zone=zone),
        "sla": about.sla_remaining(escalation.ticket, now=now),
        "entries": reading.history(
            escalation, around=around, reader=user, labels=labels, now=now, zone=zone
        ),
        "forms": {**_forms(request, escalation, actions), **_between_forms(sides), **(bound or {})},
        "opened": next(iter(bound or {}), ""), "kept": kept,
        "earlier": earlier_of(escalation, labels, now=now, zone=zone),
        "answers_here": bool(actions & BY_RECEIVER), "overtaken": overtaken,
    }  # fmt: skip
    return page_or_fragment(request, PAGE, FRAGMENT, context, status)


@require_GET
def handoff_detail(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The filed form as its receiver reads it, with the answers that this person may give."""
    return detail(request, escalation_for(request.user, ref, pk))


@require_GET
def handoff_print(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The same for paper."""
    now, zone = page_now(request), timezone.get_current_timezone()
    escalation = escalation_for(request.user, ref, pk)
    labels = reading.reading_labels()
    content, measure = reading.measure_of(escalation)
    context = {
        "escalation": escalation, "ticket": escalation.ticket, "measure": measure, "printed_at": now,
        "reading": reading.read(
            content, measure=measure, reason=escalation.reason, labels=labels, now=now, zone=zone
        ),
        "files": reading.files_of(escalation), "back": escalation.get_absolute_url(),
        "between": handoff_between(escalation, user=request.user, labels=labels, now=now, zone=zone)[0],
        "sla": about.sla_remaining(escalation.ticket, now=now),
    }  # fmt: skip
    return page_or_fragment(request, "escalations/handoff_print.html", "escalations/_handoff_paper.html", context)


Act = Callable[[Escalation, User, Any], str | tuple[str, str]]
"""Gives what was done, and the address that takes it back where there is one."""


def _answer(request: HttpRequest, ref: str, pk: int, name: str, form: BelayForm, act: Act) -> HttpResponse:
    """Check the form, act, and show the handoff as it now is.

    What is wrong comes back with its form (422); a lost race shows who was first (409).
    """
    escalation = escalation_for(request.user, ref, pk)
    try:
        if name not in actions_for(request.user, escalation):
            _refuse_action(request.user, escalation, name)
        if form.is_valid():
            said = act(escalation, request.user, form.cleaned_data)
            text, undo = (said, "") if isinstance(said, str) else said
            toast(request, text, undo=undo)
            return redirect_to(request, escalation.get_absolute_url())
    except Refused as error:
        refuse(form, error)
    except Overtaken as error:
        fresh = escalation_for(request.user, ref, pk)
        return detail(request, fresh, status=CONFLICT, overtaken=str(error))
    return detail(request, escalation, status=INVALID, bound={name: form})


def _refuse_action(user: User, escalation: Escalation, name: str) -> None:
    """Say why this is not on offer: it is for others (NotAllowed), or it was answered meanwhile (Overtaken)."""
    if escalation.from_user_id == user.pk and name in BY_RECEIVER:
        raise NotAllowed("You filed this handoff. Somebody else answers for it.")
    parts = parts_on_escalation(user, escalation)
    next_state(ESCALATION_TRANSITIONS, escalation.state, name, parts, said=answers.answered_words(escalation, user))


@require_POST
@service_answers
def handoff_acknowledge(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """ "I have seen it"."""

    def act(escalation: Escalation, user: User, _: Any) -> tuple[str, str]:
        values = {"escalation": escalation.pk}
        action = bulk_once(code="acknowledge", ticket=escalation.ticket, by=user, values=values)
        until = Escalation.objects.values_list("ack_expires_at", flat=True).get(pk=escalation.pk)
        undo = reverse("escalations:bulk_undo", args=[action.pk])
        return f"{ref} acknowledged. Accept or return it by {_time(request, until)}", undo

    answer = _answer(request, ref, pk, "acknowledge", BelayForm(request.POST), act)
    back = BACK_TO.get(request.POST.get("back", ""))
    if back is not None and answer.status_code < INVALID:
        return redirect_to(request, reverse(back))
    return answer


def _time(request: HttpRequest, at: datetime | None) -> str:
    return format_time(at, timezone.get_current_timezone(), page_now(request)) if at else "the next target"


@require_POST
@service_answers
def handoff_accept(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Take the ticket over."""

    def act(escalation: Escalation, user: User, values: Any) -> str:
        answers.handoff_accept(
            escalation=escalation, by=user, estimated_resolution_at=values["estimated_resolution_at"],
            needs_resources=values["needs_resources"] == YES, resources_details=values["resources_details"],
            next_update_at=values["next_update_at"], keep_sender=values.get("keep_sender", False),
            read_back=Restated(values["problem"], values["next_action"]) if "problem" in values else None,
        )  # fmt: skip
        return f"{ref} accepted. It is yours now"

    options = _accept_options(escalation_for(request.user, ref, pk))
    return _answer(request, ref, pk, "accept", AcceptForm(request.POST, **options), act)


@require_POST
@service_answers
def handoff_return(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Send it back with a reason."""

    def act(escalation: Escalation, user: User, values: Any) -> str:
        answers.handoff_return(escalation=escalation, by=user, reason=values["reason"], note=values["note"])
        return f"{ref} returned to {escalation.from_user or escalation.from_team}"

    form = ReturnForm(request.POST, reasons=pick_choices(PickListName.RETURN_REASON))
    return _answer(request, ref, pk, "return", form, act)


@require_POST
@service_answers
def handoff_withdraw(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Take it back while nobody has accepted it."""

    def act(escalation: Escalation, user: User, values: Any) -> str:
        handoffs.handoff_withdraw(escalation=escalation, by=user, note=values["note"])
        return f"Handoff of {ref} withdrawn"

    return _answer(request, ref, pk, "withdraw", WithdrawForm(request.POST), act)


@require_POST
@service_answers
def handoff_redirect(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Send it elsewhere while nobody has accepted it."""
    targets = _targets(request, escalation_for(request.user, ref, pk))

    def act(escalation: Escalation, user: User, values: Any) -> str:
        target = targets.find(values["to"])
        if target is None:
            raise Refused("That is no longer on offer.", {"to": "Choose who should have it."})
        person = target.person.user if target.person else None
        try:
            handoffs.handoff_redirect(
                escalation=escalation, by=user, to_team=target.team.team, to_user=person, note=values["note"]
            )
        except Refused as error:
            raise at_target(error) from error
        return f"{ref} redirected to {target.words}"

    return _answer(request, ref, pk, "redirect", RedirectForm(request.POST, to=targets.choices()), act)
