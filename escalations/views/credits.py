"""Approvals: what waits for somebody's yes, one request with the sums behind it, and the answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from escalations.access import check_reads
from escalations.choices import CreditState, TicketState
from escalations.credit_access import Reach, asked_of, credit_for, reach_of
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.forms.credits import ApproveForm, CreditForm, ReasonForm
from escalations.models import CreditRequest
from escalations.selectors import credits as lists
from escalations.selectors.credit_page import CreditPage, credit_page
from escalations.selectors.credit_panel import credit_panel
from escalations.services import credit_decisions, credits
from escalations.services.submits import submit_once
from escalations.views.answers import refuse, service_answers
from escalations.views.ticket_actions import Sheet, ticket_to_change
from policies.choices import SERVICE_CREDIT, PickListName
from policies.selectors import pick_choices, policy_in_force
from web.clock import page_now
from web.formats import counted, format_money
from web.forms import IdempotencyMixin
from web.http import INVALID, OK, form_methods, page_or_fragment, posted, redirect_to

EMPTY = {
    "waiting": ("Nothing waits for you", "What somebody may not grant alone appears here when it is yours to decide."),
    "others": ("Nothing waits for others", "Requests that wait for another role, and that you may answer too."),
    "mine": ("You have asked for nothing", "Open a ticket and choose Grant or ask for a credit."),
    "decided": ("Nothing is decided yet", "What was approved, denied or reversed stays here."),
}


@require_GET
def approval_list(request: HttpRequest) -> HttpResponse:
    """What waits for this person by deadline; the other tabs by `?tab=`."""
    check_reads(request.user)
    now, zone = page_now(request), timezone.get_current_timezone()
    reach = reach_of(request.user, now)
    tab = request.GET.get("tab", "")
    tab = tab if tab in dict(lists.TABS) else "waiting"
    page = lists.page_of(reach, tab, request.GET.get("cursor", ""))
    title, text = EMPTY[tab]
    context = {
        "tab": tab, "tabs": _tabs(reach, tab), "page": page, "empty_title": title, "empty_text": text,
        "rows": lists.rows_of(page.rows, tab=tab, reach=reach, now=now, zone=zone),
        "summary": counted(len(page.rows), "request"),
    }  # fmt: skip
    return page_or_fragment(request, "escalations/approval_list.html", "escalations/_approval_list.html", context)


def _tabs(reach: Reach, current: str) -> list[dict[str, Any]]:
    numbers, url = lists.counts(reach), reverse("escalations:approval_list")
    return [
        {"label": label, "url": f"{url}?tab={key}", "current": key == current, "count": numbers.get(key) or None}
        for key, label in lists.TABS
    ]


def _page(request: HttpRequest, pk: int) -> tuple[CreditRequest, Reach, CreditPage]:
    now, zone = page_now(request), timezone.get_current_timezone()
    found, reach = credit_for(request.user, pk, now)
    page = credit_page(found, reach, now=now, zone=zone)
    waiting = list(asked_of(reach).order_by("clock__due_at", "pk").values_list("pk", flat=True)[: lists.CAP])
    if found.pk in waiting:
        page.crumbs.append((f"{waiting.index(found.pk) + 1} of {len(waiting)}", ""))
    return found, reach, page


@require_GET
def credit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The request, what it adds up to, whose limit it meets, and the answers."""
    found, _, page = _page(request, pk)
    context = {"page": page, "credit": found, "form": ApproveForm()}
    return render(request, "escalations/credit_detail.html", context)


Act = Callable[[CreditRequest, User, str], CreditRequest]


def _once(request: HttpRequest, found: CreditRequest, form: IdempotencyMixin, name: str, act: Act, text: str) -> bool:
    """Send the form once; what was sent before is answered like the first time."""
    return submit_once(
        ticket=found.ticket, by=request.user, key=form.cleaned_data["idempotency_key"], form=f"{name}-{found.pk}",
        act=lambda: act(found, request.user, text),
    )  # fmt: skip


@require_POST
@service_answers
def credit_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant it. Above one's limit the page says so again (422), with the way up."""
    found, page = _answerable(request, pk)
    form = ApproveForm(request.POST)
    if form.is_valid():
        try:
            _once(request, found, form, "credit_approve", _approve, form.cleaned_data["note"])
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, f"{_what(page)} approved.")
            return redirect_to(request, found.get_absolute_url())
    context = {"page": page, "credit": found, "form": form}
    return render(request, "escalations/credit_detail.html", context, status=INVALID)


def _approve(found: CreditRequest, by: User, note: str) -> CreditRequest:
    return credit_decisions.credit_approve(request=found, by=by, note=note)


def _what(page: CreditPage) -> str:
    return format_money(page.request.amount) if page.request.amount is not None else page.name


def _thing(page: CreditPage) -> str:
    """The same within a sentence."""
    return _what(page) if page.request.is_money else page.name.lower()


@dataclass(frozen=True, slots=True)
class Question:
    """An answer that needs a reason: its form's words, its service, and what is said when it is done."""

    name: str
    sheet: Sheet
    act: Act
    done: str
    back: str


def _ask_reason(request: HttpRequest, found: CreditRequest, page: CreditPage, question: Question) -> HttpResponse:
    """A page, or a dialog where a script asks for it."""
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            _once(request, found, form, question.name, question.act, form.cleaned_data["reason"])
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, question.done)
            return redirect_to(request, question.back)
    context = {"credit": found, "page": page, "form": form, "sheet": question.sheet}
    status = INVALID if form.is_bound else OK
    return page_or_fragment(request, "escalations/credit_form.html", "escalations/_credit_form.html", context, status)


def _answerable(request: HttpRequest, pk: int) -> tuple[CreditRequest, CreditPage]:
    """A request that this person may answer, for the form of an answer. Raises NotAllowed, Overtaken."""
    found, reach, page = _page(request, pk)
    if not found.waits and request.method != "POST":
        raise Overtaken(f"{credit_decisions.ended_words(found)} Nothing was changed.")
    if found.waits and not reach.answers(found):
        raise NotAllowed(f"This waits for {found.routed_to}.")
    return found, page


@form_methods
@service_answers
def credit_deny(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no, with a reason that the requester reads."""
    found, page = _answerable(request, pk)
    sheet = Sheet(
        f"Deny {_thing(page)}", f"{found.requested_by} reads why.", f"Deny {_thing(page)}",
        reverse("escalations:credit_deny", args=[pk]), "x",
    )  # fmt: skip
    act: Act = lambda one, by, reason: credit_decisions.credit_deny(request=one, by=by, reason=reason)  # noqa: E731
    done = Question("credit_deny", sheet, act, f"{_what(page)} denied.", found.get_absolute_url())
    return _ask_reason(request, found, page, done)


@form_methods
@service_answers
def credit_route_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass it to the next role that has enough, with a reason."""
    found, page = _answerable(request, pk)
    if found.waits and not page.may_pass_on:
        raise NotAllowed(f"It waits for {found.routed_to} by now. They can route it up.")
    sheet = Sheet(
        f"Route {_thing(page)} up", f"Next up: {page.next_up}." if page.next_up else "Nobody above can be asked.",
        "Route up", reverse("escalations:credit_route_up", args=[pk]), "arrow-up-right",
    )  # fmt: skip
    act: Act = lambda one, by, reason: credit_decisions.credit_route_up(request=one, by=by, reason=reason)  # noqa: E731
    done = Question("credit_route_up", sheet, act, f"{_what(page)} routed up.", reverse("escalations:approval_list"))
    return _ask_reason(request, found, page, done)


@form_methods
@service_answers
def credit_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an issued credit back, with a reason that the ledger keeps."""
    found, _, page = _page(request, pk)
    if found.state in (CreditState.ISSUED, CreditState.REQUESTED) and not page.may_reverse:
        raise NotAllowed("An issued credit is reversed by who issued it, or may grant that amount.")
    if found.state != CreditState.ISSUED and request.method != "POST":
        raise Overtaken(f"{credit_decisions.ended_words(found)} Nothing was changed.")
    sheet = Sheet(
        f"Reverse {_what(page)}", "The whole amount is taken back. The ledger keeps both lines.",
        f"Reverse {_what(page)}", reverse("escalations:credit_reverse", args=[pk]), "rotate-clockwise",
    )  # fmt: skip
    act: Act = lambda one, by, reason: credit_decisions.credit_reverse(request=one, by=by, reason=reason)  # noqa: E731
    done = Question("credit_reverse", sheet, act, f"{_what(page)} reversed.", found.get_absolute_url())
    return _ask_reason(request, found, page, done)


@require_POST
@service_answers
def credit_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """The requester no longer asks."""
    found, _, page = _page(request, pk)
    credit_decisions.credit_take_back(request=found, by=request.user)
    messages.success(request, f"{_what(page)}: taken back.")
    return redirect_to(request, found.get_absolute_url())


# --- on the ticket ---------------------------------------------------------------------------------------


@form_methods
@service_answers
def credit_create(request: HttpRequest, ref: str) -> HttpResponse:
    """Grant within one's own authority, or ask who has enough. The form says beforehand which it will be."""
    ticket = ticket_to_change(request, ref)
    if ticket.state == TicketState.MERGED:
        raise Overtaken(f"{ticket.ref} was merged into another ticket. Ask there: their credits count together.")
    actions = pick_choices(PickListName.AUTHORITY)
    wanted = request.GET.get("action", SERVICE_CREDIT)
    start = {"action": wanted if wanted in dict(actions) else SERVICE_CREDIT}
    form = CreditForm(posted(request), actions=actions, initial=start)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made: list[CreditRequest] = []
        try:
            submit_once(
                ticket=ticket, by=request.user, key=values["idempotency_key"], form="credit",
                act=lambda: _made(made, credits.credit_request(
                    ticket=ticket, by=request.user, action=values["action"], amount=values["amount"],
                    reason=values["reason"],
                )),
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _outcome(made))
            return redirect_to(request, ticket.get_absolute_url())
    panel = credit_panel(ticket, request.user, now=page_now(request), may_ask=True)
    context = {"ticket": ticket, "form": form, "panel": panel, "mine": _own_actions(request.user)}
    status = INVALID if form.is_bound else OK
    return page_or_fragment(
        request, "escalations/credit_create.html", "escalations/_credit_create.html", context, status
    )


def _made(kept: list[CreditRequest], one: CreditRequest) -> CreditRequest:
    kept.append(one)
    return one


def _outcome(made: list[CreditRequest]) -> str:
    if not made:
        return "This was sent before; it was done once."
    one = made[0]
    what = format_money(one.amount) if one.amount is not None else "It"
    if one.waits:
        return f"{what} asked for. {one.routed_to} decides."
    return f"{what} issued on your own authority." if one.is_money else "Noted: within your own authority."


def _own_actions(user: User) -> list[str]:
    """What the person's role may grant, by name."""
    _, policy = policy_in_force()
    role = user.role.code if user.role else ""
    return [one.action_name for one in policy.authority if one.role == role and one.action != SERVICE_CREDIT]
