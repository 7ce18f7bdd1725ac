"""Who is named in a note: `@` and a user name. Pure: who that is, and what they may see, is not known here.

An address such as `hanna@pellworth.example` names nobody: before the `@` of a mention stands no word.
"""

import re
from collections.abc import Iterator

MENTION = re.compile(r"(?<![\w@.+-])@(\w[\w.+-]*)")
# What ends a sentence is no part of a name.
TAIL = ".+-"


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces: (words, "") and ("@Noor", "noor"), in order; put together again they are the text."""
    at = 0
    for found in MENTION.finditer(text):
        name = found[1].rstrip(TAIL)
        if not name:
            continue
        end = found.start() + 1 + len(name)
        if found.start() > at:
            yield text[at : found.start()], ""
        yield text[found.start() : end], name.lower()
        at = end
    if at < len(text):
        yield text[at:], ""


def named(text: str) -> list[str]:
    """The user names that the text mentions, lower case, each once, in order."""
    return list(dict.fromkeys(name for _, name in pieces(text) if name))
