"""A desk that is handed over while its tickets are accepted, resolved or handed over elsewhere."""

import threading
import uuid
from contextlib import ExitStack
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError

from accounts.models import User
from escalations.choices import HandoverReason, TicketState
from escalations.errors import Overtaken
from escalations.models import DeskHandover, DeskHandoverLine, Ticket
from escalations.services import desk as desk_service
from escalations.services.desk import Give, desk_hand_over, results_of
from escalations.services.locking import RELATIONS, Held
from escalations.services.moves import check_target
from escalations.services.resolutions import ticket_resolve
from journal import clock
from journal.models import Event
from tests.bed.deadlines import alarms
from tests.bed.racing import PATIENCE, of_kind, race
from tests.factories import Organisation, accept

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def org(transactional_db) -> Organisation:
    return Organisation()


def hand_over(org: Organisation, *tickets: Ticket, key: uuid.UUID | None = None, to: User | None = None) -> Any:
    return desk_hand_over(
        owner=org.agent, by=org.agent, key=key or uuid.uuid4(), reason=HandoverReason.SHIFT_END,
        tickets=[Give(ticket.pk, to or org.people["l1_second"]) for ticket in tickets],
    )  # fmt: skip


def sound() -> dict[str, Any]:
    return alarms(clock.now(), "no sweep for 90 s")


def test_accepted_by_the_next_tier_at_the_same_moment(org):
    """Whoever is first, the receiver holds the ticket in the end, and the handover says what became of it."""
    for _ in range(6):
        ticket = org.ticket()
        escalation = org.handoff(ticket)
        given, _ = race(lambda t=ticket: hand_over(org, t), lambda e=escalation: accept(e, org.receiver))
        ticket.refresh_from_db()
        assert ticket.owner == org.receiver
        assert ticket.team == org.teams["L2"]
        assert results_of(given)[0].outcome in ("given", "refused")
    assert sound() == {}


def unlocked(ticket_id: int, by: User) -> Held:
    ticket = Ticket.objects.select_related(*RELATIONS).get(pk=ticket_id)
    return Held(ticket, User.objects.select_related("role", "team").get(pk=by.pk), clock.now())


def slowly(looked: threading.Event, accepted: threading.Event, patience: float) -> Any:
    """Between looking who holds the ticket and writing, the other has time to finish."""

    def check(*args: Any, **kwargs: Any) -> None:
        looked.set()
        accepted.wait(patience)
        check_target(*args, **kwargs)

    return check


def race_in_the_middle(org: Organisation, *, locked: bool) -> tuple[Ticket, Any]:
    ticket = org.ticket()
    escalation = org.handoff(ticket)
    looked, accepted = threading.Event(), threading.Event()

    def answer() -> None:
        assert looked.wait(PATIENCE)
        accept(escalation, org.receiver)
        accepted.set()

    with ExitStack() as stack:
        # With the lock the other cannot finish meanwhile: it waits only a little, else it would wait for ever.
        patched = slowly(looked, accepted, 0.5 if locked else PATIENCE)
        stack.enter_context(mock.patch.object(desk_service, "check_target", patched))
        if not locked:
            stack.enter_context(mock.patch.object(desk_service, "hold_ticket", unlocked))
        given, _ = race(lambda: hand_over(org, ticket), answer)
    ticket.refresh_from_db()
    return ticket, given


def test_accepted_in_the_middle_of_the_handover(org):
    ticket, given = race_in_the_middle(org, locked=True)
    assert ticket.owner == org.receiver
    assert isinstance(given, DeskHandover)
    assert sound() == {}


def test_control_without_the_lock_it_goes_wrong(org):
    """Only the database's own guard on hops then stops it, and with an error for the person."""
    ticket, given = race_in_the_middle(org, locked=False)
    assert isinstance(given, DatabaseError) or ticket.owner != org.receiver or sound() != {}


def test_resolved_at_the_same_moment(org):
    for _ in range(6):
        ticket = org.ticket()
        given, _ = race(
            lambda t=ticket: hand_over(org, t),
            lambda t=ticket: ticket_resolve(
                ticket=t, by=org.agent, root_cause="configuration", what_was_done="Done."
            ),
        )  # fmt: skip
        ticket.refresh_from_db()
        assert ticket.state == TicketState.RESOLVED
        assert len(results_of(given)) == 1
    assert sound() == {}


def test_two_handovers_of_one_desk_give_every_ticket_once(org):
    tickets = [org.ticket() for _ in range(4)]
    third = org.person("l1_third", "l1_agent", org.teams["L1"])
    found = race(
        lambda: hand_over(org, *tickets), lambda: hand_over(org, *reversed(tickets), to=third)
    )  # fmt: skip
    assert len(of_kind(found, DeskHandover)) == 2
    assert DeskHandoverLine.objects.count() == 4
    assert Event.objects.filter(kind="ticket.handed_over").count() == 4
    said = [result.words for one in found for result in results_of(one) if result.outcome == "refused"]
    assert len(said) == 4
    assert all(words.startswith("Not handed over: it is with") for words in said)
    assert sound() == {}


def test_one_form_sent_twenty_times_hands_over_once(org):
    ticket, key = org.ticket(), uuid.uuid4()
    found = race(*[lambda: hand_over(org, ticket, key=key)] * 20)
    assert {one.pk for one in of_kind(found, DeskHandover)} == {DeskHandover.objects.get().pk}
    assert not of_kind(found, Overtaken)
    assert Event.objects.filter(kind="ticket.handed_over").count() == 1
