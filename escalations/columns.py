"""The queue's columns: how each fact reads in a row, and what a file holds of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, lru_cache
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from escalations.choices import Sentiment, TicketState
from escalations.selectors.queue_options import Options
from web.columns import Column, Columns
from web.formats import format_relative, format_updated
from web.marks import Chip, clock, fact, icon, mood, nobody, person, prio

SOMEWHERE = "BLY-0"


@dataclass(frozen=True, slots=True)
class Book:
    """What the cells of all rows refer to, worked out once."""

    user: User
    now: datetime
    zone: tzinfo
    options: Options
    ticket_url: str
    handoff_url: str

    @classmethod
    def open(cls, user: User, *, now: datetime, zone: tzinfo, options: Options) -> "Book":
        urls = [reverse(f"escalations:{name}", args=[SOMEWHERE]) for name in ("ticket_detail", "handoff_create")]
        return cls(user, now, zone, options, *urls)

    def label(self, name: str, code: str) -> str:
        option = self.options[name].get(code)
        return option.label if option else code


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the queue: the ticket as `selectors.queue` reads it, and what the page adds."""

    row: Any
    book: Book
    chip: Chip | None = None
    is_unread: bool = False


def initials(name: str) -> str:
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


# Cells are joined from escaped pieces: `format_html` for each of 450 cells is a third of the page's time.


def _select(line: Line) -> SafeString:
    ref = escape(line.row.ref)
    return mark_safe(f'<input type="checkbox" name="ticket" value="{ref}" aria-label="Select {ref}" data-select-row>')


UNREAD = mark_safe('<span class="unread"></span><span class="visually-hidden">Unread</span>')


def _subject(line: Line) -> SafeString:
    row, book = line.row, line.book
    segment = f" · {escape(book.label('segment', row.segment))}" if row.segment else ""
    signs = f" {VIP if row.is_vip else ''}{_restricted() if row.is_restricted else ''}{_linked(row)}"
    url = escape(book.ticket_url.replace(SOMEWHERE, row.ref))
    act = _acknowledge(row.ref) if row.handoff else ""
    return mark_safe(
        f'{act}<a class="queue__subject" href="{url}">{escape(row.subject)}</a>'
        f'<span class="queue__sub"><span class="cut">{escape(row.ref)} · {escape(row.customer__name)}{segment}</span>'
        f"{signs}</span>"
        f'<a hidden data-escalate href="{escape(book.handoff_url.replace(SOMEWHERE, row.ref))}"></a>'
    )


def _acknowledge(ref: str) -> str:
    """The button of a row whose handoff waits for this person: also what the key `a` presses."""
    return (
        f'<button class="btn btn--small queue__act" type="submit" name="one" value="acknowledge:{escape(ref)}"'
        f' formaction="{_one_url()}" title="Acknowledge" data-act>{icon("eye")}'
        f'<span class="queue__act-word">Acknowledge</span><span class="visually-hidden"> {escape(ref)}</span></button>'
    )


@cache
def _one_url() -> str:
    return reverse("escalations:bulk_one")


VIP = fact("VIP", vip=True)


@cache
def _restricted() -> SafeString:
    # Not at import: the sprite's name is known only once the static files are collected.
    return format_html('<span class="fact">{}Restricted</span>', icon("lock"))


def _linked(row: Any) -> str:
    """A child of an outage, or what carries others."""
    return _part("Parent") if row.carries else _part("Child") if row.parent_id else ""


@cache
def _part(word: str) -> SafeString:
    return format_html('<span class="fact">{}{}</span>', icon("sitemap"), word)


def _where(line: Line) -> SafeString:
    row = line.row
    owner = escape(row.owner__full_name or "No owner")
    return mark_safe(
        f'<span class="strong">{escape(row.tier__code)}</span> {escape(row.team__name)}'
        f'<span class="narrow-only"> · {owner}</span>'
    )


def _owner(line: Line) -> SafeString:
    row = line.row
    return _person(row.owner__full_name, row.owner_id == line.book.user.pk) if row.owner_id else _nobody()


@lru_cache(maxsize=1024)
def _person(name: str, is_you: bool) -> SafeString:
    return person(name, initials(name), you=is_you)


_nobody = cache(nobody)
_mood = cache(mood)


def _sentiment(line: Line) -> SafeString | str:
    code = line.row.sentiment
    return _mood(code, str(Sentiment(code).label)) if code else ""


def _when(at: datetime | None, line: Line) -> SafeString | str:
    if at is None:
        return ""
    shown = escape(format_updated(at, line.book.zone, line.book.now))
    return mark_safe(f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{shown}</time>')


def _since(line: Line) -> str:
    at = line.row.waiting_since
    return "" if at is None else format_relative(at, line.book.now).removesuffix(" ago")


def _picked(name: str, label: str) -> Column:
    return Column(
        name, label, cell=lambda line: line.book.label(name, getattr(line.row, name)), default=False, css="nowrap"
    )


# Always there, never chosen: they make the row.
FIXED = Columns(
    Column("select", "Select", cell=_select, css="q-mark"),
    Column("unread", "Unread", cell=lambda line: UNREAD if line.is_unread else "", css="q-mark"),
    Column("priority", "Pri", cell=lambda line: prio(line.row.priority), css="q-prio"),
    Column("ticket", "Ticket", cell=_subject, css="queue__cell"),
)

COLUMNS = Columns(
    Column("where", "Tier, team", cell=_where, css="q-where nowrap"),
    Column("owner", "Owner", cell=_owner),
    Column("due", "Due next", cell=lambda line: clock(line.chip) if line.chip else "", css="q-clock"),
    Column("sentiment", "Sentiment", cell=_sentiment),
    Column("state", "Status", cell=lambda line: TicketState(line.row.state).label, css="nowrap", default=False),
    Column("waiting", "Customer waits", cell=_since, css="nowrap", default=False),
    _picked("category", "Category"),
    _picked("issue_type", "Issue type"),
    _picked("product_area", "Product area"),
    _picked("channel", "Channel"),
    Column("elsewhere", "Number elsewhere", cell=lambda line: line.row.external_id, css="nowrap", default=False),
    Column("opened", "Opened", cell=lambda line: _when(line.row.opened_at, line), css="num quiet", default=False),
    Column("updated", "Updated", cell=lambda line: _when(line.row.updated_at, line), css="num quiet"),
)


def table_body(columns: Iterable[Column], lines: Iterable[Line]) -> SafeString:
    """The rows as markup, joined here: a template loop over 450 cells takes longer than making them."""
    chosen = [(column.cell, f'<td class="{column.css}">' if column.css else "<td>") for column in columns]
    parts: list[str] = []
    for line in lines:
        parts.append('<tr class="is-unread">' if line.is_unread else "<tr>")
        for cell, start in chosen:
            parts += (start, conditional_escape(cell(line)), "</td>")
        parts.append("</tr>\n")
    return mark_safe("".join(parts))


def is_unread(row: Any, user: User) -> bool:
    """Whether it concerns this person (theirs, or nobody's in their team) and changed since they last opened it."""
    concerns = row.owner_id == user.pk or (row.owner_id is None and row.team_id == user.team_id)
    return concerns and (row.read_at is None or row.read_at < row.updated_at)


def lines_of(rows: Iterable[Any], book: Book, chips: Mapping[int, Chip]) -> list[Line]:
    return [Line(row, book, chips.get(row.id), is_unread(row, book.user)) for row in rows]


def _ticket_cell(row: Any) -> SafeString:
    url = reverse("escalations:ticket_detail", args=[row.ref])
    lock = _restricted() if row.is_restricted else ""
    customer = f" · {row.customer__name}" if hasattr(row, "customer__name") else ""
    place = f"{row.ref}{customer} · {row.tier__code} {row.team__name} · {row.owner__full_name or 'No owner'}"
    return format_html(
        '<a class="queue__subject" href="{}">{}</a><span class="queue__sub"><span class="cut">{}</span> {}</span>',
        url, row.subject, place, lock,
    )  # fmt: skip


def customer_lines(rows: Iterable[Any], chips: Mapping[int, Chip], *, now: datetime, zone: tzinfo) -> SafeString:
    """The rows of a customer's page: priority, ticket, clock, when it was opened."""
    line = (
        '<tr><td class="q-prio">{}</td><td class="queue__cell">{}</td>'
        '<td class="q-clock">{}</td><td class="num quiet">{}</td></tr>'
    )
    return mark_safe(
        "".join(
            format_html(
                line, prio(row.priority), _ticket_cell(row), clock(chips[row.id]),
                format_updated(row.opened_at, zone, now),
            )
            for row in rows
        )
    )  # fmt: skip
