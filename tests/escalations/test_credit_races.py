"""Many approve at once, and approving races whatever takes the right to it away. On real PostgreSQL, many connections.

The full numbers run in tests/battery/test_credits_battery.py.
"""

import psycopg
import pytest

from tests.bed import credit_races
from tests.factories import Organisation

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
MANY = 70  # of $100 each, against $5,000


@pytest.fixture
def org(transactional_db) -> Organisation:
    return Organisation()


@pytest.mark.parametrize("seed", range(2))
def test_parallel_approvals_issue_exactly_the_limit(org, seed):
    assert credit_races.approvals(org, seed, many=MANY) == 5000
    assert credit_races.ledger_faults() == {}


def test_parallel_grants_on_own_authority_issue_exactly_the_limit(org):
    assert credit_races.own_grants(org, many=MANY) == 5000
    assert credit_races.ledger_faults() == {}


def test_without_the_lock_the_same_race_issues_too_much(org, superuser_connection: psycopg.Connection):
    """The negative control: the guard removed, the race must go wrong."""
    with credit_races.without_the_lock(superuser_connection):
        assert max(credit_races.own_grants(org, many=MANY) for _ in range(3)) > 5000


@pytest.mark.parametrize("rival", credit_races.RIVALS)
def test_approving_races_what_takes_the_right_away(org, rival):
    credit_races.against(org, rival, times=8)


def test_a_double_click_issues_once(org):
    credit_races.double_clicks(org, times=6)
