"""How rules write amounts and lengths of time, and how people type them."""

import re
from decimal import Decimal, InvalidOperation

LONGEST = 2_147_483_647  # seconds; what the database holds
UNITS = {
    "d": 86_400, "day": 86_400, "days": 86_400,
    "h": 3_600, "hr": 3_600, "hrs": 3_600, "hour": 3_600, "hours": 3_600,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
}  # fmt: skip
PIECE = re.compile(r"(\d{1,9}(?:[.,]\d{1,4})?)\s*([a-z]+)\s*", re.ASCII)
NOT_A_SPAN = "Write a length of time, such as 2 h 30 min."
NOT_AN_AMOUNT = "Write an amount, such as 5000 or 49.90."
# One comma-grouped whole, or digits alone; then at most the cents.
AMOUNT = re.compile(r"(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d{1,2})?", re.ASCII)


class Mistyped(ValueError):
    """What was typed cannot be read. The text says what would."""


def span_words(seconds: int) -> str:
    """`5400` → `1 h 30 min`. Never in days: on a calendar of ten hours a day, 48 h are not two of them."""
    hours, rest = divmod(seconds, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min"


def money_words(amount: Decimal) -> str:
    """`5000` → `$5,000`, `5000.5` → `$5,000.50`: how clauses and reasons write an amount."""
    whole = f"{amount:,.2f}"
    return f"${whole.removesuffix('.00')}"


def parse_span(text: str, *, signed: bool = False) -> int:
    """Whole seconds of `2 h 30 min`, `90min`, `1.5 hours`, `1 d` (24 h) or, with `signed`, `-30 min`.

    Raises Mistyped: no unit, an unknown one, one that comes twice, parts of a second, too long.
    """
    words = " ".join(text.lower().replace("−", "-").split())
    sign = 1
    if signed and words.startswith("-"):
        sign, words = -1, words[1:].strip()
    if words.isascii() and words.isdigit():
        raise Mistyped(f"Say of what: {words} min or {words} h." if len(words) < 10 else NOT_A_SPAN)
    total, seen, at = Decimal(0), set(), 0
    while at < len(words):
        piece = PIECE.match(words, at)
        unit = UNITS.get(piece[2]) if piece else None
        if piece is None or unit is None or unit in seen:
            raise Mistyped(NOT_A_SPAN)
        seen.add(unit)
        total += Decimal(piece[1].replace(",", ".")) * unit
        at = piece.end()
    if not seen or total != total.to_integral_value():
        raise Mistyped(NOT_A_SPAN)
    if total > LONGEST:
        raise Mistyped("That is too long.")
    return sign * int(total)


def parse_money(text: str) -> Decimal:
    """`5000`, `5,000.00` or `$49.90`, with two decimals. Raises Mistyped for anything else, also below nothing."""
    words = text.strip().removeprefix("$").strip()
    if words.startswith(("-", "−")):
        raise Mistyped("An amount is zero or more.")
    if not AMOUNT.fullmatch(words):
        raise Mistyped(NOT_AN_AMOUNT)
    try:
        return Decimal(words.replace(",", "")).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise Mistyped(NOT_AN_AMOUNT) from None
