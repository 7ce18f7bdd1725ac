"""A ticket's timeline: what was said and what was done, in one order, a page at a time.

Messages and events are two streams. An event that only says "a message was written" is left out, because the
message stands for it; what it adds (the promise of a reply) is read beside the message.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import User
from escalations.choices import MessageKind
from escalations.models import Attachment, Message, Ticket
from escalations.selectors.mentions import people_in
from escalations.selectors.related import Pointing
from journal.models import Event

PAGE = 50
SPOKEN = ("ticket.replied", "ticket.customer_wrote", "ticket.noted")
MOVES = (
    "ticket.merged", "ticket.merged_in", "ticket.split_off", "ticket.split_from",
    "handoff.filed", "handoff.resubmitted", "handoff.acknowledged", "handoff.unacknowledged", "handoff.ack_expired",
    "handoff.accepted",
    "handoff.returned", "handoff.withdrawn", "handoff.redirected", "handoff.readdressed", "ticket.assigned",
    "handoff.de_escalated", "ticket.transferred", "ticket.handed_over", "ticket.resolved",
    "ticket.reopened", "ticket.closed", "ticket.unclosed",
)  # fmt: skip
WITH_CUSTOMER = (MessageKind.CUSTOMER, MessageKind.REPLY, MessageKind.CALL)
# At one instant an event is newer than a message: the customer's word ends the wait, not the other way round.
MESSAGE, EVENT = 0, 1


@dataclass(frozen=True, slots=True)
class View:
    """One filter of the timeline: which messages and which events it shows. None: all of them."""

    key: str
    label: str
    messages: tuple[str, ...] | None
    events: tuple[str, ...] | None


VIEWS = (
    View("all", "All", None, None),
    View("customer", "Customer", WITH_CUSTOMER, ()),
    View("notes", "Notes", (MessageKind.NOTE,), ()),
    View("moves", "Moves", (), MOVES),
)


def view_of(key: str) -> View:
    """The filter with this key; everything for a key that nobody knows."""
    return next((view for view in VIEWS if view.key == key), VIEWS[0])


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry: a message or an event. `promised` is the update that a reply promised."""

    at: datetime
    rank: int
    message: Message | None = None
    event: Event | None = None
    promised: str = ""
    files: tuple[Attachment, ...] = ()
    people: Mapping[str, User] = field(default_factory=dict)

    @property
    def pk(self) -> int:
        row = self.message or self.event
        assert row is not None
        return int(row.pk)

    @property
    def cursor(self) -> str:
        """Where the next older page begins."""
        return f"{int(self.at.timestamp() * 1_000_000)}.{self.rank}.{self.pk}"


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of the timeline, newest first. `older` is the cursor of the next page, "" at the beginning."""

    moments: list[Moment]
    older: str = ""

    @property
    def people(self) -> list[Pointing]:
        """Who spoke and who acted: for `relate`."""
        messages = [moment.message for moment in self.moments if moment.message]
        events = [moment.event for moment in self.moments if moment.event]
        return [(messages, ["author"]), (events, ["actor"])]


def _read_cursor(cursor: str) -> tuple[datetime, int, int] | None:
    """The instant, stream and id of a cursor; None for one that is not ours (then: the newest page)."""
    parts = cursor.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        return None
    stamp, rank, pk = (int(part) for part in parts)
    try:
        seconds, micros = divmod(stamp, 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), rank, pk
    except (OverflowError, ValueError, OSError):
        return None


def _before(field: str, rank: int, cursor: tuple[datetime, int, int] | None) -> Q:
    """What of one stream is older than the cursor."""
    if cursor is None:
        return Q()
    at, cursor_rank, pk = cursor
    if rank < cursor_rank:
        return Q(**{f"{field}__lte": at})
    if rank > cursor_rank:
        return Q(**{f"{field}__lt": at})
    return Q(**{f"{field}__lt": at}) | Q(**{field: at, "pk__lt": pk})


def _stream(ticket: Ticket) -> "QuerySet[Event]":
    return Event.objects.filter(subject_type="ticket", subject_id=ticket.pk)


def timeline(
    ticket: Ticket, *, view: View = VIEWS[0], before: str = "", files: Iterable[Attachment] = (), size: int = PAGE
) -> Slice:
    """One page of the timeline, without its people. Three statements at most, however long the ticket's history is.

    `files`: the ticket's attachments, which the page has read already.
    """
    cursor = _read_cursor(before)
    found: list[Moment] = []
    if view.messages != ():
        messages = ticket.messages.filter(_before("said_at", MESSAGE, cursor)).select_related("contact")
        if view.messages is not None:
            messages = messages.filter(kind__in=view.messages)
        found += _spoken(ticket, messages.order_by("-said_at", "-pk")[: size + 1], files)
    if view.events != ():
        events = _stream(ticket).filter(_before("occurred_at", EVENT, cursor))
        events = events.exclude(kind__in=SPOKEN) if view.events is None else events.filter(kind__in=view.events)
        newest = events.order_by("-occurred_at", "-pk")[: size + 1]
        found += [Moment(event.occurred_at, EVENT, event=event) for event in newest]
    found.sort(key=lambda moment: (moment.at, moment.rank, moment.pk), reverse=True)
    page = found[:size]
    return Slice(page, page[-1].cursor if len(found) > size else "")


def _spoken(ticket: Ticket, messages: Sequence[Message], files: Iterable[Attachment]) -> list[Moment]:
    by_message: dict[int, list[Attachment]] = {}
    for file in files:
        if file.message_id is not None:
            by_message.setdefault(file.message_id, []).append(file)
    promises = _promises(ticket, messages)
    people = people_in([message for message in messages if message.kind == MessageKind.NOTE])
    return [
        Moment(
            message.said_at, MESSAGE, message=message, promised=promises.get(message.pk, ""),
            files=tuple(by_message.get(message.pk, ())), people=people.get(message.pk, {}),
        )
        for message in messages
    ]  # fmt: skip


def _promises(ticket: Ticket, messages: Sequence[Message]) -> dict[int, str]:
    """Message id → the update it promised (ISO 8601), from the events written with the replies."""
    times = [message.said_at for message in messages if message.kind in (MessageKind.REPLY, MessageKind.CALL)]
    if not times:
        return {}
    told = _stream(ticket).filter(kind="ticket.replied", occurred_at__range=(min(times), max(times)))
    rows: Iterable[dict[str, Any]] = told.values_list("data", flat=True)
    return {row["message"]: row["next_update_at"] for row in rows if row.get("next_update_at")}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many entries each filter shows, and the newest event: what is younger than it is news."""

    counts: dict[str, int]
    newest: int


def tally(ticket: Ticket) -> Tally:
    """Counts by filter. Two statements."""
    said = dict(ticket.messages.values_list("kind").annotate(n=Count("pk")).order_by())
    done = list(_stream(ticket).values_list("kind").annotate(n=Count("pk"), last=Max("pk")).order_by())
    counts = {
        view.key: sum(n for kind, n in said.items() if view.messages is None or kind in view.messages)
        + sum(n for kind, n, _ in done if (kind not in SPOKEN if view.events is None else kind in view.events))
        for view in VIEWS
    }
    return Tally(counts, max((last for _, _, last in done), default=0))


def news_since(ticket: Ticket, seen: int) -> tuple[int, int]:
    """How many things happened to the ticket after the event `seen`, and the newest of them. One statement."""
    found = _stream(ticket).filter(pk__gt=seen).aggregate(n=Count("pk"), newest=Max("pk"))
    return found["n"], found["newest"] or seen


def said_since(ticket: Ticket, seen: int) -> list[Message]:
    """What was said on the ticket after the event `seen`, by whomever, oldest first. One statement; two with hits."""
    told = _stream(ticket).filter(pk__gt=seen, kind__in=SPOKEN).values_list("data", flat=True)
    keys = [data.get("message") for data in told]
    if not keys:
        return []
    return list(ticket.messages.filter(pk__in=keys).select_related("author", "contact").order_by("said_at", "pk"))
