"""Tickets that were solved before, found among a million: how long the search takes, and whether it finds them."""

from collections.abc import Iterator
from statistics import median

from django.db import connection

from escalations.models import Ticket
from escalations.selectors.similar import similar_to
from tests.bench import scratch, wording
from tests.bench.bench import Bench
from tests.bench.measure import Line, duration, goals, percentile
from tests.bench.site import statements

SQL_LIMIT = 0.050  # seconds: what one search may ask of the database in all, in 95 of 100 searches
FIRST = 3
OTHERS = 150


@goals.measure("S1")
def search(bench: Bench) -> Iterator[Line]:
    """Beside open tickets of the large database: the planted cases, and as many others as make a good p95."""
    with bench.visit(bench.large) as visitor:
        count = min(wording.CASES, bench.large.scale.open_tickets)
        pairs, user, now = wording.planted(connection, count), visitor.user, scratch.now()
        cases = [Ticket.objects.get(pk=new) for _, new in pairs]
        step = max(bench.large.scale.open_tickets // OTHERS, 1)
        others = list(Ticket.objects.open().filter(source="bench").order_by("pk")[::step])
        typed = " ".join(wording.word(rank) for rank in range(400, 460))

        def seconds(ticket: Ticket, text: str = "") -> float:
            with statements() as said:
                similar_to(ticket, user, now=now, typed=text)
            return sum(taken for _, _, taken in said)

        for ticket in cases[:10]:  # the first searches of a connection read the index from the disk
            seconds(ticket)
        beside = [seconds(ticket) for _ in range(1 if bench.quick else 3) for ticket in (*cases, *others)]
        writing = [seconds(ticket, typed) for ticket in cases]
        hits = sum(old in [one.ticket.pk for one in similar_to(ticket, user, now=now).solved[:FIRST]]
                   for (old, _), ticket in zip(pairs, cases, strict=True))  # fmt: skip
    yield Line(
        "S1", f"Similar search: SQL p95 of {len(beside)} searches against 50 ms",
        percentile(beside, 0.95) / SQL_LIMIT, 1.0, len(beside), "0.4 (20 ms)",
        [
            ("median", duration(median(beside))),
            ("p95", duration(percentile(beside, 0.95))),
            ("p95 while a handoff of 60 words is being written", duration(percentile(writing, 0.95))),
        ],
        "Beside open tickets, among 900,000 solved ones, each search with all its statements. Texts are drawn from "
        "30,000 words by Zipf’s law.",
    )  # fmt: skip
    yield Line(
        "S1 found", f"Planted cases, of {len(pairs)}, that are not among the first {FIRST}",
        (len(pairs) - hits) / len(pairs), 0.0, 1,
        figures=[(f"found among the first {FIRST}", f"{hits} of {len(pairs)}")],
    )  # fmt: skip
