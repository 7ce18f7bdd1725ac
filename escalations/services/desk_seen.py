"""The note of a ticket that came with a desk stands on the new holder's desk until it is read."""

from collections.abc import Sequence

from django.db import transaction

from accounts.models import User
from escalations.errors import NotAllowed
from escalations.models import DeskHandoverLine, Ticket
from journal import clock


@transaction.atomic
def desk_line_mark_seen(*, line: DeskHandoverLine, by: User, covers: Sequence[int] = ()) -> None:
    """The new holder has read the note; or who answers for them meanwhile (`covers`: ids)."""
    if line.to_user_id not in (by.pk, *covers):
        raise NotAllowed(f"This note is for {line.to_user or 'the team'}.")
    DeskHandoverLine.objects.filter(pk=line.pk, seen_at__isnull=True).update(seen_at=clock.now())


def desk_lines_seen_on(*, ticket: Ticket, by: User) -> None:
    """The ticket is open before them, and the note with it on the timeline."""
    DeskHandoverLine.objects.filter(to_user=by, ticket=ticket, seen_at__isnull=True).update(seen_at=clock.now())
