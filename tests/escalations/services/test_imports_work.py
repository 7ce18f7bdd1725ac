"""The work of an import: in slices, stopped and gone on with, taken back."""

import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError

from escalations.choices import ImportState
from escalations.models import Clock, Customer, ImportRun, Ticket
from escalations.services import imports_work
from escalations.services.conversation import ticket_note
from escalations.services.imports import (
    import_start,
    import_undo,
)
from escalations.services.imports_work import import_work
from escalations.services.sweep import sweep
from journal import clock
from journal.models import Event
from tests.escalations.import_runs import counts, finish, loaded, ticket, upload
from tests.escalations.import_tables import (
    INCIDENT_ROWS,
    as_csv,
    many,
)
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def test_a_slice_ends_in_the_middle_and_the_next_goes_on(org, monkeypatch):
    monkeypatch.setattr(imports_work, "CHUNK", 10)
    run = upload(org, as_csv(many(35)))
    import_start(run=run, by=org.administrator)
    seen = []
    while import_work(seconds=0):
        run.refresh_from_db()
        seen.append((run.rows_read, Ticket.objects.count()))
    assert seen == [(10, 10), (20, 20), (30, 30)]
    finish(run)
    assert (run.state, run.rows_created) == (ImportState.DONE, 35)


def test_a_killed_process_is_followed_by_the_next_once_its_lease_is_over(org, monkeypatch):
    monkeypatch.setattr(imports_work, "CHUNK", 10)
    run = upload(org, as_csv(many(15)))
    with clock.travel(NOON) as traveller:
        import_start(run=run, by=org.administrator)
        ImportRun.objects.filter(pk=run.pk).update(lease=uuid.uuid4(), lease_until=NOON + imports_work.LEASE)
        assert import_work(seconds=60) is False
        traveller.forward(imports_work.LEASE + timedelta(seconds=1))
        finish(run)
    assert (run.state, run.rows_created) == (ImportState.DONE, 15)


def test_whoever_lost_the_lease_writes_nothing(org, monkeypatch):
    run = upload(org, as_csv(many(15)))
    import_start(run=run, by=org.administrator)
    read = imports_work._read

    def slow(rows, reader, outcome):
        ImportRun.objects.filter(pk=run.pk).update(lease=uuid.uuid4())
        return read(rows, reader, outcome)

    claimed = imports_work._claim(run.pk)
    monkeypatch.setattr(imports_work, "_read", slow)
    ImportRun.objects.filter(pk=run.pk).update(lease=uuid.uuid4())
    with pytest.raises(imports_work.LeaseLost):
        imports_work._go_on(claimed, 0)
    assert not Ticket.objects.exists()


def test_undo_restores_what_was_there(org):
    with clock.travel(NOON) as traveller:
        before = counts()
        run = loaded(org, as_csv(INCIDENT_ROWS + many(30)[5:]))
        sweep()
        traveller.forward(timedelta(hours=30))
        sweep()
        assert Event.objects.filter(kind="clock.breached").exists()
        import_undo(run=run, by=org.administrator)
        finish(run)
    after = counts()
    assert run.state == ImportState.UNDONE
    assert after.pop("OutboxMessage") > before.pop("OutboxMessage")  # what was sent was sent
    assert after == before


def test_undo_keeps_what_somebody_worked_on(org):
    run = loaded(org)
    kept = ticket("INC3")
    ticket_note(ticket=kept, by=org.receiver, body="Looking into it.")
    import_undo(run=run, by=org.administrator)
    finish(run)
    assert (run.report["undo"]["removed"], run.report["undo"]["kept"]) == (3, 1)
    assert list(Ticket.objects.values_list("external_id", flat=True)) == ["INC3"]
    assert Clock.objects.filter(ticket=kept).exists()
    assert Customer.objects.filter(name="Site B").exists()
    assert not Customer.objects.filter(name="Site A").exists()


def test_a_running_import_can_be_stopped_and_taken_back(org, monkeypatch):
    monkeypatch.setattr(imports_work, "CHUNK", 10)
    run = upload(org, as_csv(many(35)))
    import_start(run=run, by=org.administrator)
    import_work(seconds=0)
    import_undo(run=run, by=org.administrator)
    finish(run)
    assert run.state == ImportState.UNDONE
    assert not Ticket.objects.exists()


def test_a_team_that_has_gone_stops_the_import_with_its_reason(org):
    run = upload(org)
    import_start(run=run, by=org.administrator)
    org.teams["L2"].is_active = False
    org.teams["L2"].save()
    finish(run)
    assert run.state == ImportState.FAILED
    assert "integrations" in run.error
    org.teams["L2"].is_active = True
    org.teams["L2"].save()
    import_start(run=run, by=org.administrator)
    assert finish(run).rows_created == 4


def test_what_fails_again_and_again_stops_and_can_be_started_anew(org, monkeypatch):
    run = upload(org)
    import_start(run=run, by=org.administrator)

    def locked(*_: object, **__: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    with monkeypatch.context() as patch:
        patch.setattr(imports_work, "load_rows", locked)
        calls = 0
        while import_work(seconds=60):
            calls += 1
    run.refresh_from_db()
    assert (calls, run.state, run.task) == (imports_work.TRIES, ImportState.FAILED, "")
    import_start(run=run, by=org.administrator)
    assert finish(run).rows_created == 4


def test_a_file_that_is_gone_is_said(org):
    run = upload(org)
    import_start(run=run, by=org.administrator)
    run.file.storage.delete(run.file.name)
    assert (finish(run).state, run.error) == (ImportState.FAILED, "The uploaded file is gone.")
