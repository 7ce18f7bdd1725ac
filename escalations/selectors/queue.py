"""The queue: which tickets somebody sees, in what order, how many, and what has arrived since.

Everything starts from `Ticket.objects.visible_to(user)`, counts, news and export included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from escalations.choices import OPEN_STATES
from escalations.filtersets import TicketFilter
from escalations.models import Ticket
from escalations.models.tickets import WAITING_LONGEST
from escalations.querysets import TicketQuerySet
from escalations.selectors.counts import CAP, capped_counts, count_text
from escalations.selectors.queue_options import ME, MINE, NONE, Options, queue_options
from journal.models import Event
from web.pagination import Page, paginate

PAGE_SIZE = 50
NEWS_CAP = 100
# What brings a ticket into somebody's view. Imported ones are found by their row: their events are as old as they.
ARRIVALS = ("ticket.created", "ticket.assigned", "ticket.reopened", "handoff.accepted")

FIELDS = (
    "id", "ref", "subject", "external_id", "priority", "state", "segment", "is_vip", "is_restricted", "customer_id",
    "customer__name", "tier__code", "team_id", "team__name", "owner_id", "owner__full_name", "region_id", "category",
    "issue_type", "product_area", "channel", "sentiment", "due_at", "due_kind", "updated_at", "opened_at",
    "waiting_since", "queue_key",
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


@dataclass(frozen=True, slots=True)
class View:
    """A tab: a name for a set of filters."""

    label: str
    params: Mapping[str, Sequence[str]]

    @property
    def url(self) -> str:
        return queue_url(self.params)


def queue_url(params: Mapping[str, Sequence[str]]) -> str:
    """The queue's address with these filters: the one way to link to tickets from anywhere."""
    query = urlencode(params, doseq=True)
    return reverse("escalations:queue_list") + (f"?{query}" if query else "")


def built_in_views(user: User) -> list[View]:
    """The tabs. Those who have a team see its part of the queue under every name that does not say "all"."""
    team = {"team": [MINE]} if user.team_id is not None else {}
    views = [
        View("Mine", {"owner": [ME]}),
        View("My team", team),
        View("Unowned", team | {"owner": [NONE]}),
        View("Breach today", team | {"due": ["today"]}),
        View("Waiting for customer", team | {"state": ["waiting_customer"]}),
        View("All open", {}),
    ]
    return [view for view in views if view.label != "My team" or team]


class Queue:
    """The queue as one person asks for it in one request."""

    def __init__(self, user: User, data: QueryDict, *, now: datetime, zone: Any = None) -> None:
        self.user, self.data, self.now = user, data, now
        self.zone: ZoneInfo = zone or timezone.get_current_timezone()

    @cached_property
    def options(self) -> Options:
        return queue_options(self.user)

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
        """A page's keys, and its rows as named tuples of FIELDS and `read_at`. Two statements.

        The first finds the keys in one table and in the order of an index; only the rows shown are joined to names.
        """
        names = [name.lstrip("-") for name in self.sort.ordering]
        keys = self.ordered.values_list(*names, named=True)
        page = paginate(keys, ordering=self.sort.ordering, cursor=cursor, size=size)
        wanted = [row.id for row in page.rows]
        own = FilteredRelation("reads", condition=Q(reads__user=self.user))
        rows = Ticket.objects.filter(pk__in=wanted).annotate(own=own, read_at=F("own__read_at"))
        found = {row.id: row for row in rows.values_list(*FIELDS, "read_at", named=True)}
        # A ticket that was deleted between the two (an import taken back) is simply not there.
        return page, [found[pk] for pk in wanted if pk in found]

    def rows(self) -> QuerySet[Ticket, Any]:
        """All rows of the view in its order, for the export."""
        extra = ["waits"] if self.sort.key == "waiting" else []
        return self.ordered.order_by(*self.sort.ordering).values_list(*FIELDS, *extra, named=True)

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The built-in views with their counts, the current one marked. `total` is counted with them."""
        views = built_in_views(self.user)
        return [
            {"label": view.label, "url": view.url, "count": count_text(number), "current": view.params == self.chosen}
            for view, number in zip(views, self._counts, strict=False)
        ]

    @property
    def held(self) -> int:
        """Open tickets of this person's team, of everybody for who has none: the number beside "Queue"."""
        wanted = "My team" if self.user.team_id is not None else "All open"
        labels = [view.label for view in built_in_views(self.user)]
        return self._counts[labels.index(wanted)]

    @property
    def total(self) -> int:
        """How many tickets the view holds, `CAP` + 1 for more."""
        return self._counts[-1]

    @property
    def total_text(self) -> str:
        return count_text(self.total)

    @property
    def is_capped(self) -> bool:
        return self.total > CAP

    @cached_property
    def _counts(self) -> list[int]:
        views = built_in_views(self.user)
        same = next((place for place, view in enumerate(views) if view.params == self.chosen), None)
        asked = [self.filter.narrow(self.visible, view.params).order_by("queue_key") for view in views]
        if same is None:
            asked.append(self.tickets.order_by("queue_key" if self.only_open else "-opened_at"))
        counts = capped_counts(asked)
        return counts if same is None else [*counts, counts[same]]

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
