"""10,000 random triggers on random tickets: by one ticket's facts, by the table, in one pass. New ones on every run.

BELAY_PAIRS changes the count, BELAY_SEED repeats a run.
"""

import os
import random
from datetime import timedelta

import pytest

from escalations.selectors import fact_columns as columns
from journal import clock
from policies.domain.facts import FACTS
from tests.bed.trigger_cases import disagreements, make_tickets
from tests.factories import NOON, Organisation

pytestmark = pytest.mark.django_db
PAIRS = int(os.environ.get("BELAY_PAIRS", "10000"))
TICKETS = 60
MOMENTS = [timedelta(hours=5), timedelta(days=1, hours=12, microseconds=1), timedelta(days=4, hours=21)]


@pytest.fixture
def rng(capsys: pytest.CaptureFixture[str]) -> random.Random:
    seed = int(os.environ.get("BELAY_SEED", random.randrange(10**9)))
    with capsys.disabled():
        print(f"\nbattery: seed {seed}")
    with clock.travel(NOON):
        org = Organisation()
    drawn = random.Random(seed)
    make_tickets(org, drawn, TICKETS)
    return drawn


def test_a_trigger_means_the_same_of_one_ticket_of_the_table_and_among_others(rng, capsys):
    compared = fired = 0
    for moment in MOMENTS:
        with clock.travel(NOON + moment):
            pairs, matched, found = disagreements(rng, list(FACTS.values()), -(-PAIRS // len(MOMENTS)))
        assert found == []
        compared, fired = compared + pairs, fired + matched
    with capsys.disabled():
        print(f"\nbattery: {compared} pairs of a trigger and a ticket, {fired} fired, 0 disagreements")
    assert compared >= PAIRS
    assert PAIRS // 10 < fired < compared - PAIRS // 10


def test_control_an_hour_off_is_noticed(rng, monkeypatch, capsys):
    right = columns.instant_at
    monkeypatch.setattr(columns, "instant_at", lambda now, offset, calendar: right(now, offset + 3600, calendar))
    with clock.travel(NOON + MOMENTS[0]):
        pairs, _, found = disagreements(
            rng, [FACTS[name] for name in ("wait_time", "age", "contract_left")], PAIRS // 5
        )
    with capsys.disabled():
        print(f"\nbattery: the same with thresholds an hour off: {len(found)} of {pairs} disagree")
    assert found
