"""Pages for the browser tests of the scripts: a form that is kept, autosaved, has rows and files; and a table."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.template.loader import render_to_string
from django.urls import include, path

from web.conflicts import Conflict, Difference
from web.forms import BelayForm

KEPT: dict[str, Any] = {}
FORM = """{% extends "base.html" %}{% load belay %}
{% block content %}<h1>Sample</h1>
<form id="sample" method="post" action="/t/form/" data-keep data-autosave="/t/draft/">{% csrf_token %}
{% include "web/forms/errors.html" %}
<div class="fields">{% for field in form.visible_fields %}{{ field.as_field_group }}{% endfor %}</div>
<div data-rows="steps"><input type="hidden" name="steps-TOTAL_FORMS" value="1">
<table class="tries"><tbody data-rows-body>
<tr data-row><td data-row-no>1</td>
<td><input class="form-control" name="steps-0-step" aria-label="Step 1" data-label="Step #"></td>
<td><button class="btn" name="remove_step" value="0" data-remove-row data-label="Remove step #"
  aria-label="Remove step 1">x</button></td></tr>
</tbody></table>
<template><tr data-row><td data-row-no></td>
<td><input class="form-control" name="steps-__prefix__-step" data-label="Step #"></td>
<td><button class="btn" name="remove_step" value="0" data-remove-row data-label="Remove step #">x</button></td></tr>
</template>
<button class="btn" name="add_step" value="1" data-add-row>Add step</button></div>
<div class="files" data-files><label class="file file--drop" data-upload="/t/upload/" data-max="1000">Add files
<input type="file" name="files" multiple></label></div>
<button class="btn btn-primary" type="submit">File handoff</button></form>
{% foot_bar "Sample" %}{% saved %}<span id="meter">0</span>{% endfoot_bar %}
<div id="live" hx-get="/t/live/" hx-trigger="click">live</div>
<form id="quick" hx-post="/t/quick/" hx-target="#said">{% csrf_token %}<input name="note" aria-label="Quick note">
<input type="checkbox" name="tag" value="a" checked><input type="checkbox" name="tag" value="b" checked>
<button class="btn">Add note</button></form><div id="said"></div>{% endblock %}"""
TABLE = """{% extends "base.html" %}{% block content %}<h1>Table</h1><form data-select action="/t/table/">
<table class="rows queue" data-cursor>
<thead><tr><th><input type="checkbox" data-select-all aria-label="Select all"></th><th>T</th></tr></thead>
<tbody>{% for n in "123" %}<tr>
<td><input type="checkbox" data-select-row name="t" value="{{ n }}" aria-label="Select {{ n }}"></td>
<td><a href="/t/table/?open={{ n }}">Ticket {{ n }}</a>
<a data-escalate href="/t/table/?up={{ n }}">Up {{ n }}</a></td></tr>{% endfor %}</tbody></table>
<div class="dock" data-bulk hidden><div class="float-bar"><span data-bulk-count></span></div></div>
</form>{% endblock %}"""


class SampleForm(BelayForm):
    words = forms.CharField(label="Own words", widget=forms.Textarea)
    urgency = forms.ChoiceField(label="Urgency", choices=[("a", "Today"), ("b", "Week")], widget=forms.RadioSelect)


def page(request: HttpRequest, text: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(text).render(context, request), status=status)


def form(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return page(request, FORM, {"form": SampleForm(initial=KEPT.get("draft"))})
    filled = SampleForm(request.POST)
    if not filled.is_valid():
        return page(request, FORM, {"form": filled}, HTTPStatus.UNPROCESSABLE_ENTITY)
    KEPT["filed"] = {key: request.POST.getlist(key) for key in request.POST if key != "csrfmiddlewaretoken"}
    KEPT["times"] = KEPT.get("times", 0) + 1
    return redirect("/t/table/")


def draft(request: HttpRequest) -> HttpResponse:
    if KEPT.get("conflict"):
        panel = Conflict("Noor Haddad", "14:30", "handoff", [Difference("words", "Own words", "theirs", "mine")])
        return HttpResponse(render_to_string("components/_conflict.html", {"panel": panel}), status=409)
    if KEPT.get("down"):
        return HttpResponse(status=503)
    KEPT["draft"] = {key: request.POST[key] for key in request.POST}
    return HttpResponse('<span id="meter" hx-swap-oob="true">1</span>', headers={"Belay-Saved": "14:32"})


def upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES["file"]
    if file.name.endswith(".exe"):
        return HttpResponse("Not added: programs are not taken.", status=422)
    return HttpResponse(render_to_string("components/_file.html", {"name": file.name, "size": "1 KB", "sign": "photo"}))


def table(request: HttpRequest) -> HttpResponse:
    return page(request, TABLE, {})


def quick(request: HttpRequest) -> HttpResponse:
    KEPT["quick"] = (request.POST["note"], request.POST.getlist("tag"))
    return HttpResponse("noted")


def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fresh")


handler404, handler500 = "web.errors.not_found", "web.errors.server_error"
urlpatterns = [
    path("t/form/", form),
    path("t/draft/", draft),
    path("t/upload/", upload),
    path("t/table/", table),
    path("t/live/", live),
    path("t/quick/", quick),
    path("", include("config.urls")),
]
