from datetime import UTC, datetime
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat, Now
from django.urls import reverse

from accounts.models import Region, Team, Tier
from escalations.choices import OPEN_STATES, ClockKind, Complexity, Priority, Sentiment, TicketState
from escalations.domain.lifecycle import TICKET_TRANSITIONS
from escalations.models.customers import Contact, Customer, Issue
from escalations.querysets import TicketQuerySet
from journal.models import Batch

IS_OPEN = Q(state__in=OPEN_STATES)
IS_OVER = Q(state__in=[TicketState.RESOLVED, TicketState.CLOSED, TicketState.MERGED])
QUEUE_FILTERS = (
    "tier", "team", "owner", "priority", "state", "segment", "is_vip", "region", "category", "issue_type",
    "product_area", "channel", "sentiment",
)  # fmt: skip

# Where nobody waits for us, in an order by who has waited longest: behind all others.
NOBODY_WAITS = datetime(2999, 1, 1, tzinfo=UTC)
WAITING_LONGEST = Coalesce("waiting_since", Value(NOBODY_WAITS, output_field=models.DateTimeField()))


class Ticket(models.Model):
    """A customer's request. The facts below are what triggers, routing, queue and metrics may speak of."""

    ref = models.GeneratedField(
        expression=Concat(Value("BLY-"), Cast("id", models.CharField())),
        output_field=models.CharField(max_length=24),
        db_persist=True,
        unique=True,
    )
    source = models.CharField(max_length=40, default="belay")
    external_id = models.CharField(max_length=120, blank=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1, help_text="Compared when a form is saved")

    subject = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, null=True, blank=True, related_name="tickets")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    split_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="splits")

    state = models.CharField(max_length=20, choices=TicketState, default=TicketState.NEW)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.P3)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="tickets")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    # The customer's facts as they were for this ticket; services.customers carries changes to open tickets.
    segment = models.CharField(max_length=40, blank=True)
    is_vip = models.BooleanField(default=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    category = models.CharField(max_length=40, blank=True)
    issue_type = models.CharField(max_length=40, blank=True)
    product_area = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=40, blank=True)
    sentiment = models.CharField(max_length=12, choices=Sentiment, blank=True)
    churn_threat = models.BooleanField(default=False)
    churn_threat_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    churn_threat_at = models.DateTimeField(null=True, blank=True)
    revenue_at_risk = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    order_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    public_complaint = models.CharField(max_length=40, blank=True)
    concern = models.CharField(max_length=40, blank=True)
    complexity = models.CharField(max_length=8, choices=Complexity, blank=True)
    engineering_required = models.BooleanField(default=False)
    vendor = models.CharField(max_length=80, blank=True)
    vendor_reference = models.CharField(max_length=80, blank=True)
    workaround_confirmed = models.BooleanField(default=False)
    is_restricted = models.BooleanField(default=False, help_text="Only the people named on it see it")

    opened_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0, help_text="Replies to the customer")
    reopen_count = models.PositiveIntegerField(default=0)
    first_replied_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="The customer's oldest unanswered message, or the opening"
    )
    last_contact_at = models.DateTimeField(null=True, blank=True, help_text="Last word to or from the customer")
    tier_since = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    # Kept by services.clocks.ticket_reschedule: what the queue sorts and shows, and what the sweep scans.
    due_at = models.DateTimeField(null=True, blank=True, help_text="The earliest running clock")
    due_kind = models.CharField(max_length=24, choices=ClockKind, blank=True)
    queue_key = models.DateTimeField(help_text="Virtual deadline: due time less the head start; paused ones last")
    next_check_at = models.DateTimeField(null=True, blank=True, help_text="When the sweep must next look at it")

    search = models.GeneratedField(
        expression=SearchVector("subject", weight="A", config="english")
        + SearchVector("external_id", weight="A", config="simple")
        + SearchVector("description", weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = TicketQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["queue_key", "id"], name="ticket_queue", condition=IS_OPEN),
            *(
                models.Index(fields=[field, "queue_key", "id"], name=f"ticket_queue_{field}", condition=IS_OPEN)
                for field in QUEUE_FILTERS
            ),
            models.Index(
                fields=["queue_key", "id"], name="ticket_queue_restricted", condition=IS_OPEN & Q(is_restricted=True)
            ),
            models.Index(
                fields=["queue_key", "id"], name="ticket_queue_children", condition=IS_OPEN & Q(parent__isnull=False)
            ),
            models.Index(fields=["-opened_at", "-id"], name="ticket_open_opened", condition=IS_OPEN),
            models.Index(fields=["-updated_at", "-id"], name="ticket_open_updated", condition=IS_OPEN),
            models.Index(WAITING_LONGEST, "id", name="ticket_open_waiting", condition=IS_OPEN),
            models.Index(fields=["-opened_at", "-id"], name="ticket_opened"),
            models.Index(fields=["state", "-opened_at", "-id"], name="ticket_closed", condition=IS_OVER),
            models.Index(fields=["external_id"], name="ticket_external", condition=~Q(external_id="")),
            models.Index(fields=["customer", "-opened_at"], name="ticket_customer"),
            models.Index(fields=["-created_at", "-id"], name="ticket_newest"),
            models.Index(fields=["next_check_at"], name="ticket_next_check", condition=Q(next_check_at__isnull=False)),
            models.Index(fields=["due_at"], name="ticket_due", condition=IS_OPEN),
            models.Index(fields=["batch"], name="ticket_batch", condition=Q(batch__isnull=False)),
            models.Index(fields=["issue"], name="ticket_issue", condition=Q(issue__isnull=False)),
            *(
                models.Index(fields=[field], name=f"ticket_{field}", condition=Q(**{f"{field}__isnull": False}))
                for field in ("parent", "merged_into", "split_from")
            ),
            GinIndex(fields=["search"], name="ticket_search"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~Q(external_id=""), name="ticket_external_id"
            ),
            models.CheckConstraint(name="ticket_priority", condition=Q(priority__range=(1, 4))),
            models.CheckConstraint(
                name="ticket_resolved_has_time",
                condition=Q(resolved_at__isnull=False) | ~Q(state__in=[TicketState.RESOLVED, TicketState.CLOSED]),
            ),
            models.CheckConstraint(
                name="ticket_merged_names_target",
                condition=Q(merged_into__isnull=False) | ~Q(state=TicketState.MERGED),
            ),
            models.CheckConstraint(
                name="ticket_not_its_own_parent", condition=Q(parent__isnull=True) | ~Q(parent=F("id"))
            ),
            models.CheckConstraint(
                name="ticket_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
            ),
            models.CheckConstraint(
                name="ticket_money_not_negative",
                condition=(Q(revenue_at_risk__isnull=True) | Q(revenue_at_risk__gte=Value(0)))
                & (Q(order_value__isnull=True) | Q(order_value__gte=Value(0))),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="ticket_states",
                field="state",
                transitions=sorted(
                    {(str(t.source), str(t.target)) for t in TICKET_TRANSITIONS if t.source != t.target}
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("escalations:ticket_detail", args=[self.ref])

    @property
    def by_now(self) -> str:
        """What it has become, for somebody who comes too late: "BLY-1 is resolved by now"."""
        return f"{self.ref} is {self.get_state_display().lower()} by now"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def remember(self) -> None:
        """Note what is stored, for `save_changes`."""
        self._stored = self._columns()

    def save_changes(self) -> None:
        """Write the columns, of more than sixty, that have changed since `remember`; without it all of them."""
        stored: dict[str, Any] | None = getattr(self, "_stored", None)
        if stored is None:
            return self.save()
        now = self._columns()
        self.save(update_fields=[name for name, value in now.items() if value != stored[name]])
        self._stored = now

    def _columns(self) -> dict[str, Any]:
        return {
            field.attname: self.__dict__[field.attname]
            for field in self._meta.concrete_fields
            if field.attname in self.__dict__
        }


class TicketReader(models.Model):
    """Somebody named on a restricted ticket. Nobody else sees it, whatever their role."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="readers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="ticket_reader_once")]

    def __str__(self) -> str:
        return f"{self.user} on {self.ticket}"
