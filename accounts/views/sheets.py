"""A small form on a page of its own: its words, and how it is answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.errors import Refused
from accounts.views.answers import refuse
from web.http import INVALID, OK


@dataclass(frozen=True, slots=True)
class Sheet:
    """The words around a form: its heading, why it asks, the button that does it, and the way back."""

    title: str
    purpose: str
    act: str
    back: str
    sign: str = "check"
    crumbs: list[tuple[str, str]] = field(default_factory=list)
    facts: list[tuple[str, Any]] = field(default_factory=list)
    is_danger: bool = False


def show_sheet(
    request: HttpRequest, sheet: Sheet, form: forms.Form | None = None, status: int = OK, **more: Any
) -> HttpResponse:
    context = {"sheet": sheet, "form": form, **more}
    return render(request, "accounts/sheet.html", context, status=int(status))


def act_on_sheet(request: HttpRequest, sheet: Sheet, form: forms.Form, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Show the form; act on it once it was sent and is valid. What the service refuses stands at its fields."""
    if form.is_bound and form.is_valid():
        try:
            return act()
        except Refused as error:
            refuse(form, error)
    return show_sheet(request, sheet, form, INVALID if form.is_bound else OK)
