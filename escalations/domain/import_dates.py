"""Dates as exports write them: which order they are in is chosen by a person, from what reads."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import NoReturn


class DateOrder(StrEnum):
    """How the parts of a date follow each other. A date that begins with a four-digit year always reads."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"
    UNIX = "unix"
    UNIX_MS = "unix_ms"
    EXCEL = "excel"


ORDER_WORDS: dict[DateOrder, str] = {
    DateOrder.YMD: "Year first",
    DateOrder.DMY: "Day first",
    DateOrder.MDY: "Month first",
    DateOrder.UNIX: "Seconds since 1970",
    DateOrder.UNIX_MS: "Milliseconds since 1970",
    DateOrder.EXCEL: "Spreadsheet day numbers",
}


class DateUnreadable(ValueError):
    """A text that is no date in the chosen order. The message is for the row's report."""


_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1,
    )
    for name in names.split()
}  # fmt: skip

_TIME = (
    r"(?:(?:\s*T|,?\s+|,)(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_PARTS = re.compile(
    r"^(?:[A-Za-z]{2,9},?\s+)?(?P<a>\d{1,4}|[A-Za-z]{3,9})\.?[-/.\s]\s*(?P<b>\d{1,2}|[A-Za-z]{3,9})\.?,?[-/.,\s]\s*"
    r"(?P<c>\d{2,4})" + _TIME
)
_NUMBER = re.compile(r"^\d{1,14}(\.\d{1,15})?$")
_SHOWN = 40  # characters of an unreadable text that a message repeats


@dataclass(frozen=True, slots=True)
class DateReader:
    """Reads the dates of one file: `order` as chosen, `zone` for those that name none."""

    order: DateOrder
    zone: tzinfo

    def __call__(self, text: str) -> datetime:
        """The instant in UTC. A time that the clocks skip moves forward, one shown twice is the first of the two.

        Raises DateUnreadable.
        """
        try:
            return self._read(text.strip()).astimezone(UTC)
        except OverflowError as error:
            raise DateUnreadable(f"“{text[:_SHOWN]}” lies outside of any calendar.") from error

    def _read(self, text: str) -> datetime:
        if self.order in (DateOrder.UNIX, DateOrder.UNIX_MS, DateOrder.EXCEL) and _NUMBER.match(text):
            return self._from_number(text)
        found = _PARTS.match(text)
        if found is None:
            raise DateUnreadable(f"“{text[:_SHOWN]}” does not read as a date ({ORDER_WORDS[self.order].lower()}).")
        year, month, day = self._day(found["a"], found["b"], found["c"], text)
        try:
            return datetime(year, month, day, *_clock(found), tzinfo=_zone(found["zone"]) or self.zone)
        except ValueError as error:
            words = ORDER_WORDS[self.order].lower()
            raise DateUnreadable(f"“{text[:_SHOWN]}” is no date when read {words}: {error}.") from error

    def _from_number(self, text: str) -> datetime:
        number = float(text)
        if self.order == DateOrder.EXCEL:
            naive = datetime(1899, 12, 30) + timedelta(seconds=round(number * 86_400))
            return naive.replace(tzinfo=self.zone)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            seconds=number if self.order == DateOrder.UNIX else number / 1000
        )

    def _day(self, a: str, b: str, c: str, text: str) -> tuple[int, int, int]:
        """(year, month, day) of three parts; a month's name or a four-digit year says by itself where it stands."""
        if a.isalpha():
            return _year(c), _month(a, text), _number(b, text)
        if len(a) == 4:
            return int(a), _month(b, text), int(c) if len(c) <= 2 else _fail(text)
        if b.isalpha():
            return _year(c), _month(b, text), int(a)
        match self.order:
            case DateOrder.DMY:
                return _year(c), int(b), int(a)
            case DateOrder.MDY:
                return _year(c), int(a), int(b)
            case DateOrder.YMD if len(a) == 2 and len(c) == 2:
                return _year(a), int(b), int(c)
        _fail(text, f" ({ORDER_WORDS[self.order].lower()})")


def _clock(found: re.Match[str]) -> tuple[int, int, int, int]:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("hour must be in 1..12 with am or pm")
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    return hour, minute, second, int((found["part"] or "").ljust(6, "0")[:6])


def _zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    if name[0] not in "+-":
        return UTC
    digits = name[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if name[0] == "-" else offset)


def _year(text: str) -> int:
    """Two digits mean 1970 to 2069."""
    number = int(text)
    return number if len(text) == 4 else number + (1900 if number >= 70 else 2000)


def _month(text: str, whole: str) -> int:
    if not text.isalpha():
        return int(text)
    return _MONTHS.get(text.lower()) or _fail(whole, f": {text} is no English month")


def _number(text: str, whole: str) -> int:
    return int(text) if text.isdigit() else _fail(whole)


def _fail(text: str, why: str = "") -> NoReturn:
    raise DateUnreadable(f"“{text[:_SHOWN]}” does not read as a date{why}.")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that the samples could be in: how many of them read, how many of those lie after `now`."""

    order: DateOrder
    reads: int
    ahead: int


def candidates(samples: Iterable[str], *, zone: tzinfo, now: datetime) -> list[Candidate]:
    """The orders in which at least one sample reads, the likeliest first: most read, fewest in the future."""
    texts = list(samples)
    found = []
    for order in DateOrder:
        read = DateReader(order, zone)
        instants = []
        for text in texts:
            try:
                instants.append(read(text))
            except DateUnreadable:
                continue
        plausible = [at for at in instants if at.year >= 1990]
        if plausible:
            found.append(Candidate(order, len(plausible), sum(at > now for at in plausible)))
    return sorted(found, key=lambda one: (-one.reads, one.ahead, list(DateOrder).index(one.order)))
