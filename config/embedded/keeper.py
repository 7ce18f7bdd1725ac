"""Stops the embedded PostgreSQL when nobody holds it any more, however the last holder ended.

Runs as a process of its own beside the server (standard library only, so that it stays small):

    python keeper.py GATE HOLDERS       # in the data directory

and its functions are what an ordinary last holder uses on its way out. Two locked files:
`holders` is locked shared by everybody who uses the server; `gate` is locked by whoever starts or
stops it, and always taken first.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
PATIENCE = 20.0  # seconds for a fast shutdown, before an immediate one (which recovers at the next start)

GLANCES = 5  # a keeper that wakes up holds the lock for an instant, which is not a holder


@contextlib.contextmanager
def locked(path: Path, how: int) -> Iterator[bool]:
    """Hold an flock on `path` inside the block; False when `how` says not to wait and it is taken."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def alive(pid: int) -> bool:
    """False when no process has this id, or only its remains wait for a parent that never asks."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def server_pid(data: Path) -> int | None:
    """The process id of the server that runs on this data directory, None when none does.

    The pid file alone proves nothing: it survives a crash, its number may belong to somebody else by
    now, and it travels along when a checkout is copied. A server's working directory is its data
    directory, wherever that has been moved to.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if not alive(pid):
        return None
    if not Path("/proc/self/cwd").exists():
        return pid if Path(lines[1]).absolute() == data.absolute() else None
    try:
        return pid if os.path.samefile(f"/proc/{pid}/cwd", data) else None
    except OSError:  # another user's process: not ours
        return None


def stop(data: Path) -> None:
    """Stop the server on `data` and wait until it is gone. Nothing happens when none runs."""
    pid = server_pid(data)
    if pid is None:
        return
    for how in (FAST, IMMEDIATE):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if not alive(pid):
                return
            time.sleep(0.02)


def stop_if_unused(gate: Path, holders: Path, data: Path) -> bool:
    """Stop the server unless somebody holds it; True when nobody did."""
    with locked(gate, fcntl.LOCK_EX):
        for _ in range(GLANCES):
            with locked(holders, fcntl.LOCK_EX | fcntl.LOCK_NB) as unused:
                if unused:
                    stop(data)
                    return True
            time.sleep(0.01)
    return False


def main(gate: Path, holders: Path) -> None:
    """Sleep until the last holder is gone, then stop the server whose data directory we stand in."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    while True:
        # Taken without the gate and let go at once, so it never stands in a newcomer's way.
        with locked(holders, fcntl.LOCK_EX):
            pass
        if stop_if_unused(gate, holders, Path(".")):
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
