"""Asking without handing over: who may ask and answer, one winner, and nothing moves on the ticket."""

from datetime import timedelta

import pytest

from accounts.models import Absence
from escalations.choices import ConsultState
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Clock, Consult, Escalation, Hop, Ticket, TicketReader
from escalations.services.consults import consult_answer, consult_ask, consult_seen, consult_withdraw
from escalations.services.resolutions import ticket_resolve
from escalations.services.tickets import ticket_restrict
from journal import clock
from journal.models import Event, OutboxMessage
from journal.outbox import deliver_due
from tests.factories import NOON, Organisation

pytestmark = pytest.mark.django_db


def ask(org: Organisation, ticket: Ticket, *, to: str = "L2", to_user=None, by=None) -> Consult:
    return consult_ask(
        ticket=ticket, by=by or org.agent, to_team=org.teams[to], to_user=to_user, question="Is the cache dropped?"
    )


def test_asked_and_answered_the_ticket_stays_where_it_is(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        before = (Hop.objects.count(), list(Clock.objects.values_list("due_at", "state")))
        consult = ask(org, ticket)
        consult_answer(consult=consult, by=org.people["l2_second"], answer="Only after an hour.")
    consult.refresh_from_db()
    assert (consult.state, consult.answered_by) == (ConsultState.ANSWERED, org.people["l2_second"])
    assert (Hop.objects.count(), list(Clock.objects.values_list("due_at", "state"))) == before
    assert not Escalation.objects.exists()
    kinds = Event.objects.filter(kind__contains="consult").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["ticket.consulted", "ticket.consult_answered"]
    asked = set(OutboxMessage.objects.filter(subject__contains="asks you").values_list("recipient", flat=True))
    assert asked == {org.receiver.email, org.people["l2_second"].email}
    assert OutboxMessage.objects.get(subject__contains="answers your question").recipient == org.agent.email


def test_the_mail_about_a_question_is_dropped_once_somebody_answered(org, mailoutbox):
    ask(org, org.ticket())
    consult_answer(consult=Consult.objects.get(), by=org.receiver, answer="Yes.")
    deliver_due()
    assert [mail.to for mail in mailoutbox if "asks you" in mail.subject] == []
    assert [mail.to for mail in mailoutbox if "answers" in mail.subject] == [[org.agent.email]]


def test_a_question_may_go_to_any_tier_the_same_and_lower_ones_too(org):
    ticket = org.ticket(by=org.receiver, priority=2)
    for tier in ("L1", "L3", "L4"):
        ask(org, ticket, to=tier, by=org.receiver)
    ask(org, ticket, to="L2", to_user=org.people["l2_second"], by=org.receiver)
    with pytest.raises(Refused, match="your own team"):
        ask(org, ticket, to="L2", by=org.receiver)
    assert Consult.objects.count() == 4


def test_of_a_person_they_their_cover_and_their_lead_answer_and_nobody_else(org):
    lead, cover, now = org.person("lead", "l3_engineer", org.teams["L3"]), org.people["l4_first"], clock.now()
    org.teams["L3"].lead = lead
    org.teams["L3"].save()
    person = org.people["l3_first"]
    ticket = org.ticket()
    for stranger in (org.people["l3_second"], cover, org.receiver, org.people["l1_second"]):
        with pytest.raises(NotAllowed):
            consult_answer(consult=ask(org, ticket, to="L3", to_user=person), by=stranger, answer="I think so.")
    Absence.objects.create(
        user=person, covered_by=cover, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1)
    )
    OutboxMessage.objects.all().delete()
    for answering in (person, lead, cover):
        consult_answer(consult=ask(org, ticket, to="L3", to_user=person), by=answering, answer="Yes.")
    told = OutboxMessage.objects.filter(subject__contains="asks you").values_list("recipient", flat=True)
    assert set(told) == {person.email, cover.email}


def test_nobody_answers_their_own_question(org):
    manager_s = ask(org, org.ticket(), by=org.manager)
    with pytest.raises(NotAllowed):
        consult_answer(consult=manager_s, by=org.manager, answer="Myself.")
    both = org.person("both", "l1_agent", org.teams["L1"])
    org.teams["L2"].lead = both
    org.teams["L2"].save()
    with pytest.raises(NotAllowed):
        consult_answer(consult=ask(org, org.ticket(), by=both), by=both, answer="Myself.")


def test_what_cannot_be_asked(org):
    ticket = org.ticket()
    with pytest.raises(NotAllowed):
        ask(org, ticket, by=org.receiver)
    with pytest.raises(Refused, match="ask yourself"):
        ask(org, ticket, to="L1", to_user=org.agent)
    with pytest.raises(Refused, match="does not work in"):
        ask(org, ticket, to="L2", to_user=org.people["l3_first"])
    org.people["l3_first"].is_active = False
    org.people["l3_first"].save()
    with pytest.raises(Refused, match="does not work in"):
        ask(org, ticket, to="L3", to_user=org.people["l3_first"])
    with pytest.raises(Refused):
        consult_ask(ticket=ticket, by=org.agent, to_team=org.teams["L2"], to_user=None, question=" ")


def test_on_a_restricted_ticket_only_people_named_on_it_are_asked(org):
    ticket = org.ticket()
    ticket_restrict(ticket=ticket, by=org.agent, readers=[org.receiver], restricted=True)
    with pytest.raises(Refused, match="not with teams"):
        ask(org, ticket)
    with pytest.raises(Refused, match="is not named on this ticket"):
        ask(org, ticket, to_user=org.people["l2_second"])
    consult = ask(org, ticket, to_user=org.receiver)
    assert not TicketReader.objects.filter(ticket=ticket, user=org.people["l2_second"]).exists()
    with pytest.raises(NotAllowed):
        consult_answer(consult=consult, by=org.people["l2_second"], answer="I may not even see it.")
    consult_answer(consult=consult, by=org.receiver, answer="Yes.")


def test_of_two_answers_the_first_stands(org):
    consult = ask(org, org.ticket())
    consult_answer(consult=consult, by=org.people["l2_second"], answer="The first.")
    with pytest.raises(Overtaken, match="L2_Second Example was first"):
        consult_answer(consult=consult, by=org.receiver, answer="The second.")
    consult.refresh_from_db()
    assert consult.answer == "The first."


def test_taken_back_by_those_who_asked_and_never_after_the_answer(org):
    consult = ask(org, org.ticket())
    with pytest.raises(NotAllowed):
        consult_withdraw(consult=consult, by=org.receiver)
    consult_withdraw(consult=consult, by=org.people["l1_second"])
    with pytest.raises(Overtaken, match="taken back"):
        consult_answer(consult=consult, by=org.receiver, answer="Yes.")
    answered = ask(org, org.ticket())
    consult_answer(consult=answered, by=org.receiver, answer="Yes.")
    with pytest.raises(Overtaken):
        consult_withdraw(consult=answered, by=org.agent)


def test_read_by_who_asked_once(org):
    consult = ask(org, org.ticket())
    assert not consult_seen(consult=consult, by=org.agent)
    consult_answer(consult=consult, by=org.receiver, answer="Yes.")
    assert not consult_seen(consult=consult, by=org.people["l1_second"])
    assert consult_seen(consult=consult, by=org.agent)
    assert not consult_seen(consult=consult, by=org.agent)


def test_resolving_takes_open_questions_back(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        answered, still_open = ask(org, ticket), ask(org, ticket)
        consult_answer(consult=answered, by=org.receiver, answer="Yes.")
        traveller.forward(timedelta(minutes=1))
        ticket_resolve(ticket=ticket, by=org.agent, root_cause="configuration", what_was_done="Dropped it.")
    answered.refresh_from_db()
    still_open.refresh_from_db()
    assert (answered.state, still_open.state) == (ConsultState.ANSWERED, ConsultState.WITHDRAWN)
    with pytest.raises(Overtaken):
        ask(org, ticket)
