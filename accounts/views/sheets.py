"""A small form on a page of its own: its words, and how it is answered."""

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from web.http import OK

form_methods = require_http_methods(["GET", "HEAD", "POST"])


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


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: a POST even when it is empty, otherwise nothing."""
    return request.POST if request.method == "POST" else None


def show_sheet(
    request: HttpRequest, sheet: Sheet, form: forms.Form | None = None, status: int = OK, **more: Any
) -> HttpResponse:
    context = {"sheet": sheet, "form": form, **more}
    return render(request, "accounts/sheet.html", context, status=int(status))
