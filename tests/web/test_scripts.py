"""The scripts in a real browser: nothing typed is lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import PASSWORD, UserFactory
from tests.web.pages import KEPT
from web import themes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture(autouse=True)
def pages(settings: Any) -> dict[str, Any]:
    settings.ROOT_URLCONF = "tests.web.pages"
    settings.BELAY_STYLE_PAGE = True
    KEPT.clear()
    return KEPT


@pytest.fixture
def url(live_server: Any, context: BrowserContext) -> str:
    """The live server, in a browser that is logged in; a console error or a blocked script fails the test."""
    user = UserFactory(username="ines", full_name="Ines Halvorsen")
    client = Client()
    client.force_login(user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    return str(live_server.url)


@pytest.fixture
def clean_console(page: Page) -> Iterator[list[str]]:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if "Content Security Policy" in line.text else None)
    yield said
    assert not said


def end_session() -> None:
    Session.objects.all().delete()


def log_in_place(page: Page) -> None:
    dialog = page.locator("dialog#session")
    dialog.get_by_label("User name or e-mail").fill("ines")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_have_count(0)


def test_a_form_outlives_the_session(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    page.get_by_label("Own words").fill("Nothing arrives")
    page.get_by_label("Week").check()
    end_session()
    page.get_by_role("button", name="File handoff").click()
    expect(page.locator("dialog#session")).to_contain_text("Your session has ended")
    log_in_place(page)
    page.wait_for_url("**/t/table/")
    assert KEPT["filed"]["words"] == ["Nothing arrives"]
    assert KEPT["filed"]["urgency"] == ["b"]
    assert KEPT["times"] == 1


def test_a_wrong_password_keeps_the_dialog(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    page.get_by_label("Own words").fill("Nothing arrives")
    page.get_by_label("Week").check()
    end_session()
    page.get_by_role("button", name="File handoff").click()
    dialog = page.locator("dialog#session")
    dialog.get_by_label("User name or e-mail").fill("ines")
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_contain_text("do not belong together")
    dialog.get_by_role("button", name="Not now").click()
    expect(page.get_by_label("Own words")).to_have_value("Nothing arrives")


def test_somebody_else_does_not_send_it(page: Page, url: str) -> None:
    UserFactory(username="tomasz")
    page.goto(f"{url}/t/form/")
    page.get_by_label("Own words").fill("Nothing arrives")
    page.get_by_label("Week").check()
    end_session()
    page.get_by_role("button", name="File handoff").click()
    dialog = page.locator("dialog#session")
    dialog.get_by_label("User name or e-mail").fill("tomasz")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in").click()
    expect(page.locator("#fault")).to_contain_text("this page belongs to somebody else")
    assert "filed" not in KEPT


def test_an_invalid_form_comes_back_in_place(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    page.get_by_label("Own words").fill("Nothing arrives")
    page.get_by_role("button", name="File handoff").click()
    page.evaluate("document.querySelector('#sample').noValidate = true")
    page.get_by_role("button", name="File handoff").click()
    expect(page.get_by_role("alert")).to_contain_text("What you typed is kept.")
    expect(page.get_by_label("Own words")).to_have_value("Nothing arrives")


def test_htmx_logs_in_place_and_goes_on(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    end_session()
    page.locator("#live").click()
    log_in_place(page)
    expect(page.locator("#live")).to_have_text("fresh")


def test_an_htmx_form_is_sent_again_whole(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    page.get_by_label("Quick note").fill("Called back")
    end_session()
    page.get_by_role("button", name="Add note").click()
    log_in_place(page)
    expect(page.locator("#said")).to_have_text("noted")
    assert KEPT["quick"] == ("Called back", ["a", "b"])


def test_drafts_are_saved_and_the_page_told(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    page.get_by_label("Own words").fill("Nothing arrives")
    expect(page.locator("[data-saved]")).to_contain_text("Saved 14:32")
    expect(page.locator("#meter")).to_have_text("1")
    assert KEPT["draft"]["words"] == "Nothing arrives"


def test_offline_text_comes_back(page: Page, url: str, context: BrowserContext, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    KEPT["down"] = True
    page.get_by_label("Own words").fill("Typed in a tunnel")
    page.get_by_label("Week").check()
    page.get_by_role("button", name="Add step").click()
    page.get_by_label("Step 2", exact=True).fill("Second step")
    expect(page.locator("[data-saved]")).to_contain_text("kept in this browser")
    page.reload()
    expect(page.get_by_label("Own words")).to_have_value("Typed in a tunnel")
    expect(page.get_by_label("Week")).to_be_checked()
    expect(page.get_by_label("Step 2", exact=True)).to_have_value("Second step")
    KEPT["down"] = False
    page.get_by_label("Own words").press("End")
    page.get_by_label("Own words").type("!")
    expect(page.locator("[data-saved]")).to_contain_text("Saved 14:32")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('belay:draft')).length") == 0


def test_autosave_without_session_asks_but_does_not_interrupt(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    end_session()
    page.get_by_label("Own words").fill("Nothing arrives")
    expect(page.locator("[data-saved]")).to_contain_text("your session has ended")
    expect(page.locator("dialog#session")).to_have_count(0)
    page.locator("[data-saved]").get_by_role("button", name="Log in").click()
    log_in_place(page)
    expect(page.locator("[data-saved]")).to_contain_text("Saved 14:32")
    assert KEPT["draft"]["words"] == "Nothing arrives"


def test_a_draft_that_lost_the_race_shows_both(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    KEPT["conflict"] = True
    page.get_by_label("Own words").fill("Mine")
    expect(page.locator("form #conflict")).to_contain_text("Noor Haddad saved this handoff at 14:30")
    expect(page.get_by_label("Own words")).to_have_value("Mine")


def test_leaving_the_page_saves(page: Page, url: str) -> None:
    page.goto(f"{url}/t/form/")
    page.get_by_label("Own words").fill("Left early")
    page.goto(f"{url}/t/table/")
    for _ in range(200):  # the browser sends it in its own time
        if "draft" in KEPT:
            break
        page.wait_for_timeout(50)
    page.goto(f"{url}/t/form/")
    expect(page.get_by_label("Own words")).to_have_value("Left early")


def test_rows_come_and_go(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    for text in ("two", "three"):
        page.get_by_role("button", name="Add step").click()
        page.locator("[data-row]:last-child input").fill(text)
    page.get_by_role("button", name="Remove step 2").click()
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page.get_by_label("Step 2", exact=True)).to_have_value("three")
    assert page.locator("[data-row]:last-child input").get_attribute("name") == "steps-1-step"
    assert page.locator("input[name=steps-TOTAL_FORMS]").input_value() == "2"


def test_files_go_up_and_refusals_say_why(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    files = [
        {"name": "log.txt", "mimeType": "text/plain", "buffer": b"x"},
        {"name": "a.exe", "mimeType": "application/x", "buffer": b"x"},
        {"name": "big.txt", "mimeType": "text/plain", "buffer": b"x" * 2000},
    ]
    page.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    expect(page.locator(".file:not(.file--bad)", has_text="log.txt")).to_be_visible()
    expect(page.locator(".file--bad").first).to_contain_text("a.exe: Not added: programs are not taken.")
    expect(page.locator(".file--bad").last).to_contain_text("big.txt: Not added: larger than")


def test_keyboard(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/table/")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.is-cursor")).to_contain_text("Ticket 2")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("1 selected")
    page.keyboard.press("k")
    page.keyboard.press("e")
    page.wait_for_url("**/t/table/?up=1")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/table/?open=1")


def test_select_all_counts(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/table/")
    expect(page.locator("[data-bulk]")).to_be_hidden()
    page.get_by_label("Select all").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("3 selected")
    expect(page.locator("tr[aria-selected=true]")).to_have_count(3)


def test_theme_changes_in_place(page: Page, url: str, clean_console: list[str]) -> None:
    page.goto(f"{url}/t/form/")
    page.get_by_label("Own words").fill("Still here")
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_label("Own words")).to_have_value("Still here")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/style/", "/accounts/login/", "/nowhere/"])
def test_axe_finds_nothing(
    page: Page, url: str, live_server: Any, context: BrowserContext, clean_console: list[str], theme: str, path: str
) -> None:
    if path == "/accounts/login/":
        context.clear_cookies()
    context.add_cookies([{"name": themes.COOKIE, "value": theme, "url": url}])
    page.goto(url + path)
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
