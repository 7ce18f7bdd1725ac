"""What a service refuses, as an HTTP answer: NotAllowed 403, Refused 422, Overtaken and conflicts 409.

`@service_answers` on a view turns whatever its service refuses into the page (for htmx: the note) that says so.
In a view with a form, `refuse(form, error)` puts a refusal at the form's fields, and `conflict_panel` makes the
panel of both versions that `{% conflict panel %}` draws inside the form.
"""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.views.answers import SERVICE_ERRORS, View, answer, conflict_panel, fault_for, refuse
from escalations.errors import Refused

__all__ = ["answer", "at_target", "conflict_panel", "fault_for", "refuse", "service_answers"]


def service_answers(view: View) -> View:
    """Answer for a view what its service refuses; the way out is the ticket that the view's `ref` names."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SERVICE_ERRORS as error:
            ref = getattr(error, "way_out", "") or kwargs.get("ref")
            if not ref:
                return answer(request, error)
            return answer(request, error, act=f"Open {ref}", url=reverse("escalations:ticket_detail", args=[ref]))

    return answered


def at_target(error: Refused) -> Refused:
    """Services speak of a team and a person; our forms have one field `to` for both."""
    fields = {"to" if name in ("to_team", "to_user") else name: text for name, text in error.fields.items()}
    return Refused(str(error), fields)
