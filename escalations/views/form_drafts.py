"""What somebody types into a form, kept on the server while it is typed; two windows of one person choose."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from escalations.errors import Refused
from escalations.views.answers import conflict_panel
from journal.models import Draft
from journal.services import DraftConflict, draft_save
from web.conflicts import DRAFTS, PREFIX, THEIRS, Conflict
from web.formats import format_time
from web.http import CONFLICT

# What of a form is not part of what somebody typed.
NOT_TYPED = (
    "csrfmiddlewaretoken", "idempotency_key", "draft_version", "version", "attachments", "remove_file", "seen",
    "between", "resolve", "take_all",
)  # fmt: skip
WINDOW = "draft_window"
# A line of the form names the version of its ticket by a field of its own.
VERSIONS = "version_"
# A desk of 200 tickets has three fields each.
DRAFT_FIELDS, DRAFT_CHARS = 1_300, 300_000
Values = dict[str, list[str]]


def typed(request: HttpRequest) -> Values:
    """The form as it was typed: field → its values. Raises Refused for more than any form here holds."""
    found = {
        name: values for name, values in request.POST.lists() if name not in NOT_TYPED and not name.startswith(PREFIX)
    }
    size = sum(len(value) for values in found.values() for value in values)
    if len(found) > DRAFT_FIELDS or size > DRAFT_CHARS:
        raise Refused("Too long to be kept as a draft.")
    return {name: [storable(value) for value in values] for name, values in found.items()}


def storable(text: str) -> str:
    """PostgreSQL's JSON has no NUL and no half characters; the form itself names them when it is sent."""
    return "".join("\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in text)


def stored_draft(request: HttpRequest, key: str) -> Draft | None:
    return Draft.objects.filter(user=request.user, form=key).first()


def version_of(request: HttpRequest, stored: Draft | None) -> int | None:
    """The draft's version on the page; 0 while there was none, so that another window's first save is noticed.

    None, which overwrites, where this very window saved last: it may have been reloaded before its save arrived.
    """
    mark = request.POST.get(WINDOW, "")
    if mark and stored is not None and (stored.data.get(WINDOW) or [""])[-1] == mark:
        return None
    text = request.POST.get("draft_version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def keep(request: HttpRequest, key: str, form: Callable[[], forms.Form]) -> HttpResponse:
    """Answer an autosave: 204 with the draft's version, or 409 with both versions. `form` knows labels and lists."""
    try:
        draft = draft_save(
            user=request.user, form=key, data=typed(request), version=version_of(request, stored_draft(request, key))
        )
    except DraftConflict as error:
        panel = panel_of(request, error.stored, form())
        return render(request, "escalations/_form_conflict.html", {"conflict": panel}, status=CONFLICT)
    at = format_time(draft.saved_at, timezone.get_current_timezone(), draft.saved_at)
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Belay-Version": str(draft.version), "Belay-Saved": at})


def check_other_window(request: HttpRequest, key: str) -> None:
    """Sending a form ends its draft, so nothing that another window saved may be lost by it. Raises DraftConflict."""
    stored = stored_draft(request, key)
    if stored is None or version_of(request, stored) in (None, stored.version):
        return
    sent = _plain(typed(request))
    if any(sent.get(name) != values for name, values in _plain(stored.data).items()):
        raise DraftConflict(stored)


def _plain(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """What was typed, without what is empty."""
    typed_names = [name for name in data if name != WINDOW and not name.startswith(VERSIONS)]
    return {name: list(data[name]) for name in typed_names if any(data[name])}


def panel_of(request: HttpRequest, stored: Draft, form: forms.Form) -> Conflict:
    """Both windows' values of the fields in which they differ, in the order of the form."""
    mine, theirs = _plain(typed(request)), _plain(stored.data)
    known = {name: field for name, field in form.fields.items() if name in mine or name in theirs}
    return conflict_panel(
        request, who="Your other window", at=stored.saved_at, what="draft", short="the other", between=DRAFTS,
        labels={name: str(field.label or name) for name, field in known.items()}, theirs=theirs, mine=mine,
        show={name: _words(field) for name, field in known.items()},
    )  # fmt: skip


def _words(field: forms.Field) -> Callable[[Any], str]:
    listed = {str(code): str(label) for code, label in getattr(field, "choices", ())}

    def shown(values: Any) -> str:
        if isinstance(field, forms.BooleanField):
            return "Yes" if values else "No"
        return ", ".join(listed.get(value, value) for value in values or ()) or "nothing"

    return shown


def asks_for_choice(request: HttpRequest) -> bool:
    """Whether this is the answer to `panel_of`."""
    return request.POST.get("between") == DRAFTS and ("resolve" in request.POST or "take_all" in request.POST)


def choose(request: HttpRequest, key: str) -> None:
    """Keep of each field the window that was chosen; fields in which both agree stay."""
    stored, mine = stored_draft(request, key), typed(request)
    everything = request.POST.get("take_all", "")
    values: Values = {}
    for name in {**(stored.data if stored else {}), **mine}:
        side = everything or request.POST.get(f"{PREFIX}{name}", "")
        taken = stored.data if stored is not None and side == THEIRS else mine
        if name in taken:
            values[name] = taken[name]
    draft_save(user=request.user, form=key, data=values, version=stored.version if stored else None)
