"""Many at once for real: threads with connections of their own, and processes that are killed in the middle."""

import os
import random
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

PATIENCE = 60  # seconds; a race that hangs is a failure, not a wait


def race(*jobs: Callable[[], Any]) -> list[Any]:
    """Run all jobs at the same moment, each in a thread with its own connection: what each returned or raised."""
    results: list[Any] = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def run(number: int, job: Callable[[], Any]) -> None:
        try:
            for connection in connections.all():
                connection.ensure_connection()
            start.wait(PATIENCE)
            results[number] = job()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a racer hangs"
    return results


def of_kind(results: Sequence[Any], kind: type) -> list[Any]:
    return [result for result in results if isinstance(result, kind)]


def spawn(work: Callable[[], object]) -> int:
    """Start a process that does `work` and ends: its id. It inherits settings, patches and the moved clock."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def finish(*pids: int) -> list[int]:
    """Wait for processes to end by themselves: their exit codes."""
    deadline = time.monotonic() + PATIENCE
    codes = []
    for pid in pids:
        while True:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                codes.append(os.waitstatus_to_exitcode(status))
                break
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                raise AssertionError("a process hangs")
            time.sleep(0.005)
    return codes


_pulse: list[int] = []


def beat() -> None:
    """Called by the work of `kill_again_and_again`: from now on it is worth killing."""
    for end in _pulse:
        os.write(end, b".")


def kill_again_and_again(work: Callable[[], object], *, kills: int, longest: float, seed: int = 1) -> int:
    """Start `work` in a process, wait until it beats, and SIGKILL it up to `longest` seconds later; `kills` times.

    Then lets one finish in peace. Returns how many were killed while they worked.
    """
    rng, killed = random.Random(seed), 0
    for _ in range(kills):
        reading, writing = os.pipe()
        _pulse.append(writing)
        pid = spawn(work)
        _pulse.remove(writing)
        os.close(writing)
        assert select.select([reading], [], [], PATIENCE)[0], "a process hangs"
        if os.read(reading, 1):  # else it has ended: there was nothing left to do
            time.sleep(rng.uniform(0.0, longest))
        os.close(reading)
        if ended(pid):
            continue
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        killed += 1
    assert finish(spawn(work)) == [0]
    return killed
