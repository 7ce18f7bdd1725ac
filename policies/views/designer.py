"""The designer: an interview, step by step, with the policy that follows beside it."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_POST

from accounts.errors import Overtaken, Refused
from accounts.views.answers import service_answers
from journal.models import Draft
from journal.services import DraftConflict
from policies.access import check_studio, interview_for
from policies.domain.presets import PRESET_WORDS, Preset
from policies.forms.designer import StepForm
from policies.interview import STEPS, Interview, designed, ground_now, preview_of, read_interview
from policies.services.interviews import (
    ORDER,
    Typed,
    interview_discard,
    interview_finish,
    interview_start,
    interviews_of,
    number_of,
    step_save,
)
from policies.services.versions import problems_of
from policies.setting import design_base
from policies.views.proof import kind_words
from web.clock import page_now
from web.conflicts import Conflict, chooses, differences, resolve
from web.formats import format_time
from web.forms import new_key
from web.http import CONFLICT, INVALID, OK, form_methods, redirect_to
from web.text import showable

MOST_FIELDS, MOST_CHARS, LARGEST = 600, 60_000, 2_147_483_647
NOT_ANSWERS = {
    "csrfmiddlewaretoken", "draft_version", "draft_window", "go", "resolve", "take_all", "between", "idempotency_key",
}  # fmt: skip


def typed_in(request: HttpRequest) -> Typed:
    """What was sent of the questions, within bounds, as a draft holds it."""
    found: Typed = {}
    room = MOST_CHARS
    for name in list(request.POST)[:MOST_FIELDS]:
        if name in NOT_ANSWERS or name.startswith("conflict-"):
            continue
        texts = [showable(text[:room]) for text in request.POST.getlist(name)]
        room -= sum(map(len, texts))
        found[name[:80]] = texts
        if room <= 0:
            break
    return found


def shown_version(request: HttpRequest) -> int:
    text = request.POST.get("draft_version", "")
    return min(int(text), LARGEST) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _read(draft: Draft) -> Interview:
    base, ground = ground_now()
    return read_interview(draft, base, ground)


def _step_or_404(step: str) -> str:
    if step not in STEPS:
        raise Http404("The designer has no such step.")
    return step


@form_methods
@service_answers
def designer(request: HttpRequest) -> HttpResponse:
    """One's interviews in progress, and the presets that a new one starts from."""
    check_studio(request.user)
    if request.method == "POST":
        if request.POST.get("preset") not in Preset.__members__.values():
            raise Http404("There is no such preset.")
        draft = interview_start(by=request.user, preset=Preset(request.POST["preset"]))
        return redirect_to(request, _step_url(draft, ORDER[0]))
    lines = [_line(one) for one in interviews_of(request.user)]
    presets = [(one.value, *PRESET_WORDS[one]) for one in Preset]
    return render(
        request, "policies/designer.html", {"lines": lines, "presets": presets, "base": design_base()}
    )  # fmt: skip


def _line(draft: Draft) -> dict[str, Any]:
    """An interview in progress: what it is called, how far it is, where it goes on."""
    steps, done = draft.data.get("steps", {}), set(draft.data.get("done", ()))
    business = steps.get("business", {})
    preset = (business.get("preset") or [""])[0]
    following = next((step for step in ORDER if step not in done), None)
    number = number_of(draft)
    return {
        "number": number, "saved_at": draft.saved_at, "done": len(done), "of": len(ORDER),
        "title": (business.get("title") or [""])[0] or "Without a title",
        "preset": PRESET_WORDS[Preset(preset)][0] if preset in Preset.__members__.values() else "",
        "url": _step_url(draft, following) if following else reverse("policies:designer_end", args=[number]),
    }  # fmt: skip


def _step_url(draft: Draft, step: str) -> str:
    return reverse("policies:designer_step", args=[number_of(draft), step])


def _toc(interview: Interview, step: str) -> list[dict[str, Any]]:
    """The steps with how they stand: done, to be corrected, or still as the preset has them."""
    return [
        {
            "key": key, "title": make.title, "number": place, "current": key == step,
            "url": _step_url(interview.draft, key),
            "state": "wrong" if key in interview.wrong else "done" if key in interview.done else "",
        }
        for place, (key, make) in enumerate(STEPS.items(), start=1)
    ]  # fmt: skip


def _preview(interview: Interview, writes: tuple[str, ...]) -> dict[str, Any]:
    preview = preview_of(interview)
    return {
        "preview": preview,
        "number": interview.number,
        "shown": preview.shown(writes),
        "findings": [(kind_words(one.kind), one) for one in preview.findings],
        "wrong": [STEPS[key].title for key in ORDER if key in interview.wrong],
    }


def _page(
    request: HttpRequest, interview: Interview, step: str, form: StepForm, *, status: int = OK,
    panel: Conflict | None = None,
) -> HttpResponse:  # fmt: skip
    place = ORDER.index(step)
    context = {
        "interview": interview, "step": step, "form": form, "panel": panel, "place": place + 1, "of": len(ORDER),
        "title": type(form).title, "lead": type(form).lead,
        "toc": _toc(interview, step), "first": place == 0, "last": place == len(ORDER) - 1,
        **_preview(interview, form.writes),
    }  # fmt: skip
    return render(request, "policies/designer_step.html", context, status=int(status))


@form_methods
@service_answers
def designer_step(request: HttpRequest, number: int, step: str) -> HttpResponse:
    """One step. What is sent is kept, right or wrong; "next" goes on only from what is right."""
    draft = interview_for(request.user, number)
    interview = _read(draft)
    if request.method != "POST":
        return _page(request, interview, _step_or_404(step), interview.form(step))
    typed, go = typed_in(request), request.POST.get("go", "next")
    decided = chooses(request.POST)
    if decided:
        typed = _chosen(request, interview, step, typed)
        go = "stay"
    form = interview.form(_step_or_404(step), MultiValueDict(typed))
    try:
        draft = step_save(
            by=request.user, number=number, step=step, typed=typed, version=shown_version(request),
            window=request.POST.get("draft_window", ""), done=form.is_valid() if go != "back" else None, anyway=decided,
        )  # fmt: skip
    except DraftConflict as lost:
        return _lost(request, lost.stored, step, typed)
    if go == "back":
        return redirect_to(request, _step_url(draft, ORDER[max(ORDER.index(step) - 1, 0)]))
    if not form.is_valid():
        return _page(request, _read(draft), step, form, status=INVALID)
    return redirect_to(request, _onward(draft, step, go))


def _onward(draft: Draft, step: str, go: str) -> str:
    if go == "stay":
        return _step_url(draft, step)
    following = ORDER.index(step) + 1
    if following == len(ORDER):
        return reverse("policies:designer_end", args=[number_of(draft)])
    return _step_url(draft, ORDER[following])


def _chosen(request: HttpRequest, interview: Interview, step: str, mine: Typed) -> Typed:
    """What was chosen field by field between the two windows."""
    theirs = interview.typed(step)
    found = resolve(request.POST, names={**theirs, **mine}, theirs=theirs, mine=mine)
    return {name: texts for name, texts in found.items() if texts is not None}


def _conflict(request: HttpRequest, interview: Interview, step: str, mine: Typed) -> Conflict:
    form = interview.form(step, MultiValueDict(mine))
    labels = form.labels
    shown = {name: lambda texts: ", ".join(texts or ()) or "nothing" for name in labels}
    rows = differences(labels=labels, theirs=interview.typed(step), mine=mine, show=shown)
    when = format_time(interview.draft.saved_at, timezone.get_current_timezone(), page_now(request))
    return Conflict("You, in another window,", when, "step", rows, short="the other window", verb="saved")


def _lost(request: HttpRequest, stored: Draft, step: str, mine: Typed) -> HttpResponse:
    interview = _read(stored)
    panel = _conflict(request, interview, step, mine)
    form = interview.form(step, MultiValueDict(mine))
    return _page(request, interview, step, form, status=CONFLICT, panel=panel)


@require_POST
@service_answers
def designer_draft(request: HttpRequest, number: int, step: str) -> HttpResponse:
    """Keep what is being typed, and answer with the policy that follows. 409 when another window is newer."""
    interview_for(request.user, number)
    typed = typed_in(request)
    try:
        draft = step_save(
            by=request.user, number=number, step=_step_or_404(step), typed=typed, version=shown_version(request),
            window=request.POST.get("draft_window", ""),
        )  # fmt: skip
    except DraftConflict as lost:
        panel = _conflict(request, _read(lost.stored), step, typed)
        return render(request, "policies/_designer_conflict.html", {"panel": panel}, status=int(CONFLICT))
    context = {"oob": True, **_preview(_read(draft), STEPS[step].writes)}
    response = render(request, "policies/_designer_preview.html", context)
    at = format_time(draft.saved_at, timezone.get_current_timezone(), draft.saved_at)
    response.headers["Belay-Version"], response.headers["Belay-Saved"] = str(draft.version), at
    return response


@form_methods
@service_answers
def designer_end(request: HttpRequest, number: int) -> HttpResponse:
    """The policy that follows from all answers; made into a draft that is edited and proved in the studio."""
    interview = _read(interview_for(request.user, number)) if request.method != "POST" else None
    if interview is not None:
        return _end(request, interview)
    check_studio(request.user)
    try:
        version = interview_finish(
            by=request.user, number=number, version=shown_version(request), key=_key(request), read=designed
        )  # fmt: skip
    except (Refused, Overtaken) as error:
        status = INVALID if isinstance(error, Refused) else CONFLICT
        return _end(request, _read(interview_for(request.user, number)), refused=error, status=status)
    messages.success(request, f"Draft {version.code} made. Nothing in force has changed.")
    return redirect_to(request, reverse("policies:version_detail", args=[version.code]))


def _key(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("idempotency_key", ""))
    except ValueError:
        raise Refused("This page was not sent whole. Open it again.") from None


def _end(
    request: HttpRequest, interview: Interview, *, refused: Exception | None = None, status: int = OK
) -> HttpResponse:  # fmt: skip
    shown = _preview(interview, ())
    words = " ".join([str(refused), *getattr(refused, "fields", {}).values()]) if refused else ""
    context = {
        "interview": interview, "toc": _toc(interview, ""), "refused": words, "key": new_key(),
        "document": shown["preview"].document, "problems": problems_of(shown["preview"].policy), **shown,
    }  # fmt: skip
    return render(request, "policies/designer_end.html", context, status=int(status))


@require_POST
@service_answers
def designer_discard(request: HttpRequest, number: int) -> HttpResponse:
    """Throw an interview away."""
    interview_for(request.user, number)
    interview_discard(by=request.user, number=number)
    messages.success(request, "Interview discarded.")
    return redirect_to(request, reverse("policies:designer"))
