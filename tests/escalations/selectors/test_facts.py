"""A trigger means the same for one ticket and for the whole table."""

import random
from datetime import timedelta

import pytest

from escalations.models import Ticket
from escalations.selectors import fact_columns as columns
from escalations.selectors import judging
from escalations.selectors.fact_columns import fact_columns
from escalations.selectors.facts import ticket_facts
from journal import clock
from policies.domain.facts import FACTS
from tests.bed.trigger_cases import disagreements, make_tickets, random_trigger
from tests.factories import NOON, Organisation

pytestmark = pytest.mark.django_db
MOMENTS = [timedelta(hours=5), timedelta(days=1, hours=12, microseconds=1), timedelta(days=4, hours=21)]


@pytest.fixture
def org() -> Organisation:
    with clock.travel(NOON):
        return Organisation()


def test_a_ticket_and_the_table_give_one_answer(org):
    rng = random.Random(20261122)
    make_tickets(org, rng, 24)
    facts = [FACTS[name] for name in sorted(fact_columns(NOON))]

    for moment in MOMENTS:
        with clock.travel(NOON + moment):
            compared, fired, found = disagreements(rng, facts, 800)
        assert found == []
        assert compared >= 800
        assert 80 < fired < compared - 80  # triggers that always or never fire would agree about nothing


def test_the_comparison_would_notice_a_threshold_that_is_off_by_a_second(org, monkeypatch):
    rng = random.Random(7)
    make_tickets(org, rng, 24)
    right = columns.instant_at
    monkeypatch.setattr(columns, "instant_at", lambda now, offset, calendar: right(now, offset + 3600, calendar))

    with clock.travel(NOON + MOMENTS[0]):
        _, _, found = disagreements(rng, [FACTS["wait_time"], FACTS["age"], FACTS["contract_left"]], 2000)

    assert found


def test_the_comparison_would_notice_one_pass_an_hour_late(org, monkeypatch):
    rng = random.Random(7)
    make_tickets(org, rng, 24)
    right = judging.fact_columns
    late = timedelta(hours=1)
    monkeypatch.setattr(judging, "fact_columns", lambda now, *asked, **how: right(now + late, *asked, **how))

    with clock.travel(NOON + MOMENTS[0]):
        _, _, found = disagreements(rng, [FACTS["time_at_tier"], FACTS["contract_left"]], 2000)

    assert found


def test_any_number_of_triggers_on_any_number_of_tickets_costs_the_same(org, django_assert_max_num_queries):
    rng = random.Random(3)
    triggers = [one for one in (random_trigger(rng, list(FACTS.values())) for _ in range(60)) if one is not None]
    with clock.travel(NOON):
        for _ in range(3):
            org.ticket()
        with django_assert_max_num_queries(5):
            found = judging.judge(triggers, Ticket.objects.open(), now=NOON)
        assert len(found) == 3
        assert judging.judge([], Ticket.objects.open(), now=NOON) == []


def test_every_fact_of_the_policy_can_be_asked_of_one_ticket_and_of_all(org):
    with clock.travel(NOON):
        ticket = org.ticket()
        assert set(ticket_facts(ticket, now=NOON)) == set(FACTS)
        assert set(fact_columns(NOON)) == set(FACTS)


def test_facts_cost_the_same_however_many_tickets_there_are(org, django_assert_max_num_queries):
    with clock.travel(NOON):
        ticket = org.ticket()
        with django_assert_max_num_queries(4):
            ticket_facts(ticket, now=NOON, words=["refund"])
        with django_assert_max_num_queries(4):
            fact_columns(NOON)
