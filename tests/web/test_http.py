import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory, override_settings
from django_htmx.middleware import HtmxMiddleware

from web import http
from web.middleware import FetchRedirect

PAGE, FRAGMENT = "web/fault.html", "web/_fault.html"


def asked(path: str = "/", **headers: str):
    request = RequestFactory().get(path, headers=headers)
    HtmxMiddleware(lambda request: HttpResponse())(request)
    request._messages = CookieStorage(request)
    return request


def whole(response: HttpResponse) -> bool:
    return b"<!doctype html>" in response.content


@pytest.fixture(autouse=True)
def plain_clock():
    with override_settings(BELAY_NOW="django.utils.timezone.now"):
        yield


def test_a_browser_gets_the_page_and_htmx_the_fragment() -> None:
    assert whole(http.page_or_fragment(asked(), PAGE, FRAGMENT, {}))
    assert not whole(http.page_or_fragment(asked(**{"HX-Request": "true"}), PAGE, FRAGMENT, {}))


def test_a_history_restore_gets_the_page() -> None:
    request = asked(**{"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert whole(http.page_or_fragment(request, PAGE, FRAGMENT, {}))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_both_vary_by_who_asks(headers: dict[str, str]) -> None:
    response = http.page_or_fragment(asked(**headers), PAGE, FRAGMENT, {})
    assert "HX-Request" in response["Vary"]


def test_statuses() -> None:
    assert http.invalid(asked(), PAGE, FRAGMENT).status_code == 422
    assert http.conflict(asked(), PAGE, FRAGMENT).status_code == 409
    assert http.no_news().status_code == 204


def test_redirects_reach_whoever_asked() -> None:
    assert http.redirect_to(asked(), "/queue/").status_code == 303
    assert http.redirect_to(asked(**{"HX-Request": "true"}), "/queue/")["HX-Redirect"] == "/queue/"


def test_our_scripts_get_the_address_of_a_redirect() -> None:
    answer = FetchRedirect(lambda request: HttpResponseRedirect("/queue/"))
    response = answer(asked(**{"X-Requested-With": "fetch"}))
    assert (response.status_code, response["Belay-Location"]) == (204, "/queue/")
    assert "Location" not in response
    assert answer(asked()).status_code == 302


@pytest.mark.parametrize(
    "url", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_next_stays_here(url: str) -> None:
    request = RequestFactory().get("/", {"next": url})
    assert http.safe_next(request, "/queue/") == "/queue/"


def test_next_is_kept() -> None:
    assert http.safe_next(RequestFactory().get("/", {"next": "/queue/?tier=L2"})) == "/queue/?tier=L2"
