from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Calendar, Region, TimeZoneField
from journal.models import Batch

# Words of the name as they are written: names have no grammar, and their beginnings are what people type.
CUSTOMER_WORDS = SearchVector("name", config="simple")
ISSUE_WORDS = SearchVector("title", "description", config="simple")


class Customer(models.Model):
    name = models.CharField(max_length=160)
    source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    segment = models.CharField(max_length=40, blank=True, help_text="Code from the list of segments")
    is_vip = models.BooleanField(default=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    time_zone = TimeZoneField()
    calendar = models.ForeignKey(
        Calendar,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Contract clocks run on it; none means around the clock",
    )
    success_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    contact_method = models.CharField(max_length=40, blank=True)
    update_frequency = models.CharField(max_length=40, blank=True)
    renewal_on = models.DateField(null=True, blank=True)
    relationship_notes = models.TextField(blank=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1, help_text="Compared when its page is saved")

    class Meta:
        ordering = ["name"]
        indexes = [
            models.Index(fields=["name"], name="customer_name"),
            GinIndex(CUSTOMER_WORDS, name="customer_words"),
            models.Index(fields=["batch"], name="customer_batch", condition=Q(batch__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~Q(external_id=""), name="customer_external_id"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["batch"], name="contact_batch", condition=Q(batch__isnull=False))]

    def __str__(self) -> str:
        return self.name


class Issue(models.Model):
    """What is wrong, apart from who reports it: tickets of one outage are linked to one issue."""

    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    product_area = models.CharField(max_length=40, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="Compared when its page is saved")

    class Meta:
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="issue_opened"),
            models.Index(fields=["-opened_at", "-id"], name="issue_open", condition=Q(closed_at__isnull=True)),
            GinIndex(ISSUE_WORDS, name="issue_words"),
        ]
        constraints = [
            models.CheckConstraint(
                name="issue_closed_after_opening",
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("escalations:issue_detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None
