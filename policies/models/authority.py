"""Who may grant what, and who lends that to whom."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q

from accounts.models import Role
from accounts.models.duty import IdRange, TimeRange
from policies.models.versions import PolicyVersion, only_in_draft


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
