"""A ticket lived at random, shortly: the long run is in the battery."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from journal import clock
from tests.bed.ticket_model import TicketLife
from tests.factories import NOON, Organisation

pytestmark = pytest.mark.django_db
RUNS, STEPS = 8, 20


def test_whatever_happens_to_a_ticket_the_record_holds():
    with clock.travel(NOON):
        TicketLife.org = Organisation()
    run_state_machine_as_test(
        TicketLife,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],  # a life of some steps can be read; shrinking one takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
