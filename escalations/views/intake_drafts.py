"""Tickets that somebody has begun to write: kept while they are written, found again, thrown away."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from escalations.forms.intake import TicketCreateForm
from escalations.selectors.intake import customer_of
from escalations.services.intake import PURPOSE, intake_form_key
from escalations.views import form_drafts
from escalations.views.answers import service_answers
from escalations.views.takes_in import check_takes_in
from journal.models import Draft
from journal.services import draft_discard
from web.http import redirect_to

SEVERAL = ("readers",)
MOST_BEGUN = 5


@dataclass(frozen=True, slots=True)
class Begun:
    """A ticket that was begun: what it is about, when it was last written on, and where it goes on."""

    key: str
    subject: str
    saved_at: datetime

    @property
    def url(self) -> str:
        return page_of(self.key)


def page_of(key: str) -> str:
    return f"{reverse('escalations:ticket_create')}?draft={key}"


def begun_by(user: User) -> list[Begun]:
    """The newest tickets that the person has begun. One statement."""
    rows = Draft.objects.filter(user=user, form__startswith=f"{PURPOSE}:").order_by("-saved_at")[:MOST_BEGUN]
    return [Begun(row.form.partition(":")[2], (row.data.get("subject") or [""])[-1], row.saved_at) for row in rows]


def key_of(text: str) -> uuid.UUID:
    """Http404 for what no form of ours has."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def initial_of(draft: Draft, key: uuid.UUID) -> dict[str, Any]:
    """The draft as the form's initial values."""
    values = {name: found if name in SEVERAL else found[-1] for name, found in draft.data.items() if found}
    values.pop(form_drafts.WINDOW, None)
    return values | {"draft_version": draft.version, "idempotency_key": key.hex}


@require_POST
@service_answers
def ticket_create_draft(request: HttpRequest) -> HttpResponse:
    """Autosave of the form. 409 with both versions when it is open in another window too."""
    check_takes_in(request.user)
    key = key_of(request.POST.get("idempotency_key", ""))
    customer = customer_of(request.POST.get("customer", ""))
    answer = form_drafts.keep(request, intake_form_key(key), lambda: TicketCreateForm(customer=customer))
    answer["Belay-Page"] = page_of(key.hex)
    return answer


@require_POST
@service_answers
def ticket_create_discard(request: HttpRequest) -> HttpResponse:
    """Throw one of them away."""
    check_takes_in(request.user)
    draft_discard(user=request.user, form=intake_form_key(key_of(request.POST.get("draft", ""))))
    messages.success(request, "Draft discarded")
    return redirect_to(request, reverse("escalations:ticket_create"))
