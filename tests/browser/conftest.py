from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.people import signed_in
from tests.factories import Organisation

Visit = Callable[..., Page]
# A busy machine is slow, not wrong.
expect.set_options(timeout=25_000)


@pytest.fixture
def org(transactional_db: None) -> Organisation:
    return Organisation()


@pytest.fixture
def visit(page: Page, live_server) -> Iterator[Visit]:
    """Open a page of ours as somebody; what the browser's console complains of fails the test."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    def go(path: str, user: User | None = None) -> Page:
        if user is not None:
            signed_in(page, live_server, user)
        page.goto(f"{live_server.url}{path}")
        return page

    yield go
    # What the network answers with is the browser's to report and ours to expect.
    assert [text for text in complaints if "Failed to load resource" not in text] == []
