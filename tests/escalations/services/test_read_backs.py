"""The read-back: restated, corrected, confirmed; by whom, and never by who gave it."""

from datetime import timedelta

import pytest

from accounts.models import Absence
from escalations.choices import EscalationState, ReadBackState
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Escalation, ReadBack
from escalations.services.read_backs import (
    Restated,
    owes_read_back,
    read_back_confirm,
    read_back_correct,
    read_back_give,
)
from escalations.services.resolutions import Feedback, ticket_resolve
from journal import clock
from journal.models import Event, OutboxMessage
from tests.factories import NOON, accept

pytestmark = pytest.mark.django_db


def kinds(escalation: Escalation) -> list[str]:
    events = Event.objects.filter(subject_type="ticket", subject_id=escalation.ticket_id, kind__contains="read_back")
    return list(events.order_by("pk").values_list("kind", flat=True))


def test_corrected_once_then_confirmed(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.receiver)
    row = ReadBack.objects.get()
    assert (row.round, row.state, row.given_by) == (1, ReadBackState.GIVEN, org.receiver)
    read_back_correct(escalation=escalation, by=org.agent, round=1, correction="Only in one region.")
    second = read_back_give(escalation=escalation, by=org.receiver, problem="One region.", next_action="Drop it there.")
    assert second.round == 2
    read_back_confirm(escalation=escalation, by=org.agent, round=2)
    assert list(ReadBack.objects.values_list("round", "state")) == [(1, "corrected"), (2, "confirmed")]
    assert kinds(escalation) == [
        "handoff.read_back_corrected", "handoff.read_back", "handoff.read_back_confirmed"
    ]  # fmt: skip
    with pytest.raises(Overtaken, match="nothing to restate"):
        read_back_give(escalation=escalation, by=org.receiver, problem="Again.", next_action="Again.")


def test_one_mail_says_accepted_and_read_back(org):
    escalation = org.handoff(org.ticket())
    OutboxMessage.objects.all().delete()
    accept(escalation, org.receiver)
    (mail,) = OutboxMessage.objects.filter(recipient=org.agent.email)
    assert "accepted" in mail.subject
    assert "confirm or correct" in mail.subject


@pytest.mark.parametrize("words", [None, Restated("", "Do it."), Restated("It is so.", "  "), Restated("", "")])
def test_half_a_read_back_accepts_nothing_and_none_neither(org, words):
    escalation = org.handoff(org.ticket())
    with pytest.raises(Refused) as refused:
        accept(escalation, org.receiver, read_back=words)
    assert set(refused.value.fields) <= {"problem", "next_action"}
    escalation.refresh_from_db()
    assert escalation.state == EscalationState.PENDING


def test_what_a_trigger_filed_is_accepted_without_since_nobody_could_confirm(org):
    escalation = org.handoff(org.ticket())
    assert owes_read_back(escalation)
    Escalation.objects.filter(pk=escalation.pk).update(origin="trigger", from_user=None)
    accept(escalation, org.receiver, read_back=None)
    assert not ReadBack.objects.exists()
    with pytest.raises(Overtaken, match="no person sent it"):
        read_back_give(escalation=escalation, by=org.receiver, problem="P", next_action="N")


def test_who_may_answer_and_who_not(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.receiver)
    for stranger in (org.receiver, org.people["l2_second"], org.people["l3_first"], org.process_owner):
        with pytest.raises(NotAllowed):
            read_back_confirm(escalation=escalation, by=stranger, round=1)
    with pytest.raises(NotAllowed):
        read_back_give(escalation=escalation, by=org.agent, problem="P", next_action="N")
    read_back_confirm(escalation=escalation, by=org.people["l1_second"], round=1)


def test_nobody_confirms_themselves_not_even_a_manager_who_accepted(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.manager)
    with pytest.raises(NotAllowed):
        read_back_confirm(escalation=escalation, by=org.manager, round=1)


def test_nor_who_restated_it_in_place_of_who_accepted(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.receiver)
    read_back_correct(escalation=escalation, by=org.agent, round=1, correction="Only in one region.")
    read_back_give(escalation=escalation, by=org.manager, problem="P", next_action="N")
    with pytest.raises(NotAllowed):
        read_back_confirm(escalation=escalation, by=org.manager, round=2)


def test_of_a_sender_who_left_the_team_answers_and_its_lead_is_told(org):
    escalation = org.handoff(org.ticket())
    lead = org.people["l1_second"]
    org.teams["L1"].lead = lead
    org.teams["L1"].save()
    org.agent.is_active = False
    org.agent.save()
    accept(escalation, org.receiver)
    assert OutboxMessage.objects.filter(recipient=lead.email, subject__contains="reads it back").exists()
    with pytest.raises(NotAllowed):
        read_back_confirm(escalation=escalation, by=org.agent, round=1)
    assert read_back_confirm(escalation=escalation, by=lead, round=1).answered_by == lead


def test_who_covers_for_the_sender_answers_while_they_are_away(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.receiver)
    cover, now = org.people["l3_first"], clock.now()
    away = Absence.objects.create(
        user=org.agent, covered_by=cover, starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1)
    )
    with pytest.raises(NotAllowed):
        read_back_confirm(escalation=escalation, by=cover, round=1)
    Absence.objects.filter(pk=away.pk).update(ends_at=now + timedelta(hours=1))
    read_back_confirm(escalation=escalation, by=cover, round=1)


def test_the_second_of_two_tabs_is_told_who_was_first(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.receiver)
    read_back_confirm(escalation=escalation, by=org.people["l1_second"], round=1)
    with pytest.raises(Overtaken, match="L1_Second Example was first: the read-back is confirmed"):
        read_back_confirm(escalation=escalation, by=org.agent, round=1)
    with pytest.raises(Overtaken, match="was first"):
        read_back_correct(escalation=escalation, by=org.agent, round=1, correction="Not quite.")


def test_a_page_that_shows_an_old_round_answers_nothing(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.receiver)
    read_back_correct(escalation=escalation, by=org.agent, round=1, correction="Only in one region.")
    read_back_give(escalation=escalation, by=org.receiver, problem="One region.", next_action="Drop it there.")
    with pytest.raises(Overtaken):
        read_back_confirm(escalation=escalation, by=org.agent, round=1)
    assert ReadBack.objects.get(round=2).state == ReadBackState.GIVEN
    with pytest.raises(Overtaken, match="does not exist"):
        read_back_confirm(escalation=escalation, by=org.agent, round=9)


def test_a_correction_says_what_is_different(org):
    escalation = org.handoff(org.ticket())
    accept(escalation, org.receiver)
    with pytest.raises(Refused):
        read_back_correct(escalation=escalation, by=org.agent, round=1, correction="  ")


def test_once_resolved_there_is_nothing_left_to_confirm(org):
    with clock.travel(NOON) as traveller:
        ticket = org.ticket()
        escalation = org.handoff(ticket)
        accept(escalation, org.receiver)
        traveller.forward(timedelta(minutes=5))
        ticket_resolve(
            ticket=ticket, by=org.receiver, root_cause="configuration", what_was_done="Done.",
            feedback=Feedback(rating=4, was_necessary=True),
        )  # fmt: skip
    with pytest.raises(Overtaken, match="resolved by now"):
        read_back_confirm(escalation=escalation, by=org.agent, round=1)
