"""How the timeline reads: every message and event as an entry, ready to print."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from escalations.choices import MessageKind
from escalations.models import Message
from escalations.selectors.mentions import with_people
from escalations.selectors.timeline import Moment
from escalations.selectors.timeline_around import how_words
from escalations.selectors.timeline_book import Book, Entry, file_lines
from escalations.selectors.timeline_events import done
from escalations.selectors.timeline_links import children_linked, gathered
from web.formats import format_when
from web.marks import icon


def entries(moments: Iterable[Moment], book: Book) -> list[Entry]:
    """The entries of a page of the timeline."""
    return [
        _entry(one, book) if isinstance(one, Moment) else _several(one, book) for one in gathered(moments)
    ]  # fmt: skip


def _several(moments: list[Moment], book: Book) -> Entry:
    """An outage's children, linked one after the other, are one line: the newest of them dates it."""
    made = children_linked([moment.event for moment in moments if moment.event is not None], book)
    made.when = _when(moments[0].at, book)
    return made


def _entry(moment: Moment, book: Book) -> Entry:
    if moment.message is not None:
        made = _said(moment, moment.message, book)
    else:
        assert moment.event is not None
        made = done(moment.event, book)
    made.when = _when(moment.at, book)
    return made


def _when(at: datetime, book: Book) -> SafeString:
    shown = format_when(at, book.zone, book.now)
    return mark_safe(
        f'<time class="nowrap entry__when" datetime="{shown.iso}" title="{escape(shown.full)}">'
        f"<span data-relative>{escape(shown.relative)}</span> · {escape(shown.absolute)}</time>"
    )


# --- what was said ---------------------------------------------------------------------------------------

_CUSTOMER_SIGNS = {"email": "mail", "phone": "phone", "chat": "messages", "portal": "world"}


def _how(channel: str, book: Book) -> str:
    return f" {how_words(channel, book.labels.get('channel', {}))}" if channel else ""


def _said(moment: Moment, message: Message, book: Book) -> Entry:
    made = _said_by(message, book)
    made.text = with_people(message.body, moment.people, book.reader) if moment.people else message.body
    if message.redacted_at is not None:
        made.text, made.quiet = "", "The text was removed for the person’s privacy."
    if moment.promised:
        promised = f"Next update promised for {book.time(moment.promised)}"
        made.more = f"{made.more}. {promised}" if made.more else promised
    made.files = file_lines(moment.files)
    return made


def _said_by(message: Message, book: Book) -> Entry:
    contact = str(message.contact or book.ticket.contact or book.ticket.customer)
    how = _how(message.channel, book)
    match message.kind:
        case MessageKind.CUSTOMER:
            sign = icon(_CUSTOMER_SIGNS.get(message.channel, "mail"))
            head = format_html("<b>{}</b> {}{}", contact, "called" if message.channel == "phone" else "wrote",
                               "" if message.channel == "phone" else how)  # fmt: skip
            return Entry("customer", sign, head)
        case MessageKind.NOTE:
            return Entry("note", icon("lock"), format_html("{} added an internal note", book.who(message.author)))
        case MessageKind.CALL:
            return Entry("call", icon("phone"), format_html("{} called {}", book.who(message.author), contact))
    made = Entry("reply", icon("send"), format_html("{} replied to {}{}", book.who(message.author), contact, how))
    made.more = "With an update of its parent" if message.flowed_from_id else ""
    return made
