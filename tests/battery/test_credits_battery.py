"""200 approvals at once on 20 seeds, and 200 races against what takes the right away. BELAY_SEEDS, BELAY_RACES."""

import os

import psycopg
import pytest

from escalations.models import CreditEntry
from tests.bed import credit_races
from tests.factories import Organisation

pytestmark = pytest.mark.django_db(transaction=True)
SEEDS = int(os.environ.get("BELAY_SEEDS", "20"))
RACES = int(os.environ.get("BELAY_RACES", "200"))
MANY = 200


@pytest.fixture
def org(transactional_db) -> Organisation:
    return Organisation()


def test_200_approvals_issue_exactly_the_limit_on_every_seed(org, capsys):
    found = [credit_races.approvals(org, seed, many=MANY) for seed in range(SEEDS)]
    found += [credit_races.own_grants(org, many=MANY) for _ in range(SEEDS)]
    assert set(found) == {5000}
    assert credit_races.ledger_faults() == {}
    with capsys.disabled():
        print(f"\nbattery: {2 * SEEDS} x {MANY} credits of $100 against $5,000 at once: exactly $5,000 each time")


def test_without_the_lock_they_issue_more(org, superuser_connection: psycopg.Connection, capsys):
    with credit_races.without_the_lock(superuser_connection):
        found = max(credit_races.own_grants(org, many=MANY) for _ in range(3))
    assert found > 5000
    with capsys.disabled():
        print(f"\nbattery: the same without the lock: ${found:,}")


@pytest.mark.parametrize("rival", credit_races.RIVALS)
def test_approve_against(org, rival, capsys):
    tally = credit_races.against(org, rival, times=RACES)
    with capsys.disabled():
        print(f"\nbattery: {RACES} approvals against {rival}: {tally['approved']} approved, {tally['rival']} not")
    assert sum(tally.values()) == RACES


def test_double_clicks(org):
    credit_races.double_clicks(org, times=RACES)
    assert CreditEntry.objects.count() == RACES
