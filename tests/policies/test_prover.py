"""The prover on the policy of the sources and on the shipped one."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from policies.domain.prover import prove
from policies.models import AcceptedFinding
from policies.proving import findings_of, organisation_at
from policies.services.versions import version_copy
from policies.sources import sources_policy
from tests.factories import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

# What the two source documents contradict each other in.
KNOWN = {
    "value:negative_after_attempts:sentiment:extremely_negative",
    "no_authority_between:l3_engineer",
    "missing_limit:l2_specialist",
    "response_before_ack:P1:L3",
    "resolution_before_limit:L1",
    "resolution_before_limit:L2",
    "management_before_limit:enterprise_4h:L2",
    "team_of_no_tier:P4",
    "below_entry:enterprise_waits:P1",
}


def test_the_sources_are_found_out(org):
    found = {one.id: one for one in prove(sources_policy(), organisation_at(NOON))}

    assert set(found) >= KNOWN
    assert not any(one.accepted for one in found.values())
    assert found["below_entry:enterprise_waits:P1"].counterexample == {
        "priority": 1, "tier": 3, "segment": "enterprise", "wait_time": 7201,
    }  # fmt: skip
    assert all(one.message and one.kind for one in found.values())


def test_of_the_shipped_policy_only_what_is_accepted_with_a_reason(org):
    found = findings_of(org.policy)

    assert found
    assert [one.id for one in found if not one.accepted] == []
    assert all(one.reason for one in found)


def test_a_finding_is_open_again_when_nobody_accepts_it(org):
    draft = version_copy(version=org.policy, by=org.process_owner)
    AcceptedFinding.objects.filter(version=draft, finding="response_before_ack:P1:L3").delete()

    assert [one.id for one in findings_of(draft) if not one.accepted] == ["response_before_ack:P1:L3"]


def test_a_policy_without_a_tier_of_the_organisation_says_who_stands_there(org):
    ticket = org.ticket(priority=1)  # enters at L3
    draft = version_copy(version=org.policy, by=org.process_owner)
    draft.tiers.filter(tier__code="L3").delete()

    (found,) = [one for one in findings_of(draft) if one.kind == "tier_without_rules"]

    assert found.id == f"tier_without_rules:{ticket.tier.code}"
    assert found.counterexample == {"tier": 3, "team": org.teams["L3"].name, "holds": "1 open ticket"}


def test_as_json_for_other_programs(org):
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("prove_policy", "--sources", "--format", "json", stdout=out)

    findings = json.loads(out.getvalue())["findings"]
    assert stopped.value.code == 1
    assert {tuple(sorted(one)) for one in findings} == {
        ("accepted", "clauses", "counterexample", "id", "kind", "message", "reason")
    }
    assert {one["id"] for one in findings} >= KNOWN


def test_a_version_without_open_findings_ends_well(org):
    out = StringIO()
    call_command("prove_policy", "2026.1", stdout=out)

    assert "accepted: Both clocks run" in out.getvalue()
    with pytest.raises(CommandError, match="There is no policy 1999.9"):
        call_command("prove_policy", "1999.9")
