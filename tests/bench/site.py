"""The product's WSGI application, called in this process as gunicorn's workers call it: all middleware, no socket.

visitor = Visitor(user)
visitor.get("/queue/")                       # Answer(status, headers, body)
with statements() as said: visitor.get("/")  # [(sql, params, seconds), …]
"""

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.wsgi import get_wsgi_application
from django.db import connection

from accounts.models import User

CSRF = "b" * 32


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Failed(Exception):
    """A page that is being measured did not answer as it should."""


@cache
def application() -> Callable[..., Any]:
    app: Callable[..., Any] = get_wsgi_application()
    return app


@dataclass
class Visitor:
    """Somebody logged in, by a session as logging in makes it."""

    user: User
    cookie: str = field(init=False)

    def __post_init__(self) -> None:
        session = SessionStore()
        session[SESSION_KEY] = str(self.user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = self.user.get_session_auth_hash()
        session.create()
        cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: session.session_key or "", "csrftoken": CSRF})
        self.cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())

    def get(self, url: str, *, status: int = 200, **headers: str) -> Answer:
        """Raises Failed for any other status."""
        return self._ask("GET", url, b"", status, headers)

    def post(self, url: str, form: Mapping[str, Any], *, status: int = 303, **headers: str) -> Answer:
        body = urlencode(form, doseq=True).encode()
        given = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_X_CSRFTOKEN": CSRF}
        return self._ask("POST", url, body, status, given | headers)

    def _ask(self, method: str, url: str, body: bytes, status: int, headers: Mapping[str, str]) -> Answer:
        path, _, query = url.partition("?")
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
            "SERVER_NAME": "testserver", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "testserver", "HTTP_COOKIE": self.cookie,
            "HTTP_ACCEPT": "text/html", "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False,
            **headers,
        }  # fmt: skip
        told: list[Any] = []
        response = application()(environ, lambda line, named, *_: told.extend([line, named]))
        answered = Answer(int(told[0][:3]), dict(told[1]), b"".join(response))
        response.close()
        if answered.status != status:
            raise Failed(f"{method} {url}: {told[0]}\n{answered.body.decode()[:2000]}")
        return answered


@contextlib.contextmanager
def statements() -> Iterator[list[tuple[str, Any, float]]]:
    """Every statement inside the block: its text, its parameters and the seconds it took."""
    said: list[tuple[str, Any, float]] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            said.append((sql, params, time.perf_counter() - start))

    with connection.execute_wrapper(listen):
        yield said
