"""What makes a day quick: handovers of a desk, saved views, bulk actions, and answers found in the past."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Team
from escalations.choices import BulkState, HandoverReason, SimilarStage
from escalations.models.tickets import Ticket

PERSON = settings.AUTH_USER_MODEL


class DeskHandover(models.Model):
    """Somebody gave their tickets away at the end of a shift or before leave, each with a note."""

    from_user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="handovers_given")
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+", help_text="Themselves, or their lead")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=10, choices=HandoverReason, default=HandoverReason.SHIFT_END)
    note = models.TextField(blank=True)
    given_at = models.DateTimeField()

    class Meta:
        ordering = ["-given_at"]
        indexes = [models.Index(fields=["from_user", "-given_at"], name="desk_handover_giver")]

    def __str__(self) -> str:
        return f"Desk of {self.from_user}, {self.given_at:%Y-%m-%d %H:%M}"


class DeskHandoverLine(models.Model):
    """One ticket of a handover. Unread ones stand on the new holder's desk with their note."""

    handover = models.ForeignKey(DeskHandover, on_delete=models.CASCADE, related_name="lines")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    to_user = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="handovers_got")
    note = models.TextField(blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["to_user"], name="desk_line_unseen", condition=Q(seen_at__isnull=True)),
            models.Index(fields=["ticket"], name="desk_line_ticket"),
        ]
        constraints = [models.UniqueConstraint(fields=["handover", "ticket"], name="desk_line_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} to {self.to_user_id}"


class SavedView(models.Model):
    """A queue as somebody set it, by name: filters, order and columns as the URL has them."""

    name = models.CharField(max_length=60)
    page = models.CharField(max_length=40, default="queue", help_text="The list that it is a view of")
    query = models.CharField(max_length=2000, blank=True, help_text="As after the question mark of its URL")
    owner = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_views", help_text="Shared with it"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('escalations:queue_list')}?view={self.pk}"


class PinnedView(models.Model):
    """A saved view in somebody's rail, with its count."""

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="pins")
    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="pinned_views")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["view", "user"], name="pinned_view_once")]

    def __str__(self) -> str:
        return f"{self.view_id} of {self.user_id}"


class BulkAction(models.Model):
    """One act on many tickets. Undone by compensating acts; both stay in the record."""

    key = models.UUIDField(unique=True, help_text="One submit of its form")
    action = models.CharField(max_length=20)
    values = models.JSONField(default=dict, help_text="What the form said")
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=BulkState, default=BulkState.DONE)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["by", "-at"], name="bulk_by")]

    def __str__(self) -> str:
        return f"{self.action}, {self.at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("escalations:bulk_detail", args=[self.pk])


class BulkLine(models.Model):
    """What became of one ticket of a bulk action; `before` is what undoing brings back."""

    action = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="lines")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    is_done = models.BooleanField()
    message = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    is_undone = models.BooleanField(default=False)
    undo_message = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["action", "ticket"], name="bulk_line_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.message}"


class SimilarUse(models.Model):
    """Somebody said that a resolved ticket answers theirs. `prevented` once theirs was resolved without escalating."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="similar_uses")
    similar = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="used_by")
    stage = models.CharField(max_length=8, choices=SimilarStage)
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    prevented = models.BooleanField(null=True, help_text="Known once the ticket is resolved or escalated")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "similar"], name="similar_use_once"),
            models.CheckConstraint(name="similar_is_another", condition=~Q(ticket=F("similar"))),
        ]

    def __str__(self) -> str:
        return f"{self.similar_id} for {self.ticket_id}"


class NoDuplicate(models.Model):
    """Somebody said that two tickets are not the same; they are not suggested again. The lower id comes first."""

    first = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="no_duplicate_once"),
            models.CheckConstraint(name="no_duplicate_order", condition=Q(first__lt=F("second"))),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"
