from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path

from web import errors


def broken(request: HttpRequest) -> None:
    raise RuntimeError("broken on purpose")


def refused(request: HttpRequest) -> None:
    raise PermissionDenied


broken.login_required = False  # type: ignore[attr-defined]
refused.login_required = False  # type: ignore[attr-defined]
urlpatterns = [path("broken/", broken), path("refused/", refused), path("", include("config.urls"))]
handler400, handler403 = "web.errors.bad_request", "web.errors.forbidden"
handler404, handler500 = "web.errors.not_found", "web.errors.server_error"


@pytest.fixture
def visitor() -> Iterator[Client]:
    with override_settings(ROOT_URLCONF=__name__, BELAY_NOW="django.utils.timezone.now"):
        yield Client(raise_request_exception=False)


def test_not_found_looks_like_the_product(visitor: Client) -> None:
    response = visitor.get("/no/such/page/")
    assert response.status_code == 404
    html = response.content.decode()
    assert "There is nothing here" in html
    assert "belay.css" in html
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_forbidden(visitor: Client) -> None:
    response = visitor.get("/refused/")
    assert (response.status_code, "This is not yours to do" in response.content.decode()) == (403, True)


def test_server_error_needs_nothing(visitor: Client) -> None:
    response = visitor.get("/broken/")
    assert response.status_code == 500
    html = response.content.decode()
    assert "Something broke on our side" in html
    assert "broken on purpose" not in html


def test_a_form_signed_elsewhere_says_what_is_kept() -> None:
    with override_settings(BELAY_NOW="django.utils.timezone.now"):
        response = Client(enforce_csrf_checks=True).post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "what you typed is still there" in response.content.decode()


@pytest.mark.parametrize(("answer", "status"), [(errors.changed, 409), (errors.invalid, 422)])
@pytest.mark.parametrize("headers", [{}, {"X-Requested-With": "fetch"}])
def test_conflicts_and_misfits_say_what_is_kept(answer: Any, status: int, headers: dict[str, str]) -> None:
    with override_settings(BELAY_NOW="django.utils.timezone.now"):
        response = answer(RequestFactory().get("/", headers=headers))
    assert response.status_code == status
    assert "what you typed is still in the form" in response.content.decode()


def test_scripts_get_a_note_instead_of_a_page(visitor: Client) -> None:
    html = visitor.get("/no/such/page/", headers={"HX-Request": "true"}).content.decode()
    assert html.startswith('<div class="note')


@pytest.mark.parametrize(
    ("exception", "title"), [(ValueError("x"), "could not read"), (RequestDataTooBig(), "too much")]
)
def test_bad_requests_say_which_kind(exception: Exception, title: str) -> None:
    with override_settings(BELAY_NOW="django.utils.timezone.now"):
        response = errors.bad_request(RequestFactory().get("/"), exception)
    assert response.status_code == 400
    assert title in response.content.decode()
