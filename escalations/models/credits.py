"""Requests for what one may not grant alone, and the ledger of service credits. The database keeps the rules too."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Role
from escalations.choices import CreditState, EntryKind
from escalations.domain.lifecycle import CREDIT_TRANSITIONS
from escalations.models.clocks import Clock
from escalations.models.credit_guards import DECIDER, ENTRY_GUARD, ENTRY_OF_REQUEST, GRANT_GUARD, REQUEST_FROZEN
from escalations.models.customers import Customer
from escalations.models.tickets import Ticket
from journal.models import append_only
from policies.choices import SERVICE_CREDIT
from policies.models import Delegation, PolicyVersion

PERSON = settings.AUTH_USER_MODEL
CURRENCY = "USD"
IS_MONEY = Q(action=SERVICE_CREDIT)
WAITS = Q(state=CreditState.REQUESTED)
GRANTED = Q(state__in=[CreditState.APPROVED, CreditState.ISSUED, CreditState.REVERSED])


class CreditRequest(models.Model):
    """Something that somebody wants to grant on a ticket: a service credit, or an action without an amount.

    Within one's own authority it is granted as it is asked for (`on_own_authority`); else it waits for `routed_to`.
    What was asked never changes, and neither does a decision: the database refuses it.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="credits")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credits")
    action = models.CharField(max_length=40, help_text="Code from the list of authorities")
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default=CURRENCY)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=CreditState, default=CreditState.REQUESTED)
    requested_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="credits_asked")
    requested_at = models.DateTimeField()
    on_own_authority = models.BooleanField(default=False)

    routed_to = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unanswered_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when nobody above could be asked: see the list of approvals"
    )

    ended_at = models.DateTimeField(null=True, blank=True, help_text="Since when it waits no more")
    decided_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_as = models.ForeignKey(
        Role, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Whose authority it was"
    )
    delegation = models.ForeignKey(Delegation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delegator = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, help_text="The decision's reason")
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=80, blank=True, help_text="Key of the clause that grants it, or would")
    limit_in_force = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(fields=["ticket", "id"], name="credit_ticket"),
            models.Index(fields=["customer", "id"], name="credit_customer"),
            models.Index(fields=["routed_to", "requested_at"], name="credit_waiting", condition=WAITS),
            models.Index(fields=["customer", "id"], name="credit_waiting_customer", condition=WAITS),
            models.Index(fields=["requested_by", "-requested_at"], name="credit_asked"),
            models.Index(fields=["decided_by", "-ended_at"], name="credit_decided"),
        ]
        constraints = [
            models.CheckConstraint(
                name="credit_amount_of_money",
                condition=(IS_MONEY & Q(amount__gt=Decimal(0))) | (~IS_MONEY & Q(amount__isnull=True)),
            ),
            models.CheckConstraint(name="credit_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="credit_not_by_its_requester",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
            ),
            models.CheckConstraint(
                name="credit_not_lent_by_its_requester",
                condition=Q(delegator__isnull=True) | ~Q(delegator=F("requested_by")),
            ),
            models.CheckConstraint(
                name="credit_delegation_whole",
                condition=Q(delegation__isnull=True, delegator__isnull=True)
                | Q(delegation__isnull=False, delegator__isnull=False),
            ),
            models.CheckConstraint(
                name="credit_waits_for_somebody",
                condition=Q(WAITS, ended_at__isnull=True, decided_by__isnull=True, routed_to__isnull=False)
                | (~WAITS & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="credit_granted_by_somebody",
                condition=~GRANTED
                | Q(
                    Q(on_own_authority=True, decided_by__isnull=True, delegation__isnull=True)
                    | Q(on_own_authority=False, decided_by__isnull=False),
                    decided_as__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="credit_denied_with_reason",
                condition=~Q(state=CreditState.DENIED) | (Q(decided_by__isnull=False) & ~Q(note="")),
            ),
            models.CheckConstraint(
                name="credit_issued_is_money",
                condition=(IS_MONEY & ~Q(state=CreditState.APPROVED))
                | (~IS_MONEY & ~Q(state__in=[CreditState.ISSUED, CreditState.REVERSED])),
            ),
            models.CheckConstraint(
                name="credit_within_limit",
                condition=Q(limit_in_force__isnull=True)
                | ~Q(state__in=[CreditState.ISSUED, CreditState.REVERSED])
                | Q(amount__lte=F("limit_in_force")),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="credit_states",
                field="state",
                transitions=sorted((str(one.source), str(one.target)) for one in CREDIT_TRANSITIONS),
            ),
            pgtrigger.Trigger(
                name="credit_frozen", when=pgtrigger.Before, operation=pgtrigger.Update, func=REQUEST_FROZEN
            ),
            pgtrigger.Protect(name="credit_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="credit_grant_guard",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state="approved"),
                declare=DECIDER,
                func=GRANT_GUARD,
            ),
            pgtrigger.Trigger(
                name="credit_has_entry",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__state__in=["issued", "reversed"]),
                func=ENTRY_OF_REQUEST,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount or self.action} on {self.ticket_id}"

    def get_absolute_url(self) -> str:
        return reverse("escalations:credit_detail", args=[self.pk])

    @property
    def is_money(self) -> bool:
        return self.amount is not None

    @property
    def waits(self) -> bool:
        return self.state == CreditState.REQUESTED


class CreditMove(models.Model):
    """A request went on to another role: by whom, or by its clock (nobody), and why."""

    request = models.ForeignKey(CreditRequest, on_delete=models.PROTECT, related_name="moves")
    at = models.DateTimeField()
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    from_role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    to_role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="credit_move_has_reason", condition=~Q(reason=""))]
        triggers = append_only("credit_move")

    def __str__(self) -> str:
        return f"{self.request_id}: {self.from_role_id} → {self.to_role_id}"


class CreditAccount(models.Model):
    """A customer's budget row. Every line of the ledger locks it first, so that sums are taken one at a time.

    Lock order everywhere: the ticket, the person's and the delegation's rows, the request, and this last of all.
    """

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return f"Credits of {self.customer_id}"


class CreditEntry(models.Model):
    """A line of the ledger: a credit issued, or one reversed. Appended, never changed, by nobody.

    The database fills in what was spent before, and refuses a line without authority: see `credit_guards`.
    """

    kind = models.CharField(max_length=8, choices=EntryKind)
    request = models.ForeignKey(CreditRequest, on_delete=models.PROTECT, related_name="entries")
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="credit_entries")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_entries")
    amount = models.DecimalField(max_digits=12, decimal_places=2, help_text="Positive; a reversal takes it back")
    currency = models.CharField(max_length=3, default=CURRENCY)
    at = models.DateTimeField()
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    delegation = models.ForeignKey(Delegation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=80)
    limit_in_force = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="Empty: without limit"
    )
    spent_ticket = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    spent_customer = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    waiting_ticket = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    waiting_customer = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    reason = models.TextField(blank=True, help_text="Why it was reversed")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "credit entries"
        indexes = [
            models.Index(
                fields=["customer", "at"], name="credit_entry_issued", condition=Q(kind=EntryKind.ISSUE),
                include=["amount"],
            ),
            models.Index(
                fields=["ticket"], name="credit_entry_ticket", condition=Q(kind=EntryKind.ISSUE), include=["amount"]
            ),
            models.Index(fields=["customer"], name="credit_entry_reversed", condition=Q(kind=EntryKind.REVERSAL)),
            models.Index(fields=["-at", "-id"], name="credit_entry_newest"),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(kind=EntryKind.ISSUE), name="credit_entry_one_issue"
            ),
            models.CheckConstraint(name="credit_entry_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="credit_entry_reversal",
                condition=Q(kind=EntryKind.ISSUE, reverses__isnull=True)
                | (Q(kind=EntryKind.REVERSAL, reverses__isnull=False) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="credit_entry_within_limit",
                condition=Q(kind=EntryKind.REVERSAL)
                | Q(limit_in_force__isnull=True)
                | Q(
                    limit_in_force__gte=F("spent_ticket") + F("waiting_ticket") + F("amount"),
                )
                & Q(limit_in_force__gte=F("spent_customer") + F("waiting_customer") + F("amount")),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="credit_entry_guard",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[
                    ("req", "escalations_creditrequest"),
                    ("was", "escalations_creditentry"),
                    *DECIDER,
                    ("allowed", "numeric"),
                    ("is_below", "boolean"),
                    ("spent", "record"),
                    ("total", "numeric"),
                ],
                func=ENTRY_GUARD,
            ),
            *append_only("credit_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} on {self.ticket_id}"
