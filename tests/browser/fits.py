"""Pages as their people see them: nothing axe finds serious, nothing wider than a phone, no complaint of a script."""

from collections.abc import Iterable

from playwright.sync_api import Page

from accounts.models import User
from tests.browser.axe import assert_accessible
from tests.browser.people import signed_in

PHONE, DESK = {"width": 375, "height": 812}, {"width": 1280, "height": 900}


def assert_pages_fit(page: Page, live_server: object, pages: Iterable[tuple[User, str]]) -> None:
    """Open each page (a path) as its person, at a desk and on a phone."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for user, path in pages:
        signed_in(page, live_server, user)
        page.set_viewport_size(DESK)
        page.goto(f"{live_server}{path}")
        assert_accessible(page)
        page.set_viewport_size(PHONE)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{path} is {wide} px wide on a phone"
    assert complaints == []
