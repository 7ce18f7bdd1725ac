"""Which role a command logs in as, and when the embedded database is started."""

import os

import pytest

from config import processes


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(processes, "hold_database", lambda: calls.append("held"))
    for name in ("BELAY_DATABASE_AS_OWNER", "BELAY_PROCESS"):
        monkeypatch.setenv(name, "")  # so that what a command sets is undone
        del os.environ[name]
    return calls


def test_only_migrating_is_the_owner_s(started: list[str]):
    processes.prepare_command(["manage.py", "migrate"])

    assert os.environ["BELAY_DATABASE_AS_OWNER"] == "true"
    assert started == ["held"]


@pytest.mark.parametrize("command", ["shell", "seed_demo", "sweep", "audit", "import_tickets"])
def test_every_other_command_is_the_application_s(started: list[str], command: str):
    processes.prepare_command(["manage.py", command])

    assert "BELAY_DATABASE_AS_OWNER" not in os.environ
    assert started == ["held"]


@pytest.mark.parametrize("line", [["manage.py"], ["manage.py", "help"], ["manage.py", "collectstatic"]])
def test_some_need_no_database(started: list[str], line: list[str]):
    processes.prepare_command(line)

    assert started == []
