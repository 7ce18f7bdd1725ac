"""Fields that rules need: lengths of time and amounts as people type them."""

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from policies.domain.words import LONGEST, Mistyped, parse_money, parse_span, span_words
from web.text import showable

LONGEST_TYPED = 40


class TypedField(ABC, forms.Field):
    """A line of text that means something. Kept as typed where it cannot be read."""

    widget = forms.TextInput
    too_long = "That is too long to be right."

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("autocomplete", "off")

    @abstractmethod
    def read(self, text: str) -> Any:
        """What the text means. Raises Mistyped."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or not str(value).strip():
            return None
        text = str(value)
        if len(text) > LONGEST_TYPED:
            raise ValidationError(self.too_long)
        try:
            return self.read(text)
        except Mistyped as error:
            raise ValidationError(str(error)) from None


class SpanField(TypedField):
    """Whole seconds, typed and shown as `2 h 30 min`."""

    def __init__(self, *, least: int = 1, signed: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Such as 2 h 30 min.")
        super().__init__(**kwargs)
        self.least, self.signed = least, signed

    def read(self, text: str) -> int:
        seconds = parse_span(text, signed=self.signed)
        if not self.signed and seconds < self.least:
            raise Mistyped("A time of 0 would ring at once.")
        if abs(seconds) > LONGEST:
            raise Mistyped("That is too long.")
        return seconds

    def prepare_value(self, value: Any) -> Any:
        if value == 0 and not self.least:
            return ""
        return span_words(value) if isinstance(value, int) and value >= 0 else showable(str(value or ""))


class MoneyField(TypedField):
    """An amount with two decimals, shown as `5000.00`."""

    def __init__(self, *, most: Decimal = Decimal("9999999999.99"), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most
        self.widget.attrs.setdefault("inputmode", "decimal")

    def read(self, text: str) -> Decimal:
        amount = parse_money(text)
        if amount > self.most:
            raise Mistyped("That is too much to be right.")
        return amount

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.2f}" if isinstance(value, Decimal) else showable(str(value or ""))
