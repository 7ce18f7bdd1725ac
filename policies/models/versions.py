"""A policy version: rows while a draft, one frozen snapshot once published."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from policies.choices import PolicyState


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


OWN_VERSION = "{row}.version_id"


def only_in_draft(name: str, *, of: str = OWN_VERSION) -> pgtrigger.Trigger:
    """Draft rows of a published version cannot be touched, so that they keep saying what its snapshot says.

    `of` selects the version of a row, where it is not the row's own column; `{row}` stands for the row.
    """
    old, new = of.format(row="OLD"), of.format(row="NEW")
    return pgtrigger.Trigger(
        name=f"{name}_only_in_draft",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("touched", "bigint[]")],
        func=(
            f"touched := CASE TG_OP WHEN 'INSERT' THEN ARRAY[{new}] WHEN 'DELETE' THEN ARRAY[{old}]"
            f" ELSE ARRAY[{old}, {new}] END;"
            " IF EXISTS (SELECT 1 FROM policies_policyversion v WHERE v.id = ANY(touched) AND v.state <> 'draft') THEN"
            " RAISE EXCEPTION 'a published policy cannot be changed' USING ERRCODE = 'check_violation'; END IF;"
            " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
        ),
    )
