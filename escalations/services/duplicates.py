"""What somebody said about a suggested duplicate: that it is none."""

from django.db import transaction

from accounts.models import User
from escalations.models import NoDuplicate, Ticket
from escalations.services.families import hold_set
from escalations.services.locking import check_ticket_part
from escalations.services.record import tell


@transaction.atomic
def ticket_not_duplicate(*, ticket: Ticket, other: Ticket, by: User) -> None:
    """Remember that the two are not the same: neither is suggested on the other again. Raises NotAllowed."""
    family = hold_set(lambda: [ticket.pk, other.pk], by)
    held = family.held(ticket.pk)
    check_ticket_part(held)
    first, second = sorted((ticket.pk, other.pk))
    _, is_new = NoDuplicate.objects.get_or_create(
        first_id=first, second_id=second, defaults={"by": held.by, "at": held.now}
    )
    if is_new:
        tell(held, "ticket.not_duplicate", other=other.pk, ref=family.held(other.pk).ticket.ref)
