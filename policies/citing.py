"""Who cites a version and its clauses. The apps above register how they count it, so that nothing here imports them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Citation:
    """So many of something, in words ("412 clocks"), and the page that lists them; `number` is 0 where nothing cites
    it."""

    number: int
    words: str
    url: str


VersionSource = Callable[[User, Sequence[int]], Mapping[int, list[Citation]]]
ClauseSource = Callable[[User, int], Mapping[str, list[Citation]]]
_versions: list[VersionSource] = []
_clauses: list[ClauseSource] = []


def register_citations(versions: VersionSource, clauses: ClauseSource) -> None:
    """Say who counts what cites versions (ids → id → its citations) and the clauses of one (key → its citations), as
    far as a person sees it, each in a constant number of statements."""
    if versions not in _versions:
        _versions.append(versions)
        _clauses.append(clauses)


def cited_by(user: User, versions: Iterable[int]) -> dict[int, list[Citation]]:
    """What cites each of the versions, only what there is."""
    ids = list(versions)
    found: dict[int, list[Citation]] = {pk: [] for pk in ids}
    for source in _versions:
        for pk, citations in source(user, ids).items():
            found[pk] += [one for one in citations if one.number]
    return found


def clauses_cited(user: User, version: int) -> dict[str, list[Citation]]:
    """Clause of the version → what cites it, only what there is."""
    found: dict[str, list[Citation]] = {}
    for source in _clauses:
        for key, citations in source(user, version).items():
            found.setdefault(key, []).extend(citations)
    return found
