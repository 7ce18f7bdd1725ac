"""Tickets that may be the same as this one: of the same customer, young, and with mostly the same words as subject.

One statement over at most a hundred tickets, found by the customer's index. Said to be none, a pair is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import TicketState
from escalations.models import Customer, Ticket

LOOKED_AT, SHOWN = 100, 3
OPENED_WITHIN, RESOLVED_WITHIN = timedelta(days=90), timedelta(days=14)
# Words of the shorter subject that both have: fewer is chance, and one word alone is no subject.
LEAST_WORDS, LEAST_SHARE = 2, 0.6

NEAR = """
WITH mine AS (
    SELECT tsvector_to_array(to_tsvector('english', %(subject)s)) AS words
), near AS (
    SELECT t.id, t.ref, t.subject, t.state, t.opened_at, t.is_restricted
    FROM escalations_ticket t
    WHERE t.customer_id = %(customer)s AND t.opened_at > %(since)s AND t.id <> %(id)s
        AND t.id IS DISTINCT FROM %(parent)s AND t.parent_id IS DISTINCT FROM %(id)s
        AND (t.state IN ('new', 'open', 'waiting_customer', 'waiting_vendor')
             OR t.state IN ('resolved', 'closed') AND t.resolved_at > %(resolved_since)s)
    ORDER BY t.opened_at DESC
    LIMIT %(looked_at)s
)
SELECT near.id, near.ref, near.subject, near.state, near.opened_at
FROM near
CROSS JOIN mine
CROSS JOIN LATERAL (SELECT tsvector_to_array(to_tsvector('english', near.subject)) AS words) AS theirs
CROSS JOIN LATERAL (SELECT count(*) AS n FROM unnest(theirs.words) AS w WHERE w = ANY(mine.words)) AS both_say
WHERE both_say.n >= %(least)s
    AND both_say.n >= %(share)s * least(cardinality(mine.words), cardinality(theirs.words))
    AND (NOT near.is_restricted OR EXISTS (
        SELECT 1 FROM escalations_ticketreader r WHERE r.ticket_id = near.id AND r.user_id = %(user)s
    ))
    AND NOT EXISTS (
        SELECT 1 FROM escalations_noduplicate d
        WHERE d.first_id = least(near.id, %(id)s) AND d.second_id = greatest(near.id, %(id)s)
    )
ORDER BY both_say.n::float / greatest(cardinality(mine.words), cardinality(theirs.words)) DESC, near.opened_at DESC
LIMIT %(shown)s
"""


@dataclass(frozen=True, slots=True)
class Duplicate:
    pk: int
    ref: str
    subject: str
    state: str
    is_open: bool
    opened_at: datetime
    url: str


def duplicates_of(ticket: Ticket, user: User, *, now: datetime) -> list[Duplicate]:
    """Suggestions for an open ticket; none for one that is over. One statement."""
    if not ticket.is_open:
        return []
    ids = {"id": ticket.pk, "parent": ticket.parent_id}
    return _near(user, subject=ticket.subject, customer_id=ticket.customer_id, now=now, **ids)


def duplicates_at_intake(user: User, *, subject: str, customer: Customer | None, now: datetime) -> list[Duplicate]:
    """The same before the ticket is there: for the customer chosen and the subject typed so far."""
    if customer is None or not subject.strip():
        return []
    return _near(user, subject=subject, customer_id=customer.pk, now=now, id=0, parent=None)


def _near(user: User, *, now: datetime, customer_id: int, **values: Any) -> list[Duplicate]:
    if not user.can(Ability.READ):
        return []
    limits = {
        "customer": customer_id, "user": user.pk, "since": now - OPENED_WITHIN,
        "resolved_since": now - RESOLVED_WITHIN, "looked_at": LOOKED_AT, "shown": SHOWN, "least": LEAST_WORDS,
        "share": LEAST_SHARE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(NEAR, {**limits, **values})
        rows: Sequence[Any] = cursor.fetchall()
    return [
        Duplicate(
            pk, ref, subject, str(TicketState(state).label), state not in (TicketState.RESOLVED, TicketState.CLOSED),
            opened_at, reverse("escalations:ticket_detail", args=[ref]),
        )
        for pk, ref, subject, state, opened_at in rows
    ]  # fmt: skip
