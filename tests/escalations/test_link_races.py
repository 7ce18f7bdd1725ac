"""Tickets that are linked and merged by several people at once. Each race has its control without the guard."""

import uuid
from collections.abc import Callable
from unittest import mock

import psycopg
import pytest
from django.db.utils import OperationalError

from accounts.models import User
from escalations.choices import EscalationState, TicketState
from escalations.errors import Overtaken, Refused
from escalations.models import Escalation, Ticket
from escalations.services import families
from escalations.services.customers import customer_change
from escalations.services.families import Family
from escalations.services.merging import ticket_merge
from escalations.services.outages import ticket_resolve_all
from escalations.services.parents import ticket_link_parent
from journal import clock
from journal.models import Event
from tests.bed.deadlines import alarms
from tests.bed.racing import of_kind, race
from tests.factories import COMPLETE, Organisation

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = 12
SILENT = ("no sweep for 90 s", "outbox unsent for 5 min")


@pytest.fixture
def org(transactional_db) -> Organisation:
    return Organisation()


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def parent_first(find: Callable[[], list[int]], by: User) -> Family:
    """What the order of locks must not be: the order in which the tickets are named, parent before child."""
    ids = list(find())
    for pk in reversed(ids):
        Ticket.objects.select_for_update(no_key=True).only("pk").get(pk=pk)
    tickets = {
        pk: Ticket.objects.select_related("team", "tier", "owner", "customer", "contact").get(pk=pk) for pk in ids
    }
    person = User.objects.select_related("role", "team").get(pk=by.pk)
    return Family(tickets, person, clock.now(), frozenset())


def link_crosswise(org: Organisation, rounds: int) -> list[Exception]:
    """Two sessions link two tickets under each other: what else was raised than a refusal."""
    strange: list[Exception] = []
    for _ in range(rounds):
        first, second = org.ticket(), org.ticket()
        results = race(
            lambda: ticket_link_parent(ticket=first, parent=second, by=org.agent),  # noqa: B023
            lambda: ticket_link_parent(ticket=second, parent=first, by=org.agent),  # noqa: B023
        )
        strange += [one for one in of_kind(results, Exception) if not isinstance(one, Refused)]
        assert Ticket.objects.filter(pk__in=[first.pk, second.pk], parent__isnull=False).count() <= 1 or strange
    return strange


def test_two_sessions_that_link_crosswise_have_one_winner_and_no_deadlock(org):
    assert link_crosswise(org, ROUNDS) == []
    assert Ticket.objects.filter(parent__isnull=False).count() == ROUNDS
    assert alarms(clock.now(), *SILENT) == {}


def test_control_parent_before_child_deadlocks(org):
    with mock.patch("escalations.services.parents.hold_set", parent_first):
        strange = link_crosswise(org, ROUNDS)
    assert any(isinstance(one, OperationalError) and "deadlock" in str(one) for one in strange)


def test_linking_to_a_parent_that_is_being_resolved_leaves_nobody_carried_by_nobody(org):
    for _ in range(ROUNDS):
        parent, known, late = org.ticket(), org.ticket(), org.ticket()
        ticket_link_parent(ticket=known, parent=parent, by=org.agent)
        results = race(
            lambda: ticket_link_parent(ticket=late, parent=parent, by=org.agent),  # noqa: B023
            lambda: ticket_resolve_all(
                ticket=parent, by=org.agent, children=[known.pk], root_cause="configuration", what_was_done="Done."  # noqa: B023
            ),
        )  # fmt: skip
        assert all(isinstance(one, Refused) for one in of_kind(results, Exception))
        assert (fresh(parent).state, fresh(known).state) == (TicketState.RESOLVED, TicketState.RESOLVED)
        assert fresh(late).is_open
    assert alarms(clock.now(), *SILENT) == {}


def test_control_a_set_that_is_not_read_again_leaves_a_child_behind(org):
    """Without the second look a child that came during the wait for the lock is neither resolved nor let go."""
    parent = org.ticket()
    late = org.ticket()
    real, linked = families.hold_named, []

    def look_once(find, by):
        ids = list(find())
        if not linked:
            linked.append(True)
            race(lambda: ticket_link_parent(ticket=late, parent=parent, by=org.agent))
        return real(lambda: ids, by)

    with mock.patch.object(families, "hold_named", look_once):
        ticket_resolve_all(
            ticket=parent, by=org.agent, children=[], root_cause="configuration", what_was_done="Done."
        )  # fmt: skip
    assert "open child whose open parent does not carry it, or carried by nobody" in alarms(clock.now(), *SILENT)


def file_against_merge(org: Organisation, rounds: int) -> int:
    """How often a handoff was left waiting on a merged ticket, or was lost."""
    wrong = 0
    for _ in range(rounds):
        duplicate, survivor = org.ticket(), org.ticket()
        results = race(
            lambda: org.handoff(duplicate, key=uuid.uuid4(), content=COMPLETE),  # noqa: B023
            lambda: ticket_merge(ticket=duplicate, into=survivor, by=org.agent),  # noqa: B023
        )
        assert all(isinstance(one, Overtaken) for one in of_kind(results, Exception)), results
        assert fresh(duplicate).state == TicketState.MERGED
        found = Escalation.objects.filter(ticket=duplicate).first()
        # Filed first: withdrawn, and readable there. Merged first: refused, and the form keeps its draft.
        told = Event.objects.filter(subject_id=duplicate.pk, kind="handoff.withdrawn").count()
        wrong += (found is not None) != (told == 1) or (
            found is not None and found.state != EscalationState.WITHDRAWN
        )  # fmt: skip
    return wrong


def test_a_handoff_and_a_merge_have_one_winner_and_nothing_is_lost(org):
    assert file_against_merge(org, ROUNDS) == 0
    assert alarms(clock.now(), *SILENT) == {}


@pytest.fixture
def without_ticket_states(superuser_connection: psycopg.Connection):
    superuser_connection.execute("ALTER TABLE escalations_ticket DISABLE TRIGGER USER")
    yield
    superuser_connection.execute("ALTER TABLE escalations_ticket ENABLE TRIGGER USER")


def merge_crosswise(org: Organisation, rounds: int) -> int:
    """How many pairs were both merged: into each other."""
    both = 0
    for _ in range(rounds):
        first, second = org.ticket(), org.ticket()
        race(
            lambda: ticket_merge(ticket=first, into=second, by=org.agent),  # noqa: B023
            lambda: ticket_merge(ticket=second, into=first, by=org.agent),  # noqa: B023
        )
        both += fresh(first).state == fresh(second).state == TicketState.MERGED
    return both


def unlocked(find, by) -> Family:
    ids = list(find())
    tickets = {
        pk: Ticket.objects.select_related("team", "tier", "owner", "customer", "contact").get(pk=pk) for pk in ids
    }
    return Family(tickets, User.objects.select_related("role", "team").get(pk=by.pk), clock.now(), frozenset())


def test_two_tickets_are_never_merged_into_each_other(org):
    assert merge_crosswise(org, ROUNDS) == 0
    assert Ticket.objects.filter(state=TicketState.MERGED).count() == ROUNDS
    assert alarms(clock.now(), *SILENT) == {}


def test_control_without_the_locks_they_are(org, without_ticket_states):
    with (
        mock.patch("escalations.services.merging.hold_set", unlocked),
        mock.patch("escalations.services.merging._leave", leave_in_the_database),
        mock.patch("escalations.services.merging.carry_deadlines", return_value=[]),
        mock.patch("escalations.services.merging.TicketClocks", NoClocks),
    ):
        assert merge_crosswise(org, ROUNDS) > 0


class NoClocks:
    open_waits: list[object] = []

    def __init__(self, *_: object) -> None: ...

    def cancel(self) -> None: ...

    def save(self) -> None: ...


def leave_in_the_database(held, _ends, state, survivor) -> None:
    Ticket.objects.filter(pk=held.ticket.pk).update(state=state, merged_into=survivor)


def test_a_customer_s_change_and_a_resolution_of_many_do_not_wait_for_each_other(org):
    parent = org.ticket()
    children = [ticket_link_parent(ticket=org.ticket(), parent=parent, by=org.agent) for _ in range(6)]
    version = org.customer.version
    results = race(
        lambda: customer_change(by=org.manager, customer=org.customer, version=version, changes={"segment": "smb"}),
        lambda: ticket_resolve_all(
            ticket=parent, by=org.agent, children=[one.pk for one in children], root_cause="configuration",
            what_was_done="Done.",
        ),
    )  # fmt: skip
    assert of_kind(results, Exception) == []
    assert alarms(clock.now(), *SILENT) == {}
