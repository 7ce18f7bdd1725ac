"""Linking on pages: the panel, the search for the other one, merge side by side, split, and what never leaks."""

import uuid

import pytest
from django.test import Client

from escalations.choices import TicketState
from escalations.models import Issue, Message, NoDuplicate, Ticket
from escalations.services.consults import consult_ask
from escalations.services.conversation import ticket_record_customer, ticket_reply
from escalations.services.merging import ticket_merge
from escalations.services.parents import ticket_link_parent
from escalations.services.tickets import ticket_restrict
from journal import clock
from journal.models import Draft, OutboxMessage
from tests.factories import NOON, ContactFactory, CustomerFactory, Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(org, client: Client) -> Client:
    client.force_login(org.agent)
    return client


def url(ticket: Ticket, rest: str = "") -> str:
    return f"{ticket.get_absolute_url()}{rest}"


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "tier", "owner", "contact", "merged_into").get(pk=ticket.pk)


def text(answer) -> str:
    return answer.content.decode()


# --- the panel ------------------------------------------------------------------------------------------


def test_child_and_parent_name_each_other_and_the_child_offers_no_escalation(org, agent):
    parent = org.ticket(subject="Logins fail")
    children = [
        ticket_link_parent(ticket=org.ticket(subject=f"Nobody logs in {number}"), parent=parent, by=org.agent)
        for number in range(7)
    ]
    page = text(agent.get(url(parent)))
    assert "7 children" in page
    assert "All 7 children" in page
    assert f"/queue/?parent={parent.pk}" in page.replace("&amp;", "&")
    assert "linked <b>7 tickets</b> under this ticket" in page
    child = text(agent.get(url(children[0])))
    assert "Carried by" in child
    assert parent.ref in child
    assert "Escalate</a>" not in child
    refused = agent.get(url(children[0], "handoff/create/"))
    assert refused.status_code == 422
    assert f'href="{parent.get_absolute_url()}"' in text(refused)


def test_what_somebody_may_not_see_is_neither_named_nor_counted(org, client):
    parent, open_child, hidden = org.ticket(subject="Logins fail"), org.ticket(), org.ticket(subject="Secret matter")
    for child in (open_child, hidden):
        ticket_link_parent(ticket=child, parent=parent, by=org.agent)
    ticket_restrict(ticket=hidden, by=org.agent, readers=[], restricted=True)
    client.force_login(org.people["l1_second"])
    page = text(client.get(url(parent)))
    assert "1 child:" in page
    assert "Secret matter" not in page
    ticket_restrict(ticket=parent, by=org.agent, readers=[], restricted=True)
    page = text(client.get(url(open_child)))
    assert "Logins fail" not in page
    assert "only the people named on it see" in page


def test_the_panel_costs_two_statements_however_many_children_there_are(org, agent):
    parent = org.ticket()
    agent.get(url(parent))
    before = len(statements(lambda: agent.get(url(parent))))
    for number in range(12):
        ticket_link_parent(ticket=org.ticket(subject=f"x {number}"), parent=parent, by=org.agent)
    after = statements(lambda: agent.get(url(parent)))
    assert len(after) <= before
    own = [one for one in after if "'merged_into'" in one or "escalations_noduplicate" in one]
    assert len(own) == 2


# --- the page of links ----------------------------------------------------------------------------------


def test_the_other_ticket_is_found_by_reference_and_by_words(org, agent):
    ticket, other = org.ticket(subject="Nobody logs in"), org.ticket(subject="Certificate expired on the gateway")
    hidden = org.ticket(subject="Certificate stolen", by=org.people["l1_second"], is_restricted=True)
    for words in (other.ref, str(other.pk), "gateway certificate"):
        page = text(agent.get(url(ticket, f"links/?q={words}")))
        assert other.subject in page, words
        assert hidden.subject not in page
    assert "No open ticket that you see" in text(agent.get(url(ticket, f"links/?q={hidden.ref}")))
    assert ticket.subject not in text(agent.get(url(other, f"links/?q={other.ref}"))).split("links_found")[1]


def test_linking_and_unlinking_by_form(org, agent):
    ticket, parent = org.ticket(), org.ticket()
    answer = agent.post(url(ticket, "links/parent/"), {"parent": parent.ref})
    assert (answer.status_code, fresh(ticket).parent_id) == (303, parent.pk)
    assert parent.ref in text(agent.get(url(other := org.ticket(), "links/")))  # an outage in progress is offered
    answer = agent.post(url(parent, "links/parent/"), {"parent": other.ref})
    assert answer.status_code == 422
    assert "cannot become a child" in text(answer)
    answer = agent.post(url(ticket, "links/parent/"), {"parent": "BLY-999999"})
    assert answer.status_code == 422
    agent.post(url(ticket, "links/parent/remove/"))
    assert fresh(ticket).parent_id is None


def test_an_issue_is_entered_with_the_first_ticket_and_reaches_the_children(org, agent):
    parent, child = org.ticket(), org.ticket()
    ticket_link_parent(ticket=child, parent=parent, by=org.agent)
    assert agent.post(url(parent, "links/issue/"), {"issue": "", "title": ""}).status_code == 422
    agent.post(url(parent, "links/issue/"), {"issue": "", "title": "Keys cached"})
    issue = Issue.objects.get()
    assert (fresh(parent).issue, fresh(child).issue) == (issue, issue)
    assert agent.post(url(parent, "links/issue/"), {"issue": "", "title": "keys cached"}).status_code == 422
    agent.post(url(child, "links/issue/remove/"))
    assert fresh(child).issue is None


# --- updates and the end --------------------------------------------------------------------------------


def outage(org: Organisation, count: int) -> tuple[Ticket, list[Ticket]]:
    parent, children = org.ticket(subject="Logins fail"), []
    for number in range(count):
        child = org.ticket(subject=f"Nobody logs in {number}")
        Ticket.objects.filter(pk=child.pk).update(contact=ContactFactory(customer=org.customer))
        children.append(ticket_link_parent(ticket=child, parent=parent, by=org.agent))
    return parent, children


def reply(kind: str = "reply", **more) -> dict[str, str]:
    return {"kind": kind, "body": "We are on it.", "channel": "email", "idempotency_key": str(uuid.uuid4()), **more}


def test_a_reply_reaches_the_children_unless_somebody_unticks_it(org, agent):
    parent, children = outage(org, 2)
    page = text(agent.get(url(parent)))
    assert "and to the customers of 2 children" in page
    box = page[page.index('name="to_children"') - 80 : page.index('name="to_children"') + 120]
    assert "checked" in box
    agent.post(url(parent, "messages/reply/"), reply(to_children="on"))
    assert Message.objects.filter(flowed_from__isnull=False).count() == 2
    agent.post(url(parent, "messages/reply/"), reply())
    agent.post(url(parent, "messages/reply/"), reply("note", to_children="on"))
    agent.post(url(parent, "messages/reply/"), reply("call", to_children="on"))
    assert Message.objects.filter(flowed_from__isnull=False).count() == 2
    assert "With an update of its parent" in text(agent.get(url(children[0])))
    assert "to_children" not in text(agent.get(url(children[0])))


def test_resolving_the_parent_resolves_the_children_chosen_and_lists_the_others(org, agent):
    parent, (first, second, third) = outage(org, 3)
    page = text(agent.get(url(parent, "resolve/")))
    assert all(one.ref in page for one in (first, second, third))
    assert page.count("checked") >= 3
    consult_ask(ticket=third, by=org.agent, to_team=org.teams["L2"], to_user=None, question="Is it the key?")
    form = {
        "root_cause": "product_defect", "what_was_done": "Rolled back.", "children": [first.pk, third.pk],
        "words": "It works again.", "idempotency_key": str(uuid.uuid4()),
    }  # fmt: skip
    assert agent.post(url(parent, "resolve/"), form).status_code == 303
    answer = agent.get(url(parent))
    assert (fresh(first).state, fresh(second).state) == (TicketState.RESOLVED, TicketState.NEW)
    assert fresh(third).is_open
    said = text(answer)
    assert "and 1 child with it" in said
    assert f"1 child stays open. {third.ref}: Integrations was asked a question on it." in said
    assert OutboxMessage.objects.filter(body__startswith="It works again.").count() == 2
    agent.post(url(parent, "resolve/"), form)
    assert fresh(parent).resolutions.count() == 1


# --- merge ----------------------------------------------------------------------------------------------


def test_merge_shows_both_and_is_done_once(org, agent):
    ticket, other = org.ticket(subject="Wrong tax"), org.ticket(subject="Tax is wrong")
    assert agent.get(url(ticket, "merge/")).status_code == 303
    page = text(agent.get(url(ticket, f"merge/?into={other.ref}")))
    assert "Wrong tax" in page
    assert "Tax is wrong" in page
    assert "two customers" not in page
    form = {"into": other.ref, "idempotency_key": str(uuid.uuid4())}
    assert agent.post(url(ticket, "merge/"), form).status_code == 303
    assert agent.post(url(ticket, "merge/"), form).status_code == 303
    assert fresh(ticket).merged_into == other
    merged = text(agent.get(url(ticket)))
    assert f'Merged into <a href="{other.get_absolute_url()}">{other.ref}</a>' in merged
    assert "Record words" in merged
    assert f"Read what was said on {ticket.ref}" in text(agent.get(url(other)))
    assert ticket.subject not in text(agent.get("/queue/"))


def test_merge_of_two_customers_asks_first(org, agent):
    ticket, other = org.ticket(), org.ticket(customer=CustomerFactory())
    form = {"into": other.ref, "idempotency_key": str(uuid.uuid4())}
    answer = agent.post(url(ticket, "merge/"), form)
    assert answer.status_code == 422
    assert "two customers" in text(answer)
    assert agent.post(url(ticket, "merge/"), form | {"confirmed": "on"}).status_code == 303


def test_a_reply_begun_before_the_merge_is_kept_in_the_survivor_s_reply_box(org, agent):
    ticket, other = org.ticket(), org.ticket()
    ticket_merge(ticket=ticket, into=other, by=org.agent)
    answer = agent.post(url(ticket, "messages/reply/"), reply())
    assert answer.status_code == 409
    assert "We are on it." in text(answer)
    assert "waits in the reply box there" in text(answer)
    assert not Message.objects.exists()
    assert "We are on it." in text(agent.get(url(other)))
    answer = agent.post(url(ticket, "messages/reply/"), reply() | {"body": "Another text"})
    assert answer.status_code == 409
    assert "Another text" in text(answer)
    assert Draft.objects.get(form=f"reply:{other.pk}").data["body"] == ["We are on it."]


def test_the_customer_s_late_words_are_recorded_on_the_merged_page(org, agent):
    ticket, other = org.ticket(), org.ticket()
    ticket_merge(ticket=ticket, into=other, by=org.agent)
    form = {"body": "Any news?", "channel": "email", "idempotency_key": str(uuid.uuid4())}
    assert agent.post(url(ticket, "messages/customer/"), form).status_code == 303
    assert "Any news?" in text(agent.get(url(other)))
    assert "recorded what the customer said later on" in text(agent.get(url(ticket)))


# --- split ----------------------------------------------------------------------------------------------


def test_split_by_form(org, agent):
    ticket = org.ticket()
    said = ticket_record_customer(ticket=ticket, by=org.agent, body="And the invoice?", channel="email")
    assert "And the invoice?" in text(agent.get(url(ticket, "split/")))
    form = {"subject": "", "priority": "3", "since": "message", "idempotency_key": str(uuid.uuid4())}
    answer = agent.post(url(ticket, "split/"), form | {"messages": [said.pk]})
    assert answer.status_code == 422
    assert "checked" in text(answer)
    assert agent.post(url(ticket, "split/"), form | {"subject": "Invoice"}).status_code == 422
    for _ in range(2):
        assert agent.post(url(ticket, "split/"), form | {"subject": "Invoice", "messages": [said.pk]}).status_code in (
            303,
            422,
        )
    made = Ticket.objects.get(split_from=ticket)
    assert made.messages.get() == said
    assert "split 1 message off to" in text(agent.get(url(ticket)))


def test_a_ticket_without_messages_has_nothing_to_split(org, agent):
    assert "Nothing to split off" in text(agent.get(url(org.ticket(), "split/")))


# --- duplicates -----------------------------------------------------------------------------------------


def test_duplicates_are_suggested_of_the_same_customer_and_said_away(org, agent):
    with clock.travel(NOON):
        first = org.ticket(subject="Webhook deliveries arrive twice")
        second = org.ticket(subject="Deliveries of the webhook arrive twice since noon")
        org.ticket(subject="Invoice of May")
        org.ticket(subject="Webhook deliveries arrive twice", customer=CustomerFactory())
        page = text(agent.get(url(second)))
        assert "Looks like the same" in page
        assert first.ref in page
        assert page.count("Compare and merge") == 1
        agent.post(url(second, "links/not-the-same/"), {"other": first.ref})
        agent.post(url(first, "links/not-the-same/"), {"other": second.ref})
        assert NoDuplicate.objects.count() == 1
        assert "Looks like the same" not in text(agent.get(url(first)))


def test_restricted_and_merged_tickets_are_not_suggested(org, agent):
    ticket = org.ticket(subject="Webhook deliveries arrive twice")
    org.ticket(subject="Webhook deliveries arrive twice", by=org.people["l1_second"], is_restricted=True)
    merged = org.ticket(subject="Webhook deliveries arrive twice")
    ticket_merge(ticket=merged, into=ticket, by=org.agent)
    assert "Looks like the same" not in text(agent.get(url(ticket)))


def test_intake_says_what_the_customer_may_have_reported(org, agent):
    known = org.ticket(subject="Webhook deliveries arrive twice")
    ask = {"customer": str(org.customer.pk), "subject": "webhook delivered twice, deliveries arrive double"}
    part = agent.get("/tickets/create/duplicates/", ask, headers={"HX-Request": "true"})
    assert known.ref in text(part)
    assert known.ref not in text(agent.get("/tickets/create/duplicates/", ask | {"customer": ""}))
    assert known.ref in text(agent.post("/tickets/create/", ask | {"find": "1"}))
    # Without a subject that says the same nothing is suggested.
    assert known.ref not in text(agent.get("/tickets/create/duplicates/", ask | {"subject": "Invoice of May"}))


def test_a_reply_is_not_lost_to_a_survivor_that_is_restricted(org, client):
    ticket, other = org.ticket(), org.ticket(is_restricted=True)
    ticket_merge(ticket=ticket, into=other, by=org.agent)
    client.force_login(org.people["l1_second"])
    answer = client.post(url(ticket, "messages/reply/"), reply())
    assert answer.status_code == 409
    assert "We are on it." in text(answer)
    assert other.subject not in text(answer).replace(ticket.subject, "")
    assert not Draft.objects.exists()
    ticket_reply(ticket=other, by=org.agent, body="x")
