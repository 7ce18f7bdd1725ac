"""The organisation that most tests begin with: founded once a run by the services, then copied in one statement."""

from collections.abc import Callable

import psycopg
from django.db import connection
from psycopg import sql

from tests.bed.databases import restore, tables
from tests.bed.server import Server

# As the superuser under `replica`: rows of a published policy may only come with the policy itself.
_PUT = """
    CREATE FUNCTION stock.put() RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET session_replication_role = replica AS $body$ BEGIN {} END $body$
"""


def keep(server: Server, name: str, found: Callable[[], None]) -> None:
    """Let `found` write what the stock is, into the empty database `name` that Django is connected to; keep a copy."""
    found()
    with server.connect(database=name) as superuser:
        superuser.execute("CREATE SCHEMA stock")
        copied = [table for table in tables(superuser) if _copy(superuser, table)]
        inserts = sql.SQL(" ").join(_insert(superuser, table) for table in copied)
        superuser.execute(sql.SQL(_PUT).format(inserts))
        superuser.execute("GRANT USAGE ON SCHEMA stock TO PUBLIC")
    restore(server, name)


def put() -> bool:
    """Put the stock into the empty tables; False where no stock is kept (a benchmark's database)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('stock.put') IS NOT NULL")
        if kept := cursor.fetchone()[0]:
            cursor.execute("SELECT stock.put()")
    return kept


def _copy(superuser: psycopg.Connection, table: str) -> bool:
    """Copy the rows that migrating had not put there; False when there are none."""
    name = sql.Identifier(table)
    old = sql.SQL("")
    if table in tables(superuser, "pristine"):
        old = sql.SQL("EXCEPT TABLE pristine.{}").format(name)
    superuser.execute(sql.SQL("CREATE TABLE stock.{} AS TABLE public.{} {}").format(name, name, old))
    if superuser.execute(sql.SQL("SELECT 1 FROM stock.{} LIMIT 1").format(name)).fetchone():
        return True
    superuser.execute(sql.SQL("DROP TABLE stock.{}").format(name))
    return False


def _insert(superuser: psycopg.Connection, table: str) -> sql.Composed:
    rows = superuser.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [f"public.{table}"],
    ).fetchall()
    columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in rows)
    return sql.SQL("INSERT INTO public.{0} ({1}) SELECT {1} FROM stock.{0};").format(sql.Identifier(table), columns)
