"""Completing a handoff that waits: only what this person changed is saved, and a colleague's text is never lost."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from escalations.access import escalation_for, parts_on_escalation
from escalations.domain.handoff import CONTENT_FIELDS, HandoffContent
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS
from escalations.errors import Refused
from escalations.forms.handoff import Draft, HandoffSheet, draft_of_content, merged, prints_of, sheet_to_show
from escalations.models import Escalation
from escalations.selectors import handoff as about
from escalations.selectors import handoff_targets
from escalations.selectors.episodes import Earlier, earlier_of
from escalations.services.answers import answered_words
from escalations.services.completing import HandoffConflict, handoff_complete
from escalations.services.locking import next_state
from escalations.views.answers import conflict_panel, refuse, service_answers
from escalations.views.handoff_page import LABELS, HandoffPage
from web.conflicts import MINE, PREFIX, THEIRS
from web.http import CONFLICT, INVALID, redirect_to


class EditPage(HandoffPage):
    """The form of a filed handoff: where it goes is settled, everything else may be completed."""

    template, fragment = "escalations/handoff_edit.html", "escalations/_handoff_edit.html"
    with_target = False

    def __init__(self, request: HttpRequest, escalation: Escalation) -> None:
        super().__init__(request, escalation.ticket)
        self.escalation = escalation

    draft = None  # type: ignore[assignment]  # saved on the spot, so nothing has to be kept

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
        return {"version": self.escalation.handoff.version, "base": prints_of(self.base)}

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


@require_http_methods(["GET", "HEAD", "POST"])
@service_answers
def handoff_edit(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The filed form again; a save over a colleague's shows both versions (409)."""
    escalation = escalation_for(request.user, ref, pk)
    parts = parts_on_escalation(request.user, escalation)
    next_state(ESCALATION_TRANSITIONS, escalation.state, "complete", parts, said=answered_words(escalation))
    page = EditPage(request, escalation)
    if request.method != "POST":
        return page.answer(page.shown())
    refused = page.take_files()
    sheet = page.posted()
    if not sheet.is_valid() or refused:
        for text in refused:
            sheet.form.add_error(None, text)
        return page.answer(sheet, status=INVALID)
    try:
        _complete(page, sheet)
    except HandoffConflict as error:
        return _both(page, error)
    except Refused as error:
        refuse(sheet.form, error)
        return page.answer(sheet, status=INVALID)
    messages.success(request, f"Handoff of {ref} completed")
    return redirect_to(request, escalation.get_absolute_url())


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
        initial={"version": handoff.version, "base": prints_of(theirs)}, **page.options,
    )  # fmt: skip
    panel = conflict_panel(
        page.request, who=handoff.updated_by or "Belay", at=handoff.updated_at, what="handoff",
        labels={name: label for name, label in LABELS.items() if name in error.theirs}, theirs=error.theirs,
        mine=error.mine, show=page.words(),
    )  # fmt: skip
    return page.answer(shown, status=CONFLICT, conflict=panel)
