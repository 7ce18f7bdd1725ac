"""/livez says that the process answers, /readyz that the installation can do its work."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client

from config import health
from journal import clock
from journal.heartbeats import SILENCE
from journal.models import Heartbeat


@pytest.fixture
def sweep_beats(db):
    return Heartbeat.objects.create(name="sweep", beat_at=clock.now())


def test_livez_asks_nobody(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "CHECKS", {"database": None})

    assert client.get("/livez").status_code == 200


def test_readyz_when_everything_works(client: Client, sweep_beats):
    response = client.get("/readyz")

    assert response.status_code == 200, response.json()
    assert response.json() == {"database": "ok", "migrations": "ok", "sweep": "ok"}


@pytest.mark.django_db
def test_readyz_when_no_sweep_has_run(client: Client):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["sweep"] == "no sweep has ever run"


def test_readyz_when_the_sweep_is_silent(client: Client, sweep_beats):
    sweep_beats.beat_at = clock.now() - SILENCE - timedelta(seconds=1)
    sweep_beats.save()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["sweep"].replace("\xa0", " ") == "last sweep 1 minute ago"


def test_readyz_when_a_migration_is_missing(client: Client, sweep_beats, monkeypatch):
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *a: [1, 2])

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["migrations"] == "2 migrations not applied"


def test_readyz_when_the_database_is_gone(client: Client, monkeypatch):
    def gone() -> str:
        raise OperationalError("connection refused")

    monkeypatch.setattr(health, "CHECKS", {"database": gone})

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": "the database does not answer"}
