"""The document as Markdown: for a wiki, a repository, a mail. Every clause keeps its address."""

import re
from collections.abc import Iterator

from policies.document import Section

SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is, in one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _anchor(key: str) -> str:
    return f'<a id="{key}"></a>'


def _table(section: Section) -> Iterator[str]:
    yield f"| {' | '.join(_plain(head) for head in section.heads)} |"
    yield f"|{'---|' * len(section.heads)}"
    for row in section.rows:
        cells = [_plain(cell) for cell in ([row.number, *row.cells] if section.number else row.cells)]
        cells[0] = f"{_anchor(row.key)}{cells[0]}"
        yield f"| {' | '.join(cells)} |"


def _section(section: Section) -> Iterator[str]:
    yield f"## {_anchor(section.key)}{f'{section.number} ' if section.number else ''}{_plain(section.title)}"
    yield ""
    if section.lead:
        yield _plain(section.lead)
        yield ""
    if section.rows:
        yield from _table(section)
        yield ""
    if not section.rows and not section.clauses and not section.groups:
        yield "No rule."
        yield ""
    for clause in section.clauses:
        yield f"{_anchor(clause.key)}**{clause.number}** {_plain(clause.text)}"
        yield ""
    for group in section.groups:
        yield f"### {_anchor(group.key)}{_plain(group.title)}"
        yield ""
        for clause in group.clauses:
            yield f"- {_anchor(clause.key)}**{clause.number}** {_plain(clause.text)}"
        yield ""


def document_markdown(*, title: str, about: str, document: list[Section]) -> str:
    """The whole document. `about` says which version it is and since when it holds."""
    lines = [f"# {_plain(title)}", "", _plain(about), ""]
    for section in document:
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"
