"""The PostgreSQL that tests use: an embedded one of their own, or the one that TEST_DATABASE_URL names."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg

from config import embedded
from config.embedded.cluster import APP, OWNER, SUPERUSER


class Server(Protocol):
    def hold(self) -> None: ...
    def connect(self, *, user: str = SUPERUSER, database: str = "postgres") -> psycopg.Connection: ...
    def django_database(self, *, owner: bool = False) -> dict[str, Any]: ...


@dataclass(frozen=True)
class External:
    """A server that exists for tests only; the URL's user must be a superuser.

    It gets the two roles of docs/decisions/0003 with a password that everybody knows.
    """

    url: str
    password = "belay"  # noqa: S105

    def hold(self) -> None:
        with self.connect() as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext('belay roles'))")
            for role in (OWNER, APP):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{self.password}'")

    def connect(self, *, user: str = SUPERUSER, database: str = "postgres") -> psycopg.Connection:
        login = {} if user == SUPERUSER else {"user": user, "password": self.password}
        return psycopg.connect(self.url, dbname=database, autocommit=True, **login)

    def django_database(self, *, owner: bool = False) -> dict[str, Any]:
        where = urlsplit(self.url)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": OWNER if owner else APP,
            "PASSWORD": self.password,
            "HOST": where.hostname,
            "PORT": str(where.port or 5432),
        }


def find(checkout: Path) -> Server:
    url = os.environ.get("TEST_DATABASE_URL", "")
    return External(url) if url else embedded.locate(checkout, "test")
