"""Two wordings of one passage, woven into one with what went struck and what came underlined."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, CAME = "same", "gone", "came"
ALIKE = 0.4  # below this share of common words, two sentences read better one after the other
# An amount or a length of time changes as a whole: "30 min" to "15 min", "$50,000" to "$75,000", not its digits.
WORDS = re.compile(r"\d+ (?:h|min|s)\b|\$\d+(?:,\d{3})*(?:\.\d\d)?|[^\s.,;:]+|[.,;:]+|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words: the same in both, gone or come."""

    kind: str
    text: str


def plain(text: str) -> tuple[Piece, ...]:
    """A passage that nothing is compared with."""
    return (Piece(SAME, text),)


def _woven(old: list[str], new: list[str]) -> Iterator[Piece]:
    for what, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield Piece(SAME, "".join(new[start:end]))
            continue
        if high > low:
            yield Piece(GONE, "".join(old[low:high]))
        if end > start:
            yield Piece(CAME, "".join(new[start:end]))


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """The new passage with the marks of what changed since the old one."""
    if old == new:
        return plain(new)
    if not old:
        return (Piece(CAME, new),)
    before, after = WORDS.findall(old), WORDS.findall(new)
    was, now = ([word for word in words if word.strip()] for words in (before, after))
    if SequenceMatcher(None, was, now).ratio() < ALIKE:
        return (Piece(GONE, old), Piece(SAME, " "), Piece(CAME, new))
    return tuple(_woven(before, after))
