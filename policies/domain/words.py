"""How rules write amounts and lengths of time."""

from decimal import Decimal


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
