"""People named in notes: who is offered, what is refused and kept, and how the note reads."""

import uuid

import pytest
from django.urls import reverse

from accounts.models import User
from escalations.models import Mention, Message
from escalations.services.conversation import ticket_note
from escalations.services.tickets import ticket_restrict

pytestmark = pytest.mark.django_db


def offered(client, ticket, words: str) -> list[str]:
    answer = client.get(reverse("escalations:mention_list", args=[ticket.ref]), {"q": words})
    return [one.username for one in answer.context["people"]]


def test_people_of_the_ticket_s_team_come_first_and_names_count_too(client, org):
    ticket = org.ticket()
    User.objects.filter(pk=org.receiver.pk).update(full_name="Noor Haddad")
    client.force_login(org.agent)
    assert offered(client, ticket, "")[0] == "l1_second"
    assert offered(client, ticket, "hadd") == offered(client, ticket, "noor") == ["l2_first"]
    assert "l1_first" not in offered(client, ticket, "l1")
    assert len(offered(client, ticket, "")) == 8
    User.objects.filter(pk=org.receiver.pk).update(is_active=False)
    assert offered(client, ticket, "noor") == []


def test_on_a_restricted_ticket_only_the_people_named_are_offered(client, org):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[org.people["l1_second"]], restricted=True)
    client.force_login(org.agent)
    assert offered(client, ticket, "") == ["l1_second"]


def note(ticket, body: str) -> dict[str, str]:
    return {"kind": "note", "body": body, "idempotency_key": uuid.uuid4().hex}


def test_who_cannot_see_it_is_refused_at_the_field_and_the_words_are_kept(client, org):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    client.force_login(org.agent)
    url = reverse("escalations:message_reply", args=[ticket.ref])
    answer = client.post(url, note(ticket, "@l2_first what do you think?"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "cannot see this ticket, so nobody would read it" in text
    assert "@l2_first what do you think?" in text
    assert not Message.objects.exists()


def test_a_note_shows_its_people_and_escapes_the_rest(client, org):
    ticket = org.ticket()
    ticket_note(ticket=ticket, by=org.agent, body="<b>@l2_first</b> & @nobody, a@l2_second")
    client.force_login(org.agent)
    text = client.get(ticket.get_absolute_url()).content.decode()
    assert '<span class="mention" title="@l2_first">' in text
    assert "&lt;b&gt;<span" in text
    assert "&lt;/b&gt; &amp; @nobody, a@l2_second" in text
    assert Mention.objects.count() == 1


def test_without_a_script_the_name_is_typed(client, org):
    ticket = org.ticket()
    client.force_login(org.agent)
    answer = client.post(reverse("escalations:message_reply", args=[ticket.ref]), note(ticket, "@l2_first see"))
    assert answer.status_code == 303
    assert Mention.objects.get().user == org.receiver
