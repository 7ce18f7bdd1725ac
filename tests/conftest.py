"""The test bed. What tests may use from here:

- the usual fixtures of pytest-django; `db` runs as the application's role inside a transaction, and
  `transactional_db` commits for real and is cleaned up afterwards, append-only tables included;
- `owner_connection`, `superuser_connection`: psycopg connections to this test's database;
- `org`: the small organisation of tests/factories.py; `noon`: Belay's clock stands at a Tuesday noon, moved by hand;
- `page`, `context`, `live_server`: a real Chromium; such tests are marked `browser` by themselves.
"""

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import override_settings

from config.embedded.cluster import OWNER, SUPERUSER
from journal import clock
from tests.bed import databases, server, stock
from tests.factories import NOON, Organisation, found

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FIXTURES = {"page", "context", "browser", "new_context"}
ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("battery", deadline=None, max_examples=10_000, print_blob=True)

# Playwright's synchronous API runs an event loop in this thread, which Django takes for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that drive a browser: they run apart from the others (see the Makefile)."""
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


# --- database ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def test_server() -> server.Server:
    found = server.find(ROOT)
    found.hold()
    return found


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    test_server: server.Server,
    django_test_environment: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    """Replaces pytest-django's: a copy of the migrated template instead of migrating here."""
    label = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock():
        name = databases.create(test_server, ROOT, label)
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
        with clock.travel(NOON):
            stock.keep(test_server, name, found)

    def restore(self: TransactionTestCase) -> None:
        databases.restore(test_server, name)

    patch = pytest.MonkeyPatch()
    # Django would TRUNCATE, which the application's role may not.
    patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
    yield
    patch.undo()
    with django_db_blocker.unblock():
        connection.close()
        databases.drop(test_server, name)


@pytest.fixture
def owner_connection(db: None, test_server: server.Server) -> Iterator[psycopg.Connection]:
    """This test's database as the role that owns the tables. Sees only what has been committed."""
    with test_server.connect(user=OWNER, database=connection.settings_dict["NAME"]) as found:
        yield found


@pytest.fixture
def superuser_connection(db: None, test_server: server.Server) -> Iterator[psycopg.Connection]:
    """This test's database as the superuser, whom no guard stops. Sees only what has been committed."""
    with test_server.connect(user=SUPERUSER, database=connection.settings_dict["NAME"]) as found:
        yield found


@pytest.fixture
def org(db: None) -> Organisation:
    return Organisation()


@pytest.fixture
def noon() -> Iterator[clock.Traveller]:
    with clock.travel(NOON) as traveller:
        yield traveller


# --- surroundings ------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def own_media_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("media")
    with override_settings(MEDIA_ROOT=folder):
        yield folder


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


def _stays_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = address[0]
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """No test leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if not _stays_here(address):
            raise ConnectionRefusedError(f"a test tried to reach {address}")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


# --- browser -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Debian's Chromium. Without one, browser tests are skipped here and fail in CI."""
    for name in CHROMIUMS:
        if found := shutil.which(name):
            return found
    reason = "no Chromium found: install the package `chromium` to run the browser tests"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium_path: str) -> dict[str, Any]:
    # Chromium's sandbox needs rights that containers and root do not give.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
    return {**browser_type_launch_args, "executable_path": chromium_path, "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 900},
        "locale": "en-US",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
    }
