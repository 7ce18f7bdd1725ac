"""Saved views of the queue: opened with what of them still exists, said in words, and counted in the rail."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from accounts.models import User
from escalations.access import sees_view, views_for, writes_view
from escalations.columns import COLUMNS
from escalations.filter_bar import OF
from escalations.filtersets import TicketFilter
from escalations.models import PinnedView, SavedView
from escalations.selectors.counts import CAP, Linked, Part, count_text, kept_parts, linked_counts, linked_parts
from escalations.selectors.queue import SORTS, Queue
from escalations.selectors.queue_options import Options, queue_options
from escalations.services.saved_views import MOST_PINS
from policies.domain.linked import trigger_of_text
from policies.domain.triggers import InvalidRule, trigger_words
from policies.offers import list_names

OPEN = "view"  # the address of a view, and what says of an address of one's own that it began as one
# What an address may say besides: none of it makes a view another.
PASSING = {OPEN, OF, "cursor", "format", "since", "facts"}
LOOKS = ("sort", "density", "column")
FREE = ("q", "customer", "parent", "issue", "when")
# Filters by which time passes: what they count cannot be prepared.
TIMED = ("due", "breached")


@dataclass(frozen=True, slots=True)
class Opened:
    """What an address asks for. `lost` names what of a saved view no longer exists; `is_gone`: all of it."""

    data: QueryDict
    view: SavedView | None = None
    lost: tuple[str, ...] = ()
    is_gone: bool = False
    may_write: bool = False


def open_view(user: User, data: QueryDict, options: Options) -> Opened:
    """The filters of the saved view that the address names; one's own where it holds more than the name."""
    named = data.get(OPEN) or data.get(OF)
    if not named:
        return Opened(data)
    is_number = named.isascii() and named.isdigit() and len(named) < 19
    view = views_for(user).filter(pk=int(named)).first() if is_number else None
    if view is None:
        return Opened(data, is_gone=OPEN in data)
    may_write = writes_view(user, view)
    if OPEN not in data or set(data) - PASSING:
        return Opened(data, view, may_write=may_write)
    kept, lost = what_exists(view.query, options)
    return Opened(kept, view, tuple(lost), may_write=may_write)


def what_exists(query: str, options: Options) -> tuple[QueryDict, list[str]]:
    """The stored address without what is gone by now, and the names of that."""
    stored, kept, lost = QueryDict(query), QueryDict(mutable=True), []
    for name, values in stored.lists():
        good = [value for value in values if _exists(name, value, options)]
        if good:
            kept.setlist(name, good)
        lost += [_lost(name, value) for value in values if value not in good]
    return kept, lost


def _exists(name: str, value: str, options: Options) -> bool:
    match name:
        case "column":
            return COLUMNS.get(value) is not None
        case "sort":
            return any(sort.key == value for sort in SORTS)
        case "density":
            return True
    if name not in TicketFilter.base_filters:
        return False
    if name == "when":
        return _is_readable(value)
    return name in FREE or options.find(name, value) is not None


def _is_readable(text: str) -> bool:
    try:
        trigger_of_text(text)
    except InvalidRule:
        return False
    return True


def conditions_words(text: str) -> str:
    """A trigger's conditions of an address in words; "" for what is none. As many statements as the lists of names."""
    try:
        return trigger_words(trigger_of_text(text), list_names())
    except InvalidRule:
        return ""


def _lost(name: str, value: str) -> str:
    known = TicketFilter.base_filters.get(name)
    label = str(known.label) if known else {"column": "Column", "sort": "Order"}.get(name, name)
    return f"{label} “{value}”"


def words_of(query: str, options: Options) -> str:
    """A stored address as people say it: "Status Open, Priority P1 or P2"."""
    said = []
    for name, values in QueryDict(query).lists():
        known = TicketFilter.base_filters.get(name)
        if known is not None:
            said.append(f"{known.label} {' or '.join(_label(name, value, options) for value in values)}")
        elif name == "sort":
            said += [sort.words for sort in SORTS if sort.key == values[0]]
    return ", ".join(said) or "All open tickets"


def _label(name: str, value: str, options: Options) -> str:
    if name == "when":
        return f"“{conditions_words(value)}”"
    option = None if name in FREE else options.find(name, value)
    return option.label if option else value


# --- the page of all views -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ViewLine:
    """One view as the page of views shows it."""

    view: SavedView
    words: str
    shared: str
    is_pinned: bool
    may_write: bool


def view_lines(user: User, options: Options) -> list[ViewLine]:
    """Pinned ones first in their order, then by name. Two statements, and the options' one."""
    places = dict(PinnedView.objects.filter(user=user).values_list("view_id", "position"))
    found = sorted(views_for(user).order_by("name", "pk"), key=lambda view: places.get(view.pk, MOST_PINS + 1))
    return [_line(view, user, options, view.pk in places) for view in found]


def _line(view: SavedView, user: User, options: Options, is_pinned: bool) -> ViewLine:
    shared = f"{view.team}" if view.team else "Only you"
    if view.team and view.owner_id != user.pk:
        shared = f"{view.team}, by {view.owner}"
    return ViewLine(view, words_of(view.query, options), shared, is_pinned, writes_view(user, view))


# --- in the rail ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned view with its count, "" where it cannot be counted."""

    view: SavedView
    count: str


def pins_of(user: User, *, now: datetime, zone: Any) -> list[Pin]:
    """The pinned views with their counts, capped: two statements (see `linked_counts`), one for those who have none."""
    rows = PinnedView.objects.filter(user=user).select_related("view", "view__team").order_by("position", "pk")
    views = [row.view for row in rows if sees_view(user, row.view)]
    counted = [view for view in views if not is_dear(view)]
    numbers, _ = linked_counts([_linked(user, view, now, zone) for view in counted]) if counted else ([], [])
    counts = {view.pk: count_text(number, CAP) for view, number in zip(counted, numbers, strict=True)}
    return [Pin(view, counts.get(view.pk, "")) for view in views]


def is_dear(view: SavedView) -> bool:
    """Whether counting it takes too long for every page: conditions ask for clocks and for words of messages."""
    return "when" in QueryDict(view.query)


def _linked(user: User, view: SavedView, now: datetime, zone: Any) -> Linked:
    return Linked((user.pk, user.team_id, view.pk, view.version), *_parts(user, view, now, zone))


def _parts(user: User, view: SavedView, now: datetime, zone: Any) -> list[Part]:
    def make() -> list[Part]:
        kept, _ = what_exists(view.query, queue_options(user))
        queue = Queue(user, kept, now=now, zone=zone)
        return linked_parts(queue.countable)

    asked = QueryDict(view.query)
    if any(name in asked for name in TIMED):
        return make()
    # By the hour: an organisation's lists and teams change, if rarely, and so does what of the view still exists.
    key: Hashable = ("pin", view.pk, view.version, f"{now:%Y-%m-%d %H}")
    return kept_parts(user, key, make)


def query_of(chosen: Mapping[str, Sequence[str]], look: Mapping[str, Sequence[str]]) -> str:
    """An address as a view keeps it: filters and looks, in one order."""
    looks = {name: look[name] for name in LOOKS if name in look}
    return urlencode({**chosen, **looks}, doseq=True)
