"""Tickets made by the services: one just opened, one that was soon quiet, one with five hundred events."""

from datetime import timedelta

from escalations.choices import EscalationState
from escalations.models import Ticket
from escalations.services.answers import handoff_acknowledge
from escalations.services.conversation import ticket_note, ticket_record_customer, ticket_reply
from journal import clock
from journal.models import Event
from tests.bench.server import is_quick
from tests.factories import Organisation, accept

SOURCE = "story"
EVENTS = {"short": 20, "long": 60 if is_quick() else 500}
REPLY = "We see the deliveries in our log, but your end answers with 401.\nCould you send us the key id in use?"
WORDS = "It is still the same here. I attach what our monitoring says, and we have changed nothing since this morning."
NOTE = "Compared the signatures by hand: the old key id is still being used for the signing of every delivery."


def tell(organisation: Organisation) -> None:
    """Make them. Those with a history are escalated, acknowledged and accepted; the rest of it is conversation."""
    organisation.ticket(by=organisation.agent, source=SOURCE, external_id="open")
    for name, count in EVENTS.items():
        _tell(organisation, name, count)


def story(name: str) -> Ticket:
    return Ticket.objects.get(source=SOURCE, external_id=name)


def _tell(organisation: Organisation, name: str, count: int) -> None:
    agent, receiver = organisation.agent, organisation.receiver
    began = clock.now() - timedelta(minutes=count + 10)
    with clock.travel(began) as time:
        ticket = organisation.ticket(by=agent, source=SOURCE, external_id=name)
        escalation = organisation.handoff(ticket, by=agent)
        time.forward(timedelta(minutes=4))
        handoff_acknowledge(escalation=escalation, by=receiver)
        time.forward(timedelta(minutes=4))
        accept(escalation, receiver, estimated_resolution_at=clock.now() + timedelta(hours=20))
        escalation.refresh_from_db()
        assert escalation.state == EscalationState.ACCEPTED
        told = Event.objects.filter(subject_type="ticket", subject_id=ticket.pk).count()
        for place in range(count - told):
            time.forward(timedelta(minutes=1))
            if place % 3 == 0:
                ticket_record_customer(ticket=ticket, by=receiver, body=WORDS, channel="email")
            elif place % 3 == 1:
                ticket_reply(ticket=ticket, by=receiver, body=REPLY)
            else:
                ticket_note(ticket=ticket, by=receiver, body=NOTE)
