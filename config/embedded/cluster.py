"""One PostgreSQL cluster of our own: made when first needed, running while anybody holds it."""

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql

from config.embedded import keeper, places
from config.embedded.places import Account, EmbeddedError

Variant = Literal["demo", "test", "bench"]

SUPERUSER = "postgres"
OWNER = "belay_owner"
APP = "belay_app"
DATABASE = "belay"

START_PATIENCE = 120  # seconds; recovery after a crash on a slow disk takes its time
ATTEMPTS = 60  # half a second each: how long the children of a killed server may take to end

SETTINGS: dict[str, str] = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "320",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Nothing in a test survives the machine, so nothing waits for the disk.
TEST_SETTINGS: dict[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}

_held: dict[Path, int] = {}


@dataclass(frozen=True)
class Cluster:
    """Where one cluster is. Making one of these touches nothing but the checkout's name."""

    checkout: Path
    variant: Variant
    name: str
    account: Account

    @cached_property
    def base(self) -> Path:
        return places.base_folder(self.checkout, self.name, self.account)

    @cached_property
    def home(self) -> Path:
        return self.base / self.variant

    @cached_property
    def data(self) -> Path:
        return self.home / "data"

    @cached_property
    def socket(self) -> Path:
        return places.socket_folder(self.home, self.name, self.variant)

    @cached_property
    def gate(self) -> Path:
        return self.checkout / ".belay" / f"postgres-{self.variant}.gate"

    @cached_property
    def holders(self) -> Path:
        return self.checkout / ".belay" / f"postgres-{self.variant}.holders"

    @cached_property
    def programs(self) -> Path:
        """The folder of psql, pg_dump and so on."""
        return places.programs(self.base, self.account)

    def django_database(self, *, owner: bool = False, name: str = DATABASE) -> dict[str, Any]:
        """What Django's DATABASES wants, for the application's role or the owner's."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": OWNER if owner else APP,
            "HOST": str(self.socket),
            "PORT": "5432",
        }

    def connect(self, *, user: str = SUPERUSER, database: str = DATABASE) -> psycopg.Connection:
        """A connection that commits each statement, as the superuser unless told otherwise."""
        return psycopg.connect(host=str(self.socket), port=5432, user=user, dbname=database, autocommit=True)

    # --- being held ------------------------------------------------------------------------------

    def hold(self) -> None:
        """Make sure that the server runs, and keep it running until this process ends.

        Raises EmbeddedError when it cannot be made to run. Calling it again costs a look at a file.
        """
        if self.home in _held and self.running:
            return
        try:
            (self.checkout / ".belay").mkdir(mode=0o700, exist_ok=True)
            with keeper.locked(self.gate, fcntl.LOCK_EX):
                if self.home not in _held:
                    descriptor = os.open(self.holders, os.O_RDWR | os.O_CREAT, 0o600)
                    fcntl.flock(descriptor, fcntl.LOCK_SH)
                    _held[self.home] = descriptor
                    atexit.register(self.release)
                self._make()
                self._start()
        except PermissionError as error:
            raise EmbeddedError(f"{error}. Was Belay started here by another user before?") from error

    def release(self) -> None:
        """Let go; the last one out stops the server before this returns.

        Closes our copy of the lock instead of unlocking it: a forked child that still works keeps it.
        """
        descriptor = _held.pop(self.home, None)
        if descriptor is None:
            return
        atexit.unregister(self.release)
        os.close(descriptor)
        keeper.stop_if_unused(self.gate, self.holders, self.data)

    @property
    def running(self) -> bool:
        return keeper.server_pid(self.data) is not None

    # --- making and starting (inside the gate) -----------------------------------------------------

    def _make(self) -> None:
        finished = self.home / "ready"
        if finished.exists():
            self._check_version()
            return
        self.base.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.account.own(self.base)
        self.account.own(self.home)
        keeper.stop(self.data)
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted first start left behind
        arguments = ["--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"]
        arguments += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        if self.variant == "test":
            arguments += ["--no-sync", "--wal-segsize", "4"]
        self._run("initdb", "--pgdata", str(self.data), *arguments)
        self._start()
        self._provision()
        finished.touch()

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = self._run("postgres", "--version").split()[-1]
        if ours.partition(".")[0] != made_by:
            raise EmbeddedError(
                f"The data in {self.data} were made by PostgreSQL {made_by}; {ours} is installed now. "
                "`make clean` begins afresh; docs/operations.md says how to keep them."
            )

    def _provision(self) -> None:
        """Two roles and the database (docs/decisions/0003). Tables follow with `manage.py migrate`."""
        owner, app, database = map(sql.Identifier, (OWNER, APP, DATABASE))
        grants = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT {} TO {}")
        with self.connect(database="template1") as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(owner))
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(app))
            # In template1, so that the databases of tests and restores have them too.
            tables = sql.SQL("SELECT, INSERT, UPDATE, DELETE ON TABLES")
            connection.execute(grants.format(owner, tables, app))
            connection.execute(grants.format(owner, sql.SQL("USAGE, SELECT ON SEQUENCES"), app))
        with self.connect(database="postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))

    def _start(self) -> None:
        if self.running:
            return
        self.account.own(self.socket)
        self._bury()
        for attempt in range(ATTEMPTS):
            try:
                self._run("pg_ctl", "start", *self._start_arguments())
                break
            except EmbeddedError as error:
                # The children of a server that was killed need a moment to notice.
                if attempt == ATTEMPTS - 1 or "still in use" not in str(error):
                    raise
                time.sleep(0.5)
        subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, str(self.gate), str(self.holders)],
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _bury(self) -> None:
        """Remove what names the last server: `running` has proved it dead.

        Its number may be somebody else's by now, or a zombie's; PostgreSQL would refuse to start. Children of it
        that still write are found all the same: shared memory is found by the data directory's inode.
        """
        for left in (*self.socket.glob(".s.PGSQL.*"), self.data / "postmaster.pid"):
            left.unlink(missing_ok=True)

    def _start_arguments(self) -> list[str]:
        settings = SETTINGS | (TEST_SETTINGS if self.variant == "test" else {})
        # Given at every start, so that an older data directory follows the code.
        options = [f"-c {name}={value}" for name, value in settings.items()]
        options.append(f'-c unix_socket_directories="{self.socket}"')
        log = str(self.home / "log")
        return ["-D", str(self.data), "-l", log, "-w", "-t", str(START_PATIENCE), "-s", "-o", " ".join(options)]

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs as its user and return what it said; EmbeddedError if it fails.

        Output goes through a file: a pipe would stay open for as long as the server that inherited it.
        """
        who = self.account
        drop = {"user": who.uid, "group": who.gid, "extra_groups": []} if who.foreign else {}
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self.programs / program), *arguments],
                check=False,
                cwd=self.home,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **drop,
            )
            output.seek(0)
            said = output.read().strip()
        if done.returncode:
            raise EmbeddedError(f"{program} failed: {said}\n{self._end_of_log()}".strip())
        return said

    def _end_of_log(self, lines: int = 8) -> str:
        try:
            return "\n".join((self.home / "log").read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def locate(checkout: Path, variant: Variant = "demo") -> Cluster:
    """The cluster of a checkout: "demo" and "bench" keep data safe, "test" keeps nothing and is faster."""
    checkout = checkout.resolve()
    return Cluster(checkout, variant, places.identity(checkout), places.account())
