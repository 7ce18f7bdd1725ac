"""500 lives of 50 steps, new ones on every run; BELAY_LIVES and BELAY_STEPS change the counts."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from journal import clock
from tests.bed.ticket_model import TicketLife
from tests.factories import NOON, Organisation

pytestmark = pytest.mark.django_db
LIVES = int(os.environ.get("BELAY_LIVES", "500"))
STEPS = int(os.environ.get("BELAY_STEPS", "50"))


def test_whatever_happens_to_a_ticket_the_record_holds(capsys: pytest.CaptureFixture[str]):
    with clock.travel(NOON):
        TicketLife.org = Organisation()
    TicketLife.tally.clear()
    run_state_machine_as_test(
        TicketLife,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            derandomize=False,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # a life of some steps can be read; shrinking one takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        print(f"\nbattery: {TicketLife.tally.total()} acts on {LIVES} tickets, nothing lost")
        for what, count in sorted(TicketLife.tally.items()):
            print(f"battery: {count:>7} {what}")
