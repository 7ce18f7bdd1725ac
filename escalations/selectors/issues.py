"""Issues as a list and as a page: how many tickets, whose, and how often they were escalated lately.

Counted are only tickets that the reader may see; counts are capped.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, F, QuerySet

from accounts.models import User
from escalations.models import Customer, Issue, Ticket
from escalations.models.customers import ISSUE_WORDS
from escalations.selectors.counts import Part, capped_counts, count_part, count_text, run_counts
from escalations.selectors.customers import MOST_WORDS, WORD
from escalations.selectors.episodes import SAME_ISSUE, escalated_episodes
from journal.models import Event
from web.pagination import Page, paginate

PAGE_SIZE = 50
COUNTED = 1_000
TICKETS_SHOWN, CUSTOMERS_SHOWN, EVENTS_SHOWN = 25, 10, 30
ORDER = ("-opened_at", "-id")
OPEN, CLOSED, ANY = "open", "closed", "any"
FIELDS = (
    "id", "ref", "subject", "priority", "state", "tier__code", "team__name", "owner__full_name", "due_at", "due_kind",
    "opened_at", "is_restricted", "customer__name",
)  # fmt: skip


def issues_for(words: str, state: str) -> QuerySet[Issue]:
    """Issues whose title or description has words that begin with all of these; open ones unless asked otherwise."""
    found = Issue.objects.all()
    if state in (OPEN, CLOSED):
        found = found.filter(closed_at__isnull=state == OPEN)
    named = [word.lower() for word in WORD.findall(words)][:MOST_WORDS]
    if not named:
        return found.none() if words.strip() else found
    prefixes = " & ".join(f"'{word}':*" for word in named)
    query = SearchQuery(prefixes, config="simple", search_type="raw")
    return found.annotate(words=ISSUE_WORDS).filter(words=query)


@dataclass(frozen=True, slots=True)
class IssueLine:
    issue: Issue
    open_count: str
    count: str
    area: str = ""


def issue_page_of(user: User, *, words: str, state: str, cursor: str) -> tuple[Page[Issue], list[IssueLine]]:
    """A page of issues, newest first, with their tickets counted. Two statements."""
    page = paginate(issues_for(words, state), ordering=ORDER, cursor=cursor, size=PAGE_SIZE)
    seen = Ticket.objects.visible_to(user)
    parts: list[Part] = []
    for issue in page.rows:
        own = seen.filter(issue=issue)
        parts += [count_part(own.open(), COUNTED), count_part(own, COUNTED)]
    counts = [count_text(number, COUNTED) for number in run_counts(parts)]
    lines = [IssueLine(issue, *counts[2 * place : 2 * place + 2]) for place, issue in enumerate(page.rows)]
    return page, lines


@dataclass(frozen=True, slots=True)
class Affected:
    """A customer of the issue: how many tickets, and how many escalated episodes lately."""

    pk: int
    name: str
    tickets: int
    episodes: int

    @property
    def is_often(self) -> bool:
        return self.episodes >= SAME_ISSUE


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What the page shows. `episodes`: how often it was escalated in the last 90 days, with all customers."""

    issue: Issue
    tickets: list[Any]
    customers: list[Affected]
    open_count: int
    count: int
    customer_count: int
    episodes: int
    events: list[Event]

    @property
    def more_customers(self) -> int:
        return self.customer_count - len(self.customers)


def issue_facts(user: User, issue: Issue, *, now: datetime) -> IssueFacts:
    """Four statements, however many tickets there are."""
    seen = Ticket.objects.visible_to(user).filter(issue=issue)
    episodes = escalated_episodes([issue.pk], now=now)
    customers = Customer.objects.filter(pk__in=seen.values("customer"))
    counts = capped_counts([seen.open(), seen, customers], COUNTED)
    shown = seen.order_by("queue_key", "id").values_list(*FIELDS, named=True)
    by_customer = (
        seen.order_by().values(pk_=F("customer"), name=F("customer__name"))
        .annotate(tickets=Count("pk")).order_by("-tickets", "name")[:CUSTOMERS_SHOWN]
    )  # fmt: skip
    events = Event.objects.filter(subject_type="issue", subject_id=issue.pk).select_related("actor")
    return IssueFacts(
        issue,
        list(shown[:TICKETS_SHOWN]),
        [
            Affected(row["pk_"], row["name"], row["tickets"], episodes.get((row["pk_"], issue.pk), 0))
            for row in by_customer
        ],
        *counts,
        sum(episodes.values()),
        list(events.order_by("-occurred_at", "-pk")[:EVENTS_SHOWN]),
    )
