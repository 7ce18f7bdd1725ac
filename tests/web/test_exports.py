import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from web.columns import Column, Columns
from web.exports import DANGEROUS, csv_lines, csv_response, safe_text, xlsx_response

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2025, 4, 24, 12, 30, tzinfo=UTC)


def read_csv(rows: list[list[Any]]) -> list[list[str]]:
    text = b"".join(csv_lines(["A", "B"], rows, zone=BERLIN)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def read_xlsx(rows: list[list[Any]]) -> list[tuple[Any, ...]]:
    content = b"".join(xlsx_response("x", ["A"], rows, zone=BERLIN).streaming_content)
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


@given(st.sampled_from(DANGEROUS), st.text(max_size=30))
def test_no_first_character_makes_a_formula(first: str, rest: str) -> None:
    assert safe_text(first + rest).startswith("'")
    assert read_csv([[first + rest, 1]])[1][0].startswith("'")


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_text_can_be_exported(text: str) -> None:
    assert not read_csv([[text, 1]])[1][0].startswith(DANGEROUS)
    shown = read_xlsx([[text]])[1][0] if text else None
    assert shown is None or not str(shown).startswith(DANGEROUS)


def test_numbers_stay_numbers_and_times_become_local() -> None:
    assert read_csv([[-5, Decimal("-1.50")], [AT, None]])[1:] == [["-5", "-1.50"], ["2025-04-24 14:30:00", ""]]
    assert read_xlsx([[-5], [AT]])[1:] == [(-5,), (datetime(2025, 4, 24, 14, 30),)]  # noqa: DTZ001


def test_long_text_fits_a_sheet() -> None:
    assert len(read_xlsx([["x" * 50_000]])[1][0]) == 32_767


def test_csv_streams() -> None:
    def endless() -> Any:
        while True:
            yield ["row", 1]

    stream = iter(csv_response("x", ["A"], endless(), zone=BERLIN).streaming_content)
    assert next(stream).endswith(b"A\r\n")
    assert next(stream) == b"row,1\r\n"


def test_file_name_is_safe() -> None:
    header = csv_response('a"b\r\nX: y', ["A"], [], zone=BERLIN)["Content-Disposition"]
    assert "\r" not in header
    assert "\n" not in header


COLUMNS = Columns(
    Column("ref", "Ticket", cell=lambda row: f"<{row['ref']}>", export=lambda row: row["ref"], css="nowrap"),
    Column("subject", "Subject", cell=lambda row: row["subject"], order=("subject", "pk")),
    Column("hidden", "Hidden", cell=lambda row: "x", default=False),
)


def test_columns_feed_table_and_file() -> None:
    rows = [{"ref": "BLY-1", "subject": "=1+1"}]
    shown = COLUMNS.choose()
    assert [column.key for column in shown] == ["ref", "subject"]
    assert shown.rows(rows)[0][0].text == "<BLY-1>"
    assert shown.header() == ["Ticket", "Subject"]
    assert list(shown.export_rows(rows)) == [["BLY-1", "=1+1"]]
    assert COLUMNS.choose(["subject", "nonsense", "hidden", "subject"]).header() == ["Subject", "Hidden"]
    assert [column.sortable for column in COLUMNS] == [False, True, False]
