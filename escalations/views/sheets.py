"""A small form about a ticket, answered on the spot: what is wrong or who was first comes back with what was typed."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from escalations.errors import Overtaken, Refused
from escalations.models import Ticket
from escalations.views.answers import at_target, refuse
from escalations.views.ticket_actions import Sheet, show_sheet
from web.http import CONFLICT, INVALID

Act = Callable[[Any], HttpResponse]


def answer_sheet(
    request: HttpRequest, ticket: Ticket, form: forms.Form, sheet: Sheet, act: Act, **more: Any
) -> HttpResponse:
    """Show the form, or do `act` with its values. Wrong or refused: 422. Overtaken: 409, with what was typed."""
    if request.method != "POST":
        return show_sheet(request, ticket, form, sheet, **more)
    if form.is_valid():
        try:
            return act(form.cleaned_data)
        except Refused as error:
            refuse(form, at_target(error))
        except Overtaken as error:
            return show_sheet(request, ticket, form, sheet, CONFLICT, overtaken=str(error), **more)
    return show_sheet(request, ticket, form, sheet, INVALID, **more)
