"""Who is there: duty shifts and their swaps, absences and who covers them, and who has which page open."""

import uuid

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse

from accounts.choices import DutyRole, SwapState
from accounts.models.people import Team

PERSON = settings.AUTH_USER_MODEL


class IdRange(Func):
    """`[id, id]` as a range, so that an exclusion needs no extension."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, '[]')"


class TimeRange(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


class DutyShift(models.Model):
    """One person on duty for one team, [starts_at, ends_at). Nobody has two shifts for a team at the same time."""

    uid = models.CharField(max_length=255, default=uuid.uuid4, help_text="As calendars exchange it (iCalendar)")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="shifts")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="shifts")
    role = models.CharField(max_length=8, choices=DutyRole, default=DutyRole.PRIMARY)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    planned_for = models.ForeignKey(
        PERSON,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who had it before a swap or a cover",
    )
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["starts_at", "role", "id"]
        indexes = [
            models.Index(fields=["team", "starts_at", "ends_at"], name="duty_team"),
            models.Index(fields=["user", "starts_at"], name="duty_user"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["team", "uid"], name="duty_uid"),
            models.CheckConstraint(name="duty_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            ExclusionConstraint(
                name="duty_no_overlap",
                expressions=[
                    (IdRange(F("team"), F("team")), RangeOperators.OVERLAPS),
                    (IdRange(F("user"), F("user")), RangeOperators.OVERLAPS),
                    (TimeRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.team}, {self.starts_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:shift_detail", args=[self.pk])


class DutySwap(models.Model):
    """Somebody asks a colleague to take a shift, with or without one in return."""

    shift = models.ForeignKey(DutyShift, on_delete=models.CASCADE, related_name="swaps")
    in_return = models.ForeignKey(DutyShift, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    asked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    offered_to = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="swap_offers")
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=SwapState, default=SwapState.ASKED)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["shift"], condition=Q(state=SwapState.ASKED), name="swap_one_open"),
            models.CheckConstraint(name="swap_not_with_oneself", condition=~Q(asked_by=F("offered_to"))),
        ]

    def __str__(self) -> str:
        return f"{self.asked_by} asks {self.offered_to} for {self.shift_id}"


class Absence(models.Model):
    """Somebody is away, [starts_at, ends_at); `covered_by` answers meanwhile."""

    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="absences")
    covered_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="covers")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["user", "ends_at"], name="absence_user")]
        constraints = [
            models.CheckConstraint(name="absence_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="absence_covered_by_another", condition=Q(covered_by__isnull=True) | ~Q(covered_by=F("user"))
            ),
            ExclusionConstraint(
                name="absence_no_overlap",
                expressions=[
                    (IdRange(F("user"), F("user")), RangeOperators.OVERLAPS),
                    (TimeRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(cancelled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} away until {self.ends_at:%Y-%m-%d %H:%M}"


class Presence(models.Model):
    """Somebody has a page open, "ticket:4182", as of `seen_at`; `is_writing` while a form on it is being filled."""

    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=60)
    seen_at = models.DateTimeField()
    is_writing = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="presence_seen")]
        constraints = [models.UniqueConstraint(fields=["subject", "user"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.user} on {self.subject}"
