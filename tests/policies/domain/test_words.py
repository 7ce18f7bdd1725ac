"""Lengths of time and amounts, as they are typed and as they are written."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.domain.words import LONGEST, Mistyped, money_words, parse_money, parse_span, span_words

HOUR = 3600


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("2 h 30 min", 9000), ("2h30m", 9000), ("  90 MIN ", 5400), ("1.5 hours", 5400), ("1,5 h", 5400),
        ("48 h", 48 * HOUR), ("2 d", 48 * HOUR), ("1 day 2 hours", 26 * HOUR), ("45 s", 45), ("0 min", 0),
        ("30 min 2 h", 9000), ("2\u00a0h", 2 * HOUR),
    ],
)  # fmt: skip
def test_what_people_type(typed, seconds):
    assert parse_span(typed) == seconds


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "soon", "2", "2 h 3 h", "2 h and 3 min", "h", "-2 h", "1.5 s", "0.0001 h", "2 weeks", "9" * 40 + " h",
     "99999999 h", "2 h \x00", "١ h", "1e5 h", "2 h;", "²h"],
)  # fmt: skip
def test_what_cannot_be_read_is_said(typed):
    with pytest.raises(Mistyped):
        parse_span(typed)


def test_a_number_alone_asks_for_its_unit():
    with pytest.raises(Mistyped, match="Say of what: 30 min or 30 h"):
        parse_span("30")


def test_below_nothing_only_where_it_makes_sense():
    assert parse_span("-30 min", signed=True) == -1800
    assert parse_span("−1 h", signed=True) == -HOUR


@given(st.integers(min_value=0, max_value=LONGEST))
def test_what_is_written_can_be_typed_again(seconds):
    assert parse_span(span_words(seconds)) == seconds


@given(st.text(max_size=30))
def test_nothing_typed_breaks_it(text):
    for parse in (parse_span, parse_money):
        with suppress(Mistyped):
            assert parse(text) >= 0


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("5000", "5000.00"), ("5,000", "5000.00"), ("$5,000.00", "5000.00"), (" 49.9 ", "49.90"), ("0", "0.00"),
     ("1,234,567.89", "1234567.89")],
)  # fmt: skip
def test_amounts(typed, amount):
    assert parse_money(typed) == Decimal(amount)
    assert parse_money(money_words(Decimal(amount))) == Decimal(amount)


@pytest.mark.parametrize("typed", ["", "-1", "−5", "1.234", "50,00", "1,0000", "abc", "NaN", "1e3", "$", "5 000", "٥"])
def test_no_amounts(typed):
    with pytest.raises(Mistyped):
        parse_money(typed)
