"""Dates in the orders that exports use, and what is said of those that do not read."""

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.domain.import_dates import DateOrder, DateReader, DateUnreadable, candidates

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 16, 10, tzinfo=UTC)
FEB_29 = datetime(2016, 2, 29, 5, 38, tzinfo=UTC)


@pytest.mark.parametrize(
    ("order", "text", "expected"),
    [
        (DateOrder.DMY, "29-02-2016 06:38", FEB_29),
        (DateOrder.DMY, "29.02.2016 06:38:00", FEB_29),
        (DateOrder.DMY, "29/2/16 6:38 AM", FEB_29),
        (DateOrder.MDY, "02/29/2016 06:38", FEB_29),
        (DateOrder.MDY, "2/29/2016, 6:38 am", FEB_29),
        (DateOrder.YMD, "2016-02-29T06:38:00+01:00", FEB_29),
        (DateOrder.YMD, "2016-02-29 06:38:00.123456", FEB_29.replace(microsecond=123456)),
        (DateOrder.DMY, "2016-02-29T05:38Z", FEB_29),
        (DateOrder.MDY, "29 Feb 2016 06:38", FEB_29),
        (DateOrder.DMY, "Feb 29, 2016 6:38 AM", FEB_29),
        (DateOrder.DMY, "Mon, 29 Feb 2016 06:38 +0100", FEB_29),
        (DateOrder.YMD, "16-02-29 06:38", FEB_29),
        (DateOrder.UNIX, "1456724280", FEB_29),
        (DateOrder.UNIX_MS, "1456724280000", FEB_29),
        (DateOrder.EXCEL, "42429.276388888888", FEB_29),
        (DateOrder.DMY, "1.3.2016", datetime(2016, 2, 29, 23, tzinfo=UTC)),
        (DateOrder.MDY, "12/31/1999 12:00 PM", datetime(1999, 12, 31, 11, tzinfo=UTC)),
    ],
)
def test_reads(order, text, expected):
    assert DateReader(order, BERLIN)(text) == expected


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (DateOrder.MDY, "29-02-2016 06:38"),
        (DateOrder.DMY, "30-02-2016"),
        (DateOrder.YMD, "29-02-2016"),
        (DateOrder.DMY, "yesterday"),
        (DateOrder.DMY, ""),
        (DateOrder.DMY, "01-01-2016 25:00"),
        (DateOrder.DMY, "01-01-2016 13:00 PM"),
        (DateOrder.DMY, "1 Février 2016"),
        (DateOrder.UNIX, "0001-01-01T00:00:00+14:00"),
        (DateOrder.YMD, "2016-02-29T06:38 trailing"),
    ],
)
def test_says_what_it_cannot_read(order, text):
    with pytest.raises(DateUnreadable):
        DateReader(order, BERLIN)(text)


def test_a_skipped_hour_moves_forward_and_a_repeated_one_is_the_first():
    read = DateReader(DateOrder.YMD, BERLIN)
    assert read("2026-03-29 02:30") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert read("2026-10-25 02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_candidates_come_likeliest_first():
    assert candidates(["29-02-2016 06:38"], zone=BERLIN, now=NOW)[0].order == DateOrder.DMY
    # Both orders read; only one leaves nothing in the future.
    found = candidates(["11/06/2026", "06/01/2026"], zone=BERLIN, now=NOW)
    assert [(one.order, one.ahead) for one in found[:2]] == [(DateOrder.DMY, 0), (DateOrder.MDY, 1)]
    assert candidates(["?", "soon"], zone=BERLIN, now=NOW) == []


@given(st.text(max_size=40), st.sampled_from(DateOrder))
def test_any_text_reads_or_is_refused(text, order):
    with contextlib.suppress(DateUnreadable):
        assert DateReader(order, BERLIN)(text).tzinfo == UTC
