"""The rule of place in memory and the rule of place in the database are one rule."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalations.choices import ClockKind, ClockState
from escalations.domain.clocks import Wait
from escalations.models import Clock, Pause, Ticket
from escalations.services.clocks import TicketClocks
from escalations.services.placing import place_tickets
from journal import clock
from policies.selectors import policy_in_force
from tests.factories import NOON, Organisation

pytestmark = pytest.mark.django_db

KINDS = [
    ClockKind.FIRST_RESPONSE, ClockKind.TIER_RESOLUTION, ClockKind.CONTRACT_RESOLUTION, ClockKind.PROMISED_UPDATE,
]  # fmt: skip
hours = st.integers(-5, 5).map(lambda n: timedelta(hours=n))


@st.composite
def clocks(draw: st.DrawFn) -> dict:
    state = draw(st.sampled_from(ClockState.values))
    due = NOON + draw(hours)
    row = {"state": state, "due_at": due, "stopped_at": None, "fired_at": None, "is_late_record": draw(st.booleans())}
    if state == ClockState.PAUSED:
        row |= {"due_at": None, "remaining": 60, "paused_at": NOON, "pause_reason": "x", "review_at": NOON}
    if state in (ClockState.MET, ClockState.CANCELLED):
        row["stopped_at"] = due
    if state == ClockState.BREACHED:
        row |= {"fired_at": NOON, "stopped_at": draw(st.sampled_from([None, NOON]))}
    return row


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    rows=st.lists(clocks(), max_size=4),
    waits=st.lists(st.tuples(st.sampled_from(list(Wait)), hours, st.booleans()), max_size=3, unique_by=lambda w: w[0]),
    priority=st.integers(1, 4),
)
def test_both_give_the_same_place(db, rows, waits, priority):
    with clock.travel(NOON):
        org = Organisation() if not Ticket.objects.exists() else None
        ticket = org.ticket() if org else Ticket.objects.select_related("customer", "tier", "team").get()
        version, policy = policy_in_force()
        Clock.objects.all().delete()
        Pause.objects.all().delete()
        Ticket.objects.update(priority=priority)
        ticket.priority = priority
        for kind, row in zip(KINDS, rows, strict=False):
            Clock.objects.create(
                ticket=ticket, kind=kind, policy_version=version, budget=60, started_at=NOON - timedelta(days=1), **row
            )
        for number, (wait, review, is_open) in enumerate(waits):
            Pause.objects.create(
                ticket=ticket, wait=wait.value, reason="x", review_at=NOON + review,
                started_at=NOON - timedelta(minutes=number), ended_at=None if is_open else NOON,
            )  # fmt: skip
        TicketClocks(ticket, NOON).reschedule()
        place_tickets([ticket.pk], now=NOON, until=NOON, policy=policy)
    stored = Ticket.objects.get()
    assert (stored.due_at, stored.due_kind, stored.queue_key) == (ticket.due_at, ticket.due_kind, ticket.queue_key)
    assert stored.next_check_at is None or stored.next_check_at > NOON
