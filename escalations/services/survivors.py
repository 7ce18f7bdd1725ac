"""What a merged ticket has become part of, and what happens there to those who come late."""

from django.db import connection, transaction

from accounts.models import User
from escalations.access import parts_on_ticket
from escalations.choices import TicketState
from escalations.errors import Overtaken
from escalations.models import Ticket
from escalations.services.families import TRIES, Grown, hold_named
from escalations.services.locking import Held, check_ticket_part
from escalations.services.record import tell
from journal.models import Event

# However long a chain of merges is. A cycle cannot come about; UNION ends one all the same.
SURVIVOR = """
WITH RECURSIVE chain AS (
    SELECT id, merged_into_id FROM escalations_ticket WHERE id = %s
    UNION
    SELECT t.id, t.merged_into_id FROM chain JOIN escalations_ticket t ON t.id = chain.merged_into_id
)
SELECT id FROM chain WHERE merged_into_id IS NULL
"""


class MergedAway(Overtaken):
    """The ticket was merged: what was to be said on it belongs to its survivor. The text is the caller's to keep."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(f"{ticket.ref} was merged into another ticket. Nothing was sent.")
        self.ticket = ticket


def check_not_merged(ticket: Ticket) -> None:
    if ticket.state == TicketState.MERGED:
        raise MergedAway(ticket)


def survivor_of(ticket_id: int) -> int:
    """The ticket that a merged one has become part of, however often it was merged; of another, itself."""
    with connection.cursor() as cursor:
        cursor.execute(SURVIVOR, [ticket_id])
        return int(cursor.fetchone()[0])


def hold_survivor(ticket: Ticket, by: User) -> Held:
    """Lock the ticket, or what it was merged into. What is said to a merged ticket is said to its survivor.

    Somebody who may not see the survivor holds it all the same: a customer's words are never lost over it. Raises
    NotAllowed for the ticket itself.
    """
    pk = ticket.pk
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                family = hold_named(lambda pk=pk: [pk], by)  # type: ignore[misc]
                if family.tickets[pk].state == TicketState.MERGED:
                    raise Grown
                return Held(family.tickets[pk], family.by, family.now) if pk != ticket.pk else family.held(pk)
        except Grown:
            pk = survivor_of(pk)
    raise Overtaken("These tickets are being merged by others right now. Nothing was changed; try once more.")


def check_may_record(held: Held, merged: Ticket | None) -> None:
    """Raises NotAllowed for those who may write neither on the held ticket nor on the one merged into it."""
    if merged is None or not parts_on_ticket(held.by, merged):
        check_ticket_part(held)


def tell_late(held: Held, merged: Ticket) -> None:
    """The customer answered on a ticket that was merged: its timeline says where the words are."""
    Event.objects.create(
        subject_type="ticket", subject_id=merged.pk, kind="ticket.forwarded", actor=held.by, occurred_at=held.now,
        data={"other": held.ticket.pk, "ref": held.ticket.ref},
    )  # fmt: skip
    tell(held, "ticket.late_words", other=merged.pk, ref=merged.ref)
