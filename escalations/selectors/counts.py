"""Counts that cost the same however much there is to count: they stop at a cap."""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from accounts.choices import Ability
from accounts.models import User

# Beside every link the same, so that one number never says two things: exact up to here, beyond it "1,000+".
CAP = 1000
# Of the numbers beside links each is counted anew on every page up to here: where one ticket more or less is noticed.
# Beyond it the number up to CAP, five times the work, may be a minute old.
FRESH = 200
MINUTE = 60.0
KEPT = 2000

Part = tuple[str, tuple[Any, ...]]
"""A count as SQL and its parameters."""

_kept: dict[Hashable, list[Part]] = {}
_many: dict[Hashable, tuple[float, int]] = {}


def count_part(queryset: QuerySet[Any], cap: int = CAP) -> Part:
    """How many rows it has, at most `cap` + 1, as an expression.

    Order it by what its index is ordered by. Without an order the database may read the whole table in search of
    the first few (measured on a million tickets whose open ones are the newest: 100 ms against 1).
    """
    try:
        sql, params = queryset.values("pk")[: cap + 1].query.sql_with_params()
    except EmptyResultSet:
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) counted)", tuple(params)


def run_counts(parts: Sequence[Part]) -> list[int]:
    """The numbers, in one statement."""
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(sql for sql, _ in parts)}", [one for _, params in parts for one in params])
        return list(cursor.fetchone())


def capped_counts(querysets: Sequence[QuerySet[Any]], cap: int = CAP) -> list[int]:
    """How many rows each has, at most `cap` + 1. One statement for all of them."""
    return run_counts([count_part(queryset, cap) for queryset in querysets])


@dataclass(frozen=True, slots=True)
class Linked:
    """The number beside a link: who and what it counts, up to FRESH and up to CAP."""

    key: Hashable
    fresh: Part
    full: Part


def linked_parts(queryset: QuerySet[Any]) -> list[Part]:
    """Both parts of one such number, for `kept_parts`."""
    return [count_part(queryset, FRESH), count_part(queryset, CAP)]


def linked_counts(links: Sequence[Linked], more: Sequence[Part] = ()) -> tuple[list[int], list[int]]:
    """The numbers beside links, and those of `more`. One statement, and once a minute a second for the large ones."""
    found = run_counts([*(link.fresh for link in links), *more])
    numbers, others = found[: len(links)], found[len(links) :]
    large = [link for link, number in zip(links, numbers, strict=True) if number > FRESH]
    known = {link.key: number for link in large if (number := _lately(link.key)) > FRESH}
    unknown = [link for link in large if link.key not in known]
    for link, number in zip(unknown, run_counts([link.full for link in unknown]), strict=True):
        known[link.key] = number
        _remember(link.key, number)
    return [known.get(link.key, number) for link, number in zip(links, numbers, strict=True)], others


def _lately(key: Hashable) -> int:
    """The large number counted within the last minute, 0 if there is none."""
    at, number = _many.get(key, (0.0, 0))
    return number if time.monotonic() - at <= MINUTE else 0


def _remember(key: Hashable, number: int) -> None:
    if len(_many) >= KEPT:
        _many.clear()
    _many[key] = (time.monotonic(), number)


def count_text(number: int, cap: int = CAP) -> str:
    """ "23", "1,000+"."""
    return f"{cap:,}+" if number > cap else f"{number:,}"


def kept_parts(user: User, name: Hashable, make: Callable[[], list[Part]]) -> list[Part]:
    """The counts of every page of one person, compiled once: compiling takes longer than counting.

    The key holds all that the counts and `visible_to` read of a person; their rows are read each time anew.
    """
    key = (name, user.pk, user.team_id, user.can(Ability.READ))
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= KEPT:
            _kept.clear()
        found = _kept[key] = make()
    return found
