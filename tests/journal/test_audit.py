"""The auditor's own working; what it looks for is proved in the tests of the apps that registered it."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from journal import audit, clock
from journal.models import OutboxMessage
from journal.services import heartbeat, outbox_put

pytestmark = pytest.mark.django_db


def count(name: str, now) -> int:
    return next(finding.count for finding in audit.run(now) if finding.query.name == name)


def test_a_line_says_how_many_and_which():
    query = audit.Query("numbers", "SELECT n::text FROM generate_series(1, 7) AS n")
    finding = audit._ask(query, clock.now())
    assert str(finding) == "ALARM    7  numbers: 1, 2, 3, 4, 5, …"
    assert str(audit.Finding(query, 0, ())) == "ok       0  numbers"
    note = audit.Query("numbers", query.sql, is_alarm=False)
    assert str(audit._ask(note, clock.now())).startswith("note     7")
    assert not audit._ask(note, clock.now()).alarms


def test_a_message_nobody_sent_alarms_until_it_is_given_up():
    outbox_put(key="a", recipient="ada@belay.example", subject="Hello", body="Text.")
    now = clock.now()
    assert count("outbox unsent for 5 min", now) == 0
    assert count("outbox unsent for 5 min", now + timedelta(minutes=6)) == 1
    OutboxMessage.objects.update(state="dead", last_error="refused")
    assert count("outbox unsent for 5 min", now + timedelta(minutes=6)) == 0
    assert count("message given up (send again: deliver_outbox --retry-dead)", now) == 1


def test_the_command_succeeds_in_a_healthy_installation(capsys):
    heartbeat("sweep")
    call_command("audit")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(audit.queries())
    assert all(line.startswith("ok       0  ") for line in lines)


def test_the_command_fails_where_nobody_sweeps(capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("audit")
    assert ended.value.code == 1
    assert "ALARM    1  no sweep for 90 s: never" in capsys.readouterr().out
