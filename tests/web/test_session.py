"""Logging in without leaving the page, the reader's zone and theme."""

from urllib.parse import urlencode

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.factories import PASSWORD, UserFactory
from web import navigation

pytestmark = pytest.mark.django_db
URL = "/session/login/"
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def someone():
    return UserFactory(username="ines", full_name="Ines Halvorsen", time_zone="Asia/Kathmandu")


@pytest.mark.parametrize("headers", [FETCH, {"HX-Request": "true"}])
def test_scripts_learn_where_to_log_in(client: Client, headers: dict[str, str]) -> None:
    response = client.post("/style/", headers=headers)
    assert (response.status_code, response["Belay-Login"]) == (401, URL)


def test_a_browser_goes_to_the_login_page_and_back(client: Client) -> None:
    response = client.get("/style/?a=1")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/style/%3Fa%3D1"


def test_the_dialog_is_a_form(client: Client) -> None:
    response = client.get(URL, headers=FETCH)
    assert response.status_code == 200
    html = response.content.decode()
    assert "<html" not in html
    assert 'name="login"' in html
    assert "csrfmiddlewaretoken" in html


def test_a_wrong_password_stays_in_the_dialog(client: Client, someone) -> None:
    response = client.post(URL, {"login": "ines", "password": "wrong"}, headers=FETCH)
    assert response.status_code == 422
    assert "do not belong together" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_the_right_one_renews_session_and_token(someone) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get(URL, headers=FETCH)
    before = client.cookies["csrftoken"].value
    data = {"login": "ines", "password": PASSWORD, "csrfmiddlewaretoken": before}
    response = client.post(URL, data, headers=FETCH)
    assert (response.status_code, response["Belay-Person"]) == (204, str(someone.pk))
    after = client.cookies["csrftoken"].value
    assert after != before
    assert client.post("/theme/", {"theme": "dark"}, headers={**FETCH, "X-CSRFToken": after}).status_code == 204


def test_who_is_logged_in_already_only_renews(client: Client, someone) -> None:
    client.force_login(someone)
    assert client.get(URL, headers=FETCH)["Belay-Person"] == str(someone.pk)


def test_login_words_do_not_tell_who_exists(client: Client, someone) -> None:
    texts = set()
    for name in ("ines", "nobody", "ines@belay.example", "nobody@belay.example"):
        html = client.post("/accounts/login/", {"login": name, "password": "wrong"}).content.decode()
        texts.add(html.partition('role="alert"')[2].partition("</div>")[0].split("</svg>")[-1])
    assert len(texts) == 1


@pytest.mark.parametrize("typed", ["\x00", "\ud800", "x" * 1_000_000, "\u202e", "' OR 1=1"])
def test_login_takes_bad_input_calmly(client: Client, typed: str) -> None:
    body = urlencode({"login": typed, "password": "x"}, errors="surrogatepass")
    response = client.post("/accounts/login/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode() or 'role="alert"' in response.content.decode()


def test_theme_is_kept_with_the_person_and_the_browser(client: Client, someone) -> None:
    client.force_login(someone)
    response = client.post("/theme/", {"theme": "dark", "next": "/style/"})
    assert response["Location"] == "/style/"
    assert get_user_model().objects.get(pk=someone.pk).theme == "dark"
    client.post("/accounts/logout/")
    assert 'data-bs-theme="dark"' in client.get("/accounts/login/").content.decode()


def test_a_theme_that_does_not_exist_is_refused(client: Client, someone) -> None:
    client.force_login(someone)
    assert client.post("/theme/", {"theme": "neon"}).status_code == 400
    assert client.get("/theme/").status_code == 405


def test_times_are_shown_in_the_readers_zone(client: Client, someone, settings) -> None:
    settings.BELAY_STYLE_PAGE = True
    client.force_login(someone)
    response = client.get("/style/")
    assert "UTC+5:45" in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


def test_the_style_page_is_closed_where_it_is_not_wanted(client: Client, someone, settings) -> None:
    settings.BELAY_STYLE_PAGE = False
    client.force_login(someone)
    assert client.get("/style/").status_code == 404


def test_demo_logins_show_only_in_a_demo(client: Client, settings, monkeypatch) -> None:
    login = navigation.DemoLogin("tomasz", "secret", "Tomasz Wrede", "L1 agent")
    monkeypatch.setattr(navigation.registry, "demo_logins", lambda: [login])
    settings.BELAY_DEMO = False
    assert "Tomasz Wrede" not in client.get("/accounts/login/").content.decode()
    settings.BELAY_DEMO = True
    assert "Tomasz Wrede" in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("name", ["password/reset/", "password/reset/done/", "signup/", "inactive/"])
def test_every_account_page_is_ours(client: Client, name: str) -> None:
    response = client.get(f"/accounts/{name}", follow=True)
    assert response.status_code == 200
    assert "belay.css" in response.content.decode()


@pytest.mark.parametrize("name", ["password/change/", "logout/", "reauthenticate/", "email/"])
def test_every_account_page_of_a_person_is_ours(client: Client, someone, name: str) -> None:
    client.force_login(someone)
    html = client.get(f"/accounts/{name}", follow=True).content.decode()
    assert "belay.css" in html
