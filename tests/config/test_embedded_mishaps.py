"""The embedded PostgreSQL survives what happens to processes and folders."""

import contextlib
import os
import shutil
import signal
import threading
from pathlib import Path

import psycopg
import pytest

from config.embedded import Cluster, EmbeddedError, keeper, locate, remove
from tests.bed.clusters import note, notes, soon


def test_a_killed_server_is_started_again_with_its_data(held: Cluster):
    note(held, "kept")
    pid = keeper.server_pid(held.data)
    os.kill(pid, signal.SIGKILL)
    assert soon(lambda: not held.running)

    held.hold()

    assert keeper.server_pid(held.data) != pid
    assert notes(held) == ["kept"]


def test_a_new_server_waits_for_the_children_of_a_killed_one(held: Cluster):
    busy = held.connect()
    child = busy.info.backend_pid
    answer = threading.Thread(target=_count, args=(busy, 15_000_000))
    answer.start()
    with held.connect() as watch:
        running = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
        assert soon(lambda: watch.execute(running, [child]).fetchone() == (1,))
    os.kill(keeper.server_pid(held.data), signal.SIGKILL)
    assert soon(lambda: not held.running)

    held.hold()

    assert not keeper.alive(child)
    assert "still in use" in (held.home / "log").read_text()
    answer.join()


def _count(connection: psycopg.Connection, numbers: int) -> None:
    with contextlib.suppress(psycopg.OperationalError), connection:
        connection.execute("SELECT count(*) FROM generate_series(1, %s) n WHERE n %% 2 = 0", [numbers])


def test_a_stale_pid_file_that_names_a_living_process(held: Cluster):
    note(held, "kept")
    held.release()
    (held.data / "postmaster.pid").write_text(f"{os.getpid()}\n{held.data}\n0\n5432\n{held.socket}\n\n\nready\n")

    assert not held.running
    held.hold()

    assert notes(held) == ["kept"]


def test_a_first_start_that_was_interrupted(own_checkout: Path):
    cluster = locate(own_checkout, "test")
    cluster.hold()
    cluster.release()
    (cluster.home / "ready").unlink()
    shutil.rmtree(cluster.data / "base")

    cluster.hold()
    try:
        assert cluster.connect(user="belay_app").execute("SELECT 1").fetchone() == (1,)
    finally:
        cluster.release()


def test_data_of_another_version_are_left_alone(held: Cluster):
    held.release()
    (held.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(EmbeddedError, match="were made by PostgreSQL 9"):
        held.hold()

    (held.data / "PG_VERSION").write_text("18\n")


def test_a_failure_says_why(held: Cluster):
    held.release()
    wrong = held.data / "postgresql.auto.conf"
    wrong.write_text("nonsense = 1\n")

    with pytest.raises(EmbeddedError, match="nonsense"):
        held.hold()

    wrong.write_text("")


def test_a_moved_checkout_keeps_its_data(own_checkout: Path, holder):
    before = holder(own_checkout)
    note(locate(own_checkout, "test"), "before")
    before.leave()
    there = own_checkout.rename(own_checkout.with_name("there"))

    after = holder(there)

    assert notes(locate(there, "test")) == ["before"]
    after.leave()
    assert not locate(there, "test").running


def test_a_checkout_moved_while_it_runs(own_checkout: Path, holder):
    before = holder(own_checkout)
    pid = keeper.server_pid(locate(own_checkout, "test").data)
    there = own_checkout.rename(own_checkout.with_name("there"))

    after = holder(there)

    assert keeper.server_pid(locate(there, "test").data) == pid
    note(locate(there, "test"), "here")
    before.kill()
    after.leave()
    assert not locate(there, "test").running


def test_two_checkouts_at_once_even_when_one_is_a_copy(own_checkout: Path, holder):
    one = holder(own_checkout)
    copy = own_checkout.with_name("copy")
    shutil.copytree(own_checkout, copy, ignore=shutil.ignore_patterns("s"))
    other = holder(copy)
    first, second = locate(own_checkout, "test"), locate(copy, "test")

    note(first, "first")
    note(second, "second")

    assert first.name != second.name
    assert (notes(first), notes(second)) == (["first"], ["second"])
    one.leave()
    assert not first.running
    assert second.running
    other.leave()
    assert not second.running


def test_removing_stops_it_and_leaves_nothing(own_checkout: Path, holder):
    holder(own_checkout)
    cluster = locate(own_checkout, "test")

    remove.main(own_checkout)

    assert not cluster.running
    assert not cluster.base.exists()
