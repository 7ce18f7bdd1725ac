"""The palette (Ctrl K) and the search page: whatever one may want to reach, found by the beginnings of its words.

Apps register sources in `AppConfig.ready`; web knows only the pages of the rail. See docs/how-to/palette-action.md.

    register(source, order=20)

    def source(ask: Ask) -> Iterable[Group]: …

A source asks the database at most once, by an index, and gives nothing that the person may not see.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve, reverse

from web import navigation

LONGEST = 100  # characters of what is typed
MOST_PAGES = 8
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Item:
    """One line. `post` is (name, value) of what choosing it sends to `url`; without it `url` is opened.

    `also`: other words by which people look for it, which are not shown.
    """

    label: str
    url: str
    sign: str = "arrow-right"
    sub: str = ""
    key: str = ""
    also: str = ""
    post: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    items: Sequence[Item]


@dataclass(frozen=True)
class Ask:
    """What is asked: the words typed, and the page over which the palette stands."""

    request: HttpRequest
    text: str
    at: str = ""

    @cached_property
    def words(self) -> list[str]:
        return [word.casefold() for word in WORD.findall(self.text)][:8]

    @cached_property
    def page(self) -> ResolverMatch | None:
        """Where the person is, as the URLs know it; None for an address of no page."""
        if not self.at.startswith("/"):
            return None
        try:
            return resolve(self.at.partition("?")[0])
        except Resolver404:
            return None

    def fits(self, *texts: str) -> bool:
        """Whether every word typed begins a word of these texts. Nothing typed fits everything."""
        begun = [word.casefold() for text in texts for word in WORD.findall(text)]
        return all(any(known.startswith(word) for known in begun) for word in self.words)

    def among(self, items: Iterable[Item], most: int = 8) -> list[Item]:
        return [item for item in items if self.fits(item.label, item.sub, item.also)][:most]


Source = Callable[[Ask], Iterable[Group]]
_sources: list[tuple[int, Source]] = []


def register(source: Source, *, order: int = 100) -> None:
    """Add what one app knows. Groups stand in the order of their sources; the lowest first."""
    if all(known is not source for _, known in _sources):
        _sources.append((order, source))
        _sources.sort(key=lambda entry: entry[0])


def groups_for(ask: Ask) -> list[Group]:
    """What fits, groups of one title together, empty ones left out."""
    found: dict[str, list[Item]] = {}
    for _, source in _sources:
        for group in source(ask):
            found.setdefault(group.title, []).extend(group.items)
    return [Group(title, items) for title, items in found.items() if items]


def pages(ask: Ask) -> Iterable[Group]:
    """The pages of the rail, as this person has them."""
    # By the words first: whether a page is this person's may cost a statement.
    fitting = [entry for entry in navigation.registry.entries if ask.fits(entry.label)]
    seen = [entry for entry in fitting if entry.visible is None or entry.visible(ask.request)]
    seen.sort(key=lambda entry: (entry.order, entry.label))
    yield Group("Pages", [Item(entry.label, reverse(entry.url_name), entry.icon) for entry in seen[:MOST_PAGES]])


register(pages, order=60)
