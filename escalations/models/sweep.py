from django.db import models
from django.db.models.functions import Now

from escalations.models.tickets import Ticket


class SweepProblem(models.Model):
    """A ticket that the sweep could not work through. It is tried again later and never holds up the others."""

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="sweep_problem")
    attempts = models.PositiveIntegerField(default=1)
    first_failed_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField()
    error = models.TextField()

    class Meta:
        ordering = ["first_failed_at"]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.error[:80]}"
