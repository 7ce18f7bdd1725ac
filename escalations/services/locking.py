"""The one lock order: the ticket first, then whatever hangs on it; `now` only after the lock."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import User
from escalations.access import parts_on_escalation, writing_parts
from escalations.domain.lifecycle import Part, Transition, TransitionNotAllowed, transition
from escalations.errors import NotAllowed, Overtaken
from escalations.models import Escalation, SimilarUse, Ticket
from journal import clock

RELATIONS = ("customer", "tier", "team", "owner")
# Whether somebody found an answer for it that nobody knows yet what it was good for: see services.similar.
HAS_ANSWERS = Exists(SimilarUse.objects.filter(ticket=OuterRef("pk"), prevented__isnull=True))


@dataclass(frozen=True, slots=True)
class Held:
    """A locked ticket, the person as the database knows them now, and the instant after the lock."""

    ticket: Ticket
    by: User
    now: datetime

    @property
    def actor(self) -> User | None:
        """Whom the record names: None where Belay acts by itself (`hold_for_system`)."""
        return self.by if self.by.pk is not None else None


def hold_ticket(ticket_id: int, by: User) -> Held:
    """Lock the ticket for this transaction and read the person's rights anew: the page may be hours old.

    Raises NotAllowed when the person may no longer see it or has left.
    """
    # Two statements: whoever waits here for a lock would lose the row if it was joined to a team it has left meanwhile.
    Ticket.objects.select_for_update(no_key=True).only("pk").get(pk=ticket_id)
    ticket = Ticket.objects.select_related(*RELATIONS).annotate(has_answers=HAS_ANSWERS).get(pk=ticket_id)
    ticket.remember()
    person = User.objects.select_related("role", "team").get(pk=by.pk)
    if ticket.is_restricted and not ticket.readers.filter(user=person).exists():
        raise NotAllowed("This ticket is open only to the people named on it.")
    return Held(ticket, person, clock.now())


def hold_for_system(ticket_id: int) -> Held:
    """The same for what Belay does by itself, by a rule: `by` is nobody's row and has no rights of its own."""
    Ticket.objects.select_for_update(no_key=True).only("pk").get(pk=ticket_id)
    ticket = Ticket.objects.select_related(*RELATIONS).get(pk=ticket_id)
    return Held(ticket, User(full_name="Belay"), clock.now())


def hold_escalation(escalation_id: int, by: User) -> tuple[Held, Escalation]:
    """Lock the ticket, then the escalation.

    Only what every answer asks for is joined: eleven relations took the database 39 ms to plan, two to read one by one.
    """
    ticket_id = Escalation.objects.values_list("ticket_id", flat=True).get(pk=escalation_id)
    held = hold_ticket(ticket_id, by)
    escalation = (
        Escalation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("policy_version", "from_team", "to_team", "to_tier")
        .defer("policy_version__snapshot")
        .get(pk=escalation_id)
    )
    escalation.ticket = held.ticket
    return held, escalation


def check_ticket_part(held: Held) -> frozenset[Part]:
    """In what parts the person may write on the held ticket. Raises NotAllowed when in none."""
    return writing_parts(held.by, held.ticket)


def next_state(table: tuple[Transition, ...], state: str, action: str, parts: frozenset[Part], *, said: str) -> str:
    """The state after `action` in any of the parts.

    Raises NotAllowed when somebody else could do it from here, Overtaken when nobody can any more: `said` tells
    what happened meanwhile.
    """
    for part in parts:
        try:
            return transition(table, state, action, part)
        except TransitionNotAllowed:
            continue
    if any(row.source == state and row.action == action for row in table):
        raise NotAllowed("This is for the people on the other side of the handoff.")
    raise Overtaken(said)


def escalation_parts(held: Held, escalation: Escalation) -> frozenset[Part]:
    return parts_on_escalation(held.by, escalation)
