"""The embedded PostgreSQL: starts by itself, stops by itself, and where it lives. Its mishaps have their own file."""

import os
import pwd
import signal
from pathlib import Path

import psycopg
import pytest

from config.embedded import Cluster, EmbeddedError, keeper, locate, places, remove
from tests.bed.clusters import Holder, soon

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
