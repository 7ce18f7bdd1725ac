"""django-helpdesk: installed apart in var/, measured on our server in turns with us, once per machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from psycopg import sql

from config.embedded.cluster import OWNER
from tests.bench.bench import Bench
from tests.bench.scratch import ROOT
from tests.bench.server import find

VERSION = "2.6.1"
HOME = ROOT / "var" / "bench" / "helpdesk"
KEPT = ROOT / "var" / "bench" / "helpdesk.json"
PYTHON = HOME / "bin" / "python"
WORKER = Path(__file__).with_name("helpdesk_worker.py")
DATABASE = "belay_bench_helpdesk"
RUNNING = (
    f"django-helpdesk {VERSION} in its own process on the same server, in turns. Its public form knows no login; "
    "ours reads the session and the person first, and that is counted."
)
# What it took on the machine of the design, 1,000 to 100,000 open tickets: 15 to 25 ms.
DESIGN_SECONDS = 0.020


@dataclass
class Peer:
    """`create(n)` gives the median seconds of n public ticket creations: run now, or what was kept."""

    note: str
    kept: float | None = None
    process: "subprocess.Popen[str] | None" = None

    def create(self, count: int) -> float:
        if self.process is None:
            assert self.kept is not None
            return self.kept
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def peer(bench: Bench) -> Iterator[Peer]:
    """The peer, ready. Where it cannot be installed, the design's figure stands in its place, and the note says so."""
    if bench.quick:
        yield Peer("", DESIGN_SECONDS)
    elif KEPT.exists() and not bench.peers:
        known = json.loads(KEPT.read_text())
        yield Peer(
            f"django-helpdesk {VERSION}, measured on this machine in turns with Belay and kept.", known["seconds"]
        )
    elif _installed():
        with _running() as process:
            found = Peer(RUNNING, None, process)
            rounds = [found.create(20) for _ in range(3)]
            yield found
            rounds += [found.create(20) for _ in range(3)]
        KEPT.write_text(json.dumps({"version": VERSION, "seconds": median(rounds)}))
    else:
        note = f"django-helpdesk could not be installed here; {DESIGN_SECONDS * 1000:.0f} ms are the design's figure."
        yield Peer(note, DESIGN_SECONDS)


def _installed() -> bool:
    if not PYTHON.exists():
        HOME.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
    wanted = [f"django-helpdesk=={VERSION}", "Django<5.3", "psycopg[binary]"]
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    return subprocess.run(install, check=False, capture_output=True).returncode == 0


@contextmanager
def _running() -> Iterator["subprocess.Popen[str]"]:
    server = find(ROOT)
    name = sql.Identifier(DATABASE)
    with server.connect() as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(OWNER)))
    database = server.django_database(owner=True) | {"NAME": DATABASE}
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO", "PYTHON"))}
    with subprocess.Popen(
        [str(PYTHON), "-P", str(WORKER), json.dumps(database)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=HOME,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError("django-helpdesk did not start; what it said stands above.")
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=30)
    with server.connect() as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
