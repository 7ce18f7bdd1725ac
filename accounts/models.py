"""Who: people, what their roles may do, where they sit, and when they work."""

from zoneinfo import available_timezones

import pgtrigger
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.choices import Ability, ExceptionKind, Theme
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


class Region(models.Model):
    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(
        help_text="Higher decides over lower; requests route to the lowest that may"
    )
    abilities = ArrayField(models.CharField(max_length=12, choices=Ability), default=list, blank=True)

    class Meta:
        ordering = ["rank", "name"]

    def __str__(self) -> str:
        return self.name


class Tier(models.Model):
    """A step of the path, by identity only. Its limits and targets belong to a policy version."""

    code = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(unique=True, help_text="1 is the entry tier; higher is further up")

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.code


class Calendar(models.Model):
    """Working hours as they are being edited. What counts is the newest `CalendarRevision`."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    time_zone = TimeZoneField()
    always_open = models.BooleanField(default=False, help_text="24×7: hours and holidays below are ignored")
    country = models.CharField(max_length=2, blank=True, help_text="ISO code; its public holidays are closed days")
    subdivision = models.CharField(max_length=10, blank=True, help_text="State or province, where holidays differ")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

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


class Team(models.Model):
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="teams")
    lead = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="teams")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="teams")
    is_vendor = models.BooleanField(default=False, help_text="An outside vendor; its owner in the team answers for it")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["tier__rank", "name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    first_name = None
    last_name = None
    full_name = models.CharField(max_length=120)
    email = models.EmailField(unique=True)
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    time_zone = TimeZoneField()
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    capacity = models.PositiveSmallIntegerField(
        default=6, help_text="Tickets held at once before routing looks elsewhere"
    )

    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta:
        ordering = ["full_name"]
        constraints = [
            models.CheckConstraint(name="user_full_name_given", condition=~Q(full_name="")),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0]

    @property
    def initials(self) -> str:
        parts = [part for part in self.full_name.split() if part]
        return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()

    @property
    def may_configure(self) -> bool:
        """Whether the administration is open to them: administrators, and process owners for the policy."""
        return self.can(Ability.ADMIN) or self.can(Ability.POLICY)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Django's permissions follow from abilities, so that roles are the only place where rights are given."""
        return self.has_module_perms(perm.partition(".")[0])

    def has_module_perms(self, app_label: str) -> bool:
        return self.can(Ability.ADMIN) or (app_label == "policies" and self.can(Ability.POLICY))

    def can(self, ability: Ability) -> bool:
        """Whether the role grants the ability. Nobody who left can do anything; a superuser can administer."""
        if not self.is_active:
            return False
        if self.is_superuser and ability in (Ability.ADMIN, Ability.READ):
            return True
        return self.role is not None and ability in self.role.abilities
