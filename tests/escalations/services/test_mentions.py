"""Whom a note names: told once, refused where they could not read it, seen when the ticket is opened."""

import pytest

from accounts.models import User
from escalations.errors import NotAllowed, Refused
from escalations.models import Mention, Message
from escalations.services.conversation import ticket_note, ticket_reply
from escalations.services.mentions import mention_mark_seen
from escalations.services.reading import ticket_read
from escalations.services.tickets import ticket_restrict
from escalations.wanted import mention_wanted
from journal.models import Event, OutboxMessage

pytestmark = pytest.mark.django_db


def test_a_note_tells_whom_it_names_once(org):
    ticket = org.ticket()
    note = ticket_note(ticket=ticket, by=org.agent, body="@L2_first, see this; @l2_first again, @l1_first, @nobody")
    assert [mention.user for mention in Mention.objects.filter(message=note)] == [org.receiver]
    mail = OutboxMessage.objects.get(recipient=org.receiver.email)
    assert mail.subject == f"{org.agent} mentions you on {ticket.ref}"
    assert note.body not in mail.body
    assert Event.objects.get(kind="ticket.noted").data["mentions"] == [org.receiver.pk]


def test_a_reply_to_the_customer_names_nobody(org):
    ticket_reply(ticket=org.ticket(), by=org.agent, body="Write to @l2_first")
    assert not Mention.objects.exists()


def test_who_cannot_see_a_restricted_ticket_is_refused_and_nothing_is_written(org):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[org.people["l1_second"]], restricted=True)
    with pytest.raises(Refused, match="cannot see this ticket") as refused:
        ticket_note(ticket=ticket, by=org.agent, body="@l1_second and @l2_first")
    assert "@l2_first" in refused.value.fields["body"]
    assert "l1_second" not in str(refused.value)
    assert not Message.objects.exists()
    ticket_note(ticket=ticket, by=org.agent, body="@l1_second")
    assert Mention.objects.get().user == org.people["l1_second"]


def test_who_left_is_refused(org):
    """Edge case of product.md: people who left."""
    User.objects.filter(pk=org.receiver.pk).update(is_active=False)
    with pytest.raises(Refused, match="has left"):
        ticket_note(ticket=org.ticket(), by=org.agent, body="@l2_first")


def test_seen_by_opening_the_ticket_or_from_the_desk_and_by_nobody_else(org):
    ticket = org.ticket()
    ticket_note(ticket=ticket, by=org.agent, body="@l2_first @l2_second")
    mention = Mention.objects.get(user=org.receiver)
    with pytest.raises(NotAllowed):
        mention_mark_seen(mention=mention, by=org.people["l2_second"])
    ticket_read(ticket=ticket, by=org.people["l2_second"])
    assert Mention.objects.get(seen_at__isnull=True) == mention
    mail = OutboxMessage.objects.get(recipient=org.receiver.email)
    assert mention_wanted(mail, mail.wanted_while)
    mention_mark_seen(mention=mention, by=org.receiver)
    assert not mention_wanted(mail, mail.wanted_while)
