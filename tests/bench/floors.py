"""What the product is held against: an empty view, and views written by hand for the measurement.

Both stand behind the full middleware, with the same login. A hand-written view runs the statements that the
product's page runs, builds the page's rows with Python's own string formatting, every value escaped, and sends as
many bytes as the product.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

Statement = tuple[str, Any]
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """`statements` are run in order; `write` makes the markup of one result row; `body` is the page to match."""

    statements: Sequence[Statement]
    write: Callable[[Row], str]
    body: bytes

    def answer(self) -> bytes:
        rows: list[Row] = []
        with connection.cursor() as cursor:
            for sql, params in self.statements:
                cursor.execute(sql, params)
                found = cursor.fetchall() if cursor.description else []
                # The rows that the page is about are the most.
                rows = max(rows, found, key=len)
        written = "".join(map(self.write, rows)).encode()
        return written + self.body[len(written) :]


replays: dict[str, Replay] = {}


def empty(request: HttpRequest) -> HttpResponse:
    """Behind all middleware, somebody logged in; asks nothing and says nothing."""
    assert request.user.is_authenticated
    return HttpResponse()


def replay(request: HttpRequest, name: str) -> HttpResponse:
    assert request.user.is_authenticated
    return HttpResponse(replays[name].answer())


def table_row(row: Row) -> str:
    """A table row as somebody would write it by hand: every value escaped, in a cell with a class."""
    cells = "".join(f'<td class="nowrap">{escape(str(value))}</td>' for value in row if value is not None)
    return f'<tr class="row">{cells}</tr>\n'


def log_entry(row: Row) -> str:
    """An entry of a timeline."""
    parts = "".join(f"<span>{escape(str(value))}</span>" for value in row if value is not None)
    return f'<li class="entry"><div class="entry__text">{parts}</div></li>\n'
