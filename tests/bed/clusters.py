"""Checkouts with an embedded cluster of their own, and processes that hold it."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.embedded import Cluster

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys
from pathlib import Path
from config.embedded import locate
locate(Path(sys.argv[1]), "test").hold()
print("held", flush=True)
sys.stdin.read()
"""


class Holder:
    """A process of its own that holds a checkout's cluster until it is told, or made, to end."""

    def __init__(self, checkout: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(checkout)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, **pipes)

    def wait_until_held(self) -> "Holder":
        assert self.process.stdout.readline() == "held\n"
        return self

    def leave(self) -> None:
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


def soon(condition: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def note(cluster: Cluster, text: str) -> None:
    with cluster.connect() as connection:
        connection.execute("SET synchronous_commit = on")  # these clusters do not wait for it by themselves
        connection.execute("DROP TABLE IF EXISTS note")
        connection.execute("CREATE TABLE note (words text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def notes(cluster: Cluster) -> list[str]:
    with cluster.connect() as connection:
        return [words for (words,) in connection.execute("SELECT words FROM note ORDER BY 1")]
