"""The numbers of a version: tiers, severities, what management owes, and contracts."""

from django.db import models
from django.db.models import Q

from accounts.models import Calendar, Team, Tier
from policies.choices import ResponseKind
from policies.models.versions import PolicyVersion, only_in_draft


class PolicyTier(models.Model):
    """A tier's numbers in one version. Durations are whole seconds of the receiving team's business time."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="tiers")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    expertise = models.CharField(max_length=200)
    issue_types = models.CharField(max_length=300, help_text="What it handles, in words")
    ack_seconds = models.PositiveIntegerField(null=True, blank=True, help_text="None for the entry tier")
    time_limit_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="When it rings, the ticket escalates"
    )
    resolution_seconds = models.PositiveIntegerField(help_text="When it rings, the ticket is marked")
    follow_up_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="After accepting, the customer has been contacted"
    )
    target_escalation_percent = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    hourly_cost = models.DecimalField(
        max_digits=8, decimal_places=2, help_text="Labour, in the organisation's currency"
    )

    class Meta:
        ordering = ["tier__rank"]
        constraints = [models.UniqueConstraint(fields=["version", "tier"], name="policy_tier_once")]
        triggers = [only_in_draft("policy_tier")]

    def __str__(self) -> str:
        return f"{self.tier} in {self.version}"


class Severity(models.Model):
    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="severities")
    priority = models.PositiveSmallIntegerField(help_text="1 is the gravest")
    definition = models.CharField(max_length=200)
    first_response_seconds = models.PositiveIntegerField()
    entry_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    entry_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    path = models.CharField(max_length=120, help_text="As the document says it, e.g. Tier 2, then 3")
    runs_around_the_clock = models.BooleanField(default=False, help_text="Its clocks run 24×7")
    head_start_seconds = models.PositiveIntegerField(
        default=0, help_text="How much earlier than its due time it is sorted in the queue"
    )

    class Meta:
        ordering = ["priority"]
        verbose_name_plural = "severities"
        constraints = [
            models.UniqueConstraint(fields=["version", "priority"], name="severity_once"),
            models.CheckConstraint(name="severity_priority", condition=Q(priority__range=(1, 4))),
        ]
        triggers = [only_in_draft("severity")]

    def __str__(self) -> str:
        return f"P{self.priority}"


class ResponseTarget(models.Model):
    """What management owes once it is called. Runs around the clock."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="responses")
    kind = models.CharField(max_length=20, choices=ResponseKind)
    seconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["seconds"]
        constraints = [models.UniqueConstraint(fields=["version", "kind"], name="response_once")]
        triggers = [only_in_draft("response")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ContractTarget(models.Model):
    """The contract's resolution time by priority and segment; an empty segment is for all others."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="contracts")
    priority = models.PositiveSmallIntegerField()
    segment = models.CharField(max_length=40, blank=True)
    resolution_seconds = models.PositiveIntegerField()
    calendar = models.ForeignKey(
        Calendar,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="None: the customer's own calendar",
    )

    class Meta:
        ordering = ["priority", "segment"]
        constraints = [
            models.UniqueConstraint(fields=["version", "priority", "segment"], name="contract_once"),
            models.CheckConstraint(name="contract_priority", condition=Q(priority__range=(1, 4))),
        ]
        triggers = [only_in_draft("contract")]

    def __str__(self) -> str:
        return f"P{self.priority} {self.segment or 'all others'}"
