"""The embedded PostgreSQL: starts by itself, stops by itself, survives what happens to processes and folders."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import Cluster, EmbeddedError, keeper, locate, places, remove

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


@pytest.fixture
def holder() -> Iterator[Callable[[Path], Holder]]:
    started: list[Holder] = []

    def start(checkout: Path) -> Holder:
        started.append(Holder(checkout))
        return started[-1].wait_until_held()

    yield start
    for each in started:
        each.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, for checkouts. What runs in it is stopped and removed."""
    with tempfile.TemporaryDirectory(prefix="belay-") as name:
        yield Path(name).resolve()
        for checkout in Path(name).iterdir():
            if (checkout / ".belay").exists():
                remove.main(checkout)


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A checkout for tests that leave its cluster whole. Made once: initdb takes a second."""
    with tempfile.TemporaryDirectory(prefix="belay-") as name:
        yield Path(name).resolve()
        remove.main(Path(name))


@pytest.fixture
def empty_checkout(folder: Path) -> Path:
    path = folder / "here"
    path.mkdir()
    return path


@pytest.fixture
def own_checkout(empty_checkout: Path, held: Cluster) -> Path:
    """A checkout to be treated badly, with a copy of the other one's cluster."""
    held.release()
    cluster = locate(empty_checkout, "test")
    cluster.account.own(cluster.base)
    subprocess.run(["cp", "-a", str(held.home), str(cluster.home)], check=True)
    return empty_checkout


@pytest.fixture
def held(checkout: Path) -> Iterator[Cluster]:
    cluster = locate(checkout, "test")
    cluster.hold()
    yield cluster
    cluster.release()


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


# --- what it is ------------------------------------------------------------------------------------


def test_locating_starts_nothing(empty_checkout: Path):
    cluster = locate(empty_checkout)

    assert cluster.django_database()["HOST"] == str(cluster.socket)
    assert not cluster.running
    assert [path.name for path in (empty_checkout / ".belay").iterdir()] == ["checkout"]
    assert locate(empty_checkout) == cluster


def test_two_roles_and_no_network(held: Cluster):
    with held.connect() as superuser:
        rights = superuser.execute(
            "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname LIKE 'belay%' ORDER BY 1"
        ).fetchall()
        settings = dict(superuser.execute("SELECT name, setting FROM pg_settings").fetchall())

    assert rights == [("belay_app", False, False), ("belay_owner", False, True)]
    assert settings["listen_addresses"] == ""
    assert int(settings["max_connections"]) >= 320
    assert len(str(held.socket)) < 100


def test_the_application_uses_what_the_owner_makes(held: Cluster):
    with held.connect(user="belay_owner") as owner:
        owner.execute("DROP TABLE IF EXISTS ticket")
        owner.execute("CREATE TABLE ticket (id bigint GENERATED ALWAYS AS IDENTITY, subject text)")
    with held.connect(user="belay_app") as app:
        app.execute("INSERT INTO ticket (subject) VALUES ('a')")
        app.execute("UPDATE ticket SET subject = 'b'")
        app.execute("DELETE FROM ticket")
        for statement in ("TRUNCATE ticket", "DROP TABLE ticket", "CREATE TABLE mine (id int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may not run PostgreSQL itself")
def test_root_runs_it_as_somebody_else_and_opens_no_folder(folder: Path):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    checkout = closed / "here"
    checkout.mkdir(mode=0o700)
    cluster = locate(checkout, "test")
    try:
        cluster.hold()
        owner = Path(f"/proc/{keeper.server_pid(cluster.data)}").stat().st_uid

        assert pwd.getpwuid(owner).pw_name in places.UNPRIVILEGED
        assert {path.stat().st_mode & 0o777 for path in (closed, checkout, cluster.base)} == {0o700}
        assert places.SHARED_FOLDERS[0].stat().st_mode & 0o7777 in (0o1777, 0o755)
    finally:
        cluster.release()
        remove.main(checkout)


# --- who holds it ----------------------------------------------------------------------------------


def test_the_last_one_out_stops_it(checkout: Path, holder):
    first, second = holder(checkout), holder(checkout)
    cluster = locate(checkout, "test")

    first.leave()
    assert cluster.running
    second.leave()
    assert not cluster.running


def test_a_killed_holder_is_not_counted(checkout: Path, holder):
    first, second = holder(checkout), holder(checkout)
    cluster = locate(checkout, "test")

    first.kill()
    assert cluster.running
    second.leave()
    assert not cluster.running


def test_it_stops_when_everybody_was_killed(checkout: Path, holder):
    first, second = holder(checkout), holder(checkout)

    first.kill()
    second.kill()

    assert soon(lambda: not locate(checkout, "test").running)


def test_a_forked_child_keeps_it(held: Cluster):
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        held.release()
        assert held.running
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert soon(lambda: not held.running)


def test_many_at_once_make_one(empty_checkout: Path):
    together = [Holder(empty_checkout) for _ in range(5)]
    try:
        pids = {keeper.server_pid(locate(empty_checkout, "test").data) for each in together if each.wait_until_held()}
        assert len(pids) == 1
    finally:
        for each in together:
            each.leave()
    assert not locate(empty_checkout, "test").running


# --- what happens to it ----------------------------------------------------------------------------


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


# --- where it lives --------------------------------------------------------------------------------

SOMEBODY = places.Account(uid=os.geteuid(), gid=os.getegid(), foreign=False)
SOMEBODY_ELSE = places.Account(uid=65534, gid=65534, foreign=True)


def test_an_ordinary_user_keeps_it_in_the_checkout(empty_checkout: Path):
    assert places.base_folder(empty_checkout, "abc", SOMEBODY) == empty_checkout / ".belay" / "postgres-abc"


def test_a_long_path_listens_elsewhere():
    home = Path("/home/" + "long/" * 20)

    assert places.socket_folder(home, "abc", "demo") == Path("/tmp/belay-abc-demo")
    assert places.socket_folder(Path("/srv/x"), "abc", "demo") == Path("/srv/x/s")


def test_a_closed_folder_is_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch):
    closed, open_ = folder / "closed", Path("/opt")
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)
    monkeypatch.setattr(places, "SHARED_FOLDERS", (folder / "missing", closed / "inside", open_))

    assert places.base_folder(folder, "abc", SOMEBODY_ELSE) == open_ / "belay-abc"

    monkeypatch.setattr(places, "SHARED_FOLDERS", (closed / "inside",))
    with pytest.raises(EmbeddedError, match="No folder"):
        places.base_folder(folder, "abc", SOMEBODY_ELSE)
