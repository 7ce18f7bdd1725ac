"""A policy written as a draft's rows reads back as the same policy; what the organisation has not is refused."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from accounts.errors import Refused
from accounts.models import Tier
from journal.models import Event
from policies.domain.designer import design
from policies.domain.policy import Policy
from policies.domain.presets import Preset, Setting, preset_answers
from policies.models import PickItem, PolicyVersion
from policies.proving import findings_of
from policies.selectors import policy_of
from policies.services.versions import policy_of_draft, problems_of
from policies.services.written import version_from_policy
from policies.setting import setting_now
from policies.sources import sources_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def base(org) -> Policy:
    return policy_of(org.policy.pk)


@pytest.fixture
def here(org) -> Setting:
    return setting_now()


def plain(policy: Policy) -> Policy:
    """Without code and clauses; what has no order of its own in the order of its keys."""
    return replace(
        policy,
        code="",
        clauses={},
        pools=tuple(sorted(policy.pools, key=lambda one: one.key)),
        overflows=tuple(sorted(policy.overflows, key=lambda one: one.team)),
        authority=tuple(sorted(policy.authority, key=lambda one: (one.role, one.action))),
        accepted=tuple(sorted(policy.accepted, key=lambda one: one.finding)),
        templates=tuple(sorted(policy.templates, key=lambda one: one.key)),
        responses=dict(sorted(policy.responses.items())),
    )


def test_the_policy_in_force_comes_back_as_it_is(org, base):
    draft = version_from_policy(policy=base, by=org.process_owner, base=org.policy, note="As it is.")

    assert plain(policy_of_draft(draft)) == plain(base)
    assert (draft.code, draft.base, draft.created_by, draft.note) == (
        "2026.2", org.policy, org.process_owner, "As it is.",
    )  # fmt: skip
    assert [one.id for one in findings_of(draft)] == [one.id for one in findings_of(org.policy)]


@pytest.mark.parametrize("count", range(2, 7))
@pytest.mark.parametrize("preset", Preset)
def test_every_preset_comes_back_as_it_was_designed(org, base, here, preset, count):
    policy = design(preset_answers(preset, here, base, tiers=count), base, code="x")
    draft = version_from_policy(policy=policy, by=org.process_owner, base=org.policy, note="")

    assert plain(policy_of_draft(draft)) == plain(policy)
    assert problems_of(policy_of_draft(draft)) == []
    assert Tier.objects.count() == max(count, 4)


def test_a_draft_is_recorded_and_nothing_in_force_changes(org, base):
    lists = list(PickItem.objects.values_list())
    draft = version_from_policy(policy=base, by=org.process_owner, base=org.policy, note="")

    event = Event.objects.get(subject_type="policy", subject_id=draft.pk)
    assert (event.kind, event.actor, event.data) == ("policy.drafted", org.process_owner, {"from": "2026.1"})
    assert PolicyVersion.objects.get(state="published").pk == org.policy.pk
    assert list(PickItem.objects.values_list()) == lists


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"severities": "team"}, "P4: there is no team “nowhere”."),
        ({"authority": "role"}, "there is no role “nobody”."),
        ({"triggers": "pool"}, "there is no pool “gone”."),
        ({"tiers": "rank"}, "Tier L2 has rank 2 in the organisation, and 9 here."),
        ({"tiers": "taken"}, "Tier X: rank 4 is that of L4."),
        ({"tiers": "one"}, "2 to 6 tiers"),
    ],
    ids=str,
)
def test_what_does_not_exist_is_refused_and_nothing_is_written(org, base, change, words):
    match next(iter(change.values())):
        case "team":
            policy = replace(
                base, severities=(*base.severities[:3], replace(base.severities[3], entry_team="nowhere"))
            )  # fmt: skip
        case "role":
            policy = replace(base, authority=(replace(base.authority[0], role="nobody"), *base.authority[1:]))
        case "pool":
            policy = replace(base, triggers=(replace(base.triggers[0], to_pool="gone"), *base.triggers[1:]))
        case "rank":
            policy = replace(base, tiers=(base.tiers[0], replace(base.tiers[1], rank=9), *base.tiers[2:]))
        case "taken":
            policy = replace(base, tiers=(*base.tiers[:3], replace(base.tiers[3], code="X")))
        case _:
            policy = replace(base, tiers=base.tiers[:1])
    before = (PolicyVersion.objects.count(), Tier.objects.count(), Event.objects.count())
    with pytest.raises(Refused) as refused:
        version_from_policy(policy=policy, by=org.process_owner, base=org.policy, note="")

    assert words in " ".join(refused.value.fields.values())
    assert (PolicyVersion.objects.count(), Tier.objects.count(), Event.objects.count()) == before


def test_the_sources_open_as_a_draft_without_the_team_they_name(org):
    policy = sources_policy()
    with pytest.raises(Refused, match="not made"):
        version_from_policy(policy=policy, by=org.process_owner, base=None, note="")
    draft = version_from_policy(policy=policy, by=org.process_owner, base=None, note="As written.", leave_out=True)

    assert draft.code == "sources.1"
    assert draft.note == "As written.\nLeft out:\nP4: there is no team “product_team”."
    written = policy_of_draft(draft)
    assert [one.rule for one in written.triggers] == [one.rule for one in policy.triggers]
    assert [one.name for one in written.tiers][0] == "General support", "the organisation's own name"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tiers=..., preset=..., social=...)
def test_round_trip(org, base, here, tiers: int, preset: Preset, social: bool):
    made = preset_answers(preset, here, base, tiers=tiers % 7)
    policy = design(replace(made, social=social), base, code="x")
    draft = version_from_policy(policy=policy, by=org.process_owner, base=org.policy, note="")

    assert plain(policy_of_draft(draft)) == plain(policy)
