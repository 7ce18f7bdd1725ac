"""What a file's columns hold, from a first look of a few seconds: examples to show, words to map."""

import re
from time import monotonic
from typing import Any

from escalations.services.import_files import Table

LOOK = 2.0  # seconds
WORDS = 300  # distinct words a column may have before it is text rather than a list
WORD_LENGTH = 80
EXAMPLES = 3
EXAMPLE_LENGTH = 120
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def storable(text: str) -> str:
    """The text as a page and the database can hold it; what they cannot is shown as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def profile_table(table: Table, *, seconds: float = LOOK) -> dict[str, Any]:
    """{"rows", "exact", "notes", "examples": {column: […]}, "words": {column: {word: count}}}.

    `exact` is False when the time ran out first; then `rows` counts those looked at. Raises TableRefused.
    """
    width = len(table.columns)
    words: list[dict[str, int] | None] = [{} for _ in range(width)]
    examples: list[list[str]] = [[] for _ in range(width)]
    until, rows, exact = monotonic() + seconds, 0, True
    for row in table.rows:
        if rows % 256 == 255 and monotonic() > until:
            exact = False
            break
        rows += 1
        for place, cell in enumerate(row.cells[:width]):
            text = cell.strip()
            if not text:
                continue
            seen = examples[place]
            if len(seen) < EXAMPLES and (shown := storable(text[:EXAMPLE_LENGTH])) not in seen:
                seen.append(shown)
            words[place] = _counted(words[place], text)
    return {
        "rows": rows,
        "exact": exact,
        "notes": table.notes,
        "examples": dict(zip(table.columns, examples, strict=True)),
        "words": {name: found for name, found in zip(table.columns, words, strict=True) if found},
    }


def _counted(words: dict[str, int] | None, text: str) -> dict[str, int] | None:
    """With one more of this word; None once there are too many for a list."""
    if words is None or len(text) > WORD_LENGTH:
        return None
    words[storable(text)] = words.get(storable(text), 0) + 1
    return words if len(words) <= WORDS else None
