"""What somebody has seen. No event: it says nothing about the ticket."""

from django.db import transaction

from accounts.models import User
from escalations.models import Ticket, TicketRead
from escalations.services.desk_seen import desk_lines_seen_on
from escalations.services.mentions import mentions_seen_on
from journal import clock


@transaction.atomic
def ticket_read(*, ticket: Ticket, by: User) -> None:
    """Remember that the person has the ticket open now; younger changes make it unread again.

    What names them there and what was handed to them with it is seen as well.
    """
    TicketRead.objects.bulk_create(
        [TicketRead(ticket=ticket, user=by, read_at=clock.now())],
        update_conflicts=True,
        unique_fields=["ticket", "user"],
        update_fields=["read_at"],
    )
    mentions_seen_on(ticket=ticket, by=by)
    desk_lines_seen_on(ticket=ticket, by=by)
