"""Migrate once, copy often: a template database per state of the migrations, a copy per test process."""

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from config.embedded.cluster import APP, OWNER
from config.embedded.keeper import locked
from tests.bed.server import Server

# What decides how a migrated database looks: also the apps' names and what runs after migrating.
SHAPING = ("*/migrations/*.py", "*/apps.py", "config/embedded/cluster.py", "requirements.txt", "tests/bed/databases.py")


def fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for pattern in SHAPING:
        for path in sorted(root.glob(pattern)):
            digest.update(f"{path.relative_to(root)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _names(admin: psycopg.Connection, like: str) -> list[str]:
    rows = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like]).fetchall()
    return [name for (name,) in rows]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sweep_out(admin: psycopg.Connection, keep: str) -> None:
    """Drop what runs that were killed, and earlier states of the migrations, left behind."""
    for name in _names(admin, "belay_test_%"):
        found = re.search(r"_(\d+)$", name)
        if found and not alive(int(found[1])):
            _drop(admin, name)
    for name in _names(admin, "belay_template_%"):
        if name != keep:
            _drop(admin, name)


@contextlib.contextmanager
def connected_as(server: Server, name: str, *, owner: bool) -> Iterator[None]:
    """Point Django's connection at another database and role inside the block."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(server.django_database(owner=owner), NAME=name)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(before)


def _build_template(server: Server, admin: psycopg.Connection, template: str) -> None:
    draft = f"belay_building_{os.getpid()}"
    _drop(admin, draft)
    create = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(draft), sql.Identifier(OWNER))
    admin.execute(create)
    with server.connect(user=OWNER, database=draft) as connection_:
        # The embedded server has these in template1 already; another server may not.
        connection_.execute(f"ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}")
        connection_.execute(f"ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {APP}")
    with connected_as(server, draft, owner=True):
        call_command("migrate", verbosity=0, interactive=False)
    with server.connect(database=draft) as superuser:
        keep_pristine(superuser)
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(template)))


def create(server: Server, root: Path, label: str) -> str:
    """Make this process its own migrated database and return its name. `label` is the xdist worker's."""
    name = f"belay_test_{label}_{os.getpid()}"
    copy(server, root, name)
    return name


def copy(server: Server, root: Path, name: str) -> None:
    """Make (again) the database `name`, migrated and empty."""
    template = f"belay_template_{fingerprint(root)}"
    # One at a time: a template cannot be copied while somebody is connected to it.
    with locked(root / ".belay" / "test-template.lock", fcntl.LOCK_EX), server.connect() as admin:
        _sweep_out(admin, keep=template)
        if not _names(admin, template):
            _build_template(server, admin, template)
        _drop(admin, name)
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*map(sql.Identifier, (name, template, OWNER)))
        )


def drop(server: Server, name: str) -> None:
    with server.connect() as admin:
        _drop(admin, name)


# --- the way back to the migrated state ------------------------------------------------------------


def keep_pristine(superuser: psycopg.Connection) -> None:
    """Keep a copy of what migrating itself put into tables (content types, permissions)."""
    superuser.execute("CREATE SCHEMA pristine")
    for table in tables(superuser):
        name = sql.Identifier(table)
        if superuser.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(name)).fetchone():
            superuser.execute(sql.SQL("CREATE TABLE pristine.{} AS TABLE public.{}").format(name, name))


def tables(superuser: psycopg.Connection, schema: str = "public") -> list[str]:
    """The tables of a schema, except the record of what was migrated."""
    rows = superuser.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename <> 'django_migrations' ORDER BY tablename",
        [schema],
    )
    return [table for (table,) in rows]


def restore(server: Server, name: str) -> None:
    """Empty every table that has rows and put back what migrating had put there.

    As the superuser under `session_replication_role = replica`: the application's role may neither
    truncate nor delete the record, and the triggers that guard it are meant to stop everybody else.
    """
    with server.connect(database=name) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("SET lock_timeout = '20s'")
        kept, every = set(tables(superuser, "pristine")), tables(superuser)
        used = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM public.{})").format(
                sql.Literal(table), sql.Identifier(table)
            )
            for table in every
        )
        for (table,) in superuser.execute(used).fetchall():
            superuser.execute(sql.SQL("DELETE FROM public.{}").format(sql.Identifier(table)))
        for table in sorted(kept):
            each = sql.Identifier(table)
            superuser.execute(sql.SQL("INSERT INTO public.{} SELECT * FROM pristine.{}").format(each, each))
