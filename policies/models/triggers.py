"""Triggers as rows: conditions in groups, and what happens when they hold."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Role, Team, Tier
from policies.choices import TriggerAction, TriggerJoin, TriggerKind
from policies.models.practice import Pool
from policies.models.versions import PolicyVersion, only_in_draft


class Trigger(models.Model):
    """One rule: if these conditions hold for an open ticket, this happens. `key` keeps its meaning between versions."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="triggers")
    key = models.SlugField(max_length=60, help_text="As clauses and firings cite it; stays the same between versions")
    name = models.CharField(max_length=160, help_text="As the document says it")
    kind = models.CharField(max_length=12, choices=TriggerKind, default=TriggerKind.TECHNICAL)
    position = models.PositiveSmallIntegerField(default=0, help_text="Earlier ones are asked first")
    is_active = models.BooleanField(default=True)
    join = models.CharField(max_length=3, choices=TriggerJoin, default=TriggerJoin.ALL, help_text="Of its groups")

    action = models.CharField(max_length=12, choices=TriggerAction)
    to_tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: one tier up or down"
    )
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_pool = models.ForeignKey(Pool, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    to_priority = models.PositiveSmallIntegerField(null=True, blank=True, help_text="For raising the priority")
    notify_role = models.ForeignKey(
        Role, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Is told as well"
    )
    reason = models.CharField(max_length=40, blank=True, help_text="Code from the list of escalation reasons")
    head_start_seconds = models.PositiveIntegerField(
        default=0, help_text="An express lane: how much earlier it is sorted than its due time"
    )
    note = models.CharField(max_length=300, blank=True, help_text="Why the rule is there")

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="trigger_key"),
            models.CheckConstraint(
                name="trigger_priority",
                condition=Q(action=TriggerAction.PRIORITY, to_priority__range=(1, 4))
                | (~Q(action=TriggerAction.PRIORITY) & Q(to_priority__isnull=True)),
            ),
        ]
        triggers = [only_in_draft("trigger")]

    def __str__(self) -> str:
        return self.name


class TriggerGroup(models.Model):
    """Conditions that hold together by all or by any."""

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="groups")
    join = models.CharField(max_length=3, choices=TriggerJoin, default=TriggerJoin.ALL)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        triggers = [
            only_in_draft(
                "trigger_group", of="(SELECT t.version_id FROM policies_trigger t WHERE t.id = {row}.trigger_id)"
            )
        ]

    def __str__(self) -> str:
        return f"Group {self.position + 1} of {self.trigger_id}"


class TriggerCondition(models.Model):
    """One row: a fact, a question and a value. `policies.domain.compiling` says what fits what."""

    group = models.ForeignKey(TriggerGroup, on_delete=models.CASCADE, related_name="conditions")
    fact = models.CharField(max_length=40)
    operator = models.CharField(max_length=16)
    value = models.JSONField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        triggers = [
            only_in_draft(
                "trigger_condition",
                of=(
                    "(SELECT t.version_id FROM policies_triggergroup g JOIN policies_trigger t ON t.id = g.trigger_id"
                    " WHERE g.id = {row}.group_id)"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.fact} {self.operator} {self.value}"


class Overflow(models.Model):
    """When a team's queue passes a limit, new work of its tier goes to another team."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="overflows")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    open_tickets = models.PositiveIntegerField(null=True, blank=True, help_text="More than so many open tickets")
    waiting_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="A handoff has waited longer than this, on the team's calendar"
    )

    class Meta:
        ordering = ["team__tier__rank", "team__name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "team"], name="overflow_once"),
            models.CheckConstraint(name="overflow_elsewhere", condition=~Q(team=F("to_team"))),
            models.CheckConstraint(
                name="overflow_has_limit",
                condition=Q(open_tickets__isnull=False) | Q(waiting_seconds__isnull=False),
            ),
        ]
        triggers = [only_in_draft("overflow")]

    def __str__(self) -> str:
        return f"{self.team} to {self.to_team}"
