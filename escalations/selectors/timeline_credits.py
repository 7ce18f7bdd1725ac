"""How credits read on the timeline: asked for, granted, denied, moved up, reversed."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.choices import Ability
from escalations.selectors.timeline_book import Book, Entry
from journal.models import Event
from web.formats import format_money
from web.marks import icon


def _what(data: Mapping[str, Any]) -> str:
    """ "a credit of $1,850.00", or the action's name."""
    if data.get("amount") is not None:
        return f"a credit of {format_money(Decimal(data['amount']))}"
    return str(data.get("name") or data.get("action", "")).lower()


def _entry(sign: str, event: Event, book: Book, words: str, *values: object) -> Entry:
    css = "status" if event.actor_id else "auto"
    return Entry(css, icon(sign), format_html("{} " + words, book.who(event.actor), *values))


def _link(event: Event, book: Book) -> SafeString | str:
    """What it is about; a link for those who may open the request: managers, and who had to do with it."""
    text = _what(event.data)
    if not (book.reader.can(Ability.MANAGE) or event.actor_id == book.reader.pk):
        return text
    url = reverse("escalations:credit_detail", args=[event.data.get("credit", 0)])
    return format_html('<a href="{}">{}</a>', url, text)


def _policy(data: Mapping[str, Any]) -> str:
    limit = data.get("limit")
    reach = f", up to {format_money(Decimal(limit))}" if limit is not None else ""
    return f"By policy {data.get('policy', '')}{reach}"


def _requested(event: Event, book: Book) -> Entry:
    return _entry("file-dollar", event, book, "asked <b>{}</b> for {}", event.data.get("to", ""), _link(event, book))


def _granted(event: Event, book: Book) -> Entry:
    data = event.data
    if data.get("own"):
        made = _entry("check", event, book, "granted {} on own authority", _link(event, book))
    else:
        lent = f", for {data['lent_by']}" if data.get("lent_by") else ""
        made = _entry("check", event, book, "approved {}{}", _link(event, book), lent)
    made.more = _policy(data)
    return made


def _denied(event: Event, book: Book) -> Entry:
    return _entry("x", event, book, "denied {}", _link(event, book))


def _routed_up(event: Event, book: Book) -> Entry:
    data = event.data
    made = _entry("arrow-up-right", event, book, "routed {} up to <b>{}</b>", _link(event, book), data.get("to", ""))
    made.more = f"{data.get('from', 'Nobody')} did not decide in time" if data.get("rang") else ""
    return made


def _unanswered(event: Event, book: Book) -> Entry:
    words = "found nobody above {} who could decide {}"
    return _entry("alert-triangle", event, book, words, event.data.get("waits_for", ""), _link(event, book))


def _taken_back(event: Event, book: Book) -> Entry:
    return _entry("arrow-back-up", event, book, "took back the request for {}", _link(event, book))


def _expired(event: Event, book: Book) -> Entry:
    return _entry("clock-stop", event, book, "ended the request for {}: nobody decided in 30 days", _link(event, book))


def _reversed(event: Event, book: Book) -> Entry:
    return _entry("rotate-clockwise", event, book, "reversed {}", _link(event, book))


CREDIT_WORDS: dict[str, Callable[[Event, Book], Entry]] = {
    "credit.requested": _requested,
    "credit.issued": _granted,
    "credit.approved": _granted,
    "credit.denied": _denied,
    "credit.routed_up": _routed_up,
    "credit.unanswered": _unanswered,
    "credit.taken_back": _taken_back,
    "credit.expired": _expired,
    "credit.reversed": _reversed,
}
