"""A calendar on one page: its head, hours as people type them, and its special days as rows."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict

from accounts.choices import ExceptionKind
from accounts.domain.calendar_spec import WEEKDAYS
from accounts.domain.calendar_values import (
    CLOSED,
    LABELS,
    CalendarValues,
    MistypedHours,
    hours_words,
    read_hours,
    special,
)
from accounts.holidays import country_names
from accounts.models import Calendar
from web.forms import BelayForm
from web.text import showable

MOST_DAYS = 300
LONGEST_TYPED = 200
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 1, 1)
DAYS = "days"


class HoursField(forms.Field):
    """Hours of one day as a line of text; a tuple of `Hours`."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.widget.attrs |= {"autocomplete": "off", "placeholder": CLOSED}

    def to_python(self, value: Any) -> Any:
        text = str(value or "")
        if len(text) > LONGEST_TYPED:
            raise ValidationError("That is too long to be right.")
        try:
            return read_hours(text)
        except MistypedHours as error:
            raise ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(str(data or "").strip() != self.prepare_value(initial or ()))

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return hours_words(value) if value else ""
        return showable(str(value or ""))


def zones() -> list[tuple[str, Any]]:
    """Every time zone by its part of the world."""
    groups: dict[str, list[tuple[str, str]]] = {"": []}
    for key in sorted(available_timezones()):
        area, _, place = key.partition("/")
        if place and area not in ("Etc", "SystemV", "US", "posix", "right"):
            groups.setdefault(area, []).append((key, key.replace("_", " ")))
    return [("UTC", "UTC"), *((area, places) for area, places in groups.items() if places)]


class CalendarForm(BelayForm):
    """The head and the week of a calendar. `seen` is the mark of what the page was made from."""

    half = ("time_zone", "country", "subdivision")
    optional_marks = ("country", "subdivision", "members")

    name = forms.CharField(label=LABELS["name"], max_length=80)
    time_zone = forms.ChoiceField(label=LABELS["time_zone"], choices=zones, initial="UTC")
    country = forms.ChoiceField(label=LABELS["country"], required=False, help_text="Those days are closed.")
    subdivision = forms.CharField(
        label=LABELS["subdivision"], required=False, max_length=10,
        help_text="Where holidays differ within the country: BE for Berlin, CA for California.",
    )  # fmt: skip
    always_open = forms.BooleanField(label="Open around the clock: hours and holidays do not count", required=False)
    mon, tue, wed, thu, fri, sat, sun = (HoursField(label=LABELS[day]) for day in WEEKDAYS)
    members = forms.MultipleChoiceField(
        label=LABELS["members"], required=False, widget=forms.CheckboxSelectMultiple,
        help_text="It is open when its own hours or any of these are, each in its own zone.",
    )  # fmt: skip
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=16)

    def __init__(self, *args: Any, calendar: Calendar | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", "None"), *country_names().items()]
        others = Calendar.objects.exclude(pk=calendar.pk) if calendar else Calendar.objects.all()
        offered = others.filter(members__isnull=True).values_list("code", "name").order_by("name")
        self.fields["members"].choices = list(offered)

    def clean_subdivision(self) -> str:
        return str(self.cleaned_data["subdivision"]).upper()


class DayForm(BelayForm):
    """A special day. One without anything in it is none."""

    date = forms.DateField(label="Date", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    name = forms.CharField(label="Name", max_length=80)
    kind = forms.ChoiceField(label="What", choices=ExceptionKind.choices, initial=ExceptionKind.HOLIDAY)
    hours = HoursField(label="Hours")

    def clean_date(self) -> date:
        day: date = self.cleaned_data["date"]
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(f"Calendars know the years {FIRST_DAY.year} to {LAST_DAY.year}.")
        return day

    def clean(self) -> None:
        given = self.cleaned_data
        if self.errors or not given:
            return
        try:
            given["day"] = special(given["date"], given["kind"], given["name"], given["hours"])
        except MistypedHours as error:
            self.add_error("hours", str(error))


class BaseDays(BaseFormSet):
    """All rows are new ones: a row that is emptied is no day any more."""

    def initial_form_count(self) -> int:
        return 0

    def clean(self) -> None:
        seen: set[date] = set()
        for form in self.forms:
            day = form.cleaned_data.get("date") if hasattr(form, "cleaned_data") else None
            if day is not None:
                if day in seen:
                    form.add_error("date", "This day stands here twice.")
                seen.add(day)


def _days(data: QueryDict | None = None, initial: list[dict[str, Any]] | None = None) -> Any:
    extra = len(initial) if initial else 1
    made = formset_factory(
        DayForm, formset=BaseDays, extra=extra, max_num=MOST_DAYS, absolute_max=MOST_DAYS + 50,
        validate_max=True,
    )  # fmt: skip
    return made(data, initial=initial, prefix=DAYS)


class CalendarEditor:
    """The form of a calendar with its days: made from values, or from what was sent."""

    def __init__(self, form: CalendarForm, days: Any) -> None:
        self.form, self.days = form, days

    @classmethod
    def of(cls, values: CalendarValues | None, calendar: Calendar | None, *, seen: str = "") -> "CalendarEditor":
        """With these values; `seen` instead of their own mark where they are not what is stored."""
        if values is None:
            return cls(CalendarForm(calendar=calendar), _days())
        initial = {**values.fields, "seen": seen or values.mark}
        days = [
            {"date": day.date, "name": day.name, "kind": day.kind, "hours": (day.hours,) if day.hours else ()}
            for day in values.days
        ]
        return cls(CalendarForm(calendar=calendar, initial=initial), _days(initial=days))

    @classmethod
    def sent(cls, data: QueryDict, calendar: Calendar | None) -> "CalendarEditor":
        return cls(CalendarForm(data, calendar=calendar), _days(data))

    @classmethod
    def reshaped(cls, data: QueryDict, calendar: Calendar | None, *, without: str | None) -> "CalendarEditor":
        """What was sent, not judged: without the day at this place, or with a row for one more."""
        head: dict[str, Any] = {name: data.get(name, "") for name in CalendarForm.base_fields}
        head["members"] = data.getlist("members")
        typed = data.get(f"{DAYS}-TOTAL_FORMS", "")
        number = min(int(typed), MOST_DAYS) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
        rows = [
            {name: data.get(f"{DAYS}-{place}-{name}", "") for name in DayForm.base_fields}
            for place in range(number)
            if str(place) != without
        ]
        if without is None:
            rows.append({"kind": ExceptionKind.HOLIDAY})
        return cls(CalendarForm(calendar=calendar, initial=head), _days(initial=rows))

    @property
    def is_bound(self) -> bool:
        return self.form.is_bound

    def is_valid(self) -> bool:
        return bool(self.form.is_valid() & self.days.is_valid())

    @property
    def values(self) -> CalendarValues:
        """Of a valid editor."""
        clean = self.form.cleaned_data
        found = (form.cleaned_data for form in self.days.forms)
        days = sorted((one["day"] for one in found if "day" in one), key=lambda day: day.date)
        fields = {name: clean[name] for name in LABELS if name not in ("members", "days")}
        return CalendarValues.of_fields({**fields, "members": tuple(sorted(clean["members"])), "days": tuple(days)})

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, each with what it is about."""
        found = [f"{self.form.fields[name].label}: {' '.join(texts)}" for name, texts in self.form.errors.items()]
        for number, errors in enumerate(self.days.errors, 1):
            found += [f"Day {number}, {name}: {' '.join(texts)}" for name, texts in errors.items()]
        return found + [str(text) for text in self.days.non_form_errors()]

    def refuse(self, problems: Mapping[str, str]) -> None:
        """What the service refused, at its fields; what is about the days, above."""
        for name, text in problems.items():
            self.form.add_error(name if name in self.form.fields else None, text)
