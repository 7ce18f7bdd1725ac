"""Questions on the pages: asked, answered by one, taken back, listed, and turned into a handoff."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from escalations.choices import ConsultState
from escalations.models import Consult, Escalation, Ticket
from escalations.services.consults import consult_answer, consult_ask
from escalations.services.tickets import ticket_restrict
from tests.factories import Organisation

pytestmark = pytest.mark.django_db
LIST = "/inbox/consults/"


def ask(org: Organisation, ticket: Ticket | None = None, *, to: str = "L2", to_user=None, question="Is it known?"):
    return consult_ask(
        ticket=ticket or org.ticket(), by=org.agent, to_team=org.teams[to], to_user=to_user, question=question
    )


def at(consult: Consult, name: str = "detail") -> str:
    return reverse(f"escalations:consult_{name}", args=[consult.ticket.ref, consult.pk])


def test_asked_from_the_ticket_in_a_dialog_or_a_page(client, org):
    ticket = org.ticket()
    url = reverse("escalations:consult_create", args=[ticket.ref])
    client.force_login(org.agent)
    assert "Ask another team" in client.get(ticket.get_absolute_url()).content.decode()
    assert "<html" in client.get(url).content.decode()
    sheet = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in sheet
    assert "Front" not in sheet  # a colleague of one's own team is asked by a note
    empty = client.post(url, {"to": f"team:{org.teams['L3'].pk}", "question": ""})
    assert empty.status_code == 422
    assert "What would you like to know?" in empty.content.decode()
    gone = client.post(url, {"to": "team:999999", "question": "Is it known?"})
    assert (gone.status_code, "Is it known?" in gone.content.decode()) == (422, True)
    assert client.post(url, {"to": f"team:{org.teams['L3'].pk}", "question": "Is it known?"}).status_code == 303
    text = client.get(ticket.get_absolute_url()).content.decode()
    assert "L3 Platform" in text
    assert "Is it known?" in text
    assert not Escalation.objects.exists()


def test_answered_by_the_team_and_read_by_who_asked(client, org):
    consult = ask(org)
    client.force_login(org.receiver)
    assert "Answer question" in client.get(at(consult)).content.decode()
    empty = client.post(at(consult, "answer"), {"answer": ""})
    assert (empty.status_code, "They wait for it." in empty.content.decode()) == (422, True)
    assert client.post(at(consult, "answer"), {"answer": "Since March."})["Location"] == LIST
    client.force_login(org.agent)
    text = client.get(at(consult)).content.decode()
    assert "Since March." in text
    assert "Mark as read" in text
    assert client.post(at(consult, "seen"), headers={"HX-Request": "true"}).status_code == 204
    consult.refresh_from_db()
    assert consult.seen_at is not None
    assert "Mark as read" not in client.get(at(consult)).content.decode()
    on_ticket = client.get(consult.ticket.get_absolute_url()).content.decode()
    assert on_ticket.count("Since March.") == 2  # the panel and the timeline


def test_who_is_second_keeps_what_they_wrote(client, org):
    consult = ask(org)
    consult_answer(consult=consult, by=org.people["l2_second"], answer="The first answer.")
    client.force_login(org.receiver)
    answer = client.post(at(consult, "answer"), {"answer": "A long second answer."})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "L2_Second Example was first" in text
    assert "The first answer." in text
    assert "A long second answer." in text


def test_others_read_and_cannot_answer(client, org):
    consult = ask(org)
    for user in (org.people["l3_first"], org.agent, org.people["l1_second"]):
        client.force_login(user)
        assert "Answer question" not in client.get(at(consult)).content.decode()
        assert client.post(at(consult, "answer"), {"answer": "I know."}).status_code == 403


def test_taken_back_by_who_asked(client, org):
    consult = ask(org)
    client.force_login(org.agent)
    assert "Take question back" in client.get(at(consult)).content.decode()
    assert client.post(at(consult, "withdraw")).status_code == 303
    assert client.post(at(consult, "withdraw")).status_code == 409
    consult.refresh_from_db()
    assert consult.state == ConsultState.WITHDRAWN


def test_the_list_has_what_waits_for_me_and_what_i_asked(client, org):
    ask(org, question="For the team?")
    ask(org, to_user=org.receiver, question="For me?")
    ask(org, to_user=org.people["l2_second"], question="For a colleague?")
    ask(org, to="L3", question="For others?")
    client.force_login(org.receiver)
    answer = client.get(LIST)
    assert [row.consult.question for row in answer.context["waiting"]] == ["For the team?", "For me?"]
    assert {tab["label"]: tab["count"] for tab in answer.context["tabs"]}["Consults"] == 2
    client.force_login(org.agent)
    answer = client.get(LIST)
    assert (answer.context["waiting"], len(answer.context["mine"])) == ([], 4)
    assert "No question waits." in answer.content.decode()


def test_the_list_says_nothing_of_restricted_tickets(client, org):
    ticket = org.ticket()
    ask(org, ticket, question="A secret?")
    ticket_restrict(ticket=ticket, by=org.agent, readers=[], restricted=True)
    client.force_login(org.receiver)
    assert "A secret?" not in client.get(LIST).content.decode()


def test_on_a_restricted_ticket_only_people_named_are_on_offer(client, org):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[org.receiver], restricted=True)
    client.force_login(org.agent)
    text = client.get(reverse("escalations:consult_create", args=[ticket.ref])).content.decode()
    assert "L2_First Example" in text
    assert "L2_Second Example" not in text
    assert "anyone" not in text


def test_the_list_costs_the_same_with_more(client, org):
    for _ in range(2):
        ask(org)
    client.force_login(org.receiver)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for _ in range(10):
        ask(org)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) <= len(few)


def test_an_answer_becomes_a_handoff(client, org):
    consult = ask(org, to="L3", question="Is the cache known?")
    client.force_login(org.agent)
    assert "Hand over with this answer" not in client.get(at(consult)).content.decode()
    consult_answer(consult=consult, by=org.people["l3_second"], answer="Yes, hand it to me.")
    assert "Hand over with this answer" in client.get(at(consult)).content.decode()
    url = reverse("escalations:handoff_create", args=[consult.ticket.ref])
    answer = client.get(f"{url}?consult={consult.pk}")
    form = answer.context["form"]
    assert form["to"].value() == f"user:{org.people['l3_second'].pk}"
    context = form["additional_context"].value()
    assert "Asked L3 Platform: Is the cache known?" in context
    assert "L3_Second Example answered: Yes, hand it to me." in context
    other = ask(org, to="L3")
    for bad in (other.pk, "x", "9" * 30, 0):
        assert client.get(f"{url}?consult={bad}").context["form"]["additional_context"].value() == ""


def test_an_answer_is_added_to_the_draft_that_stands(client, org):
    consult = ask(org, to="L3")
    consult_answer(consult=consult, by=org.people["l3_second"], answer="Yes.")
    client.force_login(org.agent)
    draft = reverse("escalations:handoff_draft", args=[consult.ticket.ref])
    client.post(draft, {"to": f"team:{org.teams['L2'].pk}", "additional_context": "Seen before.", "reason": "other"})
    url = reverse("escalations:handoff_create", args=[consult.ticket.ref])
    form = client.get(f"{url}?consult={consult.pk}").context["form"]
    assert form["to"].value() == f"team:{org.teams['L2'].pk}"
    assert form["additional_context"].value().startswith("Seen before.\n\nAsked L3 Platform")


def test_a_question_on_a_ticket_that_is_over_cannot_be_asked(client, org):
    ticket = org.ticket()
    Ticket.objects.filter(pk=ticket.pk).update(state="resolved", resolved_at="2026-01-01T00:00Z")
    client.force_login(org.agent)
    url = reverse("escalations:consult_create", args=[ticket.ref])
    assert client.get(url).status_code == 409
    late = client.post(url, {"to": f"team:{org.teams['L3'].pk}", "question": "Still there?"})
    assert (late.status_code, "Still there?" in late.content.decode()) == (409, True)
