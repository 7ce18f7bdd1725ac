"""The auditor: plain SQL that looks for what must never be, independent of the code that should have prevented it.

Each app registers its queries in a module `audit`, which is loaded at start. `manage.py audit` runs them all.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

SHOWN = 5  # rows named in a line


@dataclass(frozen=True, slots=True)
class Query:
    """`sql` selects one text a row, naming the row for an operator; it may use %(now)s. 0 rows is what is expected.

    `is_alarm` False: somebody should look at it, but nothing is lost.
    """

    name: str
    sql: str
    is_alarm: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    query: Query
    count: int
    rows: tuple[str, ...]

    @property
    def alarms(self) -> bool:
        return self.query.is_alarm and self.count > 0

    def __str__(self) -> str:
        """`ok      0  running and overdue by 2 min`"""
        verdict = "ok" if not self.count else ("ALARM" if self.query.is_alarm else "note")
        rows = f": {', '.join(self.rows)}{', …' if self.count > len(self.rows) else ''}" if self.rows else ""
        return f"{verdict:<5} {self.count:>4}  {self.query.name}{rows}"


_queries: dict[str, Query] = {}


def register(*queries: Query) -> None:
    """Add queries to the audit; a name stands for one query."""
    for query in queries:
        _queries[query.name] = query


def queries() -> list[Query]:
    return list(_queries.values())


def run(now: datetime) -> list[Finding]:
    """What every query finds at `now`, all in one read-only view of the database."""
    with transaction.atomic():
        return [_ask(query, now) for query in queries()]


def _ask(query: Query, now: datetime) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) OVER (), found.* FROM ({query.sql}) AS found (row) LIMIT {SHOWN}",  # noqa: S608
            {"now": now},
        )
        rows = cursor.fetchall()
    return Finding(query, rows[0][0] if rows else 0, tuple(str(row) for _, row in rows))


register(
    Query(
        "outbox unsent for 5 min",
        """
        SELECT m.id || ' to ' || m.recipient FROM journal_outboxmessage m
        WHERE m.state = 'pending' AND m.created_at < %(now)s - interval '5 minutes' ORDER BY m.created_at
        """,
    ),
    Query(
        "sent without a time, or dead without a reason",
        """
        SELECT m.id::text FROM journal_outboxmessage m
        WHERE (m.state = 'sent' AND m.sent_at IS NULL) OR (m.state = 'dead' AND m.last_error = '')
        """,
    ),
    Query(
        "import being undone for an hour",
        """
        SELECT b.kind || ' ' || b.id FROM journal_batch b
        WHERE b.state = 'undoing' AND b.created_at < %(now)s - interval '1 hour'
        """,
        is_alarm=False,
    ),
    Query(
        "message given up (send again: deliver_outbox --retry-dead)",
        """
        SELECT m.id || ' to ' || m.recipient || ' (' || left(m.last_error, 80) || ')'
        FROM journal_outboxmessage m WHERE m.state = 'dead' ORDER BY m.id DESC
        """,
        is_alarm=False,
    ),
)
