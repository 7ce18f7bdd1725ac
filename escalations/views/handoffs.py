"""The handoff form: written in peace, kept while it is written, filed once."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from escalations.access import TICKET_RELATIONS, parts_on_ticket, ticket_for
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.forms.handoff import PREFIX, HandoffSheet, draft_of_post
from escalations.models import Attachment, Escalation, Ticket
from escalations.selectors import handoff as about
from escalations.selectors import handoff_reading
from escalations.services.attachments import HANDOFF_FORM, attachment_remove, attachments_discard
from escalations.services.families import refuse_carried
from escalations.services.handoffs import handoff_file, handoff_form_key
from escalations.views import handoff_drafts as drafts
from escalations.views.answers import at_target, refuse, service_answers
from escalations.views.handoff_edit import beside_filed
from escalations.views.handoff_page import HandoffPage
from journal.services import DraftConflict, draft_discard
from web.http import CONFLICT, INVALID, form_methods, redirect_to


@form_methods
@service_answers
def handoff_create(request: HttpRequest, ref: str) -> HttpResponse:
    """The form; what is sent in is filed, or kept as a draft, as its button says."""
    page = HandoffPage(request, writable(request, ref))
    if request.method == "POST":
        return _sent(page)
    if page.latest is not None and page.latest.waits:
        return redirect_to(request, page.latest.get_absolute_url())
    if not page.ticket.is_open:
        raise Overtaken(f"{ref} is {page.ticket.get_state_display().lower()} by now. Reopen it to hand it over.")
    refuse_carried(page.ticket, request.user)
    if not page.targets.teams:
        raise Refused(f"{page.ticket.tier} is the highest tier. There is nobody above to hand it to.")
    return page.answer(page.shown())


def writable(request: HttpRequest, ref: str) -> Ticket:
    """The ticket, for somebody who may hand it over. Http404, NotAllowed."""
    # What is sent in is nearly always filed, and nothing of the ticket is shown then.
    ticket = ticket_for(request.user, ref, relations=["tier", "team"] if request.method == "POST" else TICKET_RELATIONS)
    if not parts_on_ticket(request.user, ticket):
        raise NotAllowed(f"{ticket.team} holds this ticket. Its people, its lead and managers can hand it over.")
    return ticket


def _sent(page: HandoffPage) -> HttpResponse:
    post = page.request.POST
    if "resolve" in post or "take_all" in post:
        drafts.choose(page)
        return redirect_to(page.request, reverse("escalations:handoff_create", args=[page.ticket.ref]))
    refused = page.take_files()
    for text in refused:
        messages.error(page.request, text)
    wants_filing = post.get("do", "file") == "file" and "remove_step" not in post and "remove_file" not in post
    try:
        return _file(page) if wants_filing and not refused else _keep(page)
    except DraftConflict as error:
        return page.answer(page.posted(), status=CONFLICT, conflict=drafts.panel_of(page, error.stored))


# --- filing -------------------------------------------------------------------------------------------


def _file(page: HandoffPage) -> HttpResponse:
    sheet = page.filed()
    drafts.check_other_window(page)
    if not sheet.is_valid():
        return _unfiled(page, page.posted(), INVALID)
    try:
        escalation = _hand_over(page, sheet)
    except Refused as error:
        sheet = page.posted()
        refuse(sheet.form, at_target(error))
        return _unfiled(page, sheet, INVALID)
    except Overtaken as error:
        return _second(page, page.posted(), str(error))
    messages.success(page.request, f"Handed to {escalation.to_tier} {escalation.to_user or escalation.to_team}")
    return redirect_to(page.request, escalation.get_absolute_url())


def _second(page: HandoffPage, sheet: HandoffSheet, said: str) -> HttpResponse:
    """Somebody was first. What was typed is kept as the draft, and may complete the handoff that was filed."""
    waiting = _waiting(page.ticket)
    drafts.save(page, draft_of_post(page.request.POST))
    choice = beside_filed(page, waiting, sheet, said) if waiting is not None else None
    return choice or _unfiled(page, sheet, CONFLICT, overtaken=said, waiting=waiting)


def _hand_over(page: HandoffPage, sheet: HandoffSheet) -> Escalation:
    cleaned = sheet.form.cleaned_data
    target = page.chosen.find(cleaned["to"])
    if target is None:
        raise Refused("That is no longer on offer.", {"to": "Choose who should have it."})
    return handoff_file(
        ticket=page.ticket, by=page.request.user, key=cleaned["idempotency_key"], reason=cleaned["reason"],
        to_team=target.team.team, to_user=target.person.user if target.person else None, content=sheet.content(),
        next_update_at=sheet.next_update_at(), is_warm=cleaned["is_warm"],
    )  # fmt: skip


def _unfiled(page: HandoffPage, sheet: HandoffSheet, status: int, **more: object) -> HttpResponse:
    """The form again with what was typed, which is kept as the draft too."""
    drafts.save(page, draft_of_post(page.request.POST))
    page.__dict__.pop("draft", None)
    sheet.form.data = sheet.form.data.copy()
    sheet.form.data["draft_version"] = str(page.draft.version) if page.draft else ""
    return page.answer(sheet, status=status, **more)


def _waiting(ticket: Ticket) -> Escalation | None:
    latest = about.last_escalation(ticket)
    return latest if latest is not None and latest.waits else None


# --- keeping ------------------------------------------------------------------------------------------


def _keep(page: HandoffPage) -> HttpResponse:
    """Keep the draft, do what the button says, and show the form again (or leave it)."""
    post, user = page.request.POST, page.request.user
    values = drafts.without_step(post)
    if post.get("do") == "add_step":
        values[PREFIX] = [*values[PREFIX], {}]
    drafts.save(page, values, version=drafts.version_of(page))
    for key in post.getlist("remove_file"):
        found = Attachment.objects.filter(ticket=page.ticket, draft_of=user, key__in=[key] if _is_key(key) else [])
        for attachment in found:
            attachment_remove(attachment=attachment, by=user)
    return redirect_to(page.request, _after(page, post))


def _is_key(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


def _after(page: HandoffPage, post: QueryDict) -> str:
    ref, act = page.ticket.ref, post.get("do")
    if act == "close":
        return page.ticket.get_absolute_url()
    if act == "preview":
        return reverse("escalations:handoff_preview", args=[ref])
    place = "#p-steps" if act == "add_step" or "remove_step" in post or "remove_file" in post else ""
    return reverse("escalations:handoff_create", args=[ref]) + place


@require_POST
@service_answers
def handoff_draft(request: HttpRequest, ref: str) -> HttpResponse:
    """Autosave. Answers with what changes while one types; 409 with both versions when another window saved."""
    page = HandoffPage(request, writable(request, ref))
    if page.draft is None and drafts.version_of(page):
        waiting = page.latest if page.latest is not None and page.latest.waits else None
        if waiting is not None or not page.ticket.is_open:
            return render(request, "escalations/_handoff_gone.html", {"waiting": waiting}, status=CONFLICT)
    return drafts.keep(page)


@require_POST
@service_answers
def handoff_discard(request: HttpRequest, ref: str) -> HttpResponse:
    """Throw the draft away, with the files that were uploaded to it."""
    ticket = ticket_for(request.user, ref)
    draft_discard(user=request.user, form=handoff_form_key(ticket))
    attachments_discard(ticket=ticket, by=request.user, form=HANDOFF_FORM)
    messages.success(request, "Draft discarded")
    return redirect_to(request, ticket.get_absolute_url())


@require_GET
@service_answers
def handoff_preview(request: HttpRequest, ref: str) -> HttpResponse:
    """The draft as its receiver will read it."""
    page = HandoffPage(request, writable(request, ref))
    sheet = page.shown()
    target = page.target(sheet)
    measure = page.measure(sheet, target)
    reading = handoff_reading.read(
        page.content(sheet), measure=measure, reason=page.value(sheet, "reason"), now=page.now, zone=page.zone,
        labels=handoff_reading.reading_labels(),
    )  # fmt: skip
    context = {
        "ticket": page.ticket, "reading": reading, "measure": measure, "target": target,
        "files": about.form_files(page.ticket, request.user), "printed_at": page.now,
        "sla": about.sla_remaining(page.ticket, now=page.now),
        "back": reverse("escalations:handoff_create", args=[ref]),
    }  # fmt: skip
    return render(request, "escalations/handoff_preview.html", context)
