"""What somebody has seen. No event: it says nothing about the ticket."""

from django.db import transaction

from accounts.models import User
from escalations.models import Ticket, TicketRead
from journal import clock


@transaction.atomic
def ticket_read(*, ticket: Ticket, by: User) -> None:
    """Remember that the person has the ticket open now; younger changes make it unread again."""
    TicketRead.objects.bulk_create(
        [TicketRead(ticket=ticket, user=by, read_at=clock.now())],
        update_conflicts=True,
        unique_fields=["ticket", "user"],
        update_fields=["read_at"],
    )
