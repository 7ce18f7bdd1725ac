"""One row of a table becomes one ticket's facts, or the reasons why it cannot. Pure; every instant is an argument."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from escalations.choices import TicketState
from escalations.domain.import_dates import DateReader, DateUnreadable
from escalations.domain.importing import FIELD, FIELDS, PLACEHOLDER, Choices, Field, Kind, Mapping, Rule, fold

MAX_COUNT = 1_000_000
MAX_MONEY = Decimal(10) ** 12
SUBJECT_LIMIT = FIELD["subject"].limit
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_UNREADABLE = re.compile(r"[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_LOOSE_END = re.compile(r"^[\s:/|,;–—-]+|[\s:/|,;–—-]+$")
_EMAIL = re.compile(r"^[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s<>\".]{2,}$")
_COUNT = re.compile(r"^\d{1,9}(\.0+)?$")
_MONEY = re.compile(r"^[^\d\s.,-]{0,3}\s?(-?[\d\s.,'’]+?)\s?[^\d\s.,-]{0,3}$")
_SHOWN = 60

RowError = tuple[str, str]
"""(column of the file, what is wrong with its cell)."""


@dataclass(slots=True)
class TicketFacts:
    """What a row says, in Belay's words. `facts` are the ticket's columns of the same names."""

    external_id: str = ""
    subject: str = ""
    description: str = ""
    customer: str = ""
    customer_id: str = ""
    contact: str = ""
    contact_email: str = ""
    state: str = ""
    priority: int = 3
    team: str = ""
    owner: str = ""
    owner_name: str = ""
    region: str | None = None
    segment: str | None = None
    is_vip: bool | None = None
    opened_at: datetime | None = None
    last_contact_at: datetime | None = None
    first_replied_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


_OWN = frozenset(TicketFacts.__slots__) - {"facts", "notes"}


class RowRefused(Exception):
    """The row cannot become a ticket; `errors` are all the reasons, column by column."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__("; ".join(f"{column}: {text}" for column, text in errors))
        self.errors = list(errors)


class RowReader:
    """A mapping made ready for the rows of one file. `columns` are the file's, in order; `now` bounds its times."""

    def __init__(self, mapping: Mapping, *, columns: Sequence[str], choices: Choices, now: datetime) -> None:
        self.columns, self.now = list(columns), now
        self._place = {name: index for index, name in enumerate(self.columns)}
        self._unknown = {fold(word) for word in mapping.unknown} | {""}
        self._yes, self._no = {fold(w) for w in mapping.yes}, {fold(w) for w in mapping.no}
        self._date = DateReader(mapping.dates, ZoneInfo(mapping.zone))
        self._source = mapping.source
        self._cells = [
            _Cell(one, rule, choices.get(one.key, {})) for one in FIELDS if (rule := mapping.rule(one.key)) != Rule()
        ]
        self._readers: dict[Kind, Callable[[_Cell, str], Any]] = {
            Kind.CHOICE: self._choice,
            Kind.PERSON: self._person,
            Kind.YES_NO: self._yes_no,
            Kind.INSTANT: self._instant,
            Kind.COUNT: _count,
            Kind.MONEY: _money,
        }

    def read(self, cells: Sequence[str]) -> TicketFacts:
        """The row's facts. Raises RowRefused with everything that is wrong with it."""
        self._check_shape(cells)
        row, errors = TicketFacts(), []
        for cell in self._cells:
            try:
                self._put(row, cell, self._value(cell, cells, row))
            except ValueError as error:
                errors.append((cell.name, str(error)))
        if not errors:
            errors = self._complete(row)
        if errors:
            raise RowRefused(errors)
        return row

    def _check_shape(self, cells: Sequence[str]) -> None:
        wanted = len(self.columns)
        if len(cells) < wanted or any(text.strip() for text in cells[wanted:]):
            raise RowRefused([("", f"The row has {len(cells)} cells, the header {wanted}.")])
        bad = [self.columns[index] for index, text in enumerate(cells[:wanted]) if _UNREADABLE.search(text)]
        if bad:
            raise RowRefused([(name, "Holds bytes that the encoding cannot read. Choose another one.") for name in bad])

    def _value(self, cell: "_Cell", cells: Sequence[str], row: TicketFacts) -> Any:
        raw = self._raw(cell, cells)
        if not raw and cell.rule.default:
            raw = cell.rule.default
            if cell.one.takes_values:
                return int(raw) if cell.one.key == "priority" else raw
        if not raw:
            if cell.one.required:
                raise ValueError("Says nothing, and no value is set for empty cells.")
            return None
        if cell.one.kind in self._readers:
            return self._readers[cell.one.kind](cell, raw)
        return self._text(cell.one, raw, row)

    def _raw(self, cell: "_Cell", cells: Sequence[str]) -> str:
        if cell.rule.pattern:
            return self._filled(cell.rule.pattern, cells)
        if not cell.rule.column:
            return ""
        raw = cells[self._place[cell.rule.column]].strip()
        return "" if len(raw) <= _SHOWN and fold(raw) in self._unknown else raw

    def _filled(self, pattern: str, cells: Sequence[str]) -> str:
        """The pattern with its columns put in. A line whose columns all say nothing is left out, and so is
        what parts nothing from nothing at its ends.
        """
        lines = [self._line(line, cells) for line in pattern.splitlines()]
        return "\n".join(line for line in lines if line)

    def _line(self, pattern: str, cells: Sequence[str]) -> str:
        known = []

        def put(found: re.Match[str]) -> str:
            text = cells[self._place[found[1]]].strip()
            text = "" if len(text) <= _SHOWN and fold(text) in self._unknown else text
            known.append(bool(text))
            return text

        filled = PLACEHOLDER.sub(put, pattern)
        return _LOOSE_END.sub("", filled) if any(known) or not known else ""

    def _text(self, one: Field, raw: str, row: TicketFacts) -> str:
        text = raw.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(text):
            if one.key == "external_id":
                raise ValueError("Holds an invisible control character.")
            row.notes.append("Invisible control characters were taken out")
            text = _CONTROL.sub("", text)
        if one.kind == Kind.TEXT:
            text = _SPACE.sub(" ", _BIDI.sub("", text)).strip()
        if one.required and not text:
            raise ValueError("Says nothing, and no value is set for empty cells.")
        if one.key == "subject" and SUBJECT_LIMIT < len(text) <= FIELD["description"].limit:
            return text  # shortened in `_complete`, where the description can keep all of it
        if len(text) > one.limit:
            raise ValueError(f"Has {len(text):,} characters; at most {one.limit:,} fit.")
        if one.key == "contact_email" and not _EMAIL.match(text):
            raise ValueError(f"“{text[:_SHOWN]}” is no e-mail address.")
        return text

    def _choice(self, cell: "_Cell", raw: str) -> Any:
        target = cell.values.get(fold(raw))
        if target is None:
            target = cell.codes.get(fold(raw))
        if target is None:
            target = cell.rule.others
        if target is None:
            raise ValueError(f"“{raw[:_SHOWN]}” is not mapped yet. Say under Values what it means.")
        target = target or cell.rule.default
        if cell.one.key == "priority":
            return int(target)
        return target or None

    def _person(self, cell: "_Cell", raw: str) -> tuple[str, str]:
        """(username or "", the name in the file)."""
        folded = fold(raw)
        target = cell.values.get(folded)
        if target is None:
            target = cell.codes.get(folded)
        return target if target is not None else cell.rule.others or "", _SPACE.sub(" ", _CONTROL.sub("", raw))[:200]

    def _yes_no(self, cell: "_Cell", raw: str) -> bool:
        folded = fold(raw)
        if folded in self._yes:
            return True
        if folded in self._no:
            return False
        raise ValueError(f"“{raw[:_SHOWN]}” is neither one of the words for yes nor for no.")

    def _instant(self, cell: "_Cell", raw: str) -> datetime:
        try:
            at = self._date(raw)
        except DateUnreadable as error:
            raise ValueError(str(error)) from error
        if at > self.now:
            when = f"{at:%d %b %Y %H:%M} UTC"
            raise ValueError(f"“{raw[:_SHOWN]}” lies in the future ({when}). Check the date format and the zone.")
        return at

    def _put(self, row: TicketFacts, cell: "_Cell", value: Any) -> None:
        if value is None:
            return
        if cell.one.kind == Kind.PERSON:
            row.owner, row.owner_name = value if isinstance(value, tuple) else (value, value)
        elif cell.one.key in _OWN:
            setattr(row, cell.one.key, value)
        else:
            row.facts[cell.one.key] = value

    def _complete(self, row: TicketFacts) -> list[RowError]:
        """Fill in what follows from the rest, and check what only the whole row can show."""
        errors: list[RowError] = []
        opened = row.opened_at = row.opened_at or min(
            filter(None, [row.first_replied_at, row.last_contact_at, row.resolved_at, row.closed_at]), default=self.now
        )
        if row.last_contact_at is not None:
            row.last_contact_at = max(row.last_contact_at, opened)
        if row.state in (TicketState.RESOLVED, TicketState.CLOSED):
            row.resolved_at = row.resolved_at or row.closed_at or row.last_contact_at or opened
            if row.state == TicketState.CLOSED:
                row.closed_at = row.closed_at or row.resolved_at
            else:
                row.closed_at = None
        else:
            row.resolved_at = row.closed_at = None  # an earlier end that a reopening has overtaken
        for key in ("first_replied_at", "resolved_at", "closed_at"):
            at = getattr(row, key)
            if at is not None and at < opened:
                errors.append((self._column(key), f"{FIELD[key].label} lies before the opening."))
        if len(row.subject) > SUBJECT_LIMIT:
            row.notes.append("Subjects were shortened; the description keeps them whole")
            row.description = f"{row.subject}\n\n{row.description}".rstrip()
            row.subject = f"{row.subject[: SUBJECT_LIMIT - 1].rstrip()}…"
        return errors

    def _column(self, key: str) -> str:
        for cell in self._cells:
            if cell.one.key == key:
                return cell.name
        return ""


class _Cell:
    """A field with its rule, its words folded for comparing."""

    __slots__ = ("codes", "name", "one", "rule", "values")

    def __init__(self, one: Field, rule: Rule, codes: Any) -> None:
        self.one, self.rule = one, rule
        self.values = {fold(word): target for word, target in rule.values.items()}
        # What the file and Belay call the same needs no entry of its own.
        self.codes = {fold(label): code for code, label in codes.items()} | {fold(code): code for code in codes}
        self.name = rule.pattern or rule.column or one.label


def _count(cell: _Cell, raw: str) -> int:
    if not _COUNT.match(raw) or int(float(raw)) > MAX_COUNT:
        raise ValueError(f"“{raw[:_SHOWN]}” is no whole number up to {MAX_COUNT:,}.")
    return int(float(raw))


def _money(cell: _Cell, raw: str) -> Decimal:
    found = _MONEY.match(raw)
    text = re.sub(r"[\s'’]", "", found[1]) if found else ""
    if "," in text and "." in text:
        thousands = "," if text.rfind(".") > text.rfind(",") else "."
        text = text.replace(thousands, "").replace(",", ".")
    elif re.search(r",\d{1,2}$", text) and text.count(",") == 1:
        text = text.replace(",", ".")
    elif re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        text = text.replace(",", "")
    try:
        amount = round(Decimal(text), 2)
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount < MAX_MONEY:
        raise ValueError(f"“{raw[:_SHOWN]}” is no amount of money.")
    return amount
