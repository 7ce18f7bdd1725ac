"""What is read as a table, what is refused, and in which words."""

import io
import zipfile
from datetime import date, datetime

import pytest

from escalations.services.import_files import TableFormat, TableRefused, detect, open_table
from tests.escalations.import_tables import INCIDENT_ROWS, INCIDENTS, as_csv, as_xlsx

ACCENTS = [["1", "Größe – naïve €"], ["2", "Žluťoučký"]]
WESTERN = [["1", "Größe – naïve €"]]


def rows(data: bytes, name: str = "table.csv", how: TableFormat | None = None):
    file = io.BytesIO(data)
    with open_table(file, how or detect(file, name)) as table:
        return table.columns, [(row.number, row.cells) for row in table.rows], table.notes


def refused(data: bytes, name: str = "table.csv") -> str:
    with pytest.raises(TableRefused) as caught:
        rows(data, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "found", "lines"),
    [
        ("utf-8", "utf-8", ACCENTS),
        ("utf-8-sig", "utf-8", ACCENTS),
        ("utf-16", "utf-16", ACCENTS),
        ("utf-16-le", "utf-16-le", ACCENTS),
        ("utf-16-be", "utf-16-be", ACCENTS),
        ("cp1252", "cp1252", WESTERN),
    ],
)
def test_encodings_are_found(encoding, found, lines):
    data = as_csv(lines, ["Id", "Größe"], encoding=encoding)
    assert detect(io.BytesIO(data), "a.csv").encoding == found
    columns, read, _ = rows(data)
    assert columns == ["Id", "Größe"]
    assert [cells for _, cells in read] == lines


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(delimiter):
    data = as_csv([["1", "a, b; c"], ["2", "d"]], ["id", "text"], delimiter=delimiter)
    assert detect(io.BytesIO(data), "a.csv").delimiter == delimiter
    assert rows(data)[1][0][1] == ["1", "a, b; c"]


def test_line_numbers_count_lines_of_the_file():
    data = b'id,text\r\n1,"two\r\nlines"\r\n\r\n2,b\r\n'
    assert rows(data)[1] == [(2, ["1", "two\r\nlines"]), (5, ["2", "b"])]


def test_unreadable_bytes_mark_their_own_row():
    data = b"id,text\n1,fine\n2,Caf\xe9\n"
    how = TableFormat("csv", encoding="utf-8", delimiter=",")
    assert rows(data, how=how)[1] == [(2, ["1", "fine"]), (3, ["2", "Caf\udcff"])]
    lone = "id,text\n1,x".encode("utf-16-le") + b"\x00\xd8" + "\n".encode("utf-16-le")
    assert "\udcff" in rows(b"\xff\xfe" + lone)[1][0][1][1]


def test_columns_without_a_name_of_their_own_get_one():
    columns, _, notes = rows(b"id,Status,Status,,{x}\n1,a,b,c,d\n")
    assert columns == ["id", "Status", "Status (2)", "Column 4", "x"]
    assert notes == ["Two columns are named “Status”; here the later one is “Status (2)”.", "Column 4 has no name."]


def test_a_workbook_reads_like_a_text():
    moment = datetime(2024, 2, 3, 9, 30)
    rest = [None] * 4
    data = as_xlsx([["1", moment, True, 3.0, 1.5, None], ["2", date(2024, 2, 3), *rest]], list("abcdef"))
    columns, read, _ = rows(data, "a.xlsx")
    assert read == [
        (2, ["1", "2024-02-03 09:30:00", "TRUE", "3", "1.5", ""]), (3, ["2", "2024-02-03 00:00:00", "", "", "", ""]),
    ]  # fmt: skip
    assert columns == list("abcdef")


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.csv", "empty"),
        (b"\n\n  \n", "a.csv", "empty"),
        (b"%PDF-1.7 ...", "a.csv", "a PDF"),
        (b"\x89PNG\r\n", "a.csv", "a picture"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 99, "a.xls", "old .xls"),
        (b"<!DOCTYPE html><html>", "a.csv", "a web page"),
        (b"id,text\n1,a\n", "a.xlsx", "no workbook"),
        (bytes(range(1, 32)) * 50, "a.csv", "no text"),
        (b'id,text\n1,"never closed' + b"x" * 2_100_000, "a.csv", "line 2"),
        (b"id\n" + b"x" * 2_100_000, "a.csv", "2,000,000 characters"),
        ((",".join(f"c{n}" for n in range(400)) + "\n1\n").encode(), "a.csv", "400 columns"),
    ],
)  # fmt: skip
def test_what_is_no_table(data, name, said):
    assert said in refused(data, name)


def test_a_workbook_under_another_name_and_an_archive_under_a_workbooks():
    assert "ends in .xlsx" in refused(as_xlsx(INCIDENT_ROWS), "a.csv")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "not a workbook" in refused(file.getvalue(), "a.xlsx")
    assert "damaged" in refused(as_xlsx(INCIDENT_ROWS)[:2000], "a.xlsx")


def test_bombs_are_refused_before_they_are_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    assert "would unpack to 50 MB" in refused(file.getvalue(), "a.xlsx")


def test_entities_in_a_workbook_are_not_expanded():
    good, file = io.BytesIO(as_xlsx(INCIDENT_ROWS)), io.BytesIO()
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(file, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                content = bomb + content.replace(b"INC1", b"&c;")
            new.writestr(part, content)
    assert "damaged" in refused(file.getvalue(), "a.xlsx")


def test_header_only_has_columns_and_no_rows():
    assert rows(as_csv([]))[:2] == (list(INCIDENTS), [])
