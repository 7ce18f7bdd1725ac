"""A policy version: rows while a draft, one frozen snapshot once published."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from policies.choices import PolicyState, PublicationState


class PolicyVersion(models.Model):
    code = models.CharField(max_length=20, unique=True, help_text="As people cite it, e.g. 2025.2")
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=PolicyState, default=PolicyState.DRAFT)
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, help_text="What changed and why")
    snapshot = models.JSONField(null=True, blank=True, editable=False)
    edit = models.PositiveIntegerField(default=0, editable=False, help_text="Counts the changes of the draft")
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
                    "OLD.state <> 'draft' AND (to_jsonb(OLD) - ARRAY['state', 'retired_at'])"
                    " IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'retired_at'])"
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


class Publication(models.Model):
    """A draft that a second person has confirmed and that comes into force later: the sweep publishes it then.

    While it waits, the draft is not edited. `problem` says why it could not be published when its time came.
    """

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="publications")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=PublicationState, default=PublicationState.WAITING)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-decided_at", "-id"]
        indexes = [
            models.Index(
                fields=["effective_at"], condition=Q(state=PublicationState.WAITING), name="publication_waiting"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(state=PublicationState.WAITING), name="publication_one_waiting"
            ),
            models.CheckConstraint(
                name="publication_settled",
                condition=Q(state=PublicationState.WAITING, settled_at__isnull=True)
                | (~Q(state=PublicationState.WAITING) & Q(settled_at__isnull=False)),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="publication_states",
                field="state",
                transitions=[("waiting", "done"), ("waiting", "cancelled"), ("waiting", "refused")],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} from {self.effective_at:%Y-%m-%d %H:%M}"


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
