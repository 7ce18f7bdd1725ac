"""How each event reads on the timeline: "who did what", and what stands below."""

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from escalations.choices import ClockKind, Priority
from escalations.domain.clocks import Wait
from escalations.domain.handoff import HandoffContent
from escalations.domain.wording import clock_label, humanize_seconds
from escalations.models import Escalation
from escalations.selectors.timeline_around import AROUND_WORDS, answer_of, restated
from escalations.selectors.timeline_book import FACT_LABELS, Book, Entry, fact_words
from escalations.selectors.timeline_credits import CREDIT_WORDS
from escalations.selectors.timeline_links import LINK_WORDS
from journal.models import Event
from web.formats import counted
from web.marks import icon


def done(event: Event, book: Book) -> Entry:
    write = _WORDS.get(event.kind)
    if write is not None:
        return write(event, book)
    # A kind that a later part of Belay writes: said plainly rather than hidden.
    words = event.kind.partition(".")[2].replace("_", " ")
    return Entry("auto", icon("bolt"), format_html("{}: {}", book.who(event.actor), words))


def _status(sign: str, event: Event, book: Book, words: str, *values: object) -> Entry:
    css = "status" if event.actor_id else "auto"
    return Entry(css, icon(sign if event.actor_id else "bolt"), _head(event, book, words, *values))


def _head(event: Event, book: Book, words: str, *values: object) -> SafeString:
    return format_html("{} " + words, book.who(event.actor), *values)


def _place(tier: object, team: object) -> str:
    return f"{tier or ''} {team or ''}".strip()


def _created(event: Event, book: Book) -> Entry:
    data = event.data
    made = _status("ticket", event, book, "opened the ticket at <b>{}</b>", _place(data.get("tier"), data.get("team")))
    made.text = book.ticket.description
    return made


def _imported(event: Event, book: Book) -> Entry:
    made = Entry("auto", icon("file-import"), _head(event, book, "imported the ticket from {}", book.ticket.source))
    made.text = book.ticket.description
    return made


def _escalation(event: Event, book: Book) -> Escalation | None:
    return book.escalations.get(event.data.get("escalation", 0))


def _handoff_url(escalation: Escalation, book: Book) -> str:
    return reverse("escalations:handoff_detail", args=[book.ticket.ref, escalation.pk])


def _filed(event: Event, book: Book) -> Entry:
    data = event.data
    verb = "handed in again" if event.kind == "handoff.resubmitted" else "escalated"
    to = _place(data.get("to_tier"), data.get("to_team"))
    head = _head(event, book, verb + " <b>{} → {}</b>", _place(data.get("from_tier"), data.get("from_team")), to)
    made = Entry("move", icon("arrow-up-right"), head)
    if data.get("to_user"):
        made.more = f"For {data['to_user']}"
    made.facts = [("Reason", book.label("reason", data.get("reason", "")))]
    if data.get("previous"):
        made.more = f"{made.more}. Again" if made.more else "Again"
        made.more += ": it was escalated within the last 30 days before"
    escalation = _escalation(event, book)
    if escalation is None:
        return made
    handoff = getattr(escalation, "handoff", None)
    if handoff is not None:
        made.facts += _handoff_facts(HandoffContent.from_json(handoff.content))
    made.link = ("Open handoff", _handoff_url(escalation, book))
    filled, asked = data.get("filled"), data.get("asked")
    if asked:
        made.quiet = f"{'Complete, ' if filled == asked else ''}{filled} of {asked} fields"
    return made


def _handoff_facts(content: HandoffContent) -> list[tuple[str, str]]:
    tried = []
    if content.steps:
        minutes = content.minutes_spent
        tried.append(counted(len(content.steps), "step") + (f", {humanize_seconds(minutes * 60)}" if minutes else ""))
    if content.reproduced:
        tried.append(f"Reproduced: {content.reproduced}")
    if content.workaround:
        tried.append(f"Workaround: {content.workaround}")
    facts = [("Tried", ". ".join(tried))] if tried else []
    return facts + ([("Likely cause", content.likely_cause)] if content.likely_cause else [])


def _took(data: Mapping[str, Any]) -> str:
    """ " after 7 min of 15 min", where the acknowledgement clock says so."""
    if "seconds" not in data or "target" not in data:
        return ""
    late = ", late" if data.get("state") == "breached" else ""
    return f" after {humanize_seconds(data['seconds'])} of {humanize_seconds(data['target'])}{late}"


def _acknowledged(event: Event, book: Book) -> Entry:
    return Entry("ack", icon("check"), _head(event, book, "acknowledged{}", _took(event.data)))


def _accepted(event: Event, book: Book) -> Entry:
    data = event.data
    head = _head(event, book, "accepted for <b>{}</b>{}", _place(data.get("tier"), data.get("team")), _took(data))
    made = Entry("move", icon("hand-grab"), head)
    if data.get("estimated_resolution_at"):
        made.facts.append(("Estimate", book.time(data["estimated_resolution_at"])))
    escalation = _escalation(event, book)
    if escalation is not None and data.get("needs_resources"):
        made.facts.append(("Needs", escalation.resources_details))
    row = book.around.read_back(data.get("read_back"))
    if row is not None:
        made.more, made.text = answer_of(row), restated(row)
    return made


def _returned(event: Event, book: Book) -> Entry:
    reason = book.label("return_reason", event.data.get("reason", ""))
    made = Entry("move", icon("arrow-back-up"), _head(event, book, "returned the handoff: <b>{}</b>", reason))
    escalation = _escalation(event, book)
    if escalation is not None:
        made.text = escalation.return_note
        made.link = ("Open handoff", _handoff_url(escalation, book))
    return made


def _withdrawn(event: Event, book: Book) -> Entry:
    head = _head(event, book, "took the handoff to <b>{}</b> back", event.data.get("to_team", ""))
    made = Entry("move", icon("arrow-down-left"), head)
    made.text = str(event.data.get("note") or "")
    return made


def _redirected(event: Event, book: Book) -> Entry:
    data = event.data
    to = data.get("to_user") or data.get("to_team", "")
    head = _head(event, book, "redirected the handoff <b>{} → {}</b>", data.get("before", ""), to)
    made = Entry("move", icon("route"), head)
    made.text = str(data.get("note") or "")
    return made


def _ack_expired(event: Event, book: Book) -> Entry:
    words = format_html("<b>Acknowledged, not accepted in time.</b> The handoff waits for an answer again")
    return Entry("auto", icon("bolt"), words)


def _unacknowledged(event: Event, book: Book) -> Entry:
    words = "took the acknowledgement back. The handoff waits again, on the clock that it had"
    return Entry("ack", icon("arrow-back-up"), _head(event, book, words))


def _completed(event: Event, book: Book) -> Entry:
    data = event.data
    made = _status("pencil", event, book, "completed the handoff: {}", counted(len(data.get("fields", [])), "field"))
    if data.get("asked"):
        made.more = f"{data.get('filled')} of {data['asked']} fields are filled"
    return made


def _rated(event: Event, book: Book) -> Entry:
    necessary = "necessary" if event.data.get("necessary") else "not necessary"
    words = "rated the handoff <b>{} of 5</b>; the escalation was {}"
    return _status("star", event, book, words, event.data.get("rating", "?"), necessary)


def _changed(event: Event, book: Book) -> Entry:
    changes: Mapping[str, Any] = event.data.get("changes", {})
    names = [FACT_LABELS.get(name, name).lower() for name in changes]
    made = _status("pencil", event, book, "changed <b>{}</b>", ", ".join(names))
    made.facts = [
        (FACT_LABELS.get(name, name), f"{fact_words(book.labels, name, old)} → {fact_words(book.labels, name, new)}")
        for name, (old, new) in changes.items()
        if name != "description"
    ]
    return made


def _pair(event: Event, name: str) -> tuple[Any, Any]:
    pair = event.data.get("changes", {}).get(name) or [None, None]
    return pair[0], pair[1]


def _priority(event: Event, book: Book) -> Entry:
    old, new = (Priority(value).label if value else "none" for value in _pair(event, "priority"))
    made = _status("flag", event, book, "changed the priority <b>{} → {}</b>", old, new)
    made.more = str(event.data.get("reason") or "")
    return made


def _assigned(event: Event, book: Book) -> Entry:
    old, new = _pair(event, "owner")
    if new is None:
        return _status("user-x", event, book, "gave the ticket back to the team; it was with <b>{}</b>", old)
    if event.actor is not None and new == event.actor.full_name:
        return _status("user-check", event, book, "took the ticket")
    return _status("user-check", event, book, "gave the ticket to <b>{}</b>", new)


_AT_HANDOVER = {"shift_end": "at the end of the shift", "leave": "before leave"}


def _handed_over(event: Event, book: Book) -> Entry:
    """A whole desk changed hands, this ticket with it."""
    old, new = _pair(event, "owner")
    when = _AT_HANDOVER.get(str(event.data.get("reason")), "with the whole desk")
    if new is None:
        head = _head(event, book, "gave the ticket of <b>{}</b> to the team {}", old, when)
    else:
        head = _head(event, book, "handed the ticket over <b>{} → {}</b> {}", old, new, when)
    made = Entry("move", icon("hand-grab"), head)
    made.text = str(event.data.get("note") or "")
    return made


def _readdressed(event: Event, book: Book) -> Entry:
    data = event.data
    to = data.get("to_user") or data.get("to_team", "")
    words = "passed the handoff on within the team <b>{} → {}</b>. It waits for an acknowledgement"
    made = Entry("move", icon("route"), _head(event, book, words, data.get("before", ""), to))
    made.text = str(data.get("note") or "")
    return made


def _waiting(event: Event, book: Book) -> Entry:
    data = event.data
    whom = "the vendor" if data.get("wait") == Wait.VENDOR else "the customer"
    made = _status(
        "player-pause", event, book, "set the ticket to wait for <b>{}</b>: {}", whom, data.get("reason", "")
    )
    if data.get("review_at"):
        made.more = f"Clocks stand still. To be looked at again {book.time(data['review_at'])}"
    return made


def _resumed(event: Event, book: Book) -> Entry:
    return _status("player-play", event, book, "went on with the work. The clocks run again")


def _restricted(event: Event, book: Book) -> Entry:
    _, now_restricted = _pair(event, "is_restricted")
    if now_restricted:
        readers = counted(len(event.data.get("readers", [])), "person", "people")
        return _status("lock", event, book, "restricted the ticket to {}", readers)
    return _status("lock-open", event, book, "opened the ticket to all support staff")


def _resolved(event: Event, book: Book) -> Entry:
    made = Entry("move", icon("circle-check"), _head(event, book, "resolved the ticket"))
    made.facts = [("Root cause", book.label("root_cause", event.data.get("root_cause", "")))]
    resolution = book.resolutions.get(event.data.get("resolution", 0))
    if resolution is not None:
        made.text = resolution.what_was_done
    if event.data.get("ref"):
        made.more = "With its parent"
    if event.data.get("satisfaction"):
        made.facts.append(("Satisfaction", f"{event.data['satisfaction']} of 5"))
    return made


def _reopened(event: Event, book: Book) -> Entry:
    made = Entry(
        "move", icon("rotate-clockwise"), _head(event, book, "reopened the ticket. A new round of clocks starts")
    )
    made.text = str(event.data.get("reason") or "")
    if event.data.get("children"):
        made.more = f"{counted(event.data['children'], 'child stays', 'children stay')} resolved"
    return made


def _closed(event: Event, book: Book) -> Entry:
    return _status("checkbox", event, book, "closed the ticket")


def _unclosed(event: Event, book: Book) -> Entry:
    return _status("arrow-back-up", event, book, "took the closing back; the ticket is resolved")


def _breached(event: Event, book: Book) -> Entry:
    data = event.data
    kind = str(data.get("clock", ""))
    name = book.clocks.get((kind, data.get("round", 1))) or (
        clock_label(ClockKind(kind)) if kind in ClockKind.values else "A clock"
    )
    made = Entry("auto", icon("bolt"), format_html("<b>{}</b>: the deadline passed", name))
    if data.get("late"):
        late = humanize_seconds(int(data.get("seconds_late", 0)), days=True)
        made.more = f"Noticed {late} after it, because nothing watched the clocks meanwhile"
    return made


def _review(event: Event, book: Book) -> Entry:
    made = Entry("auto", icon("bolt"), format_html("<b>Time to look again:</b> the ticket is still waiting"))
    made.more = str(event.data.get("reason") or "")
    return made


def _moved(event: Event, book: Book) -> Entry:
    calendar = event.data.get("calendar")
    words = format_html("<b>{}</b> changed; the deadlines were worked out anew", calendar or "A calendar")
    return Entry("auto", icon("calendar-event"), words)


def _answer_found(event: Event, book: Book) -> Entry:
    return _status("history", event, book, "found the answer in {}", _ref_link(event))


def _answer_dropped(event: Event, book: Book) -> Entry:
    return _status("history", event, book, "took back that {} answers it", _ref_link(event))


def _ref_link(event: Event) -> SafeString:
    """A ticket that the event names. Whoever may not see it finds nothing behind the link."""
    ref = event.data.get("ref", "")
    return format_html('<a href="{}">{}</a>', reverse("escalations:ticket_detail", args=[ref]), ref)


_WORDS: dict[str, Callable[[Event, Book], Entry]] = {
    "ticket.answer_found": _answer_found,
    "ticket.answer_dropped": _answer_dropped,
    **AROUND_WORDS,
    **LINK_WORDS,
    **CREDIT_WORDS,
    "ticket.created": _created,
    "ticket.imported": _imported,
    "ticket.changed": _changed,
    "ticket.priority_changed": _priority,
    "ticket.assigned": _assigned,
    "ticket.handed_over": _handed_over,
    "ticket.waiting": _waiting,
    "ticket.resumed": _resumed,
    "ticket.restricted": _restricted,
    "ticket.resolved": _resolved,
    "ticket.reopened": _reopened,
    "ticket.closed": _closed,
    "ticket.unclosed": _unclosed,
    "handoff.filed": _filed,
    "handoff.resubmitted": _filed,
    "handoff.completed": _completed,
    "handoff.acknowledged": _acknowledged,
    "handoff.ack_expired": _ack_expired,
    "handoff.unacknowledged": _unacknowledged,
    "handoff.accepted": _accepted,
    "handoff.returned": _returned,
    "handoff.withdrawn": _withdrawn,
    "handoff.redirected": _redirected,
    "handoff.readdressed": _readdressed,
    "handoff.rated": _rated,
    "clock.breached": _breached,
    "pause.review_due": _review,
    "calendar.moved": _moved,
}
