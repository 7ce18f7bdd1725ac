"""The rules. Rows while a draft, so that pages and the admin edit them; one frozen snapshot once published."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Calendar, Role, Team, Tier
from accounts.models.duty import IdRange, TimeRange
from policies.choices import PickListName, PolicyState, ResponseKind


class PolicyVersion(models.Model):
    code = models.CharField(max_length=20, unique=True, help_text="As people cite it, e.g. 2025.2")
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=PolicyState, default=PolicyState.DRAFT)
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, help_text="What changed and why")
    snapshot = models.JSONField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=PolicyState.PUBLISHED), name="policy_one_in_force"
            ),
            models.CheckConstraint(
                name="policy_published_is_frozen",
                condition=Q(state=PolicyState.DRAFT, snapshot__isnull=True)
                | Q(snapshot__isnull=False, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="policy_second_person",
                condition=Q(published_by__isnull=True) | Q(created_by__isnull=True) | ~Q(published_by=F("created_by")),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="policy_states",
                field="state",
                transitions=[("draft", "published"), ("published", "retired")],
            ),
            pgtrigger.Protect(
                name="policy_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'draft' AND (OLD.snapshot, OLD.code, OLD.published_at, OLD.published_by_id)"
                    " IS DISTINCT FROM (NEW.snapshot, NEW.code, NEW.published_at, NEW.published_by_id)"
                ),
            ),
            pgtrigger.Protect(
                name="policy_kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.state <> 'draft'"),
            ),
        ]

    def __str__(self) -> str:
        return f"Policy {self.code}"


def only_in_draft(name: str) -> pgtrigger.Trigger:
    """Draft rows of a published version cannot be touched, so that they keep saying what its snapshot says."""
    return pgtrigger.Trigger(
        name=f"{name}_only_in_draft",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("touched", "bigint[]")],
        func=(
            "touched := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.version_id] WHEN 'DELETE' THEN ARRAY[OLD.version_id]"
            " ELSE ARRAY[OLD.version_id, NEW.version_id] END;"
            " IF EXISTS (SELECT 1 FROM policies_policyversion v WHERE v.id = ANY(touched) AND v.state <> 'draft') THEN"
            " RAISE EXCEPTION 'a published policy cannot be changed' USING ERRCODE = 'check_violation'; END IF;"
            " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
        ),
    )


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


class AuthorityRule(models.Model):
    """What a role may grant in one version. No rule means no authority; there is no inheriting from lower roles."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="authority")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=40, help_text="Code from the list of authorities")
    limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="For service credits, in the organisation's currency; empty is without limit",
    )
    inclusive = models.BooleanField(default=True, help_text="Up to and including the limit, not below it")
    note = models.CharField(max_length=200, blank=True, help_text="Printed with the clause")

    class Meta:
        ordering = ["role__rank", "role__code", "action"]
        constraints = [
            models.UniqueConstraint(fields=["version", "role", "action"], name="authority_once"),
            models.CheckConstraint(name="authority_limit_positive", condition=Q(limit__isnull=True) | Q(limit__gt=0)),
            models.CheckConstraint(
                name="authority_limit_of_credits", condition=Q(limit__isnull=True) | Q(action="service_credit")
            ),
        ]
        triggers = [only_in_draft("authority")]

    def __str__(self) -> str:
        return f"{self.role}: {self.action}"


class Delegation(models.Model):
    """One person lends another the authority of their role for [starts_at, ends_at), up to `limit`.

    What is lent is not lent on: only the delegator's own role counts, so there can be no cycle. A row is a record:
    the one change that it takes is an earlier end (`ended_by`); `planned_end` keeps what was agreed.
    """

    delegator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_held")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    planned_end = models.DateTimeField()
    limit = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="Up to and including; empty: the delegator's"
    )
    reason = models.CharField(max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-starts_at", "-id"]
        indexes = [
            models.Index(fields=["delegate", "ends_at"], name="delegation_delegate"),
            models.Index(fields=["delegator", "ends_at"], name="delegation_delegator"),
        ]
        constraints = [
            models.CheckConstraint(name="delegation_to_another", condition=~Q(delegator=F("delegate"))),
            models.CheckConstraint(
                name="delegation_order",
                condition=Q(planned_end__gt=F("starts_at"), ends_at__gte=F("starts_at"), ends_at__lte=F("planned_end")),
            ),
            models.CheckConstraint(name="delegation_limit_positive", condition=Q(limit__isnull=True) | Q(limit__gt=0)),
            models.CheckConstraint(name="delegation_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="delegation_ended_by_somebody", condition=Q(ends_at=F("planned_end")) | Q(ended_by__isnull=False)
            ),
            ExclusionConstraint(
                name="delegation_no_overlap",
                expressions=[
                    (IdRange(F("delegator"), F("delegator")), RangeOperators.OVERLAPS),
                    (IdRange(F("delegate"), F("delegate")), RangeOperators.OVERLAPS),
                    (TimeRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="delegation_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="delegation_only_ends",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=(
                    "IF (to_jsonb(OLD) - ARRAY['ends_at', 'ended_by_id']) IS DISTINCT FROM"
                    " (to_jsonb(NEW) - ARRAY['ends_at', 'ended_by_id'])"
                    " OR OLD.ended_by_id IS NOT NULL OR NEW.ends_at >= OLD.ends_at THEN"
                    " RAISE EXCEPTION 'a delegation can only end earlier' USING ERRCODE = 'check_violation'; END IF;"
                    " RETURN NEW;"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegator} lends {self.delegate} until {self.ends_at:%Y-%m-%d %H:%M}"


class PickItem(models.Model):
    """One entry of a list that people choose from. Taken out of use, never deleted: records cite its code."""

    list = models.CharField(max_length=20, choices=PickListName)
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    hint = models.CharField(max_length=200, blank=True)
    minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="For update frequencies: every how many minutes"
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["list", "position", "label"]
        constraints = [models.UniqueConstraint(fields=["list", "code"], name="pick_item_code")]
        triggers = [pgtrigger.Protect(name="pick_item_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.label
