"""Columns of a list, named once: the table, the export and the saved view all read them here.

COLUMNS = Columns(
    Column("ref", "Ticket", cell=lambda t: t.ref_link, export=lambda t: t.ref, css="nowrap"),
    Column("subject", "Subject", cell=lambda t: t.subject, default=True),
)
table = COLUMNS.choose(request.GET.getlist("column"))
table.rows(tickets)          # [[Cell(html, css), …], …] for components/table.html
table.export_rows(tickets)   # plain values for web.exports
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """What stands in one place of a table; `text` is escaped unless it is safe markup."""

    text: Any
    css: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `cell` gives what the page shows, `export` what a file holds (None: same as `cell`); `heading` replaces the
    label in narrow tables; `css` is set on head and cells; `order` are the names a sort by it uses, "" for none;
    `is_time` says that a file holds instants here, so that its head names their zone.
    """

    key: str
    label: str
    cell: Callable[[Any], Any]
    export: Callable[[Any], Any] | None = None
    heading: str = ""
    css: str = ""
    order: tuple[str, ...] = ()
    default: bool = True
    exported: bool = True
    is_time: bool = False

    @property
    def sortable(self) -> bool:
        return bool(self.order)

    def plain(self, row: Any) -> Any:
        return (self.export or self.cell)(row)


class Columns(Sequence[Column]):
    """An ordered set of columns with unique keys."""

    def __init__(self, *columns: Column) -> None:
        self._columns = columns
        self._by_key = {column.key: column for column in columns}
        if len(self._by_key) != len(columns):
            raise ValueError("Two columns have the same key.")

    def __getitem__(self, place: Any) -> Any:
        return self._columns[place]

    def __len__(self) -> int:
        return len(self._columns)

    def __iter__(self) -> Iterator[Column]:
        return iter(self._columns)

    def get(self, key: str) -> Column | None:
        return self._by_key.get(key)

    def choose(self, keys: Iterable[str] = ()) -> "Columns":
        """The columns named, in the order named; unknown names are passed over; none named: the defaults."""
        wanted = [self._by_key[key] for key in dict.fromkeys(keys) if key in self._by_key]
        return Columns(*(wanted or [column for column in self._columns if column.default]))

    def rows(self, objects: Iterable[Any]) -> list[list[Cell]]:
        """Cells by row, formatted before the template loop."""
        return [[Cell(column.cell(row), column.css) for column in self._columns] for row in objects]

    def header(self, zone: str = "") -> list[str]:
        """Labels of the exported columns; those of times name the `zone` that they are in."""
        return [
            f"{column.label} ({zone})" if zone and column.is_time else column.label
            for column in self._columns
            if column.exported
        ]

    def export_rows(self, objects: Iterable[Any]) -> Iterator[list[Any]]:
        """Plain values of the exported columns, row by row, so that nothing grows with the file."""
        exported = [column for column in self._columns if column.exported]
        for row in objects:
            yield [column.plain(row) for column in exported]
