from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from escalations.choices import ImportState
from journal.models import Batch


class ImportRun(models.Model):
    """A table of tickets on its way in: the file, how its columns and values map, and what became of it."""

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

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


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
