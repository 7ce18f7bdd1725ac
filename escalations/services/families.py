"""Holding several tickets at once: a parent with its children, two that are merged, a survivor.

The order of locks is that of the ids, whoever is whose parent (docs/decisions/0011): two sessions that link crosswise,
or a link against a customer's change, would else wait for each other. Whoever needs tickets that it knows only by
reading them (the children of a parent) reads, locks, and reads again; had one come meanwhile, it lets go and starts
anew, because a lock that is asked for late is asked for out of order.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Ticket, TicketReader
from escalations.services.locking import HAS_ANSWERS, RELATIONS, Held
from journal import clock

TRIES = 5
ONLY_NAMED = "This ticket is open only to the people named on it."


class Grown(Exception):
    """A ticket came to the set while its locks were waited for: let go and start anew."""


@dataclass(frozen=True, slots=True)
class Family:
    """Locked tickets by id, the person as the database knows them now, and the instant after the locks."""

    tickets: dict[int, Ticket]
    by: User
    now: datetime
    unseen: frozenset[int]

    def held(self, ticket_id: int) -> Held:
        """One of them, for the services of a single ticket. Raises NotAllowed when the person may not see it."""
        if ticket_id in self.unseen:
            raise NotAllowed(ONLY_NAMED)
        return Held(self.tickets[ticket_id], self.by, self.now)

    def sees(self, ticket: Ticket) -> bool:
        return ticket.pk not in self.unseen

    def children(self, parent: Ticket) -> list[Ticket]:
        """The open children of a held parent, those too that the person may not see."""
        return [one for one in self.tickets.values() if one.parent_id == parent.pk and one.is_open]


def hold_set(find: Callable[[], Iterable[int]], by: User) -> Family:
    """Lock the tickets that `find` names, in the order of their ids. Raises Overtaken when they change too fast."""
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return hold_named(find, by)
        except Grown:
            continue
    raise Overtaken("These tickets are being linked by others right now. Nothing was changed; try once more.")


def hold_named(find: Callable[[], Iterable[int]], by: User) -> Family:
    """One try of `hold_set`. Raises Grown."""
    wanted = set(find())
    # By id and joined to nothing: whoever waits here for a lock would lose a row that was joined to what has changed.
    rows = Ticket.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    locked = set(rows.values_list("pk", flat=True))
    if set(find()) - locked:
        raise Grown
    read = Ticket.objects.select_related(*RELATIONS, "contact").annotate(has_answers=HAS_ANSWERS)
    tickets = {one.pk: one for one in read.filter(pk__in=locked)}
    person = User.objects.select_related("role", "team").get(pk=by.pk)
    restricted = {pk for pk, one in tickets.items() if one.is_restricted}
    named = TicketReader.objects.filter(ticket__in=restricted, user=person).values_list("ticket", flat=True)
    unseen = restricted - set(named) if restricted else set()
    return Family(dict(sorted(tickets.items())), person, clock.now(), frozenset(unseen))


def hold_family(ticket_id: int, by: User) -> tuple[Held, Family]:
    """Lock a ticket and its open children. Raises NotAllowed when the person may not see the ticket."""

    def find() -> Iterable[int]:
        return (ticket_id, *Ticket.objects.open().filter(parent=ticket_id).values_list("pk", flat=True))

    family = hold_set(find, by)
    return family.held(ticket_id), family


def carrying_parent(ticket: Ticket) -> Ticket | None:
    """The open parent that carries this ticket's tier; None for everybody else. A statement for children only."""
    if ticket.parent_id is None:
        return None
    parent: Ticket | None = Ticket.objects.open().filter(pk=ticket.parent_id).first()
    return parent


def refuse_carried(ticket: Ticket, by: User) -> None:
    """Of an outage one ticket escalates: the parent. Raises Refused with the way to it, for those who may see it."""
    parent = carrying_parent(ticket)
    if parent is None:
        return
    seen = Ticket.objects.visible_to(by).filter(pk=parent.pk).exists()
    name = parent.ref if seen else "its parent"
    said = f"{ticket.ref} is a child: {name} carries the escalation."
    raise Refused(f"{said} Escalate the parent, or unlink this ticket first.", way_out=parent.ref if seen else "")
