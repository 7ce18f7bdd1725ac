"""Celery carries hints: nothing is kept in it, and publishing never holds anybody up."""

import pytest
from django.conf import settings
from kombu import Connection

from config.celery import app, settings_for


def test_the_schedule_is_in_code():
    app.loader.import_default_modules()
    scheduled = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}

    assert scheduled == {"escalations.tasks.sweep": 15, "journal.tasks.deliver_outbox": 15}
    assert set(scheduled) <= set(app.tasks)


def test_messages_travel_through_files_without_a_broker(tmp_path):
    found = settings_for("", tmp_path / "broker")

    assert found["CELERY_BROKER_URL"] == "filesystem://localhost//"
    assert sorted(path.name for path in (tmp_path / "broker").iterdir()) == ["control", "messages"]


def test_an_unreachable_broker_fails_at_once(tmp_path):
    found = settings_for("redis://127.0.0.1:1/0", tmp_path)

    assert found["CELERY_TASK_PUBLISH_RETRY"] is False
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["socket_connect_timeout"] <= 2
    assert not (tmp_path / "messages").exists()


def test_results_are_not_kept():
    assert settings.CELERY_TASK_IGNORE_RESULT is True


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_the_client_of_every_broker_we_name_is_installed(scheme):
    """A client that is missing shows only when the transport is built."""
    assert Connection(f"{scheme}://localhost").transport.driver_type == scheme
