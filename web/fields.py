"""Form fields that Django does not have: times in the reader's zone, whole minutes, choices with signs."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from web.formats import zone_name

INPUT_FORMAT = "%Y-%m-%dT%H:%M"


class LocalDateTimeInput(forms.DateTimeInput):
    """`<input type="datetime-local">`, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format=INPUT_FORMAT)


class LocalDateTimeField(forms.DateTimeField):
    """Reads and shows an instant in the reader's zone, which the label names.

    A time that the clocks skip is refused; one that they show twice means the first of the two.
    """

    widget = LocalDateTimeInput
    default_error_messages = {"invalid": "Write day and time, such as 2025-04-24 14:30."}

    def __init__(self, **kwargs: Any) -> None:
        formats = [INPUT_FORMAT, f"{INPUT_FORMAT}:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        super().__init__(input_formats=formats, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, datetime):
            return self._in_zone(value) if timezone.is_naive(value) else value
        naive = self._read(value)
        return None if naive is None else self._in_zone(naive)

    def _read(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        text = str(value).strip()
        for pattern in self.input_formats:
            try:
                return datetime.strptime(text, pattern)
            except ValueError:
                continue
        raise ValidationError(self.error_messages["invalid"], code="invalid")

    def _in_zone(self, naive: datetime) -> datetime:
        zone = timezone.get_current_timezone()
        local = naive.replace(tzinfo=zone, fold=0)
        try:
            instant = local.astimezone(UTC)
        except (OverflowError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if instant.astimezone(zone).replace(tzinfo=None) != naive:
            raise ValidationError(
                "%(time)s does not exist on that day in %(zone)s: the clocks go forward.",
                code="gap",
                params={"time": f"{naive:%H:%M}", "zone": str(zone)},
            )
        return instant  # UTC: Python calls a doubled local time unequal to everything (PEP 495)

    @property
    def zone_label(self) -> str:
        """The reader's zone as the label shows it."""
        return zone_name(timezone.now(), timezone.get_current_timezone())


class MinutesField(forms.IntegerField):
    """Whole minutes of effort, 0 to `max_value` (a month unless said otherwise)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", 44_640)
        kwargs.setdefault("widget", forms.NumberInput(attrs={"inputmode": "numeric"}))
        super().__init__(**kwargs)
        self.error_messages["invalid"] = "Write whole minutes, such as 12."


class IconRadioSelect(forms.RadioSelect):
    """Radio buttons with a sign before each word: `icons` maps a value to an icon's name."""

    def __init__(self, *args: Any, icons: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.icons = icons or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["icon"] = self.icons.get(str(value), "")
        return option
