"""Many triggers asked of many tickets in one pass: each ticket is read once, however many triggers there are."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Case, QuerySet, When

from escalations.models import Ticket
from escalations.selectors.fact_columns import fact_columns, with_clocks
from policies.domain.triggers import CompiledTrigger
from policies.querying import as_queryset

# Each condition is worked out once, inside (OFFSET 0 keeps the two apart); outside, only for tickets on which any
# trigger fires, the columns become the list of those that do.
JUDGED = """
SELECT id, array_remove(ARRAY[{places}], NULL) FROM ({rows} OFFSET 0) AS judged (id, {columns}) WHERE {any}
"""


def judge(
    triggers: Sequence[CompiledTrigger], tickets: QuerySet[Ticket], *, now: datetime
) -> list[tuple[int, list[int]]]:
    """(ticket id, places in `triggers` of those that fire on it) of each of the `tickets` on which any does.

    The same answer as `as_queryset` and `evaluate` give one by one. One statement, and up to four for what the
    triggers measure time with.
    """
    if not triggers:
        return []
    asked = frozenset().union(*(trigger.facts for trigger in triggers))
    columns = fact_columns(now, asked, joined=True)
    names = [f"t{place}" for place in range(len(triggers))]
    fires = {
        name: Case(When(as_queryset(trigger, columns), then=True), default=False)
        for name, trigger in zip(names, triggers, strict=True)
    }
    rows, params = with_clocks(tickets, asked).order_by().values_list("pk").annotate(**fires).query.sql_with_params()
    statement = JUDGED.format(
        rows=rows, columns=", ".join(names), any=" OR ".join(names),
        places=", ".join(f"CASE WHEN {name} THEN {place} END" for place, name in enumerate(names)),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
