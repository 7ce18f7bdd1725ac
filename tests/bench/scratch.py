"""The databases that are measured. Made once for each state of the tables and of the data, and kept.

large, small = prepare("large"), prepare("small")
with on(small):
    ...                             # Django's connection leads there
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql

from policies.selectors import forget_policies
from tests.bed import databases
from tests.bench import data, stories, wording
from tests.bench.server import find, is_quick

ROOT = Path(__file__).resolve().parents[2]
SHAPING = (
    "*/migrations/*.py", "*/shipped*.py", "tests/factories.py",
    "tests/bench/data.py", "tests/bench/stories.py", "tests/bench/scratch.py", "tests/bench/wording.py",
)  # fmt: skip
DRAFT = "belay_bench_draft_"
# Filled without their indexes, which are quicker made at once afterwards.
BIG = ("escalations_ticket", "escalations_clock", "escalations_resolution", "journal_event")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is: tickets open, tickets in all, events on them."""

    open_tickets: int
    total: int
    events: int

    def __str__(self) -> str:
        return f"{self.open_tickets:,} open of {self.total:,} tickets, {self.events:,} events"


SCALES = {"small": Scale(1_000, 10_000, 100_000), "large": Scale(100_000, 1_000_000, 10_000_000)}
QUICK_SCALES = {"small": Scale(60, 300, 600), "large": Scale(400, 2_000, 4_000)}


@dataclass(frozen=True, slots=True)
class Database:
    """A filled database. `behind` is how long ago its present is: its deadlines lie around that instant."""

    name: str
    scale: Scale
    behind: timedelta


_current: list[Database] = []
_open: dict[str, DatabaseWrapper] = {}


def now() -> datetime:
    """The present of the database in use, however long ago it was filled. Costs the statement that it always costs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC) - (_current[-1].behind if _current else timedelta())


@contextlib.contextmanager
def on(database: Database) -> Iterator[None]:
    """Let Django's connection lead to the database. Connections stay open: changing over costs nothing."""
    before = connections["default"]
    if database.name not in _open:
        _open[database.name] = DatabaseWrapper(settings.DATABASES["default"] | {"NAME": database.name}, "default")
        _open[database.name].settings_dict = {**before.settings_dict, "NAME": database.name}
    _current.append(database)
    connections["default"] = _open[database.name]
    try:
        yield
    finally:
        connections["default"] = before
        _current.pop()


def prepare(label: str) -> Database:
    """The database of this size, filled if it is not there yet (minutes for the large one)."""
    server = find(ROOT)
    scale = (QUICK_SCALES if is_quick() else SCALES)[label]
    prefix = f"belay_bench_{label}"
    name = f"belay_test_bench_{label}_{os.getpid()}" if is_quick() else f"{prefix}_{fingerprint(scale)}"
    with server.connect() as admin:
        there = admin.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if there is None:
            _sweep_out(admin, prefix)
            filled = _build(admin, name, scale)
        else:
            filled = datetime.fromisoformat(there[0])
        present = admin.execute("SELECT clock_timestamp()").fetchone()
    assert present is not None
    return Database(name, scale, present[0] - filled)


@contextlib.contextmanager
def superuser() -> Iterator[psycopg.Connection]:
    """The database in use, as whom no guard stops."""
    with find(ROOT).connect(database=connection.settings_dict["NAME"]) as found:
        yield found


def forget(tickets: Sequence[int]) -> None:
    """Take back what a measurement did to the database in use: tickets, all that hangs on them, and their events."""
    server = find(ROOT)
    with server.connect(database=connection.settings_dict["NAME"]) as superuser:
        superuser.execute("SET session_replication_role = replica")
        ids = [list(tickets)]
        superuser.execute(
            "DELETE FROM escalations_handoff WHERE escalation_id IN "
            "(SELECT id FROM escalations_escalation WHERE ticket_id = ANY(%s))", ids,
        )  # fmt: skip
        hanging = superuser.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name LIKE 'escalations_%' AND column_name = 'ticket_id'"
        )
        for (table,) in hanging.fetchall():
            superuser.execute(sql.SQL("DELETE FROM {} WHERE ticket_id = ANY(%s)").format(sql.Identifier(table)), ids)
        superuser.execute("DELETE FROM journal_event WHERE subject_type = 'ticket' AND subject_id = ANY(%s)", ids)
        superuser.execute("DELETE FROM escalations_ticket WHERE id = ANY(%s)", ids)


def discard(found: Sequence[Database]) -> None:
    """Close the connections; what was only made to show that everything runs goes."""
    for wrapper in _open.values():
        wrapper.close()
    _open.clear()
    if is_quick():
        with find(ROOT).connect() as admin:
            for database in found:
                _drop(admin, database.name)


def fingerprint(scale: Scale) -> str:
    digest = hashlib.sha256(repr(scale).encode())
    for pattern in SHAPING:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _names(admin: psycopg.Connection, prefix: str) -> list[str]:
    rows = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return [name for (name,) in rows]


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _sweep_out(admin: psycopg.Connection, prefix: str) -> None:
    """Drop earlier states of this size, and what runs that were stopped left half made."""
    for stale in _names(admin, f"{prefix}_"):
        _drop(admin, stale)
    for draft in _names(admin, DRAFT):
        if not databases.alive(int(draft.removeprefix(DRAFT))):
            _drop(admin, draft)


def _build(admin: psycopg.Connection, name: str, scale: Scale) -> datetime:
    """Make and fill under another name, so that an interrupted run leaves nothing half full."""
    draft = f"{DRAFT}{os.getpid()}"
    databases.copy(find(ROOT), ROOT, draft)
    with databases.connected_as(find(ROOT), draft, owner=True):
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        filled = _fill(scale)
    forget_policies()
    for statement in ("COMMENT ON DATABASE {} IS {}", "ALTER DATABASE {} RENAME TO {}"):
        value = sql.Literal(filled.isoformat()) if "COMMENT" in statement else sql.Identifier(name)
        admin.execute(sql.SQL(statement).format(sql.Identifier(draft), value))
    return filled


def _fill(scale: Scale) -> datetime:
    forget_policies()
    organisation = data.organisation()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        filled: datetime = cursor.fetchone()[0]
    with _without_indexes():
        data.fill(connection, scale.open_tickets, scale.total, now=filled)
        wording.fill_resolutions(connection)
        wording.plant(connection, min(wording.CASES, scale.open_tickets))
        data.fill_events(connection, scale.events)
    stories.tell(organisation)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return filled


@contextlib.contextmanager
def _without_indexes() -> Iterator[None]:
    """Drop the indexes of the big tables that no constraint needs, and make them again at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "WHERE i.indrelid::regclass::text = ANY(%s) "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            [list(BIG)],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            cursor.execute(definition)
