"""SIGKILL in the middle of the work, a few times. `make battery` does the same a hundred times."""

from pathlib import Path

import pytest

from escalations.models import Clock
from journal import clock
from journal.models import OutboxMessage
from tests.bed.deadlines import alarms, tally
from tests.bed.kills import kill_careless_senders, kill_careless_sweepers, kill_senders, kill_sweepers
from tests.factories import Organisation

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
DEADLINES, MESSAGES, KILLS = 300, 150, 15


@pytest.fixture
def mailbox(settings, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "tests.bed.mailbox.FolderBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def test_a_sweep_that_is_killed_loses_nothing_and_doubles_nothing():
    killed = kill_sweepers(Organisation(), deadlines=DEADLINES, kills=KILLS)
    assert killed > 0
    assert tally() == (DEADLINES, DEADLINES, DEADLINES)
    assert alarms(clock.now()) == {}


def test_control_a_sweep_that_claims_before_it_acts_loses_deadlines():
    assert kill_careless_sweepers(Organisation(), deadlines=60, kills=3) > 0
    assert "running, and the sweep would look too late or never" in alarms(clock.now())
    assert Clock.objects.exists()


def test_a_sender_that_is_killed_loses_nothing_and_says_everything_under_one_key(mailbox):
    killed, arrived = kill_senders(mailbox, messages=MESSAGES, kills=KILLS)
    assert killed > 0
    assert len(arrived) == OutboxMessage.objects.filter(state="sent").count() == MESSAGES
    # Sent again only where the sender died between sending and noting it: the same key, for the provider to drop.
    assert arrived.total() - len(arrived) <= killed


def test_control_a_sender_that_marks_before_it_sends_loses_messages(mailbox):
    assert kill_careless_senders(mailbox, messages=20, kills=3) > 0
