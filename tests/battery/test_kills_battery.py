"""A hundred kills each; counts by environment: BELAY_KILLS, BELAY_DEADLINES, BELAY_STOPS, BELAY_ACKS."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, InterfaceError, connection

from config.embedded import keeper
from escalations.choices import ClockState
from escalations.models import Clock, Message, Ticket
from escalations.services.conversation import ticket_note
from escalations.services.sweep import sweep
from journal import clock
from journal.models import Event, OutboxMessage
from tests.bed import commands
from tests.bed.deadlines import alarms, many_tickets, tally
from tests.bed.kills import kill_careless_senders, kill_careless_sweepers, kill_senders, kill_sweepers
from tests.bed.racing import finish, spawn
from tests.escalations.test_races import acknowledge_against_sweep, contradictions
from tests.factories import Organisation

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("BELAY_KILLS", "100"))
DEADLINES = int(os.environ.get("BELAY_DEADLINES", "3000"))
STOPS = int(os.environ.get("BELAY_STOPS", "20"))
ACKS = int(os.environ.get("BELAY_ACKS", "500"))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    def speak(text: str) -> None:
        with capsys.disabled():
            print(f"\nbattery: {text}", end="")

    return speak


@pytest.fixture
def mailbox(settings, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "tests.bed.mailbox.FolderBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def test_sweepers_are_killed(say):
    killed = kill_sweepers(Organisation(), deadlines=DEADLINES, kills=KILLS)
    breached, events, mails = tally()
    say(f"{killed} sweepers killed: {DEADLINES - breached} of {DEADLINES} lost, {events - breached} doubled")
    assert (breached, events, mails) == (DEADLINES, DEADLINES, DEADLINES)
    assert alarms(clock.now()) == {}


def test_control_careless_sweepers_are_killed(say):
    lost = kill_careless_sweepers(Organisation(), deadlines=DEADLINES // 6, kills=KILLS // 5)
    say(f"claim-commit-act under {KILLS // 5} kills: {lost} of {DEADLINES // 6} lost")
    assert lost > 0


def test_senders_are_killed(say, mailbox):
    killed, arrived = kill_senders(mailbox, messages=DEADLINES // 3, kills=KILLS)
    again = arrived.total() - len(arrived)
    say(f"{killed} senders killed: {DEADLINES // 3 - len(arrived)} lost, {again} sent again under the same key")
    assert len(arrived) == OutboxMessage.objects.filter(state="sent").count() == DEADLINES // 3
    assert again <= killed


def test_control_careless_senders_are_killed(say, mailbox):
    lost = kill_careless_senders(mailbox, messages=KILLS, kills=KILLS // 5)
    say(f"mark-then-send under {KILLS // 5} kills: {lost} lost")
    assert lost > 0


def test_everything_was_off_for_eight_hours(say):
    many_tickets(
        Organisation(), DEADLINES, first_due=clock.now() - timedelta(hours=8), every=timedelta(hours=7.9) / DEADLINES
    )
    report = sweep()
    fired = list(Event.objects.filter(kind="clock.breached").order_by("pk").values_list("occurred_at", flat=True))
    say(f"off for 8 h: {len(fired)} fired, {report.late} labelled late, in due order: {fired == sorted(fired)}")
    assert tally() == (DEADLINES, DEADLINES, DEADLINES)
    assert fired == sorted(fired)
    assert report.late == DEADLINES
    assert sweep().looked_at == 0
    assert alarms(clock.now()) == {}


def test_acknowledging_races_the_sweep(say):
    outcomes = acknowledge_against_sweep(Organisation(), ACKS)
    say(f"{ACKS} acknowledgements at the deadline: {outcomes}, {contradictions()} met and breached")
    assert contradictions() == 0
    assert alarms(clock.now()) == {}


def _write_notes(ticket: Ticket, by, said: Path, stop: Path) -> None:
    """Write notes and keep, outside the database, which ones were acknowledged."""
    with said.open("a") as file:
        while not stop.exists():
            try:
                message = ticket_note(ticket=ticket, by=by, body="Still there?")
            except (DatabaseError, InterfaceError):
                connection.close()
                time.sleep(0.02)
                continue
            file.write(f"{message.pk}\n")
            file.flush()


def test_the_database_is_stopped_at_once_again_and_again(say, test_server, tmp_path):
    org = Organisation()
    ticket = org.ticket()
    start = clock.now() + timedelta(seconds=2)
    many_tickets(org, DEADLINES, first_due=start, every=timedelta(seconds=0.8 * STOPS) / DEADLINES)
    said, stop, mails = tmp_path / "said", tmp_path / "stop", tmp_path / "mail"
    mails.mkdir()
    writer = spawn(lambda: _write_notes(ticket, org.agent, said, stop))
    loop = commands.Command("sweep", "--loop", "--every", "0.05", mailbox=mails)
    try:
        for _ in range(STOPS):
            time.sleep(0.6)
            os.kill(keeper.server_pid(test_server.data), signal.SIGQUIT)
            while test_server.running:
                time.sleep(0.02)
            test_server.hold()
        deadline = time.monotonic() + 120
        due = Clock.objects.filter(state=ClockState.RUNNING).exclude(ticket=ticket)
        while loop.poll() is None and due.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        stop.touch()
        code, heard = loop.stop()
        (writers_code,) = finish(writer)
    assert (code, writers_code) == (0, 0), heard[-3000:]
    assert not due.exists(), heard[-3000:]
    written = {int(line) for line in said.read_text().split()}
    kept = set(Message.objects.values_list("pk", flat=True))
    say(f"{STOPS} immediate stops: {len(written)} acknowledged writes, {len(written - kept)} lost")
    assert written
    assert written <= kept
    assert Event.objects.filter(kind="clock.breached").exclude(subject_id=ticket.pk).count() == DEADLINES
    assert alarms(clock.now(), "outbox unsent for 5 min") == {}
