"""Around an acceptance: the read-back and its answer, releasing the sender, the follow-up with the customer."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from escalations.access import escalation_for, holds_for_receiver
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.forms.around import FollowUpForm, ReadBackForm, RestateForm
from escalations.models import Escalation
from escalations.services import read_backs, warm
from escalations.services.follow_ups import follow_up_record
from escalations.services.read_backs import sender_parts
from escalations.views.answers import refuse, service_answers
from escalations.views.handoff_answers import detail
from escalations.views.sheets import answer_sheet
from escalations.views.ticket_actions import Sheet, done
from policies.choices import PickListName
from policies.selectors import pick_choices
from web.clock import page_now
from web.forms import BelayForm
from web.http import CONFLICT, INVALID, form_methods, posted, redirect_to, safe_next
from web.toasts import toast


def _answered(
    request: HttpRequest, escalation: Escalation, name: str, form: BelayForm, act: Callable[[], str], kept: str
) -> HttpResponse:
    """Act, and go back to where one came from; else the handoff's page with the form (422) or who was first (409)."""
    try:
        if form.is_valid():
            toast(request, act())
            return redirect_to(request, safe_next(request, escalation.get_absolute_url()))
    except Refused as error:
        refuse(form, error)
    except Overtaken as error:
        fresh = escalation_for(request.user, escalation.ticket.ref, escalation.pk)
        return detail(request, fresh, status=CONFLICT, overtaken=str(error), kept=kept)
    return detail(request, escalation, status=INVALID, bound={name: form})


@require_POST
@service_answers
def read_back_give(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Restate problem and next action, after a correction."""
    escalation, by = escalation_for(request.user, ref, pk), request.user
    _check_holds(by, escalation)
    form = RestateForm(request.POST)

    def act() -> str:
        read_backs.read_back_give(escalation=escalation, by=by, **form.cleaned_data)
        return f"Read back. {escalation.from_user or escalation.from_team} confirms or corrects it"

    typed = "\n".join(filter(None, (request.POST.get("problem"), request.POST.get("next_action"))))
    return _answered(request, escalation, "restate", form, act, typed)


def _check_holds(by: User, escalation: Escalation) -> None:
    """Raises NotAllowed for those who do not hold the ticket, before their form is looked at."""
    if not holds_for_receiver(by, escalation):
        raise NotAllowed(f"This is for whoever holds the ticket: {escalation.ticket.owner or escalation.ticket.team}.")


@require_POST
@service_answers
def read_back_answer(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The sender's word on a read-back: `do` is confirm, or correct with what is different."""
    escalation, by = escalation_for(request.user, ref, pk), request.user
    if not sender_parts(by, escalation, at=page_now(request)):
        raise NotAllowed(f"{escalation.from_user or escalation.from_team} and their team answer the read-back.")
    form = ReadBackForm(request.POST)

    def act() -> str:
        number = form.cleaned_data["round"]
        if request.POST.get("do") == "confirm":
            read_backs.read_back_confirm(escalation=escalation, by=by, round=number)
            return f"Read-back of {ref} confirmed"
        words = form.cleaned_data["correction"]
        read_backs.read_back_correct(escalation=escalation, by=by, round=number, correction=words)
        return f"Read-back corrected. {escalation.ticket.owner or escalation.to_team} restates it"

    return _answered(request, escalation, "correct", form, act, request.POST.get("correction", ""))


@require_POST
@service_answers
def handoff_release(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The receiver needs the sender no longer."""
    escalation, by = escalation_for(request.user, ref, pk), request.user
    _check_holds(by, escalation)

    def act() -> str:
        warm.handoff_release(escalation=escalation, by=by)
        return f"{escalation.from_user or escalation.from_team} is released"

    return _answered(request, escalation, "release", BelayForm(request.POST), act, "")


@form_methods
@service_answers
def follow_up_create(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Record a contact with the customer that was made elsewhere."""
    escalation, by = escalation_for(request.user, ref, pk), request.user
    _check_holds(by, escalation)
    ticket = escalation.ticket
    sheet = Sheet(
        f"Contact with {ticket.customer} after accepting",
        "A reply from here counts by itself. This is for a call or a message made elsewhere.",
        "Record contact", reverse("escalations:follow_up_create", args=[ref, pk]), "heart-handshake",
    )  # fmt: skip
    channel = ticket.customer.contact_method
    form = FollowUpForm(
        posted(request), channels=pick_choices(PickListName.CHANNEL),
        initial={"contacted_at": page_now(request), "channel": channel},
    )  # fmt: skip

    def act(values: dict[str, object]) -> HttpResponse:
        follow_up_record(escalation=escalation, by=by, **values)
        return done(request, ticket, "Contact recorded. The sender sees it.")

    return answer_sheet(request, ticket, form, sheet, act)
