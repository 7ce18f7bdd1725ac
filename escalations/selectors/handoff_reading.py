"""A handoff as its receiver reads it: every answer in words, every gap with why it matters, and what happened to it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import F
from django.utils.safestring import SafeString

from accounts.models import User
from escalations.choices import ClockKind, ClockState, Reproduced, Sentiment
from escalations.domain.handoff import ASKS, NO, SECTIONS, YES, Completeness, HandoffContent, Step, completeness
from escalations.models import Attachment, Clock, Escalation, HandoffFeedback
from escalations.selectors.around_rows import AroundRows
from escalations.selectors.clock_strip import clock_chip
from escalations.selectors.timeline import Moment
from escalations.selectors.timeline_words import Book, Entry, entries
from journal.models import Event
from policies.choices import PickListName
from policies.selectors import pick_labels
from web.formats import format_hours, format_instant
from web.marks import Chip, mood

LISTS = (
    PickListName.REASON, PickListName.SCOPE, PickListName.URGENCY, PickListName.CONTACT_METHOD,
    PickListName.UPDATE_FREQUENCY, PickListName.RETURN_REASON, PickListName.BARRIER, PickListName.SEGMENT,
    PickListName.CHANNEL, PickListName.DE_ESCALATION,
)  # fmt: skip
YES_NO = {YES: "Yes", NO: "No"}
INSTANTS = ("last_contact_at", "notified_at", "next_update_at")
STEP_ASKS = ("steps", "results", "minutes")
Labels = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One answer. `text` is empty where it is missing; `why` then says what the receiver would have done with it."""

    name: str
    label: str
    text: str | SafeString
    why: str = ""
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    filled: int
    asked: int
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Reading:
    sections: list[Section]
    steps: tuple[Step, ...]
    step_gaps: list[Line]
    minutes: str


LONG = ("customer_words", "technical_description", "business_impact", "likely_cause", "recommended_action",
        "additional_context", "relationship_notes")  # fmt: skip


def read(
    content: HandoffContent, *, measure: Completeness, reason: str, labels: Labels, now: datetime, zone: tzinfo
) -> Reading:
    """The sections with their answers in words; where it goes stands in the page's head instead."""
    gaps = {one.name: one.why for one in measure.missing}
    sections = []
    for key, title, _ in SECTIONS:
        if key == "steps":
            continue
        asks = [ask for ask in ASKS if ask.section == key and ask.name != "to" and ask.when(content)]
        lines = []
        for ask in asks:
            text = _words(ask.name, content, reason, labels, now, zone)
            if text or ask.name in gaps:
                lines.append(Line(ask.name, ask.label, text, gaps.get(ask.name, ""), ask.name in LONG))
        filled, asked = measure.by_section[key]
        sections.append(Section(key, "Why" if key == "target" else title, filled, asked, lines))
    step_gaps = [Line(one.name, one.label, "", one.why) for one in measure.missing if one.name in STEP_ASKS]
    return Reading(sections, content.steps, step_gaps, format_hours(content.minutes_spent * 60))


def _words(
    name: str, content: HandoffContent, reason: str, labels: Labels, now: datetime, zone: tzinfo
) -> str | SafeString:
    value = reason if name == "reason" else str(getattr(content, name))
    if not value:
        return ""
    if name in INSTANTS:
        try:
            return format_instant(datetime.fromisoformat(value), zone, now)
        except ValueError:
            return value
    if name == "sentiment":
        return mood(value, dict(Sentiment.choices).get(value, value))
    if name == "reproduced":
        return str(dict(Reproduced.choices).get(value, value))
    if name in ("workaround", "customer_notified"):
        return YES_NO.get(value, value)
    return labels.get(name, {}).get(value, value)


def reading_labels() -> Labels:
    """Every list that a handoff's page names. One query."""
    return pick_labels(*LISTS)


def measure_of(escalation: Escalation) -> tuple[HandoffContent, Completeness]:
    content = HandoffContent.from_json(escalation.handoff.content)
    return content, completeness(content, reason=escalation.reason, to=escalation.to_tier.code)


def files_of(escalation: Escalation) -> list[Attachment]:
    return list(Attachment.objects.filter(handoff=escalation.handoff))


def feedback_of(escalation: Escalation) -> HandoffFeedback | None:
    return HandoffFeedback.objects.filter(escalation=escalation).select_related("given_by").first()


def history(
    escalation: Escalation, *, around: AroundRows, reader: User, labels: Labels, now: datetime, zone: tzinfo
) -> list[Entry]:
    """What happened to the handoff, newest first."""
    events = Event.objects.filter(
        subject_type="ticket", subject_id=escalation.ticket_id, kind__startswith="handoff.",
        data__escalation=escalation.pk,
    ).select_related("actor").order_by(F("occurred_at").desc(), F("id").desc())  # fmt: skip
    book = Book(
        ticket=escalation.ticket, reader=reader, zone=zone, now=now, labels=labels,
        escalations={}, resolutions={}, around=around,
    )  # fmt: skip
    return entries([Moment(event.occurred_at, 1, event=event) for event in events], book)


def acknowledgement(escalation: Escalation, *, now: datetime, zone: tzinfo) -> Chip | None:
    """The chip of the receiver's clock, its last round."""
    row = (
        Clock.objects.filter(escalation=escalation, kind=ClockKind.ACKNOWLEDGEMENT)
        .exclude(state=ClockState.CANCELLED)
        .select_related("calendar_revision", "tier")
        .order_by("-round")
        .first()
    )
    if row is None:
        return None
    said = clock_chip(row, (), now=now, zone=zone)
    return Chip(said.state, said.left, f"Acknowledge · {said.what}")
