"""Completing a handoff that waits: only what this person changed is saved, and a colleague's text is never lost."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from escalations.access import escalation_for, parts_on_escalation
from escalations.domain.handoff import CONTENT_FIELDS, HandoffContent
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS, allowed
from escalations.errors import Overtaken, Refused
from escalations.forms.handoff import (
    Draft,
    HandoffSheet,
    content_of_draft,
    draft_of_content,
    merged,
    prints_of,
    read_prints,
    sheet_to_show,
    write_prints,
)
from escalations.models import Escalation
from escalations.selectors import handoff as about
from escalations.selectors import handoff_targets
from escalations.selectors.episodes import Earlier, earlier_of
from escalations.services.answers import answered_words
from escalations.services.completing import HandoffConflict, handoff_complete, handoff_edit_key
from escalations.services.handoffs import handoff_form_key
from escalations.services.locking import next_state
from escalations.views import handoff_drafts as drafts
from escalations.views.answers import conflict_panel, refuse, service_answers
from escalations.views.handoff_page import LABELS, HandoffPage
from journal.services import DraftConflict, draft_discard
from web.conflicts import MINE, PREFIX, THEIRS
from web.http import CONFLICT, INVALID, form_methods, redirect_to
from web.text import showable

# The form was opened by filing a handoff of one's own, which came second.
FROM_DRAFT = "from_draft"


class EditPage(HandoffPage):
    """The form of a filed handoff: where it goes is settled, everything else may be completed."""

    template, fragment = "escalations/handoff_edit.html", "escalations/_handoff_edit.html"
    with_target = False

    def __init__(self, request: HttpRequest, escalation: Escalation) -> None:
        super().__init__(request, escalation.ticket)
        self.escalation = escalation

    @property
    def form_key(self) -> str:
        return handoff_edit_key(self.escalation)

    def made_from(self) -> dict[str, str]:
        return {name: showable(self.request.POST.get(name, ""))[:4_000] for name in ("version", "base")}

    @cached_property
    def prefill(self) -> about.Prefill:
        return about.Prefill(HandoffContent.from_json(self.escalation.handoff.content))

    @property
    def kept(self) -> HandoffContent:
        return self.base

    @cached_property
    def targets(self) -> handoff_targets.Targets:
        return handoff_targets.Targets([])

    def beginning(self) -> Draft:
        return draft_of_content(self.base)

    def hidden(self) -> dict[str, Any]:
        return {"version": self.escalation.handoff.version, "base": prints_of(self.base)} | super().hidden()

    def shown(self) -> HandoffSheet:
        """What is filed, with what this person's draft changed. Where somebody else changed the same since, the form
        remembers what it was made from, so that saving it asks which one counts."""
        if self.draft is None:
            return super().shown()
        base = self.base
        typed = content_of_draft(self.draft.data, base=base, choices=self.options["choices"])
        began = read_prints(str(self.draft.data.get("base", "")))
        mine, theirs = typed.fingerprints(), base.fingerprints()
        untouched = [name for name, digest in mine.items() if began.get(name, theirs[name]) == digest]
        raced = [name for name in mine if name not in untouched and began.get(name, theirs[name]) != theirs[name]]
        hidden = self.hidden()
        if raced:
            hidden["version"] = self.draft.data.get("version") or 0
            hidden["base"] = write_prints({name: began[name] if name in raced else theirs[name] for name in theirs})
        as_filed = draft_of_content(base)
        values = {**self.draft.data, **{name: as_filed[name] for name in untouched}}
        return sheet_to_show(values, base=base, initial=hidden, **self.options)

    @cached_property
    def earlier(self) -> Earlier | None:
        return earlier_of(self.escalation, self.labels, now=self.now, zone=self.zone)

    def value(self, sheet: HandoffSheet, name: str) -> str:
        return self.escalation.reason if name == "reason" else super().value(sheet, name)

    def target(self, sheet: HandoffSheet) -> handoff_targets.Target | None:
        team = handoff_targets.TeamTarget(self.escalation.to_team, "", [])
        return handoff_targets.Target("", team)

    def context(self, sheet: HandoffSheet, **more: Any) -> dict[str, Any]:
        found = super().context(sheet, **more)
        return found | {
            "escalation": self.escalation, "files": about.form_files(self.ticket, self.request.user, self.escalation),
             "head_title": f"Complete: {self.ticket.subject}",
            "crumbs": [*found["crumbs"], ("Handoff", self.escalation.get_absolute_url())], "returned": None,
        }  # fmt: skip


@form_methods
@service_answers
def handoff_edit(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The filed form again; a save over a colleague's shows both versions (409)."""
    escalation = escalation_for(request.user, ref, pk)
    page = EditPage(request, escalation)
    try:
        _check_completes(request, escalation)
    except Overtaken as error:
        if request.method != "POST":
            raise
        return page.answer(page.posted(), status=CONFLICT, overtaken=str(error))
    if request.method != "POST":
        return page.answer(page.shown())
    if request.POST.get("do") == "discard":
        draft_discard(user=request.user, form=page.form_key)
        messages.success(request, "Draft discarded")
        return redirect_to(request, escalation.get_absolute_url())
    if drafts.asks_for_choice(request.POST):
        drafts.choose(page)
        return redirect_to(request, request.path)
    return _sent(page)


def _check_completes(request: HttpRequest, escalation: Escalation) -> None:
    """Raises NotAllowed for anybody but senders and managers, Overtaken when it was answered."""
    parts = parts_on_escalation(request.user, escalation)
    said = answered_words(escalation, request.user)
    next_state(ESCALATION_TRANSITIONS, escalation.state, "complete", parts, said=said)


def _sent(page: EditPage) -> HttpResponse:
    refused = page.take_files()
    sheet = page.posted()
    try:
        drafts.check_other_window(page)
        if sheet.is_valid() and not refused:
            _complete(page, sheet)
            return _completed(page)
    except DraftConflict as error:
        return page.answer(sheet, status=CONFLICT, conflict=drafts.panel_of(page, error.stored))
    except HandoffConflict as error:
        return _both(page, error)
    except Overtaken as error:
        return page.answer(sheet, status=CONFLICT, overtaken=str(error))
    except Refused as error:
        refuse(sheet.form, error)
    for text in refused:
        sheet.form.add_error(None, text)
    return page.answer(sheet, status=INVALID)


def _completed(page: EditPage) -> HttpResponse:
    if FROM_DRAFT in page.request.POST:
        draft_discard(user=page.request.user, form=handoff_form_key(page.ticket))
    messages.success(page.request, f"Handoff of {page.ticket.ref} completed")
    return redirect_to(page.request, page.escalation.get_absolute_url())


@require_POST
@service_answers
def handoff_edit_draft(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Autosave of the form above; 409 with both versions when another window of the same person saved."""
    escalation = escalation_for(request.user, ref, pk)
    _check_completes(request, escalation)
    return drafts.keep(EditPage(request, escalation))


def _complete(page: EditPage, sheet: HandoffSheet) -> None:
    cleaned, post = sheet.form.cleaned_data, page.request.POST
    everything = post.get("take_all", "")
    sides = {name: everything or post.get(f"{PREFIX}{name}", MINE) for name in CONTENT_FIELDS}
    taken = [name for name, side in sides.items() if side == THEIRS and (everything or "resolve" in post)]
    handoff_complete(
        escalation=page.escalation, by=page.request.user, version=cleaned.get("version") or 0,
        content=merged(sheet.content(), page.base, taken), fields=CONTENT_FIELDS,
        base=sheet.prints(),
    )  # fmt: skip


def _both(page: EditPage, error: HandoffConflict) -> HttpResponse:
    """What was typed beside what the other saved. From here on the form is made from theirs."""
    handoff, sheet = error.handoff, page.posted()
    mine, theirs = sheet.content(), HandoffContent.from_json(handoff.content)
    base = sheet.prints() or {}
    untouched = [name for name, digest in mine.fingerprints().items() if base.get(name) == digest]
    shown = sheet_to_show(
        draft_of_content(merged(mine, theirs, untouched)), base=theirs,
        initial={**page.hidden(), "version": handoff.version, "base": prints_of(theirs)}, **page.options,
    )  # fmt: skip
    panel = conflict_panel(
        page.request, who=handoff.updated_by or "Belay", at=handoff.updated_at, what="handoff",
        labels={name: label for name, label in LABELS.items() if name in error.theirs}, theirs=error.theirs,
        mine=error.mine, show=page.words(),
    )  # fmt: skip
    return page.answer(shown, status=CONFLICT, conflict=panel)


def beside_filed(page: HandoffPage, filed: Escalation, sheet: HandoffSheet, said: str) -> HttpResponse | None:
    """Somebody filed while this person wrote: their handoff with what this person typed, to choose field by field.

    None where this person may not complete it. What they typed stays their draft until they save the choice.
    """
    user = page.request.user
    if not allowed(ESCALATION_TRANSITIONS, filed.state, parts_on_escalation(user, filed)) & {"complete"}:
        return None
    edit = EditPage(page.request, filed)
    mine, theirs = sheet.content(), edit.base
    written, filed_as = mine.to_json(), theirs.to_json()
    differ = [name for name in CONTENT_FIELDS if written[name] and written[name] != filed_as[name]]
    shown = sheet_to_show(
        draft_of_content(merged(theirs, mine, differ)), base=theirs, initial=edit.hidden(), **edit.options
    )
    own = filed.from_user_id == user.pk
    panel = conflict_panel(
        page.request, who="Your other window" if own else filed.from_user or "A trigger", at=filed.filed_at,
        what="handoff", short="the other" if own else "", labels={name: LABELS[name] for name in differ},
        theirs=filed_as, mine=written, show=page.words(), verb="filed",
    )  # fmt: skip
    return edit.answer(shown, status=CONFLICT, conflict=panel if differ else None, overtaken=said, from_draft=True)
