"""What is said on a ticket: replies, calls, internal notes, the customer's words, and the drafts of all forms."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.models import Tier, User
from escalations.access import parts_on_ticket, ticket_for, writing_parts
from escalations.errors import Refused
from escalations.forms.tickets import CALL, NOTE, PHONE, CustomerWordsForm, MessageForm, ResolveForm
from escalations.models import Attachment, Message, Ticket
from escalations.selectors.links import links_of
from escalations.selectors.timeline import said_since
from escalations.services.attachments import attachment_add, attachment_remove
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from escalations.services.outages import ticket_update_all
from escalations.services.submits import form_key, submit_once
from escalations.services.survivors import MergedAway
from escalations.services.warm import stays_with
from escalations.views import form_drafts
from escalations.views.answers import refuse, service_answers
from escalations.views.form_drafts import typed
from escalations.views.tickets import CUSTOMER, REPLY, crumbs, number, page_context
from journal.models import Draft
from journal.services import DraftConflict, draft_save
from policies.choices import PickListName
from policies.selectors import pick_choices
from web.http import CONFLICT, INVALID, redirect_to

RESOLVE = "resolve"
DRAFTED = (REPLY, CUSTOMER, RESOLVE)
# Answers lead to the page without a fragment: to "…#timeline" a browser that stands there would not reload.


@dataclass(eq=False)
class MovedOn(Exception):
    """Something was said since the form was shown that its author has not read."""

    said: list[Message]


def _files(request: HttpRequest, ticket: Ticket) -> list[str]:
    """Keys of the files that go with the message: uploaded before, and those that came with the form itself."""
    keys = [key for key in request.POST.getlist("attachments") if _is_key(key)]
    for upload in request.FILES.getlist("file"):
        keys.append(str(attachment_add(ticket=ticket, by=request.user, upload=upload, form=REPLY).key))
    return keys


def _is_key(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _say(ticket: Ticket, by: User, said: dict[str, Any], files: list[str]) -> Callable[[], Any]:
    """The service call behind the compose box, by what the radio says: it alone decides who reads the words."""
    if said["kind"] == NOTE:
        return lambda: ticket_note(ticket=ticket, by=by, body=said["body"], attachments=files)
    channel = PHONE if said["kind"] == CALL else said["channel"] or "email"
    values = {"body": said["body"], "next_update_at": said["next_update_at"], "attachments": files}
    if said.get("to_children") and said["kind"] != CALL:
        return lambda: ticket_update_all(ticket=ticket, by=by, channel=channel, **values)[0]
    return lambda: ticket_reply(ticket=ticket, by=by, channel=channel, **values)


DONE = {NOTE: "Internal note added.", CALL: "Call recorded."}


def _compose(request: HttpRequest, ref: str, *, only_note: bool) -> HttpResponse:
    ticket = ticket_for(request.user, ref)
    if not only_note and not parts_on_ticket(request.user, ticket) and not stays_with(request.user, ticket):
        writing_parts(request.user, ticket)  # says who may
    if form_drafts.asks_for_choice(request):
        form_drafts.choose(request, form_key(REPLY, ticket))
        return redirect_to(request, ticket.get_absolute_url())
    if "remove_file" in request.POST:
        return _remove_file(request, ticket)
    form = MessageForm(
        request.POST, channels=pick_choices(PickListName.CHANNEL), only_note=only_note, auto_id="reply_%s",
        children=links_of(ticket, request.user).open_children if "to_children" in request.POST else 0,
    )  # fmt: skip
    if form.is_valid():
        said = form.cleaned_data
        try:
            act = _say(ticket, request.user, said, _files(request, ticket))
            submit_once(
                ticket=ticket, by=request.user, key=said["idempotency_key"], form=REPLY,
                act=lambda: _check_alone(request, ticket, REPLY) or act(),
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        except DraftConflict as error:
            panel = form_drafts.panel_of(request, error.stored, form)
            return _again(request, ticket, CONFLICT, reply_form=form, reply_conflict=panel)
        except MovedOn as error:
            return _again(request, ticket, CONFLICT, reply_form=form, said=error.said)
        except MergedAway:
            return _moved(request, ticket, said["body"])
        else:
            messages.success(request, DONE.get(said["kind"], "Reply sent."))
            return redirect_to(request, ticket.get_absolute_url())
    return _again(request, ticket, reply_form=form)


def _moved(request: HttpRequest, ticket: Ticket, body: str) -> HttpResponse:
    """409: the ticket was merged meanwhile. The text waits in the survivor's reply box, unless another does already."""
    current = ticket_for(request.user, ticket.ref)
    links = links_of(current, request.user)
    is_kept = False
    if links.merged_into is not None and links.merged_into.url:
        survivor = ticket_for(request.user, links.merged_into.ref)
        form = form_key(REPLY, survivor)
        if not Draft.objects.filter(user=request.user, form=form).exists():
            draft_save(user=request.user, form=form, data=typed(request), version=None)
            is_kept = True
    context = {"ticket": current, "links": links, "body": body, "is_kept": is_kept, "crumbs": crumbs(current)}
    return render(request, "escalations/message_moved.html", context, status=HTTPStatus.CONFLICT)


def _check_alone(request: HttpRequest, ticket: Ticket, form: str) -> None:
    """Nothing of another window is lost by this, and nothing was said that its author has not read.

    Asked only of the first arrival of a form: what it says itself is no news. Raises DraftConflict, MovedOn.
    """
    form_drafts.check_other_window(request, form_key(form, ticket))
    seen = number(request.POST.get("seen", ""))
    said = said_since(ticket, seen) if seen is not None else []
    if said:
        raise MovedOn(said)


def _again(request: HttpRequest, ticket: Ticket, status: int = INVALID, **more: Any) -> HttpResponse:
    """The page with what was typed, and what is wrong with it (422) or happened meanwhile (409)."""
    context = page_context(request, ticket, **more)
    return render(request, "escalations/ticket_detail.html", context, status=int(status))


def _remove_file(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Without a script: keep what was typed as the draft, and take the file away."""
    key = request.POST["remove_file"]
    own = Attachment.objects.filter(ticket=ticket, draft_of=request.user, key=key) if _is_key(key) else []
    for attachment in own:
        attachment_remove(attachment=attachment, by=request.user)
    draft_save(user=request.user, form=form_key(REPLY, ticket), data=typed(request), version=None)
    return redirect_to(request, ticket.get_absolute_url())


@require_POST
@service_answers
def message_reply(request: HttpRequest, ref: str) -> HttpResponse:
    """A reply, a call or, when the radio says so, an internal note."""
    return _compose(request, ref, only_note=False)


@require_POST
@service_answers
def message_note(request: HttpRequest, ref: str) -> HttpResponse:
    """An internal note, whatever else the form says: nothing that is posted here reaches the customer."""
    return _compose(request, ref, only_note=True)


@require_POST
@service_answers
def message_customer(request: HttpRequest, ref: str) -> HttpResponse:
    """Record what the customer said."""
    ticket = ticket_for(request.user, ref)
    writing_parts(request.user, ticket)
    if form_drafts.asks_for_choice(request):
        form_drafts.choose(request, form_key(CUSTOMER, ticket))
        return redirect_to(request, ticket.get_absolute_url())
    form = CustomerWordsForm(request.POST, channels=pick_choices(PickListName.CHANNEL), auto_id="words_%s")
    if form.is_valid():
        said = form.cleaned_data
        words = {"body": said["body"], "channel": said["channel"], "said_at": said["said_at"]}
        try:
            submit_once(
                ticket=ticket, by=request.user, key=said["idempotency_key"], form=CUSTOMER,
                act=lambda: form_drafts.check_other_window(request, form_key(CUSTOMER, ticket))
                or ticket_record_customer(ticket=ticket, by=request.user, **words),
            )  # fmt: skip
        except Refused as error:
            refuse(form, error)
        except DraftConflict as error:
            panel = form_drafts.panel_of(request, error.stored, form)
            return _again(
                request, ticket, CONFLICT, customer_form=form, customer_open=True, customer_conflict=panel
            )  # fmt: skip
        else:
            messages.success(request, "The customer’s words are recorded.")
            return redirect_to(request, ticket.get_absolute_url())
    return _again(request, ticket, customer_form=form, customer_open=True)


@require_POST
@service_answers
def form_draft(request: HttpRequest, ref: str, form: str) -> HttpResponse:
    """Keep what somebody types into a form of the ticket page. 409 when another window of theirs is newer."""
    ticket = ticket_for(request.user, ref)
    if form not in DRAFTED:
        raise Http404
    return form_drafts.keep(request, form_key(form, ticket), lambda: blank(ticket, form))


def blank(ticket: Ticket, form: str) -> forms.Form:
    """A form of the ticket page, for its labels and lists."""
    if form == RESOLVE:
        return ResolveForm(tiers=list(Tier.objects.filter(rank__lte=ticket.tier.rank)), rated=True)
    channels = pick_choices(PickListName.CHANNEL)
    if form == CUSTOMER:
        return CustomerWordsForm(channels=channels)
    return MessageForm(channels=channels, children=1)
