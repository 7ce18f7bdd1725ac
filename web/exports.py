"""CSV and XLSX of exactly the view. Streams; no cell can become a formula in a spreadsheet."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.http import FileResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from openpyxl import Workbook

# A spreadsheet takes text that begins with one of these for a formula (OWASP: CSV injection); the full-width
# forms are what some of them turn into.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_CELL = 32_767  # characters


def safe_text(text: str) -> str:
    """Text that stays text in a spreadsheet: an apostrophe before what would begin a formula."""
    clean = UNSTORABLE.sub("\ufffd", text)
    return f"'{clean}" if clean.startswith(DANGEROUS) else clean


def safe_cell(value: Any, zone: tzinfo) -> Any:
    """A value as a file may hold it: numbers stay numbers, instants become local, all else safe text."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0) if value.tzinfo else value
    return value if isinstance(value, date) else safe_text(str(value))


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, zone: tzinfo
) -> StreamingHttpResponse:
    """A CSV file, UTF-8 with a mark so that Excel reads accents; instants in `zone`."""
    response = StreamingHttpResponse(csv_lines(header, rows, zone=zone), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv")
    return response


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]], *, zone: tzinfo) -> Iterator[bytes]:
    """The lines of a CSV file, one at a time."""
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf" + writer.writerow([safe_text(label) for label in header])
    for row in rows:
        yield writer.writerow([safe_cell(value, zone) for value in row])


def xlsx_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, zone: tzinfo) -> FileResponse:
    """An XLSX file written row by row into a temporary file; instants in `zone`."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title="Belay")
    sheet.append([safe_text(label) for label in header])
    for row in rows:
        sheet.append([_sheet_value(safe_cell(value, zone)) for value in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def _sheet_value(value: Any) -> Any:
    return value[:XLSX_CELL] if isinstance(value, str) else value


class _Echo:
    """A file whose `write` hands the line back, which is what a streaming response wants."""

    def write(self, line: str) -> bytes:
        return line.encode("utf-8")
