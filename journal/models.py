"""What was said and done, for every room above. Nothing here knows what a ticket is."""

import uuid

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Batch(models.Model):
    """A set of rows that one import created, so that the import can be taken back as a whole."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        UNDOING = "undoing"
        UNDONE = "undone"

    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


UNDOING_BATCH = (
    "TG_OP = 'DELETE' AND OLD.batch_id IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM journal_batch b WHERE b.id = OLD.batch_id AND b.state = 'undoing')"
)


def append_only(name: str, *, except_undo: bool = False) -> list[pgtrigger.Trigger]:
    """Triggers that let rows be added but never changed, removed or truncated, by anybody.

    With `except_undo` the table has a `batch` column, and rows of a batch that is being undone may go.
    """
    escape = f"IF {UNDOING_BATCH} THEN RETURN OLD; END IF;" if except_undo else ""
    refuse = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';"
    return [
        pgtrigger.Trigger(
            name=f"{name}_append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=f"{escape} {refuse}",
        ),
        pgtrigger.Trigger(
            name=f"{name}_no_truncate",
            when=pgtrigger.Before,
            level=pgtrigger.Statement,
            operation=pgtrigger.Truncate,
            func=refuse,
        ),
    ]


class Event(models.Model):
    """One thing that happened to one subject. Facts carry their old and new value in `data`.

    `occurred_at` is when it happened, `recorded_at` when we learnt of it (an imported ticket was opened
    long before it was imported). Customers' own words are never copied in here: see `Message`.
    """

    subject_type = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    schema = models.PositiveSmallIntegerField(default=1)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-occurred_at", "-id"], name="event_stream"),
            models.Index(fields=["kind", "occurred_at"], name="event_kind"),
            models.Index(fields=["batch"], name="event_batch", condition=Q(batch__isnull=False)),
        ]
        triggers = append_only("event", except_undo=True)

    def __str__(self) -> str:
        return f"{self.kind} on {self.subject_type} {self.subject_id}"


class OutboxMessage(models.Model):
    """Something to be sent, written in the transaction that decided it. Delivery is at least once.

    `dedupe_key` is event:recipient:channel; the provider is given it too, since exactly-once ends here.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        DEAD = "dead", "Dead-lettered"
        CANCELLED = "cancelled", "No longer wanted"

    dedupe_key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=20, default="email")
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    wanted_while = models.JSONField(
        default=dict, blank=True, help_text="Re-checked before sending: see journal.outbox.register_check"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    created_at = models.DateTimeField(db_default=Now())
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at"], name="outbox_pending", condition=Q(state="pending"))]
        constraints = [
            models.CheckConstraint(name="outbox_sent_has_time", condition=Q(sent_at__isnull=False) | ~Q(state="sent"))
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.recipient}: {self.subject}"


class Draft(models.Model):
    """What somebody typed into a form and has not sent yet. Its author's alone; survives everything."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=80, help_text="Which form on which thing, e.g. handoff:4182")
    data = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    base_version = models.PositiveIntegerField(default=0, help_text="Version of the thing the draft was begun on")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "form"], name="draft_one_per_form")]

    def __str__(self) -> str:
        return f"{self.form} of {self.user}"


class IdempotencyKey(models.Model):
    """One submit of one form. The second arrival finds the first one's result."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=80)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.purpose} {self.key}"


class Heartbeat(models.Model):
    """When a driver last did its round. `/readyz` and the banner alarm when the sweep's grows old."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    notes = ArrayField(models.CharField(max_length=200), default=list, blank=True)

    def __str__(self) -> str:
        return self.name
