"""Files on tickets: up one by one, and down to those who see the ticket."""

from http import HTTPStatus
from uuid import UUID

from django.core.files.base import File
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from escalations.access import ticket_for
from escalations.errors import Refused
from escalations.models import Attachment, Ticket
from escalations.services.attachments import HANDOFF_FORM, attachment_add, attachment_remove
from escalations.views.answers import service_answers
from web.http import is_fetch, no_news, redirect_to, safe_next

FORMS = (HANDOFF_FORM, "reply")
# The file is only ever saved, never shown in place; should a browser show it all the same, it can do nothing.
SANDBOX = "default-src 'none'; sandbox"


def attachment_for(user: User, key: UUID) -> Attachment:
    """A file of a ticket that the person sees; somebody's draft only for its author. Http404 otherwise."""
    found = Attachment.objects.select_related("ticket").filter(
        Q(draft_of__isnull=True) | Q(draft_of=user), ticket__in=Ticket.objects.visible_to(user)
    )
    return get_object_or_404(found, key=key)


@require_POST
@service_answers
def attachment_create(request: HttpRequest, ref: str) -> HttpResponse:
    """Keep one file for a form that is being written (`?form=`). A script gets its chip, or the reason why not."""
    ticket = ticket_for(request.user, ref)
    form = request.GET.get("form", "")
    try:
        upload = request.FILES.get("file")
        if upload is None:
            raise Refused("No file arrived. Choose one.", {"file": "Choose a file."})
        attachment = attachment_add(
            ticket=ticket, by=request.user, upload=upload, form=form if form in FORMS else ""
        )  # fmt: skip
    except Refused as error:
        if not is_fetch(request):
            raise
        text = error.fields.get("file", str(error))
        return HttpResponse(text, status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type="text/plain; charset=utf-8")
    if not is_fetch(request):
        return redirect_to(request, safe_next(request, ticket.get_absolute_url()))
    context = {"attachment": attachment}
    return render(request, "escalations/_attachment_chip.html", context, status=HTTPStatus.CREATED)


@require_GET
def attachment_detail(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """The file, to be saved: never shown in place, never cached by others."""
    attachment = attachment_for(request.user, key)
    try:
        stored: File = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        stored, as_attachment=True, filename=attachment.name, content_type=attachment.content_type
    )  # fmt: skip
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@service_answers
def attachment_delete(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take back a file that was not sent yet."""
    attachment = attachment_for(request.user, key)
    attachment_remove(attachment=attachment, by=request.user)
    if is_fetch(request):
        return no_news()
    return redirect_to(request, safe_next(request, attachment.ticket.get_absolute_url()))
