"""Who cites a version. The apps above register how they count it, so that nothing here imports them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Source = Callable[[Sequence[int]], Mapping[int, list["Citation"]]]
_sources: list[Source] = []


@dataclass(frozen=True, slots=True)
class Citation:
    """So many of something, in words ("412 clocks"); `number` is 0 where nothing cites it."""

    number: int
    words: str


def register_citations(source: Source) -> None:
    """Say who counts what cites a version: ids → id → its citations, in a constant number of statements."""
    if source not in _sources:
        _sources.append(source)


def cited_by(versions: Iterable[int]) -> dict[int, list[Citation]]:
    """What cites each of the versions, only what there is."""
    ids = list(versions)
    found: dict[int, list[Citation]] = {pk: [] for pk in ids}
    for source in _sources:
        for pk, citations in source(ids).items():
            found[pk] += [one for one in citations if one.number]
    return found
