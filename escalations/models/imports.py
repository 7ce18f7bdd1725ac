from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from escalations.choices import ImportState
from journal.models import Batch


class ImportRun(models.Model):
    """A table of tickets on its way in: the file, how its columns and values map, and what became of it.

    `task` is the fact that background work is wanted; whoever holds the `lease` does it. Celery only hints.
    """

    class Task(models.TextChoices):
        CHECK = "check", "Check all rows"
        LOAD = "load", "Import"
        UNDO = "undo", "Take back"

    name = models.CharField(max_length=200)
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=200)
    file_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    encoding = models.CharField(max_length=20, blank=True)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict, help_text="See escalations.domain.importing.Mapping")
    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="import_run")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    rows_total = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    rows_created = models.PositiveIntegerField(default=0)
    rows_known = models.PositiveIntegerField(default=0, help_text="Already there, by source and its own id")
    rows_refused = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    task = models.CharField(
        max_length=8, choices=Task, blank=True, help_text="What a background process is to do with it now"
    )
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    format = models.JSONField(default=dict, help_text="See escalations.services.import_files.TableFormat")
    profile = models.JSONField(default=dict, help_text="What the file's columns hold: examples and words")
    report = models.JSONField(default=dict, help_text="What the last check, import and undo found")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["asked_at"], name="import_run_wanted", condition=~Q(task=""))]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("escalations:import_detail", args=[self.pk])


class ImportRow(models.Model):
    """A row that could not be imported, with its own words and the reason."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="row_errors")
    number = models.PositiveIntegerField(help_text="Line of the file, the header being 1")
    values = models.JSONField()
    errors = models.JSONField(help_text="[[column, message], …]")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_row_once")]

    def __str__(self) -> str:
        return f"Line {self.number}"


class ImportSeen(models.Model):
    """The line on which a dry run met an id first: a file's own duplicates show without being held in memory."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=120)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "external_id"], name="import_seen_once")]

    def __str__(self) -> str:
        return self.external_id
