"""The queue: which tickets somebody sees, in what order, how many, and what has arrived since.

Everything starts from `Ticket.objects.visible_to(user)`, counts, news and export included.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from escalations.choices import OPEN_STATES, EscalationState
from escalations.filtersets import TicketFilter
from escalations.models import Ticket
from escalations.models.tickets import WAITING_LONGEST
from escalations.querysets import TicketQuerySet
from escalations.selectors.counts import (
    CAP,
    Linked,
    Part,
    capped_counts,
    count_part,
    count_text,
    kept_parts,
    linked_counts,
    linked_parts,
)
from escalations.selectors.queue_options import Options, queue_options
from escalations.selectors.queue_views import Tab, View, built_in_views
from escalations.selectors.waiting import handed_to
from journal.models import Event
from web.pagination import Page, paginate

PAGE_SIZE = 50
NEWS_CAP = 100
# What brings a ticket into somebody's view. Imported ones are found by their row: their events are as old as they.
ARRIVALS = ("ticket.created", "ticket.assigned", "ticket.handed_over", "ticket.reopened", "handoff.accepted")

FIELDS = (
    "id", "ref", "subject", "external_id", "priority", "state", "segment", "is_vip", "is_restricted", "customer_id",
    "customer__name", "tier__code", "team_id", "team__name", "owner_id", "owner__full_name", "region_id", "category",
    "issue_type", "product_area", "channel", "sentiment", "due_at", "due_kind", "updated_at", "opened_at",
    "waiting_since", "queue_key", "parent_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sort:
    key: str
    label: str
    words: str
    ordering: tuple[str, ...]


SORTS = (
    Sort("urgency", "Urgency", "Most urgent first", ("queue_key", "id")),
    Sort("newest", "Newest", "Newest first", ("-opened_at", "-id")),
    Sort("waiting", "Longest waiting", "Customers who wait longest first", ("waits", "id")),
    Sort("updated", "Last updated", "Last updated first", ("-updated_at", "-id")),
)
# Closed tickets have no deadline to be sorted by, and only the newest-first order has an index for them.
SORTS_OF_CLOSED = SORTS[1:2]


class Queue:
    """The queue as one person asks for it in one request."""

    def __init__(
        self, user: User, data: QueryDict, *, now: datetime, zone: Any = None, options: Options | None = None
    ) -> None:
        self.user, self.data, self.now = user, data, now
        self.zone: ZoneInfo = zone or timezone.get_current_timezone()
        self.options = options or queue_options(user)

    @cached_property
    def visible(self) -> TicketQuerySet:
        return Ticket.objects.visible_to(self.user)

    @cached_property
    def filter(self) -> TicketFilter:
        return TicketFilter(self.data, self.visible, options=self.options, now=self.now, zone=self.zone)

    @cached_property
    def tickets(self) -> TicketQuerySet:
        """Visible tickets that pass the filters; none when the address holds something unreadable."""
        if self.filter.is_plain:
            return self.filter.narrow(self.visible, {})
        found: TicketQuerySet = self.filter.qs if self.filter.is_valid() else Ticket.objects.none()
        return found

    @cached_property
    def chosen(self) -> dict[str, list[str]]:
        return self.filter.chosen

    @property
    def words(self) -> str:
        return (self.chosen.get("q") or [""])[0]

    @property
    def only_open(self) -> bool:
        return set(self.chosen.get("state", ())) <= set(OPEN_STATES)

    @property
    def sorts(self) -> tuple[Sort, ...]:
        return SORTS if self.only_open else SORTS_OF_CLOSED

    @cached_property
    def sort(self) -> Sort:
        asked = self.data.get("sort", "")
        return next((sort for sort in self.sorts if sort.key == asked), self.sorts[0])

    @cached_property
    def ordered(self) -> TicketQuerySet:
        if self.sort.key == "waiting":
            return self.tickets.annotate(waits=WAITING_LONGEST)
        return self.tickets

    def page(self, cursor: str, size: int = PAGE_SIZE) -> tuple[Page[Any], list[Any]]:
        """A page's keys, and its rows as named tuples of FIELDS, `read_at`, `handoff`, `carries`. Two statements.

        The first finds the keys in one table and in the order of an index; only the rows shown are joined to names.
        `handoff` is the id of one that waits for this person's acknowledgement, or None; `carries`: open children.
        """
        names = [name.lstrip("-") for name in self.sort.ordering]
        keys = self.ordered.values_list(*names, named=True)
        page = paginate(keys, ordering=self.sort.ordering, cursor=cursor, size=size)
        wanted = [row.id for row in page.rows]
        own = FilteredRelation("reads", condition=Q(reads__user=self.user))
        asked = handed_to(self.user, (EscalationState.PENDING,)).filter(ticket=OuterRef("pk")).values("pk")[:1]
        carried = Ticket.objects.open().filter(parent=OuterRef("pk"))
        rows = Ticket.objects.filter(pk__in=wanted).annotate(
            own=own, read_at=F("own__read_at"), handoff=Subquery(asked), carries=Exists(carried)
        )
        found = {row.id: row for row in rows.values_list(*FIELDS, "read_at", "handoff", "carries", named=True)}
        # A ticket that was deleted between the two (an import taken back) is simply not there.
        return page, [found[pk] for pk in wanted if pk in found]

    def rows(self) -> QuerySet[Ticket, Any]:
        """All rows of the view in its order, for the export."""
        extra = ["waits"] if self.sort.key == "waiting" else []
        return self.ordered.order_by(*self.sort.ordering).values_list(*FIELDS, *extra, named=True)

    @cached_property
    def views(self) -> list[View]:
        return built_in_views(self.user)

    @cached_property
    def current(self) -> int | None:
        """The place of the view that is shown, if it is one of the built-in ones."""
        return next((place for place, view in enumerate(self.views) if view.params == self.chosen), None)

    @cached_property
    def tabs(self) -> list[Tab]:
        """The built-in views with their counts, the current one marked."""
        found = []
        for place, view in enumerate(self.views):
            is_current = place == self.current
            count = self.total_text if is_current else count_text(self._counts[place], CAP)
            found.append(Tab(view.label, view.url, count, is_current))
        return found

    @property
    def held(self) -> int:
        """Open tickets of this person's team, of everybody for who has none: the number beside "Queue"."""
        wanted = "My team" if self.user.team_id is not None else "All open"
        return self._counts[[view.label for view in self.views].index(wanted)]

    @property
    def total(self) -> int:
        """How many tickets the view holds, `CAP` + 1 for more."""
        return self._counts[-1]

    @property
    def total_text(self) -> str:
        return count_text(self.total, CAP)

    @property
    def is_capped(self) -> bool:
        return self.total > CAP

    @cached_property
    def _counts(self) -> list[int]:
        """Of each built-in view, and of the one shown. One statement, once a minute a second for large ones."""
        parts = kept_parts(self.user, ("tabs", self.filter.until(None)), self._tab_parts)
        keys = [(self.user.pk, self.user.team_id, view.label) for view in self.views]
        links = [Linked(key, *pair) for key, pair in zip(keys, zip(parts[::2], parts[1::2], strict=True), strict=True)]
        numbers, [shown] = linked_counts(links, [count_part(self.countable, CAP)])
        return [*numbers, shown]

    @property
    def countable(self) -> TicketQuerySet:
        """The view in the order in which it is counted soonest: that of its index, none where it begins elsewhere."""
        if "handoff" in self.chosen:
            return self.tickets.order_by()
        return self.tickets.order_by("queue_key" if self.only_open else "-opened_at")

    def _tab_parts(self) -> list[Part]:
        narrowed = [self.filter.narrow(self.visible, view.params) for view in self.views]
        return [part for tickets in narrowed for part in linked_parts(tickets.order_by("queue_key"))]

    def news(self, since: datetime) -> int:
        """How many tickets of this view arrived after `since`, at most NEWS_CAP + 1. One's own doing is no news."""
        arrived = _told(self.user, since).values_list("subject_id", flat=True).union(_imported(since))
        return capped_counts([self.tickets.filter(pk__in=arrived)], NEWS_CAP)[0]


def _told(user: User, since: datetime) -> QuerySet[Event]:
    return Event.objects.filter(kind__in=ARRIVALS, occurred_at__gt=since, subject_type="ticket").exclude(actor=user)


def _imported(since: datetime) -> QuerySet[Ticket, int]:
    return Ticket.objects.filter(created_at__gt=since, batch__isnull=False).values_list("pk", flat=True)


def anything_since(user: User, since: datetime) -> bool:
    """Whether any ticket at all arrived anywhere: what most polls end with. Two short looks into an index."""
    return _told(user, since).exists() or _imported(since).exists()
