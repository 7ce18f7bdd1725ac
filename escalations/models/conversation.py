import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from escalations.choices import MessageKind
from escalations.models.customers import Contact
from escalations.models.tickets import Ticket
from journal.models import Batch


class Message(models.Model):
    """What was said on a ticket. Personal text lives here, outside the events, so that it can be redacted."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=10, choices=MessageKind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(max_length=40, blank=True)
    body = models.TextField()
    said_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    redacted_at = models.DateTimeField(null=True, blank=True)
    flowed_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The update on the parent that this one repeats",
    )
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["said_at", "id"]
        indexes = [models.Index(fields=["ticket", "-said_at", "-id"], name="message_ticket")]
        constraints = [
            models.CheckConstraint(
                name="message_customer_has_no_author",
                condition=Q(kind=MessageKind.CUSTOMER, author__isnull=True) | ~Q(kind=MessageKind.CUSTOMER),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.ticket_id}"


class Mention(models.Model):
    """Somebody named in a note. Unseen ones stand on their desk."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions")
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-message"], name="mention_unseen", condition=Q(seen_at__isnull=True))]
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.message_id}"


def attachment_path(instance: "Attachment", filename: str) -> str:
    """A generated name: what the sender called the file is only ever shown, never used as a path."""
    return f"attachments/{instance.key.hex[:2]}/{instance.key.hex}"


class Attachment(models.Model):
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="attachments")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments")
    handoff = models.ForeignKey(
        "escalations.Handoff", on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    draft_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Uploaded to a form that is not sent yet: visible to its author alone",
    )
    draft_form = models.CharField(
        max_length=20, blank=True, help_text="The form it was uploaded to; filing that form takes it along"
    )
    file = models.FileField(upload_to=attachment_path, max_length=200)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["uploaded_at", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("escalations:attachment_detail", args=[self.key])
