"""The page of a ticket to which much has happened."""

from collections.abc import Iterator

from tests.bench import floors, stories
from tests.bench.bench import EMPTY, RECEIVER, Bench, by_hand, count_statements
from tests.bench.measure import Line, goals


@goals.measure("P16")
def page(bench: Bench) -> Iterator[Line]:
    """A ticket with 500 events, seen by its owner, against the same statements and bytes written by hand."""
    with bench.visit(bench.large, RECEIVER) as visitor:
        url, short = (stories.story(name).get_absolute_url() for name in ("long", "short"))
        hand = by_hand("ticket", visitor, url, floors.log_entry)
        timings = bench.compare(
            {
                "page": lambda: visitor.get(url),
                "hand": lambda: visitor.get(hand),
                "short": lambda: visitor.get(short),
                "empty": lambda: visitor.get(EMPTY),
            }
        )
        many, few = count_statements(visitor, url), count_statements(visitor, short)
        size = len(visitor.get(url).body)
    events = stories.EVENTS["long"]
    yield Line(
        "P16", f"Ticket page with {events} events against a hand-written view", timings.ratio("page", "hand"), 2.5,
        bench.rounds, "1.5",
        [
            *timings.figures(
                page="page", hand="hand-written view", empty="empty view",
                short=f"page of a ticket with {stories.EVENTS['short']} events",
            ),
            ("size of the page", f"{size / 1024:.0f} KB"),
        ],
    )  # fmt: skip
    yield Line(
        "P16 statements", f"Statements of that page, {events} events against {stories.EVENTS['short']}", many / few,
        1.0, 1, figures=[("statements, login included", str(many))],
    )  # fmt: skip
