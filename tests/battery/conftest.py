"""The battery kills servers, so it has one of its own, made like a real one: it waits for the disk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from config import embedded
from config.embedded import remove


@pytest.fixture(scope="session")
def test_server() -> Iterator[embedded.Cluster]:
    """Replaces the suite's server for everything in this folder that uses a database."""
    with tempfile.TemporaryDirectory(prefix="belay-battery-") as folder:
        cluster = embedded.locate(Path(folder), "demo")
        cluster.hold()
        place = cluster.django_database()
        settings.DATABASES["default"].update(place)
        connection.settings_dict.update(place)
        yield cluster
        connection.close()
        cluster.release()
        remove.main(Path(folder))
