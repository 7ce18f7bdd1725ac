"""When teams work: hours as they are edited, and the frozen revisions that clocks count on."""

from datetime import time
from zoneinfo import available_timezones

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.choices import ExceptionKind
from accounts.holidays import country_names, country_problems
from journal.models import append_only


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("%(value)s is not an IANA time zone such as Europe/Berlin.", params={"value": value})


class TimeZoneField(models.CharField):
    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault("default", "UTC")
        kwargs.setdefault("validators", [validate_time_zone])
        super().__init__(*args, **kwargs)


class Calendar(models.Model):
    """Working hours as they are being edited. What counts is the newest `CalendarRevision`."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    time_zone = TimeZoneField()
    always_open = models.BooleanField(default=False, help_text="24×7: hours and holidays below are ignored")
    country = models.CharField(max_length=2, blank=True, help_text="ISO code; its public holidays are closed days")
    subdivision = models.CharField(max_length=10, blank=True, help_text="State or province, where holidays differ")
    members = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="part_of",
        help_text="Follow the sun: open as well whenever one of these is",
    )  # fmt: skip

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:calendar_detail", args=[self.code])

    @property
    def holidays_of(self) -> str:
        """Whose public holidays are closed days: `Germany (BE)`; "" without any."""
        part = f" ({self.subdivision})" if self.subdivision else ""
        return f"{country_names().get(self.country, self.country)}{part}" if self.country else ""

    def clean(self) -> None:
        """Holidays that nobody knows would stop every clock on this calendar."""
        problems = country_problems(self.country, self.subdivision)
        if problems:
            raise ValidationError(problems)

    @property
    def current(self) -> "CalendarRevision":
        return self.revisions.get(superseded_at__isnull=True)


class CalendarHours(models.Model):
    WEEKDAYS = [
        (i, day) for i, day in enumerate(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
    ]

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    opens = models.TimeField()
    closes = models.TimeField(help_text="00:00 means the end of that day; before the opening time, the day after")

    class Meta:
        ordering = ["weekday", "opens"]
        verbose_name_plural = "calendar hours"
        constraints = [models.CheckConstraint(name="calendar_hours_weekday", condition=Q(weekday__lte=6))]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class CalendarException(models.Model):
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="exceptions")
    date = models.DateField()
    kind = models.CharField(max_length=10, choices=ExceptionKind, default=ExceptionKind.HOLIDAY)
    name = models.CharField(max_length=80)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)

    class Meta:
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "date"], name="calendar_exception_one_per_day"),
            models.CheckConstraint(
                name="calendar_exception_hours",
                condition=Q(kind="holiday", opens__isnull=True, closes__isnull=True)
                | Q(kind__in=["half_day", "override"], opens__isnull=False, closes__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"

    def clean(self) -> None:
        """The rule that the database keeps too, in words that say what to do."""
        has_hours = self.opens is not None and self.closes is not None
        if self.kind == ExceptionKind.HOLIDAY and (self.opens is not None or self.closes is not None):
            raise ValidationError({"opens": "A holiday is closed all day: leave its hours empty."})
        if self.kind != ExceptionKind.HOLIDAY and not has_hours:
            raise ValidationError({"opens": "Say when it opens and closes on that day."})
        if self.opens is None or self.closes is None:
            return
        over_midnight = time(0) < self.closes < self.opens
        if self.closes == self.opens != time(0) or (over_midnight and self.kind == ExceptionKind.HALF_DAY):
            raise ValidationError({"closes": "It closes after it opens; a half day does so on the same day."})


class CalendarRevision(models.Model):
    """A calendar frozen as clocks use it. `definition` is what `accounts.domain.calendars` reads."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    superseded_at = models.DateTimeField(null=True, blank=True)
    clocks_moved_at = models.DateTimeField(
        null=True, blank=True, help_text="When the clocks that ran on the revision before were recomputed"
    )

    class Meta:
        ordering = ["calendar", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "number"], name="calendar_revision_number"),
            models.UniqueConstraint(
                fields=["calendar"],
                condition=Q(superseded_at__isnull=True),
                name="calendar_one_current_revision",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="calendar_revision_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("definition", "number", "calendar"),
            ),
            pgtrigger.Protect(name="calendar_revision_kept", operation=pgtrigger.Delete),
            append_only("calendar_revision")[1],
        ]

    def __str__(self) -> str:
        return f"{self.calendar}, revision {self.number}"
