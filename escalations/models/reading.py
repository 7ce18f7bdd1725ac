from django.conf import settings
from django.db import models

from escalations.models.tickets import Ticket


class TicketRead(models.Model):
    """When somebody last had a ticket open. Younger changes make it unread in their queue."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="reads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "-read_at"], name="ticket_read_newest")]
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="ticket_read_once")]

    def __str__(self) -> str:
        return f"{self.user} read {self.ticket_id}"
