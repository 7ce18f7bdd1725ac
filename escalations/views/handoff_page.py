"""The page of the handoff form: how it begins, what it shows, how it answers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from escalations.choices import EscalationState, Reproduced, Sentiment
from escalations.domain.file_types import ALLOWED_WORDS
from escalations.domain.handoff import SECTIONS, Completeness, HandoffContent, completeness, content_labels
from escalations.errors import Refused
from escalations.forms.handoff import (
    KEPT,
    PREFIX,
    YES_NO,
    Draft,
    HandoffSheet,
    content_of_draft,
    draft_of_content,
    sheet_of_post,
    sheet_to_show,
)
from escalations.models import Consult, Escalation, Ticket
from escalations.selectors import handoff as about
from escalations.selectors import handoff_targets
from escalations.selectors.consults import answered_consult, as_context
from escalations.selectors.episodes import Earlier, earlier_of, earlier_on
from escalations.services.attachments import HANDOFF_FORM, MAX_BYTES, attachment_add
from escalations.services.handoffs import acknowledge_by, handoff_form_key
from journal.models import Draft as StoredDraft
from policies.choices import PickListName
from policies.selectors import pick_labels, policy_in_force
from web.clock import page_now
from web.formats import counted, format_hours, format_time
from web.http import OK, page_or_fragment

FIELDS_OF = {
    "target": ("reason", "to"),
    "issue": ("customer_words", "technical_description", "business_impact", "scope", "urgency"),
    "status": ("reproduced", "workaround", "workaround_details", "last_contact_at", "sentiment"),
    "hypothesis": ("likely_cause", "recommended_action", "additional_context"),
    "communication": (
        "customer_notified", "notified_at", "contact_method", "update_frequency", "next_update_at",
        "relationship_notes",
    ),
}  # fmt: skip
LABELS = {
    "reason": "Reason",
    "to": "To",
    "is_warm": "Stays with it",
    **content_labels(),
    PREFIX: "Troubleshooting steps",
}


class HandoffPage:
    """One person's handoff form for one ticket. What it needs is read when it is first asked for."""

    template, fragment = "escalations/handoff_create.html", "escalations/_handoff_form.html"
    with_target = True

    def __init__(self, request: HttpRequest, ticket: Ticket) -> None:
        self.request, self.ticket = request, ticket
        self.zone = timezone.get_current_timezone()

    # --- what it is made from -------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return page_now(self.request)

    @cached_property
    def latest(self) -> Escalation | None:
        return about.last_escalation(self.ticket)

    @cached_property
    def targets(self) -> handoff_targets.Targets:
        return handoff_targets.targets_for(self.ticket, by=self.request.user, now=self.now, zone=self.zone)

    @cached_property
    def prefill(self) -> about.Prefill:
        return about.prefill(self.ticket, latest=self.latest, now=self.now, zone=self.zone)

    @cached_property
    def draft(self) -> StoredDraft | None:
        return StoredDraft.objects.filter(user_id=self.request.user.pk, form=self.form_key).first()

    @property
    def form_key(self) -> str:
        """The name of its draft."""
        return handoff_form_key(self.ticket)

    def made_from(self) -> dict[str, str]:
        """What a draft must remember of the form it was typed into."""
        return {}

    @property
    def base(self) -> HandoffContent:
        """What the values of the form began as."""
        return self.prefill.content

    @cached_property
    def options(self) -> dict[str, Any]:
        return {"choices": about.choices_for(self.targets, kept=self.kept), "with_target": self.with_target}

    @property
    def kept(self) -> HandoffContent:
        """What is on record: untouched seconds and codes out of use stay as they are. Nothing before the filing."""
        return HandoffContent()

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        return pick_labels(PickListName.SEGMENT, PickListName.RETURN_REASON, PickListName.DE_ESCALATION)

    def beginning(self) -> Draft:
        """The values before anybody typed; the advice on the ticket may have named a tier and a reason (`?tier=`)."""
        advised, reasons = self.request.GET, dict(self.options["choices"].reasons)
        to = self.targets.default(self.ticket, tier=advised.get("tier", ""))
        if self.prefill.to and self.targets.find(self.prefill.to):
            to = self.prefill.to
        reason = self.prefill.reason or next((code for code in (advised.get("reason"),) if code in reasons), "")
        stayed = self.latest is not None and self.latest.state == EscalationState.RETURNED and self.latest.is_warm
        return draft_of_content(self.base, reason=reason, to=to, is_warm=stayed)

    def hidden(self) -> dict[str, Any]:
        """The form's own bookkeeping."""
        return {"draft_version": self.draft.version if self.draft else ""}

    # --- the sheet ------------------------------------------------------------------------------------

    def shown(self) -> HandoffSheet:
        """What the page opens with: the draft, else what is known already, with where that came from."""
        beginning = self.beginning()
        values: Mapping[str, Any] = self.draft.data if self.draft else beginning
        values = self.with_answer(values)
        sheet = sheet_to_show(values, base=self.base, initial=self.hidden(), **self.options)
        same = {name for name in KEPT if (values.get(name) or "") == (beginning.get(name) or "")}
        sheet.form.origins = {name: text for name, text in self.prefill.origins.items() if name in same}
        return sheet

    @cached_property
    def consult(self) -> Consult | None:
        """The answered question that this handoff comes from, by `?consult=`."""
        text = self.request.GET.get("consult", "")
        is_number = text.isascii() and text.isdigit() and len(text) < 19
        return answered_consult(self.ticket, int(text)) if is_number else None

    def with_answer(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values with question and answer in the context, and with who answered as the target of a new form."""
        if self.consult is None:
            return values
        said, known = as_context(self.consult), str(values.get("additional_context") or "")
        found = {**values, "additional_context": known if said in known else f"{known}\n\n{said}".strip()}
        wanted = (f"user:{self.consult.answered_by_id}", f"team:{self.consult.to_team_id}")
        to = next((value for value in wanted if self.targets.find(value)), "")
        return found if self.draft or not to else {**found, "to": to}

    def posted(self) -> HandoffSheet:
        return sheet_of_post(self.request.POST, base=self.kept, **self.options)

    @cached_property
    def chosen(self) -> handoff_targets.Targets:
        """Of all targets the one that was chosen: enough for a form that can be filed and is not shown again."""
        return handoff_targets.chosen(self.ticket, by=self.request.user, value=self.request.POST.get("to", ""))

    def filed(self) -> HandoffSheet:
        """What was posted, with no more on offer than what was chosen."""
        choices = about.choices_for(self.chosen, kept=self.kept)
        return sheet_of_post(self.request.POST, base=self.kept, choices=choices)

    def content(self, sheet: HandoffSheet) -> HandoffContent:
        """What of the sheet is well formed."""
        if sheet.form.is_bound:
            return sheet.content()
        values = self.draft.data if self.draft else self.beginning()
        return content_of_draft(values, base=self.base, choices=self.options["choices"])

    def value(self, sheet: HandoffSheet, name: str) -> str:
        return str(sheet.form[name].value() or "") if name in sheet.form.fields else ""

    def target(self, sheet: HandoffSheet) -> handoff_targets.Target | None:
        return self.targets.find(self.value(sheet, "to"))

    def measure(self, sheet: HandoffSheet, target: handoff_targets.Target | None) -> Completeness:
        tier = target.team.team.tier.code if target else ""
        return completeness(self.content(sheet), reason=self.value(sheet, "reason"), to=tier)

    def take_files(self) -> list[str]:
        """Keep the files that came with the form itself (no script sent them); why some are not kept."""
        refused = []
        for upload in self.request.FILES.getlist("files"):
            try:
                attachment_add(ticket=self.ticket, by=self.request.user, upload=upload, form=HANDOFF_FORM)
            except Refused as error:
                refused.append(str(error))
        return refused

    # --- the answer -----------------------------------------------------------------------------------

    def live(self, sheet: HandoffSheet) -> dict[str, Any]:
        """What changes while one types: the meter, the states of the sections, the answer of the target."""
        target = self.target(sheet)
        measure = self.measure(sheet, target)
        return {
            "measure": measure, "target": target, "ack": self.ack(target),
            "is_warm": bool(self.value(sheet, "is_warm")),
            "minutes_spent": sheet.minutes_spent, "minutes": format_hours(sheet.minutes_spent * 60),
            "states": [(key, *measure.by_section[key]) for key, _, _ in SECTIONS],
        }  # fmt: skip

    def ack(self, target: handoff_targets.Target | None) -> about.AckTarget | None:
        if target is None:
            return None
        team = target.team.team
        return about.ack_target(self.ticket, team, acknowledge_by(self.ticket, team, self.now))

    def context(self, sheet: HandoffSheet, **more: Any) -> dict[str, Any]:
        live = self.live(sheet)
        sheet.form.needs = {one.name: one.why for one in live["measure"].missing}
        record = about.sender_record(self.request.user)
        _, policy = policy_in_force()
        returned = self.latest if self.latest is not None and self.latest.return_reason else None
        return {
            "page": self, "ticket": self.ticket, "sheet": sheet, "form": sheet.form, "returned": returned,
            "earlier": self.earlier,
            "severity": policy.severity(self.ticket.priority), "sections": self.sections(sheet, live),
            "files": about.form_files(self.ticket, self.request.user, returned), "max_bytes": MAX_BYTES,
            "max_size": f"{MAX_BYTES // 1_000_000} MB",
            "sla": about.sla_remaining(self.ticket, now=self.now),
            "head_title": f"Hand over: {self.ticket.subject}", "allowed_words": ALLOWED_WORDS,
            "crumbs": [("Queue", reverse("escalations:queue_list")), (self.ticket.ref, self.ticket.get_absolute_url())],
            "segment": self.labels["segment"].get(self.ticket.segment, self.ticket.segment),
            "return_reason": self.labels["return_reason"].get(returned.return_reason, "") if returned else "",
            "record_title": f"Your last {counted(record.filed, 'handoff')}", "record": record,
            "ratings_url": reverse("escalations:inbox_list") + "?tab=feedback",
            "saved_text": f"Saved {self.clock(self.draft.saved_at)}" if self.draft else "",
            **live, **more,
        }  # fmt: skip

    @cached_property
    def earlier(self) -> Earlier | None:
        """What this handoff repeats: resolved or de-escalated within the last 30 days."""
        if self.latest is None:
            return None
        if self.latest.state == EscalationState.RETURNED:
            return earlier_of(self.latest, self.labels, now=self.now, zone=self.zone)
        return earlier_on(self.ticket, self.labels, now=self.now, zone=self.zone)

    def clock(self, at: datetime) -> str:
        return format_time(at, self.zone, self.now)

    def sections(self, sheet: HandoffSheet, live: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = []
        for key, title, purpose in SECTIONS:
            filled, asked = live["measure"].by_section[key]
            if key == PREFIX:
                spent = f"{live['minutes']} so far." if live["minutes_spent"] else ""
                purpose = format_html('{} <span id="minutes-spent">{}</span>', purpose, spent)
            fields = [sheet.form[name] for name in FIELDS_OF.get(key, ()) if name in sheet.form.fields]
            needs = [one for one in live["measure"].missing if one.section == key == PREFIX]
            found.append({
                "key": key, "title": title, "purpose": purpose, "filled": filled, "asked": asked, "fields": fields,
                "needs": needs,
            })  # fmt: skip
        return found

    def answer(self, sheet: HandoffSheet, *, status: int = OK, **more: Any) -> HttpResponse:
        return page_or_fragment(self.request, self.template, self.fragment, self.context(sheet, **more), status)

    # --- values in words ------------------------------------------------------------------------------

    def words(self) -> dict[str, Callable[[Any], str]]:
        """Field → how its value is written, for the panel of both versions."""
        choices = self.options["choices"]
        lists = {
            "reason": choices.reasons, "scope": choices.scopes, "urgency": choices.urgencies,
            "contact_method": choices.contact_methods, "update_frequency": choices.update_frequencies,
            "reproduced": Reproduced.choices, "workaround": YES_NO, "customer_notified": YES_NO,
            "sentiment": Sentiment.choices,
        }  # fmt: skip
        found: dict[str, Callable[[Any], str]] = {name: _from_list(dict(pairs)) for name, pairs in lists.items()}
        found["to"] = lambda value: target.words if (target := self.targets.find(str(value or ""))) else "nobody"
        found[PREFIX] = _rows_in_words
        found["is_warm"] = lambda value: "yes" if value else "no"
        for name in ("last_contact_at", "notified_at", "next_update_at"):
            found[name] = lambda value: str(value or "nothing").replace("T", " ")
        return found


def _from_list(labels: Mapping[str, str]) -> Callable[[Any], str]:
    return lambda value: str(labels.get(str(value or ""), value or "nothing"))


def _rows_in_words(rows: Any) -> str:
    lines = [f"{row.get('step', '')}: {row.get('result', '')} ({row.get('minutes') or '?'} min)" for row in rows or ()]
    return "\n".join(lines) or "nothing"
