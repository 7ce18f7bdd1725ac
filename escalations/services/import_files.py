"""Reading a table that somebody uploaded: CSV in any encoding, or an XLSX workbook. Streams; refuses what it is not."""

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import TextIOWrapper
from itertools import islice
from typing import IO, Any, cast
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MEGABYTE = 1_000_000
MAX_CSV = 100 * MEGABYTE
MAX_XLSX = 25 * MEGABYTE
MAX_UNPACKED = 400 * MEGABYTE
MAX_STRINGS = 100 * MEGABYTE  # the one part of a workbook that must be held in memory
MAX_RATIO = 200
MAX_PARTS = 5_000
MAX_COLUMNS = 300
MAX_CELL = 2 * MEGABYTE  # characters
SCANNED = 262_144  # bytes looked at to find out what a file is

ENCODINGS: dict[str, str] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little end first",
    "utf-16-be": "UTF-16, big end first",
    "cp1252": "Windows, Western (1252)",
    "latin-1": "ISO 8859-1, Latin 1",
    "iso8859-15": "ISO 8859-15, Latin 9",
    "cp1250": "Windows, Central European (1250)",
    "cp1251": "Windows, Cyrillic (1251)",
    "shift_jis": "Shift JIS",
    "gb18030": "GB 18030",
    "mac-roman": "Mac Roman",
}
DELIMITERS: dict[str, str] = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}

_NOT_TABLES = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xd0\xcf\x11\xe0", "a workbook of the old .xls kind; save it as .xlsx or CSV"),
    (b"\x1f\x8b", "compressed (gzip); unpack it first"),
    (b"7z\xbc\xaf", "compressed (7z); unpack it first"),
    (b"PAR1", "a Parquet file; export it as CSV"),
    (b"SQLite format 3", "a database"),
)
# What openpyxl lets through from a damaged workbook.
_BROKEN = (
    InvalidFileException, zipfile.BadZipFile, zipfile.LargeZipFile, ParseError, KeyError, ValueError, TypeError,
    IndexError, AttributeError, EOFError, NotImplementedError, zlib.error, OSError,
)  # fmt: skip

csv.field_size_limit(MAX_CELL)


class TableRefused(Exception):
    """The file cannot be read as a table. The message says what it is, and what to do."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    """A lone surrogate in place of what cannot be read, so that its row can be named instead of the file refused."""
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    raise error


codecs.register_error("belay-mark", _mark)


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How a file is read. `sheet` of a workbook; `encoding` and `delimiter` of a text."""

    kind: str = "csv"
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet,
            "sheets": list(self.sheets),
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "TableFormat":
        return cls(**{**data, "sheets": tuple(data.get("sheets", ()))})


@dataclass(frozen=True, slots=True)
class TableRow:
    """`number` is the line it begins on (of a sheet: its row), the header's being 1 where nothing stands before it."""

    number: int
    cells: list[str]


@dataclass(slots=True)
class Table:
    """An open table: its columns, what had to be changed about them, and its rows, read as they are asked for."""

    columns: list[str]
    rows: Iterator[TableRow]
    notes: list[str] = field(default_factory=list)


def detect(file: IO[bytes], name: str) -> TableFormat:
    """What the file is, by its content. Raises TableRefused when that is no table, or not what its name says."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(SCANNED)
    file.seek(0)
    if not head.strip(b"\x00 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise TableRefused("The file is empty.")
    says_xlsx = name.lower().endswith((".xlsx", ".xlsm"))
    if head.startswith(b"PK\x03\x04"):
        if not says_xlsx:
            raise TableRefused(f"{name} is a ZIP archive or workbook inside. A workbook’s name ends in .xlsx.")
        return _detect_workbook(file, size)
    for sign, words in _NOT_TABLES:
        if head.startswith(sign):
            raise TableRefused(f"{name} is {words}. Belay reads CSV and XLSX.")
    if says_xlsx:
        raise TableRefused(f"{name} is no workbook, whatever its name says. If it is a CSV file, rename it to .csv.")
    if re.match(rb"\s*<(!doctype|html|\?xml)", head[:200].lstrip(b"\xef\xbb\xbf"), re.IGNORECASE):
        raise TableRefused(f"{name} is a web page or XML, as some exports give when the login has expired.")
    if size > MAX_CSV:
        raise TableRefused(
            f"The file has {size // MEGABYTE} MB, at most {MAX_CSV // MEGABYTE} MB fit. Split it by date."
        )
    encoding = _detect_encoding(file, head)
    text = head.decode(encoding, errors="ignore")
    if sum(not (ch.isprintable() or ch in "\r\n\t\ufeff") for ch in text[:4000]) > len(text[:4000]) / 4:
        raise TableRefused(f"{name} is no text. Belay reads CSV and XLSX.")
    return TableFormat("csv", encoding=encoding, delimiter=_detect_delimiter(text))


def _detect_encoding(file: IO[bytes], head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8"
    pairs = head[: 4000 - len(head) % 2]
    if pairs and max(pairs[0::2].count(0), pairs[1::2].count(0)) > len(pairs) * 0.3:
        return "utf-16-be" if pairs[0::2].count(0) > pairs[1::2].count(0) else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(SCANNED):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # These five bytes mean nothing in Windows' own encoding, which otherwise holds all of Latin 1.
        return "latin-1" if re.search(rb"[\x81\x8d\x8f\x90\x9d]", head) else "cp1252"
    finally:
        file.seek(0)
    return "utf-8"


def _detect_delimiter(text: str) -> str:
    """The sign that parts the first lines into the most columns, equally many in each."""
    best, best_score = ",", 0.0
    for sign in DELIMITERS:
        try:
            lengths = [len(row) for row in islice(csv.reader(text.splitlines(True), delimiter=sign), 30)]
        except csv.Error:
            continue
        lengths = [count for count in lengths if count][:-1] or [count for count in lengths if count]
        if not lengths or max(lengths) < 2:
            continue
        common = max(set(lengths), key=lengths.count)
        score = lengths.count(common) / len(lengths) * (1 + common / 1000) if common > 1 else 0.0
        if score > best_score:
            best, best_score = sign, score
    return best


def _detect_workbook(file: IO[bytes], size: int) -> TableFormat:
    if size > MAX_XLSX:
        raise TableRefused(
            f"The workbook has {size // MEGABYTE} MB, at most {MAX_XLSX // MEGABYTE} MB fit. Save it as CSV."
        )
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except _BROKEN as error:
        raise TableRefused("The workbook is damaged: it cannot be unpacked.") from error
    unpacked = sum(part.file_size for part in parts)
    strings = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
    if unpacked > min(MAX_UNPACKED, MAX_RATIO * size) or len(parts) > MAX_PARTS or strings > MAX_STRINGS:
        raise TableRefused(
            f"The workbook would unpack to {unpacked // MEGABYTE:,} MB in {len(parts):,} parts. Save it as CSV."
        )
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise TableRefused("This is a ZIP archive, not a workbook.")
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        names = [sheet.title for sheet in book.worksheets]
        book.close()
    except _BROKEN as error:
        raise TableRefused("The workbook is damaged: its sheets cannot be read.") from error
    if not names:
        raise TableRefused("The workbook has no sheet with cells.")
    return TableFormat("xlsx", sheet=names[0], sheets=tuple(names))


@contextmanager
def open_table(file: IO[bytes], how: TableFormat) -> Iterator[Table]:
    """The table's columns and rows, to be read inside the block from the beginning of `file`. Raises TableRefused.

    Names of columns come out unique: a second "Status" becomes "Status (2)", and a nameless one "Column 4".
    """
    file.seek(0)
    with closing(_csv_rows(file, how) if how.kind == "csv" else _sheet_rows(file, how)) as rows:
        yield _table(rows, padded=how.kind == "xlsx")


def _table(rows: Iterator[TableRow], *, padded: bool) -> Table:
    header = next((row for row in rows if any(cell.strip() for cell in row.cells)), None)
    if header is None:
        raise TableRefused("The table is empty.")
    names = [cell.strip().lstrip("\ufeff") for cell in header.cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MAX_COLUMNS:
        raise TableRefused(f"The table has {len(names):,} columns; at most {MAX_COLUMNS} fit.")
    columns, notes = _unique(names)
    filled = (row for row in rows if any(cell.strip() for cell in row.cells))
    if padded:  # a sheet leaves out the empty cells at a row's end
        filled = (TableRow(row.number, row.cells + [""] * (len(columns) - len(row.cells))) for row in filled)
    return Table(columns, filled, notes)


def _unique(names: list[str]) -> tuple[list[str], list[str]]:
    columns: list[str] = []
    notes = []
    for place, name in enumerate(names, 1):
        clean = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff{}]", " ", name).split())[:120] or f"Column {place}"
        unique, number = clean, 1
        while unique in columns:
            number += 1
            unique = f"{clean} ({number})"
        if not name:
            notes.append(f"Column {place} has no name.")
        elif number > 1:
            notes.append(f"Two columns are named “{clean}”; here the later one is “{unique}”.")
        columns.append(unique)
    return columns, notes


def _csv_rows(file: IO[bytes], how: TableFormat) -> Generator[TableRow, None, None]:
    encoding = "utf-8-sig" if how.encoding == "utf-8" else how.encoding
    text = TextIOWrapper(cast(Any, file), encoding=encoding, errors="belay-mark", newline="")
    reader = csv.reader(text, delimiter=how.delimiter or ",")
    line = 1
    try:
        for cells in reader:
            if cells:
                yield TableRow(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableRefused(
            f"The text that begins on line {line:,} has no end: a quotation mark is opened and never closed, "
            f"or a cell has more than {MAX_CELL:,} characters."
        ) from error
    except UnicodeError as error:
        raise TableRefused(f"The file does not read as {ENCODINGS.get(how.encoding, how.encoding)}.") from error
    finally:
        text.detach()


def _sheet_rows(file: IO[bytes], how: TableFormat) -> Generator[TableRow, None, None]:
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book[how.sheet]
        sheet.reset_dimensions()  # they may lie
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [_as_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield TableRow(number, cells)
        book.close()
    except _BROKEN as error:
        raise TableRefused(f"The workbook is damaged: sheet “{how.sheet}” cannot be read to its end.") from error


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value.total_seconds()) if isinstance(value, timedelta) else str(value)
