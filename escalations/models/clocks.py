import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q, Value

from accounts.models import CalendarRevision, Team, Tier
from accounts.models.duty import IdRange
from escalations.choices import ClockKind, ClockState, HopKind
from escalations.domain.clocks import Wait
from escalations.models.tickets import Ticket
from policies.models import PolicyVersion


class Clock(models.Model):
    """One deadline. `due_at` is what the sweep reads; the rest explains it.

    `budget` and `remaining` are whole seconds of the calendar's business time (a null calendar is 24×7).
    A breached clock keeps running late until something stops it: `stopped_at` then says when.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="clocks")
    escalation = models.ForeignKey(
        "escalations.Escalation", on_delete=models.CASCADE, null=True, blank=True, related_name="clocks"
    )
    kind = models.CharField(max_length=24, choices=ClockKind)
    round = models.PositiveSmallIntegerField(default=1)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=ClockState, default=ClockState.RUNNING)
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=60, blank=True, help_text="Key of the policy's clause that sets the budget")
    calendar_revision = models.ForeignKey(
        CalendarRevision, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    budget = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    remaining = models.PositiveIntegerField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=200, blank=True)
    review_at = models.DateTimeField(null=True, blank=True)
    fired_at = models.DateTimeField(null=True, blank=True)
    is_late_record = models.BooleanField(
        default=False, help_text="Was already past due when the ticket was imported; nothing follows from it"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["due_at"], name="clock_running_due", condition=Q(state=ClockState.RUNNING)),
            models.Index(fields=["escalation"], name="clock_escalation"),
            models.Index(
                fields=["calendar_revision"],
                name="clock_calendar",
                condition=Q(state__in=[ClockState.RUNNING, ClockState.PAUSED]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "kind", "round"], name="clock_once"),
            models.CheckConstraint(
                name="clock_running_has_due", condition=Q(due_at__isnull=False) | ~Q(state=ClockState.RUNNING)
            ),
            models.CheckConstraint(
                name="clock_paused_has_review",
                condition=~Q(state=ClockState.PAUSED)
                | (Q(remaining__isnull=False, review_at__isnull=False, paused_at__isnull=False) & ~Q(pause_reason="")),
            ),
            models.CheckConstraint(
                name="clock_met_in_time",
                condition=~Q(state=ClockState.MET)
                | Q(
                    stopped_at__isnull=False,
                    due_at__isnull=False,
                    fired_at__isnull=True,
                    stopped_at__lte=F("due_at"),
                ),
            ),
            models.CheckConstraint(
                name="clock_breached_has_fired",
                condition=~Q(state=ClockState.BREACHED) | Q(fired_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="clock_states",
                field="state",
                transitions=[
                    ("running", "paused"),
                    ("running", "met"),
                    ("running", "breached"),
                    ("running", "cancelled"),
                    ("paused", "running"),
                    ("paused", "met"),
                    ("paused", "breached"),
                    ("paused", "cancelled"),
                    ("met", "cancelled"),  # what met it was taken back
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.ticket_id}"


class Pause(models.Model):
    """A stretch during which a ticket waited for somebody: outside, or for the receiver of a handoff.

    It has a deadline of its own, the review, so that no clock stands still for ever.
    """

    WAITS = [
        (Wait.CUSTOMER.value, "Waiting for customer"),
        (Wait.VENDOR.value, "Waiting for vendor"),
        (Wait.HANDOFF.value, "Handoff pending"),
        (Wait.PARENT.value, "Carried by the parent"),
    ]

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="pauses")
    wait = models.CharField(max_length=20, choices=WAITS)
    reason = models.CharField(max_length=200)
    review_at = models.DateTimeField()
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    review_asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "wait"], condition=Q(ended_at__isnull=True), name="pause_one_open"
            ),
            models.CheckConstraint(
                name="pause_ends_after_start",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
            ),
            models.CheckConstraint(name="pause_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.reason} on {self.ticket_id}"


class TicketRange(IdRange):
    """By its own name, as the first migration knows it."""


class Hop(models.Model):
    """One interval with one holder. Hops of a ticket never overlap; the database refuses it.

    `sla_seconds` is what the interval took of the contract's time (business seconds of the contract's
    calendar, null while open); waiting and pauses are hops of their own, pauses take nothing.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="hops")
    kind = models.CharField(max_length=8, choices=HopKind, default=HopKind.HELD)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    span = DateTimeRangeField()
    sla_seconds = models.PositiveIntegerField(null=True, blank=True)
    work_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Business seconds of the team's calendar"
    )

    class Meta:
        ordering = ["span"]
        indexes = [
            models.Index(fields=["ticket"], name="hop_open", condition=Q(span__endswith__isnull=True)),
        ]
        constraints = [
            ExclusionConstraint(
                name="hop_no_overlap",
                expressions=[
                    (TicketRange(F("ticket"), F("ticket")), RangeOperators.OVERLAPS),
                    ("span", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="hop_span_not_empty",
                condition=Q(span__isempty=Value(False)) & Q(span__startswith__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.tier_id}"
