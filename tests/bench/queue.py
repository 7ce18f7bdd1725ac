"""The queue: what a page of it costs, how that grows, its filters and counts, and asking for news."""

from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode

from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from escalations.filtersets import TicketFilter
from escalations.models import Customer, Ticket
from escalations.selectors.counts import capped_counts
from escalations.selectors.queue import SORTS_OF_CLOSED, Queue
from escalations.selectors.queue_options import ANY, queue_options
from tests.bench import floors, scratch
from tests.bench.bench import EMPTY, Bench, by_hand, count_statements
from tests.bench.measure import Line, duration, goals, percentile
from tests.bench.site import Visitor, statements
from web.pagination import paginate

QUEUE, NEWS = "/queue/", "/queue/news/"
DEPTH = 500_000
SQL_LIMIT = 0.050  # seconds: what a page of the queue may ask of the database in all, in 95 of 100 requests
EVERYTHING = {"state": ANY}
# Ten pairs that people ask for, some of them with no hits.
PAIRS = {
    "my team, P1": {"team": "mine", "priority": "1"},
    "mine, waiting for customer": {"owner": "me", "state": "waiting_customer"},
    "no owner, breached": {"owner": "none", "breached": "yes"},
    "VIP, due today": {"is_vip": "yes", "due": "today"},
    "enterprise, upset": {"segment": "enterprise", "sentiment": "upset"},
    "L4, new": {"tier": "L4", "state": "new"},
    "L3, breached": {"tier": "L3", "breached": "yes"},
    "technical, by phone": {"category": "technical", "channel": "phone"},
    "restricted, P1 (no hits)": {"is_restricted": "yes", "priority": "1"},
    "VIP, an unknown customer (no hits)": {"is_vip": "yes", "customer": "999999999"},
}


def url_of(params: dict[str, str]) -> str:
    return f"{QUEUE}?{urlencode(params)}" if params else QUEUE


@goals.measure("P6")
def page(bench: Bench) -> Iterator[Line]:
    """A queue of 50 rows, against the same statements and bytes written by hand."""
    with bench.visit(bench.large) as visitor:
        hand = by_hand("queue", visitor, QUEUE, floors.table_row)
        timings = bench.compare(
            {"page": lambda: visitor.get(QUEUE), "hand": lambda: visitor.get(hand), "empty": lambda: visitor.get(EMPTY)}
        )
        size, many = len(visitor.get(QUEUE).body), count_statements(visitor, QUEUE)
    with bench.visit(bench.small) as other:
        few = count_statements(other, QUEUE)
    yield Line(
        "P6", "Queue of 50 rows against a hand-written view", timings.ratio("page", "hand"), 2.5, bench.rounds, "1.5",
        [
            *timings.figures(page="page", hand="hand-written view", empty="empty view"),
            ("size of the page", f"{size / 1024:.0f} KB"),
        ],
    )  # fmt: skip
    yield Line(
        "P6 statements", f"Statements of that page, {bench.large.scale.total:,} tickets against "
        f"{bench.small.scale.total:,}", many / few, 1.0, 1, figures=[("statements, login included", str(many))],
    )  # fmt: skip


@goals.measure("P7")
def growth(bench: Bench) -> Iterator[Line]:
    """The same page on a hundred times as many tickets, and half a million rows down."""

    def ask(database: scratch.Database, url: str) -> None:
        with bench.visit(database) as visitor:
            visitor.get(url)

    timings = bench.compare({"large": lambda: ask(bench.large, QUEUE), "small": lambda: ask(bench.small, QUEUE)})
    yield Line(
        "P7", f"Queue on {bench.large.scale.total:,} tickets against {bench.small.scale.total:,}",
        timings.ratio("large", "small"), 1.15, bench.rounds, "1.05",
        timings.figures(large=str(bench.large.scale), small=str(bench.small.scale)),
    )  # fmt: skip
    yield from depth(bench)


def depth(bench: Bench) -> Iterator[Line]:
    rows = min(DEPTH, bench.large.scale.total // 2)
    with bench.visit(bench.large) as visitor:
        first = url_of(EVERYTHING)
        deep = f"{first}&cursor={quote(cursor_at(visitor.user, rows))}"
        timings = bench.compare({"first": lambda: visitor.get(first), "deep": lambda: visitor.get(deep)})
    yield Line(
        "P7 depth", f"The page after {rows:,} rows of all tickets against the first", timings.ratio("deep", "first"),
        1.3, bench.rounds, "1.05", timings.figures(first="first page", deep=f"page after {rows:,} rows"),
    )  # fmt: skip


def cursor_at(user: User, rows: int) -> str:
    """The cursor that turning pages would have led to."""
    ordering = SORTS_OF_CLOSED[0].ordering
    seen = Ticket.objects.visible_to(user)
    place = seen.order_by(*ordering)[rows - 50 : rows - 49].get()
    return paginate(seen.filter(opened_at__lte=place.opened_at), ordering=ordering).next


def each_filter(user: User) -> dict[str, dict[str, str]]:
    """Every filter with each of its values (of people the first five), and words to search for."""
    options = queue_options(user)
    found = {}
    for name in TicketFilter.base_filters:
        codes = list(options.get(name, {}))
        for code in codes[:5] if name == "owner" else codes:
            found[f"{name} {code}"] = {name: code}
    customer = Customer.objects.order_by("pk").values_list("pk", flat=True)[0]
    found |= {
        "customer": {"customer": str(customer)},
        "customer (no hits)": {"customer": "999999999"},
        "q a common word": {"q": "webhook"},
        "q two words": {"q": "webhook certificate"},
        "q a number": {"q": str(Ticket.objects.values_list("pk", flat=True).first())},
        "q (no hits)": {"q": "xylophone"},
    }
    return found


@goals.measure("P9")
def filters(bench: Bench) -> Iterator[Line]:
    """What each filter and ten pairs ask of the database, and what the counts shown cost."""
    with bench.visit(bench.large) as visitor:
        asked = each_filter(visitor.user) | PAIRS
        times = 1 if bench.quick else 20
        slowest = {words: percentile(_sql_seconds(visitor, url_of(p), times), 0.95) for words, p in asked.items()}
    worst = sorted(slowest, key=lambda words: slowest[words], reverse=True)
    yield Line(
        "P9", f"Slowest of {len(asked)} filters and pairs: p95 of all SQL of the page against 50 ms",
        slowest[worst[0]] / SQL_LIMIT, 1.0, times, "0.2 (10 ms)",
        [
            ("median of all filters", duration(median(slowest.values()))),
            *((f"slowest: {words}", duration(slowest[words])) for words in worst[:6]),
            *((words, duration(slowest[words])) for words in asked if "no hits" in words and words not in worst[:6]),
        ],
    )  # fmt: skip
    yield from counts(bench)


def _sql_seconds(visitor: Visitor, url: str, times: int) -> list[float]:
    visitor.get(url)
    found = []
    for _ in range(times):
        with statements() as said:
            visitor.get(url)
        found.append(sum(seconds for _, _, seconds in said))
    return found


def counts(bench: Bench) -> Iterator[Line]:
    with bench.visit(bench.large) as visitor:
        user, now = visitor.user, scratch.now()
        queue = Queue(user, QueryDict(urlencode(EVERYTHING)), now=now, zone=timezone.get_current_timezone())
        seen = queue.tickets
        timings = bench.compare(
            {"shown": lambda: capped_counts([seen]), "exact": seen.count, "tabs": lambda: _tabs(user)}, times=5
        )
    yield Line(
        "P9 counts", "The count of all tickets as shown against an exact one", timings.ratio("shown", "exact"), 0.01,
        bench.rounds, "0.002",
        timings.figures(shown="as shown", exact="exact", tabs="all counts of a page of open tickets"),
    )  # fmt: skip


def _tabs(user: User) -> Any:
    queue = Queue(user, QueryDict(), now=scratch.now(), zone=timezone.get_current_timezone())
    return queue.tabs


@goals.measure("P10")
def news(bench: Bench) -> Iterator[Line]:
    """Asking every 20 s whether anything arrived, when nothing did."""
    with bench.visit(bench.large) as visitor:
        since = scratch.now() + timedelta(hours=1)  # after the last that the data hold
        polls = {
            "P10": (f"{NEWS}?{urlencode({'since': since.isoformat()})}", "the queue"),
            "P10 filtered": (f"{NEWS}?{urlencode({'since': since.isoformat(), 'team': 'mine'})}", "a filtered queue"),
        }
        for name, (url, words) in polls.items():
            timings = bench.compare(
                {"poll": lambda url=url: visitor.get(url, status=204), "empty": lambda: visitor.get(EMPTY)},
                times=bench.times * 3,
            )
            yield Line(
                name, f"Asking for news of {words} when there are none, against an empty view",
                timings.ratio("poll", "empty"), 2.5, bench.rounds, "1.5",
                timings.figures(poll="poll", empty="empty view"),
            )  # fmt: skip
