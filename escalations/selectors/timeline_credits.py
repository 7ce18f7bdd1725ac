"""How credits read on the timeline: asked for, granted, denied, moved up, reversed."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html

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
    made = Entry(css, icon(sign), format_html("{} " + words, book.who(event.actor), *values))
    made.link = ("Open request", reverse("escalations:credit_detail", args=[event.data.get("credit", 0)]))
    return made


def _policy(data: Mapping[str, Any]) -> str:
    limit = data.get("limit")
    reach = f", up to {format_money(Decimal(limit))}" if limit is not None else ""
    return f"By policy {data.get('policy', '')}{reach}"


def _requested(event: Event, book: Book) -> Entry:
    made = _entry("file-dollar", event, book, "asked <b>{}</b> for {}", event.data.get("to", ""), _what(event.data))
    made.more = " ".join(event.data.get("reasons", [])[:1])
    return made


def _granted(event: Event, book: Book) -> Entry:
    data = event.data
    if data.get("own"):
        made = _entry("check", event, book, "granted {} on their own authority", _what(data))
    else:
        lent = f", for {data['lent_by']}" if data.get("lent_by") else ""
        made = _entry("check", event, book, "approved {}{}", _what(data), lent)
    made.more = _policy(data)
    return made


def _denied(event: Event, book: Book) -> Entry:
    return _entry("x", event, book, "denied {}", _what(event.data))


def _routed_up(event: Event, book: Book) -> Entry:
    data = event.data
    made = _entry("arrow-up-right", event, book, "routed {} up to <b>{}</b>", _what(data), data.get("to", ""))
    made.more = f"{data.get('from', 'Nobody')} did not decide in time" if data.get("rang") else ""
    return made


def _unanswered(event: Event, book: Book) -> Entry:
    words = "found nobody above {} who could decide {}"
    return _entry("alert-triangle", event, book, words, event.data.get("waits_for", ""), _what(event.data))


def _taken_back(event: Event, book: Book) -> Entry:
    return _entry("arrow-back-up", event, book, "took back the request for {}", _what(event.data))


def _expired(event: Event, book: Book) -> Entry:
    return _entry("clock-stop", event, book, "ended the request for {}: nobody decided in 30 days", _what(event.data))


def _reversed(event: Event, book: Book) -> Entry:
    return _entry("rotate-clockwise", event, book, "reversed {}", _what(event.data))


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
