"""How the timeline reads what happens around an acceptance: read-backs, releases, follow-ups, questions, moves."""

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from escalations.choices import ReadBackState
from escalations.models import Consult, ReadBack
from escalations.selectors.timeline_book import Book, Entry
from journal.models import Event
from web.marks import icon

_HOW = {"email": "by e-mail", "phone": "by phone", "chat": "by chat", "portal": "in the portal"}


def how_words(channel: str, channels: Mapping[str, str]) -> str:
    """ "by phone", "in the portal": how somebody was reached. `channels`: code → label."""
    if not channel:
        return ""
    return _HOW.get(channel) or f"by {channels.get(channel, channel).lower()}"


def restated(row: ReadBack) -> str:
    """A read-back as it stands on the timeline."""
    return f"“{row.problem}”\nNext: “{row.next_action}”"


def answer_of(row: ReadBack) -> str:
    """What the sender said to it, for the line below an acceptance."""
    match row.state:
        case ReadBackState.CONFIRMED:
            return f"Read-back confirmed by {row.answered_by}"
        case ReadBackState.CORRECTED:
            return f"Read-back corrected by {row.answered_by}"
    return "Read-back not confirmed yet"


def _head(event: Event, book: Book, words: str, *values: object) -> SafeString:
    return format_html("{} " + words, book.who(event.actor), *values)


def _made(sign: str, event: Event, book: Book, words: str, *values: object) -> Entry:
    css = "status" if event.actor_id else "auto"
    return Entry(css, icon(sign if event.actor_id else "bolt"), _head(event, book, words, *values))


def _move(sign: str, event: Event, book: Book, words: str, *values: object) -> Entry:
    return Entry("move", icon(sign), _head(event, book, words, *values))


def _place(tier: object, team: object) -> str:
    return f"{tier or ''} {team or ''}".strip()


# --- read-back, warm transfer, follow-up ----------------------------------------------------------------


def _read_back(event: Event, book: Book) -> Entry:
    made = _made("repeat", event, book, "restated problem and next action")
    row = book.around.read_back(event.data.get("read_back"))
    if row is not None:
        made.text = restated(row)
    return made


def _confirmed(event: Event, book: Book) -> Entry:
    return _made("message-check", event, book, "confirmed the read-back")


def _corrected(event: Event, book: Book) -> Entry:
    made = _made("pencil", event, book, "corrected the read-back")
    row = book.around.read_back(event.data.get("read_back"))
    if row is not None:
        made.text = row.correction
    return made


def _released(event: Event, book: Book) -> Entry:
    return _made(
        "door-exit", event, book, "released <b>{}</b> from the ticket", event.data.get("sender") or "the sender"
    )


def _followed_up(event: Event, book: Book) -> Entry:
    data = event.data
    how = how_words(str(data.get("channel") or ""), book.labels.get("channel", {}))
    made = _made("heart-handshake", event, book, "contacted the customer after accepting{}", f" {how}" if how else "")
    if data.get("message") is None and data.get("contacted_at"):
        made.more = f"At {book.time(data['contacted_at'])}, recorded by hand"
    row = book.around.follow_up(data.get("follow_up"))
    if row is not None:
        made.text = row.note
    return made


# --- moves ----------------------------------------------------------------------------------------------


def _transferred(event: Event, book: Book) -> Entry:
    data = event.data
    before, to = data.get("from_team"), data.get("to_user") or data.get("to_team")
    if data.get("to_team") == before:
        before = data.get("from_user") or before
    made = _move("arrows-exchange", event, book, "transferred <b>{} → {}</b>", before, to)
    if data.get("to_user") and data.get("to_team") != data.get("from_team"):
        made.more = f"For {data['to_user']} in {data['to_team']}"
    made.text = str(data.get("note") or "")
    return made


def _de_escalated(event: Event, book: Book) -> Entry:
    data = event.data
    down = _place(data.get("to_tier"), data.get("to_team"))
    words = "de-escalated <b>{} → {}</b>"
    made = _move("arrow-down-left", event, book, words, _place(data.get("from_tier"), data.get("from_team")), down)
    if data.get("to_user"):
        made.more = f"For {data['to_user']}"
    if data.get("reason"):
        made.facts = [("Reason", book.label("de_escalation", data["reason"]))]
    made.text = str(data.get("note") or "")
    return made


# --- questions ------------------------------------------------------------------------------------------


def _link(consult: Consult, book: Book) -> tuple[str, str]:
    return "Open question", reverse("escalations:consult_detail", args=[book.ticket.ref, consult.pk])


def _asked(event: Event, book: Book) -> Entry:
    data = event.data
    whom = data.get("to_user") or _place(data.get("to_tier"), data.get("to_team"))
    made = _made("help", event, book, "asked <b>{}</b>", whom)
    consult = book.around.consult(data.get("consult"))
    if consult is not None:
        made.text, made.link = consult.question, _link(consult, book)
    return made


def _answered(event: Event, book: Book) -> Entry:
    made = _made("message-check", event, book, "answered the question to <b>{}</b>", event.data.get("to_team") or "")
    consult = book.around.consult(event.data.get("consult"))
    if consult is not None:
        made.facts, made.text = [("Asked", consult.question)], consult.answer
        made.link = _link(consult, book)
    return made


def _withdrawn(event: Event, book: Book) -> Entry:
    whom: Any = event.data.get("to_user") or event.data.get("to_team") or "somebody"
    made = _made("hand-stop", event, book, "took the question to <b>{}</b> back", whom)
    made.more = str(event.data.get("note") or "")
    return made


AROUND_WORDS: dict[str, Callable[[Event, Book], Entry]] = {
    "handoff.read_back": _read_back,
    "handoff.read_back_confirmed": _confirmed,
    "handoff.read_back_corrected": _corrected,
    "handoff.released": _released,
    "handoff.followed_up": _followed_up,
    "handoff.de_escalated": _de_escalated,
    "ticket.transferred": _transferred,
    "ticket.consulted": _asked,
    "ticket.consult_answered": _answered,
    "ticket.consult_withdrawn": _withdrawn,
}
