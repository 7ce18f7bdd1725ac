"""A document with what changed since another version: each row and clause with its words struck and underlined."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from policies.document import Group, Row, Section, document_of
from policies.domain.pieces import Piece, pieces, plain
from policies.domain.policy import Clause, Policy

Text = tuple[Piece, ...]
T = TypeVar("T", Row, Clause)


@dataclass(frozen=True, slots=True)
class MarkedRow:
    key: str
    number: str
    cells: list[Text]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class MarkedClause:
    key: str
    number: str
    text: Text
    changed: bool = False


@dataclass(frozen=True, slots=True)
class MarkedGroup:
    key: str
    title: str
    clauses: list[MarkedClause]


@dataclass(frozen=True, slots=True)
class MarkedSection:
    """A section as its page shows it. `removed` are the clauses that the other version had; `edit` is the draft's
    section behind it ("" where there is none)."""

    key: str
    number: str
    title: str
    lead: str
    heads: list[str]
    rows: list[MarkedRow]
    clauses: list[MarkedClause]
    removed: list[str] = field(default_factory=list)
    edit: str = ""
    groups: list[MarkedGroup] = field(default_factory=list)

    @property
    def marked(self) -> list[MarkedRow | MarkedClause]:
        """The rows and clauses that changed."""
        grouped = (one for group in self.groups for one in group.clauses)
        return [one for one in (*self.rows, *self.clauses, *grouped) if one.changed]

    @property
    def changed(self) -> int:
        return len(self.marked) + len(self.removed)


# Section of the document → the section of a draft that is edited for it.
EDITED_IN = {
    "tiers": "tiers", "severity": "severities", "path": "tiers", "acknowledgement": "tiers", "resolution": "tiers",
    "contract": "contracts", "response": "responses", "follow_up": "tiers", "authority": "authority",
    "technical": "triggers", "management": "triggers", "routing": "triggers", "calming": "triggers",
    "overflow": "overflows", "prevention": "commitments",
}  # fmt: skip


def _row(row: Row, old: Row | None, compared: bool) -> MarkedRow:
    if not compared:
        return MarkedRow(row.key, row.number, [plain(cell) for cell in row.cells])
    before = old.cells if old and len(old.cells) == len(row.cells) else [""] * len(row.cells)
    cells = [pieces(was, now) for was, now in zip(before, row.cells, strict=True)]
    return MarkedRow(row.key, row.number, cells, old is None or old.cells != row.cells)


def _clause(clause: Clause, old: Clause | None, compared: bool) -> MarkedClause:
    if not compared:
        return MarkedClause(clause.key, clause.number, plain(clause.text))
    was = old.text if old else ""
    return MarkedClause(clause.key, clause.number, pieces(was, clause.text), was != clause.text)


def _removed(section: Section, old: Section | None) -> list[str]:
    if old is None:
        return []
    kept = {one.key for one in (*section.rows, *section.clauses, *section.grouped)}
    rows = [" · ".join([row.number, *row.cells]).removeprefix(" · ") for row in old.rows if row.key not in kept]
    clauses = [f"{one.number} {one.text}" for one in old.clauses if one.key not in kept]
    grouped = [
        f"{one.number} {group.title}: {one.text}"
        for group in old.groups
        for one in group.clauses
        if one.key not in kept
    ]
    return rows + clauses + grouped


def _group(group: Group, before: Mapping[str, Clause], compared: bool) -> MarkedGroup:
    return MarkedGroup(group.key, group.title, [_clause(one, before.get(one.key), compared) for one in group.clauses])


def _by_key(items: Iterable[T]) -> Mapping[str, T]:
    return {one.key: one for one in items}


def marked_document(policy: Policy, since: Policy | None = None) -> list[MarkedSection]:
    """The sections of the policy; with `since`, marked with what changed. A section that is gone stands as removed."""
    document = document_of(policy)
    before = {section.key: section for section in document_of(since)} if since else {}
    made = []
    for section in document:
        old = before.pop(section.key, None)
        rows, clauses = _by_key(old.rows if old else ()), _by_key(old.clauses if old else ())
        grouped = {one.key: one for one in old.grouped} if old else {}
        made.append(
            MarkedSection(
                section.key, section.number, section.title, section.lead, section.heads,
                [_row(row, rows.get(row.key), since is not None) for row in section.rows],
                [_clause(one, clauses.get(one.key), since is not None) for one in section.clauses],
                _removed(section, old), EDITED_IN.get(section.key, ""),
                [_group(group, grouped, since is not None) for group in section.groups],
            )
        )  # fmt: skip
    for old in before.values():
        empty = Section(old.key, old.number, old.title)
        made.append(
            MarkedSection(old.key, old.number, old.title, "", [], [], [], _removed(empty, old), EDITED_IN[old.key])
        )
    return made
