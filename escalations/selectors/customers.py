"""Customers: found by the beginnings of their names' words, and what their page shows."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import User
from escalations.choices import OPEN_STATES
from escalations.models import Contact, Customer, Escalation, Ticket
from escalations.models.customers import CUSTOMER_WORDS
from escalations.selectors.counts import capped_counts

RECENT = timedelta(days=30)
MOST_TICKETS, MOST_CONTACTS = 25, 50
# What a row of a customer's tickets shows: fewer things than the queue, since the customer is known.
FIELDS = (
    "id", "ref", "subject", "priority", "state", "tier__code", "team__name", "owner__full_name", "due_at", "due_kind",
    "opened_at", "is_restricted",
)  # fmt: skip
WORD = re.compile(r"\w+")
MOST_WORDS = 8


def customers_named(words: str) -> QuerySet[Customer]:
    """Customers whose name has words that begin with all of these: "pell fr" finds Pellworth Freight."""
    found = [word.lower() for word in WORD.findall(words)][:MOST_WORDS]
    if not found:
        return Customer.objects.none()
    # Quoted, so that no word can be read as an operator.
    prefixes = " & ".join(f"'{word}':*" for word in found)
    query = SearchQuery(prefixes, config="simple", search_type="raw")
    # By an expression without an index: else the few first are sought by reading all names in order (48 ms, not 0.1).
    return Customer.objects.annotate(words=CUSTOMER_WORDS).filter(words=query).order_by(Lower("name"), "pk")


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """A customer as one person sees it: only tickets visible to them are listed and counted."""

    customer: Customer
    contacts: list[Contact]
    open_tickets: list[Any]
    recent_tickets: list[Any]
    open_count: int
    recent_count: int
    escalation_count: int


def customer_page(user: User, customer: Customer, *, now: datetime) -> CustomerPage:
    """Open tickets most urgent first, and those opened in the last 30 days that are over, newest first."""
    since = now - RECENT
    seen = Ticket.objects.visible_to(user).filter(customer=customer)
    over = seen.filter(opened_at__gte=since).exclude(state__in=OPEN_STATES)
    escalated = Escalation.objects.filter(ticket__in=seen, filed_at__gte=since)
    # All three begin with the customer, whose index gives them; there is no better order.
    counts = capped_counts([seen.open(), seen.filter(opened_at__gte=since), escalated])
    return CustomerPage(
        customer,
        list(customer.contacts.all()[:MOST_CONTACTS]),
        list(seen.open().order_by("queue_key", "id").values_list(*FIELDS, named=True)[:MOST_TICKETS]),
        list(over.order_by("-opened_at", "-id").values_list(*FIELDS, named=True)[:MOST_TICKETS]),
        *counts,
    )
