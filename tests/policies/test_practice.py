"""Triggers and the rest of the practice: rows, snapshot, copy, and the guard on what is published."""

import pytest
from django.db import DatabaseError, connection, transaction

from policies.choices import TriggerAction
from policies.domain.policy import Policy
from policies.models import PolicyVersion, Pool, Trigger, TriggerCondition
from policies.offers import list_names
from policies.selectors import compiled_triggers, policy_of
from policies.services.versions import policy_of_draft, problems_of, version_copy
from tests.factories import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> PolicyVersion:
    org = Organisation()
    return version_copy(version=org.policy, by=org.process_owner)


def test_a_snapshot_gives_back_every_trigger_as_it_was_drafted(draft):
    policy = policy_of_draft(draft)

    assert len(policy.triggers) == 13
    assert problems_of(policy) == []
    assert Policy.from_json(policy.to_json()) == policy


def test_the_management_triggers_of_the_source_are_clauses(draft):
    policy = policy_of_draft(draft)

    assert policy.clause("trigger.enterprise_open_4h").text == (
        "Enterprise customer with a P1 or P2 issue for more than 4 hours: when customer segment is Enterprise"
        " and priority is any of P1 or P2 and age is more than 4 h, it calls management."
    )
    assert len([one for one in policy.triggers if one.action == TriggerAction.MANAGEMENT]) == 6


def test_a_copy_has_groups_conditions_and_its_own_pools():
    org = Organisation()
    first = version_copy(version=org.policy, by=org.process_owner)
    pool = Pool.objects.create(version=first, key="webhooks", name="Webhooks", team=org.teams["L2"])
    Trigger.objects.filter(version=first, key="churn_threat").update(action=TriggerAction.ROUTE, to_pool=pool)

    second = version_copy(version=first, by=org.process_owner)

    assert policy_of_draft(second).triggers == policy_of_draft(first).triggers
    assert second.triggers.get(key="churn_threat").to_pool.version == second


def test_a_trigger_without_sense_keeps_a_draft_from_being_published(draft):
    TriggerCondition.objects.filter(group__trigger__version=draft, fact="churn_threat").update(value="perhaps")
    Trigger.objects.filter(version=draft, key="revenue_at_risk").update(action=TriggerAction.ROUTE)

    problems = problems_of(policy_of_draft(draft))

    assert problems == [
        "Trigger “Churn threat”: Group 1, row 1: Choose yes or no.",
        "Trigger “More than $50,000 revenue at risk”: routing needs a team or a pool.",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policies_trigger SET name = 'x'",
        "UPDATE policies_triggergroup SET \"join\" = 'any'",
        "DELETE FROM policies_triggercondition",
        "UPDATE policies_commitment SET text = 'x'",
        "INSERT INTO policies_triggercondition (group_id, fact, operator, position) SELECT id, 'age', 'more', 9"
        " FROM policies_triggergroup LIMIT 1",
    ],
)
def test_nothing_of_a_published_version_changes_by_raw_sql_either(statement):
    Organisation()

    with pytest.raises(DatabaseError, match="a published policy cannot be changed"), transaction.atomic():
        connection.cursor().execute(statement)


def test_triggers_in_force_are_compiled_once(django_assert_num_queries):
    org = Organisation()
    policy_of(org.policy.pk)

    compiled = compiled_triggers(org.policy.pk)

    assert [one.rule.key for one in compiled][:2] == ["security_or_data_loss", "enterprise_waits"]
    with django_assert_num_queries(0):
        assert compiled_triggers(org.policy.pk) is compiled


def test_every_fact_with_a_list_has_its_values():
    Organisation()
    names = list_names()

    assert names["sentiment"]["upset"] == "Upset"
    assert names["complexity"]["high"] == "High"
    assert names["priority"][1] == "P1"
    assert names["tier"][1] == "L1"
