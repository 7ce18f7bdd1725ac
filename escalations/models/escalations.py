import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Team, Tier
from escalations.choices import WAITING_FOR_RECEIVER, Axis, EscalationState, Origin
from escalations.domain.lifecycle import ESCALATION_TRANSITIONS
from escalations.models.tickets import Ticket
from policies.models import PolicyVersion

PERSON = settings.AUTH_USER_MODEL


class Escalation(models.Model):
    """An upward move of a ticket (functional), or management's engagement on it (hierarchical).

    Counted once, when its handoff is first filed. The sender owns the ticket until the receiver accepts.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="escalations")
    axis = models.CharField(max_length=14, choices=Axis, default=Axis.FUNCTIONAL)
    state = models.CharField(max_length=14, choices=EscalationState, default=EscalationState.PENDING)
    version = models.PositiveIntegerField(default=1)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.PERSON)
    reason = models.CharField(max_length=40, help_text="Code from the list of escalation reasons")
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=60, blank=True)
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    from_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    from_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="escalations_out")
    from_user = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="escalations_in")
    to_user = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    filed_at = models.DateTimeField()
    resubmitted_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ack_expires_at = models.DateTimeField(null=True, blank=True, help_text="Accept or return by then, or start over")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    estimated_resolution_at = models.DateTimeField(null=True, blank=True)
    needs_resources = models.BooleanField(null=True)
    resources_details = models.TextField(blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    return_reason = models.CharField(max_length=40, blank=True)
    return_note = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_warm = models.BooleanField(default=False, help_text="The sender stays with it until the receiver releases them")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    de_escalated_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    de_escalation_reason = models.CharField(max_length=40, blank=True)
    de_escalation_note = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["to_team", "filed_at"],
                name="escalation_inbox",
                condition=Q(state__in=WAITING_FOR_RECEIVER),
            ),
            models.Index(fields=["ticket", "-filed_at"], name="escalation_ticket"),
            models.Index(fields=["policy_version", "clause"], name="escalation_clause", condition=~Q(clause="")),
            models.Index(fields=["from_user", "-filed_at"], name="escalation_sender"),
            models.Index(fields=["filed_at"], name="escalation_filed"),
            models.Index(
                fields=["from_user"],
                name="escalation_warm",
                condition=Q(is_warm=True, accepted_at__isnull=False, released_at__isnull=True),
            ),
            models.Index(
                fields=["ack_expires_at"],
                name="escalation_ack_expiry",
                condition=Q(state=EscalationState.ACKNOWLEDGED),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "axis"],
                condition=Q(state__in=WAITING_FOR_RECEIVER),
                name="escalation_one_pending",
            ),
            models.CheckConstraint(
                name="escalation_acknowledged_by",
                condition=~Q(state=EscalationState.ACKNOWLEDGED)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False, ack_expires_at__isnull=False),
            ),
            models.CheckConstraint(
                name="escalation_accepted_by",
                condition=~Q(state=EscalationState.ACCEPTED) | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
            models.CheckConstraint(
                name="escalation_return_says_why",
                condition=~Q(state=EscalationState.RETURNED) | (Q(returned_at__isnull=False) & ~Q(return_reason="")),
            ),
            models.CheckConstraint(
                name="escalation_de_escalation_says_why",
                condition=~Q(state=EscalationState.DE_ESCALATED) | ~Q(de_escalation_note=""),
            ),
            models.CheckConstraint(
                name="escalation_receiver_is_not_sender",
                condition=Q(accepted_by__isnull=True) | Q(from_user__isnull=True) | ~Q(accepted_by=F("from_user")),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="escalation_states",
                field="state",
                transitions=sorted(
                    {(str(t.source), str(t.target)) for t in ESCALATION_TRANSITIONS if t.source != t.target}
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.from_tier_id} to {self.to_tier_id}"

    def get_absolute_url(self) -> str:
        return reverse("escalations:handoff_detail", args=[self.ticket.ref, self.pk])

    @property
    def waits(self) -> bool:
        return self.state in WAITING_FOR_RECEIVER

    @property
    def has_sender_beside(self) -> bool:
        """Warm: the sender stays with it. Over when released, when the escalation ends, and when the sender leaves."""
        stays = self.is_warm and self.state == EscalationState.ACCEPTED and self.released_at is None
        return stays and self.from_user is not None and self.from_user.is_active


class Handoff(models.Model):
    """The form that travels with an escalation. `content` is `escalations.domain.handoff.HandoffContent`."""

    escalation = models.OneToOneField(Escalation, on_delete=models.CASCADE, related_name="handoff")
    content = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    filled = models.PositiveSmallIntegerField(default=0)
    asked = models.PositiveSmallIntegerField(default=0)
    filed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"Handoff of {self.escalation_id}"

    @property
    def is_complete(self) -> bool:
        return self.filled == self.asked


class Resolution(models.Model):
    """What was captured when a ticket was resolved. A reopened ticket gets a further one."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="resolutions")
    escalation = models.OneToOneField(
        Escalation, on_delete=models.PROTECT, null=True, blank=True, related_name="resolution"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    resolved_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField()
    root_cause = models.CharField(max_length=40)
    root_cause_details = models.TextField(blank=True)
    what_was_done = models.TextField()
    satisfaction = models.PositiveSmallIntegerField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("what_was_done", weight="A", config="english")
        + SearchVector("root_cause_details", weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    customer_lost = models.BooleanField(default=False)

    class Meta:
        ordering = ["-resolved_at"]
        indexes = [
            models.Index(fields=["resolved_at"], name="resolution_time"),
            GinIndex(fields=["search"], name="resolution_search"),
        ]
        constraints = [
            models.CheckConstraint(
                name="resolution_satisfaction",
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__range=(1, 5)),
            )
        ]

    def __str__(self) -> str:
        return f"Resolution of {self.ticket_id}"


class Effort(models.Model):
    """Minutes of work on a ticket, by tier."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="efforts")
    resolution = models.ForeignKey(Resolution, on_delete=models.CASCADE, related_name="efforts")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    minutes = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resolution", "tier"], name="effort_once_a_tier")]

    def __str__(self) -> str:
        return f"{self.minutes} min at {self.tier_id}"


class HandoffFeedback(models.Model):
    """The receiver's word on the handoff, for its sender."""

    escalation = models.OneToOneField(Escalation, on_delete=models.CASCADE, related_name="feedback")
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    was_necessary = models.BooleanField()
    avoidable_by = models.CharField(max_length=40, blank=True, help_text="Code from the list of barriers")
    comment = models.TextField(blank=True)
    given_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When the sender read it")

    class Meta:
        constraints = [
            models.CheckConstraint(name="feedback_rating", condition=Q(rating__range=(1, 5))),
        ]

    def __str__(self) -> str:
        return f"{self.rating} of 5 for {self.escalation_id}"
