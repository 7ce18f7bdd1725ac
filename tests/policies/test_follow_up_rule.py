"""How soon the customer hears from the new holder: a number of the policy, like the others."""

import pytest

from policies.domain.policy import Policy
from policies.models import PolicyTier, PolicyVersion
from policies.selectors import policy_of
from policies.services.versions import policy_of_draft, problems_of, version_copy
from policies.shipped import draft_shipped_policy

pytestmark = pytest.mark.django_db


def test_the_shipped_policy_says_when_with_its_clause(org):
    policy = policy_of(org.policy.pk)
    assert {tier.code: tier.follow_up_seconds for tier in policy.tiers} == {
        "L1": None, "L2": 3_600, "L3": 3_600, "L4": 14_400
    }  # fmt: skip
    clause = policy.clause("tier.L4.follow_up")
    assert (clause.number, clause.text) == ("7.3", "L4 contacts the customer within 4 h of accepting.")


def test_a_version_published_before_the_rule_still_reads(org):
    snapshot = PolicyVersion.objects.get(pk=org.policy.pk).snapshot
    for tier in snapshot["tiers"]:
        del tier["follow_up_seconds"]
    assert {tier.follow_up_seconds for tier in Policy.from_json(snapshot).tiers} == {None}


def test_a_copy_keeps_it_and_nought_is_a_problem(org):
    draft = version_copy(version=org.policy, by=org.process_owner)
    rows = PolicyTier.objects.filter(version=draft, tier__code="L2")
    assert rows.get().follow_up_seconds == 3_600
    rows.update(follow_up_seconds=0)
    assert problems_of(policy_of_draft(draft)) == ["Tier L2: a limit or target of 0 would ring at once."]


def test_the_page_prints_it_last(org, client):
    client.force_login(org.agent)
    text = client.get("/policies/").content.decode()
    assert text.index("Management response") < text.index("Follow-up with the customer")
    assert "L2 contacts the customer within 1 h of accepting." in text
    assert 'id="tier.L2.follow_up"' in text


def test_a_tier_may_do_without(org):
    draft = draft_shipped_policy(code="2026.9", by=org.process_owner)
    PolicyTier.objects.filter(version=draft).update(follow_up_seconds=None)
    policy = policy_of_draft(draft)
    assert problems_of(policy) == []
    assert not [key for key in policy.clauses if key.endswith(".follow_up")]
