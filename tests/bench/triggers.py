"""Every open ticket judged anew by all triggers at once, against one raw pass over the same tickets.

The judgement is what the product does: the triggers of the policy in force, thresholds worked out for every calendar,
one statement, and each ticket on which any fires with the list of those that do. The raw pass is one statement by
hand that only reads: every open ticket, and of it every column that the triggers speak of, each looked at once
(`count`) and compared with nothing; with the forty triggers also the clocks that they measure time with, found for all
tickets by one pass over the clocks. Nothing is sent back but the counts. Idle sweeps are measured elsewhere.
"""

from collections.abc import Iterator

from django.db import connection

from escalations.models import Ticket
from escalations.selectors.judging import judge
from tests.bench import rules, scratch
from tests.bench.bench import Bench
from tests.bench.measure import Line, duration, goals

OPEN = "t.state IN ('new', 'open', 'waiting_customer', 'waiting_vendor')"
SHIPPED = """t.tier_id, t.issue_type, t.segment, t.waiting_since, t.sentiment, t.attempts, t.complexity,
    t.engineering_required, t.vendor, t.priority, t.opened_at, t.churn_threat, t.public_complaint, t.revenue_at_risk,
    t.concern, t.customer_id, t.issue_id, t.workaround_confirmed"""
FORTY = f"""{SHIPPED}, t.is_vip, t.owner_id, t.region_id, t.order_value, t.category, t.reopen_count, t.channel,
    t.product_area, t.team_id, c.at_tier_due, c.at_tier_left, c.at_tier_on, c.tier_due, c.tier_left, c.tier_on,
    c.contract_due, c.contract_left, c.contract_on, c.ack_due, c.ack_left, c.ack_on"""
KINDS = {"at_tier": "time_at_tier", "tier": "tier_resolution", "contract": "contract_resolution",
         "ack": "acknowledgement"}  # fmt: skip
CLOCKS = f"""LEFT JOIN (
    SELECT ticket_id, {
    ", ".join(
        f"max(due_at) FILTER (WHERE kind = '{kind}') AS {name}_due, max(remaining) FILTER (WHERE kind = '{kind}')"
        f" AS {name}_left, max(calendar_revision_id) FILTER (WHERE kind = '{kind}') AS {name}_on"
        for name, kind in KINDS.items()
    )
}
    FROM escalations_clock
    WHERE kind IN ({", ".join(f"'{kind}'" for kind in KINDS.values())})
        AND (state IN ('running', 'paused') OR (state = 'breached' AND stopped_at IS NULL))
    GROUP BY ticket_id
) c ON c.ticket_id = t.id"""


def _raw(columns: str, joined: str = "") -> int:
    counted = ", ".join(f"count({column.strip()})" for column in columns.split(","))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), {counted} FROM escalations_ticket t {joined} WHERE {OPEN}")
        read: int = cursor.fetchone()[0]
    return read


@goals.measure("P3")
def judgement(bench: Bench) -> Iterator[Line]:
    with bench.visit(bench.large):
        now, tickets = scratch.now(), Ticket.objects.open()
        shipped, forty = rules.shipped(), rules.forty()
        timings = bench.compare(
            {
                "shipped": lambda: judge(shipped, tickets, now=now),
                "raw": lambda: _raw(SHIPPED),
                "forty": lambda: judge(forty, tickets, now=now),
                "raw with clocks": lambda: _raw(FORTY, CLOCKS),
            },
            times=3,
        )
        for name, triggers, floor in (("shipped", shipped, "raw"), ("forty", forty, "raw with clocks")):
            found = judge(triggers, tickets, now=now)
            yield Line(
                f"P3 {name}", f"{len(triggers)} triggers on every open ticket, against one raw pass over them",
                timings.ratio(name, floor), 5.0, bench.rounds, "2",
                [
                    ("open tickets", f"{_raw('t.id'):,}"),
                    ("on which any fires", f"{len(found):,}"),
                    ("judged", duration(timings.seconds(name))),
                    ("read", duration(timings.seconds(floor))),
                ],
            )  # fmt: skip
