"""Transfer and de-escalation on the pages."""

import pytest
from django.urls import reverse

from accounts.models import Tier
from escalations.models import Escalation, Issue, Ticket
from escalations.services.moves import ticket_transfer
from tests.factories import NOON, Organisation, accept

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Organisation:
    made = Organisation()
    made.other = made.make_team(Tier.objects.get(code="L1"), "Echo")
    made.friend = made.person("friend", "l1_agent", made.other)
    return made


def at(ticket: Ticket, name: str) -> str:
    return reverse(f"escalations:ticket_{name}", args=[ticket.ref])


def accepted(org: Organisation, to: str = "L2") -> Escalation:
    escalation = org.handoff(org.ticket(), to=to)
    by = org.people[f"{to.lower()}_first"]
    return accept(escalation, by)


def test_transferred_with_a_note(client, org):
    ticket = org.ticket()
    client.force_login(org.agent)
    page = client.get(at(ticket, "transfer")).content.decode()
    assert "Echo" in page
    assert "Integrations" not in page
    form = {"to": f"user:{org.friend.pk}", "note": ""}
    empty = client.post(at(ticket, "transfer"), form)
    assert (empty.status_code, "They read it first." in empty.content.decode()) == (422, True)
    assert client.post(at(ticket, "transfer"), form | {"note": "Speaks French."}).status_code == 303
    client.force_login(org.friend)
    text = client.get(ticket.get_absolute_url()).content.decode()
    assert "transferred <b>Front → friend" in text.lower() or "Front → Friend Example" in text
    assert "Speaks French." in text


def test_what_is_refused_keeps_what_was_typed(client, org):
    ticket = org.ticket()
    client.force_login(org.agent)
    url = at(ticket, "transfer")
    other_tier = client.post(url, {"to": f"team:{org.teams['L2'].pk}", "note": "Speaks French."})
    assert (other_tier.status_code, "Speaks French." in other_tier.content.decode()) == (422, True)
    Ticket.objects.filter(pk=ticket.pk).update(state="resolved", resolved_at=NOON)
    late = client.post(url, {"to": f"team:{org.other.pk}", "note": "Speaks French."})
    assert (late.status_code, "Speaks French." in late.content.decode()) == (409, True)
    assert client.get(url).status_code == 409


def test_while_a_handoff_waits_the_page_says_what_to_do(client, org):
    ticket = org.ticket()
    org.handoff(ticket)
    client.force_login(org.agent)
    menu = client.get(ticket.get_absolute_url()).content.decode()
    assert at(ticket, "transfer") not in menu
    assert at(ticket, "de_escalate") not in menu
    for name in ("transfer", "de_escalate"):
        answer = client.get(at(ticket, name))
        assert answer.status_code == 422
        assert "Withdraw it first, or redirect it." in answer.content.decode()
        posted = client.post(at(ticket, name), {"to": f"team:{org.other.pk}", "note": "x", "reason": "other"})
        assert posted.status_code == 422


def test_de_escalated_to_the_sender_by_default(client, org):
    ticket = accepted(org).ticket
    client.force_login(org.receiver)
    assert "De-escalate" in client.get(ticket.get_absolute_url()).content.decode()
    form = client.get(at(ticket, "de_escalate")).context["form"]
    assert form["to"].value() == f"user:{org.agent.pk}"
    incomplete = client.post(at(ticket, "de_escalate"), {"to": form["to"].value(), "note": "Routine now."})
    assert incomplete.status_code == 422
    assert "Choose why it goes back down." in incomplete.content.decode()
    values = {"to": form["to"].value(), "reason": "workaround_confirmed", "note": "Manual upload works."}
    assert client.post(at(ticket, "de_escalate"), values).status_code == 303
    client.force_login(org.agent)
    text = client.get(ticket.get_absolute_url()).content.decode()
    assert "L2 Integrations → L1 Front" in text
    assert "Workaround confirmed" in text
    assert "Manual upload works." in text


def test_from_the_lowest_tier_there_is_no_way_down(client, org):
    ticket = org.ticket()
    client.force_login(org.agent)
    assert at(ticket, "de_escalate") not in client.get(ticket.get_absolute_url()).content.decode()
    assert client.get(at(ticket, "de_escalate")).status_code == 422


def test_ping_pong_is_said_on_the_page(client, org):
    ticket = org.ticket()
    client.force_login(org.agent)
    there = {"by": org.agent, "to_team": org.other, "to_user": org.friend, "note": "Yours."}
    back = {"by": org.friend, "to_team": org.teams["L1"], "to_user": org.agent, "note": "No, yours."}
    ticket_transfer(ticket=ticket, **there)
    assert "Came back" not in client.get(ticket.get_absolute_url()).content.decode()
    ticket_transfer(ticket=ticket, **back)
    assert "Came back once to a team that had it before." in client.get(ticket.get_absolute_url()).content.decode()
    ticket_transfer(ticket=ticket, **there)
    ticket_transfer(ticket=ticket, **back)
    assert "Came back 3 times" in client.get(ticket.get_absolute_url()).content.decode()
    assert "Has been with Front (3 times), Echo (2 times)." in client.get(at(ticket, "transfer")).content.decode()


def test_the_same_issue_a_third_time_is_said_on_the_ticket(client, org):
    issue = Issue.objects.create(title="Keys are cached", opened_at=NOON)
    tickets = [org.ticket() for _ in range(3)]
    Ticket.objects.update(issue=issue)
    client.force_login(org.agent)
    for ticket in tickets[:2]:
        org.handoff(ticket)
    assert "escalated episodes" not in client.get(tickets[2].get_absolute_url()).content.decode()
    org.handoff(tickets[2])
    text = client.get(tickets[0].get_absolute_url()).content.decode()
    assert "3 escalated episodes of this issue in 90 days." in text
