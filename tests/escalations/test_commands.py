"""`sweep`, `sweep --loop`, `audit` and `deliver_outbox` as operators run them: processes of their own."""

import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from escalations.models import Clock
from journal import clock
from journal.models import Heartbeat, OutboxMessage
from tests.bed import commands
from tests.bed.deadlines import many_tickets, tally
from tests.bed.mailbox import arrivals
from tests.factories import Organisation

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
DUE = 20


@pytest.fixture
def due() -> None:
    many_tickets(Organisation(), DUE, first_due=clock.now() - timedelta(minutes=10), every=timedelta(milliseconds=1))


def until(condition, patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_audit_alarms_then_sweep_does_the_work_then_audit_is_content(due, tmp_path: Path):
    code, said = commands.run("audit", mailbox=tmp_path)
    assert code == 1
    assert f"ALARM {DUE:>4}  running and overdue by 2 min: BLY-" in said
    code, said = commands.run("sweep", mailbox=tmp_path)
    assert (code, said.strip()) == (
        0,
        f"{DUE} tickets looked at, {DUE} deadlines passed, {DUE} of these late, {DUE} mails queued",
    )
    code, said = commands.run("audit", mailbox=tmp_path)
    assert (code, "ALARM" in said) == (0, False)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_sweeps_and_sends_until_it_is_told_to_stop(due, tmp_path: Path, end):
    process = commands.Command("sweep", "--loop", "--every", "0.2", mailbox=tmp_path)
    try:
        until(lambda: OutboxMessage.objects.filter(state="sent").count() == DUE)
        first = Heartbeat.objects.get(name="sweep").beat_at
        until(lambda: Heartbeat.objects.get(name="sweep").beat_at > first)
    finally:
        code, said = process.stop(end)
    assert (code, "Traceback" in said) == (0, False)
    assert tally() == (DUE, DUE, DUE)
    assert set(arrivals(tmp_path).values()) == {1}
    assert not Clock.objects.filter(state="running").exists()
