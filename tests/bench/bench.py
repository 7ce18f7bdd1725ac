"""What a benchmark is given: databases, somebody logged in, how often to run, and a page to be written by hand."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from accounts.models import User
from tests.bench import floors, scratch
from tests.bench.floors import Replay, Row
from tests.bench.measure import Act, Timings, in_turns
from tests.bench.site import Visitor, statements

AGENT, RECEIVER, MANAGER = "l1_first", "l2_first", "manager"
EMPTY = "/bench/empty/"


@dataclass
class Bench:
    """`rounds` and `times` (runs of each subject in a round) hold for pages; slower acts choose fewer times."""

    rounds: int
    times: int
    quick: bool = False
    peers: bool = False
    prepared: list[scratch.Database] = field(default_factory=list)
    visitors: dict[tuple[str, str], Visitor] = field(default_factory=dict)

    @cached_property
    def large(self) -> scratch.Database:
        return self._prepare("large")

    @cached_property
    def small(self) -> scratch.Database:
        return self._prepare("small")

    def _prepare(self, label: str) -> scratch.Database:
        database = scratch.prepare(label)
        self.prepared.append(database)
        return database

    @contextmanager
    def visit(self, database: scratch.Database, username: str = AGENT) -> Iterator[Visitor]:
        """Django's connection on the database, and somebody who is logged in there."""
        with scratch.on(database):
            key = (database.name, username)
            if key not in self.visitors:
                self.visitors[key] = Visitor(User.objects.get(username=username))
            yield self.visitors[key]

    def compare(self, subjects: Mapping[str, Act], *, times: int | None = None) -> Timings:
        return in_turns(subjects, rounds=self.rounds, times=times or self.times)


def page_statements(visitor: Visitor, url: str, **headers: str) -> list[tuple[str, Any]]:
    """What a page asks of the database, without what every page behind the middleware asks (login, session)."""
    with statements() as of_all:
        visitor.get(EMPTY)
    with statements() as said:
        visitor.get(url, **headers)
    common = {sql for sql, _, _ in of_all}
    return [(sql, params) for sql, params, _ in said if sql not in common]


def by_hand(name: str, visitor: Visitor, url: str, write: Callable[[Row], str]) -> str:
    """Set up the hand-written counterpart of a page and return its address.

    It asks what the page asks when this process has shown it before: counts that are kept for a while are not asked.
    """
    body = visitor.get(url).body
    asked = page_statements(visitor, url)
    floors.replays[name] = Replay(asked, write, body)
    address = f"/bench/replay/{name}/"
    written = visitor.get(address).body
    assert len(written) == len(body), "the hand-written page sends as many bytes"
    return address


def count_statements(visitor: Visitor, url: str) -> int:
    """Of a page that this process has shown before, as most have been."""
    visitor.get(url)
    with statements() as said:
        visitor.get(url)
    return len(said)
