"""Editing a draft: changes are checked, counted and recorded; one over another is noticed; what is out is out."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.errors import EditConflict, Overtaken, Refused
from accounts.models import Role
from escalations.models import Clock
from escalations.services.sweep import sweep
from journal import clock
from journal.models import Event
from policies.choices import PolicyState, PublicationState
from policies.demo import load_draft
from policies.domain.policy import PolicyInvalid
from policies.domain.triggers import Condition, Group
from policies.models import PolicyVersion, Pool, Publication
from policies.proving import findings_of
from policies.selectors import policy_in_force, policy_of
from policies.services.authority import RoleAuthority, role_authority, role_authority_save
from policies.services.drafts import draft_delete, draft_describe
from policies.services.findings import finding_accept, finding_take_back
from policies.services.publications import publication_cancel, publication_schedule
from policies.services.rows import row_delete, row_move, row_save
from policies.services.triggers import Conditions, ConditionsRefused, trigger_save
from policies.services.versions import policy_of_draft, version_publish

pytestmark = pytest.mark.django_db
HOUR = 3600


def l2(draft: PolicyVersion):
    return draft.tiers.get(tier__code="L2")


def record(draft: PolicyVersion) -> list[dict]:
    rows = Event.objects.filter(subject_type="policy", subject_id=draft.pk, kind="policy.edited").order_by("id")
    return [row.data for row in rows]


def test_a_change_is_recorded_with_what_it_was(org, draft):
    row = row_save(
        version=draft, section="tiers", pk=l2(draft).pk, values={"ack_seconds": 20 * 60, "hourly_cost": Decimal("50")},
        edit=0, by=org.process_owner,
    )  # fmt: skip
    assert row.ack_seconds == 1200
    assert record(draft) == [{
        "edit": 1, "section": "tiers", "row": row.pk, "name": "L2 Technical support", "how": "changed",
        "changes": [["Acknowledges within", "15 min", "20 min"], ["Cost of an hour", "$48", "$50"]],
    }]  # fmt: skip


def test_what_does_not_change_leaves_no_record(org, draft):
    row_save(version=draft, section="tiers", pk=l2(draft).pk, values={"ack_seconds": 900}, edit=0, by=org.manager)
    draft.refresh_from_db()
    assert (draft.edit, record(draft)) == (0, [])


def test_a_change_over_another_s_is_a_conflict_and_one_beside_it_is_not(org, draft, vp):
    row = l2(draft)
    row_save(version=draft, section="tiers", pk=row.pk, values={"ack_seconds": 1200}, edit=0, by=vp)
    with pytest.raises(EditConflict) as caught:
        row_save(version=draft, section="tiers", pk=row.pk, values={"ack_seconds": 60}, edit=0, by=org.process_owner)
    assert (caught.value.who, caught.value.current["ack_seconds"]) == (str(vp), 1200)
    other = draft.tiers.get(tier__code="L3")
    row_save(version=draft, section="tiers", pk=other.pk, values={"ack_seconds": 60}, edit=0, by=org.process_owner)
    assert [one["name"] for one in record(draft)] == ["L2 Technical support", "L3 Senior engineers"]


@pytest.mark.parametrize(
    ("section", "values", "field"),
    [
        ("tiers", {"resolution_seconds": 0}, "resolution_seconds"),
        ("tiers", {"expertise": ""}, "expertise"),
        ("severities", {"first_response_seconds": 0}, "first_response_seconds"),
        ("responses", {"seconds": 0}, "seconds"),
        ("templates", {"body": "Dear {nobody}"}, "body"),
    ],
)
def test_a_row_that_cannot_be_says_where(org, draft, section, values, field):
    row = getattr(draft, section).first()
    with pytest.raises(Refused) as caught:
        row_save(version=draft, section=section, pk=row.pk, values=values, edit=0, by=org.process_owner)
    assert list(caught.value.fields) == [field]


def test_the_same_tier_comes_once(org, draft):
    values = {name: getattr(l2(draft), name) for name in ("tier", "expertise", "issue_types", "resolution_seconds")}
    with pytest.raises(Refused) as caught:
        row_save(
            version=draft, section="tiers", pk=None, values={**values, "hourly_cost": 1}, edit=0, by=org.process_owner
        )
    assert caught.value.fields == {"tier": "This draft has a tier for L2 already."}


def test_rows_are_put_in_order_and_removed(org, draft):
    first, second = draft.triggers.all()[:2]
    row_move(version=draft, section="triggers", pk=second.pk, to=0, by=org.process_owner)
    assert [one.pk for one in draft.triggers.all()[:2]] == [second.pk, first.pk]
    row_delete(version=draft, section="triggers", pk=second.pk, edit=1, by=org.process_owner)
    assert [one["how"] for one in record(draft)] == ["moved", "removed"]
    with pytest.raises(Overtaken):
        row_delete(version=draft, section="triggers", pk=second.pk, edit=2, by=org.process_owner)


def test_a_pool_in_use_stays(org, draft):
    pool = row_save(
        version=draft, section="pools", pk=None, values={"name": "Webhooks", "team": org.teams["L2"], "skill": None},
        edit=0, by=org.process_owner,
    )  # fmt: skip
    assert isinstance(pool, Pool)
    trigger_save(
        version=draft, pk=None, edit=1, by=org.process_owner,
        values=values_of(name="Hooks", action="route", to_pool=pool),
        conditions=Conditions("all", (Group("all", (Condition("words", "contains_any", ["webhook"]),)),)),
    )  # fmt: skip
    with pytest.raises(Refused, match="“Hooks” sends work to Webhooks"):
        row_delete(version=draft, section="pools", pk=pool.pk, edit=2, by=org.process_owner)


def values_of(**changes):
    return {
        "name": "Upset", "kind": "technical", "is_active": True, "action": "escalate", "to_tier": None, "to_team": None,
        "to_pool": None, "to_priority": None, "notify_role": None, "reason": "", "head_start_seconds": 0, "note": "",
        **changes,
    }  # fmt: skip


def test_a_trigger_is_saved_with_its_conditions(org, draft):
    row = draft.triggers.get(key="revenue_at_risk")
    changed = Conditions("any", (Group("all", (Condition("revenue_at_risk", "more", "75000.00"),)),))
    trigger_save(
        version=draft, pk=row.pk, values=values_of(name=row.name, kind="management", action="management"),
        conditions=changed, edit=0, by=org.process_owner,
    )  # fmt: skip
    (said,) = [one for one in record(draft)[-1]["changes"] if one[0] == "Conditions"]
    assert said[1:] == ["Revenue at risk is more than $50,000", "Revenue at risk is more than $75,000"]


def test_conditions_that_cannot_run_name_their_row(org, draft):
    rows = (Condition("priority", "is", 1), Condition("priority", "is", 2), Condition("nothing", "is", 2))
    with pytest.raises(ConditionsRefused) as caught:
        trigger_save(
            version=draft, pk=None, values=values_of(), edit=0, by=org.process_owner,
            conditions=Conditions("all", (Group("all", rows), Group("any", ()))),
        )  # fmt: skip
    assert [(one.group, one.row, one.field) for one in caught.value.problems] == [(0, 2, "fact"), (1, None, "")]
    with pytest.raises(ConditionsRefused) as caught:
        trigger_save(
            version=draft, pk=None, values=values_of(), edit=0, by=org.process_owner,
            conditions=Conditions("all", (Group("all", rows[:2]),)),
        )  # fmt: skip
    assert "can never both be true" in caught.value.problems[0].message


def test_what_a_role_may_grant_is_set_as_a_whole(org, draft):
    role = Role.objects.get(code="l3_engineer")
    had = role_authority(draft, role)
    wanted = RoleAuthority(had.actions - {"hotfix"}, "limited", Decimal("750.00"))
    role_authority_save(version=draft, role=role, wanted=wanted, edit=0, by=org.process_owner)
    assert role_authority(draft, role) == wanted
    assert record(draft)[-1]["changes"] == [
        ["Hotfix", "may", "may not"], ["Service credit", "none", "up to and including $750"]
    ]  # fmt: skip
    with pytest.raises(Refused):
        role_authority_save(
            version=draft, role=role, wanted=RoleAuthority(credit="limited", limit=Decimal("-1")), edit=1,
            by=org.process_owner,
        )  # fmt: skip
    with pytest.raises(EditConflict):
        role_authority_save(version=draft, role=role, wanted=RoleAuthority(), edit=0, by=org.process_owner)


def test_a_finding_is_accepted_with_a_reason_and_taken_back(org, draft):
    with pytest.raises(Refused):
        finding_accept(version=draft, finding="x", message="It is so", reason="  ", by=org.process_owner)
    finding_accept(version=draft, finding="x", message="It is so", reason="We know.", by=org.process_owner)
    assert policy_of_draft(draft).accepted[-1].reason
    finding_take_back(version=draft, finding="x", by=org.process_owner)
    assert [one["how"] for one in record(draft)] == ["accepted", "taken back"]


def test_a_second_person_publishes_what_they_have_seen(org, draft, vp):
    row_save(version=draft, section="tiers", pk=l2(draft).pk, values={"ack_seconds": 1200}, edit=0, by=vp)
    with pytest.raises(PolicyInvalid, match="You changed this draft last"):
        version_publish(version=draft, by=vp)
    with pytest.raises(PolicyInvalid, match="by a second person"):
        version_publish(version=draft, by=org.process_owner)
    draft_describe(version=draft, title=draft.title, note="L2 gets longer.", edit=1, by=org.process_owner)
    with pytest.raises(PolicyInvalid, match="changed since you looked"):
        version_publish(version=draft, by=vp, edit=1)
    version_publish(version=draft, by=vp, edit=2)
    assert policy_in_force()[1].tier("L2").ack_seconds == 1200
    assert Event.objects.filter(kind="policy.published", subject_id=draft.pk, actor=vp).count() == 1


def test_running_escalations_keep_their_version(org, draft, vp):
    escalation = org.handoff(org.ticket())
    before = Clock.objects.get(escalation=escalation, kind="acknowledgement")
    row_save(version=draft, section="tiers", pk=l2(draft).pk, values={"ack_seconds": 60}, edit=0, by=org.process_owner)
    version_publish(version=draft, by=vp)
    after = Clock.objects.get(pk=before.pk)
    escalation.refresh_from_db()
    assert (after.due_at, after.policy_version_id) == (before.due_at, org.policy.pk)
    assert escalation.policy_version_id == org.policy.pk
    later = org.handoff(org.ticket(subject="Another"))
    assert later.policy_version_id == draft.pk
    assert Clock.objects.get(escalation=later, kind="acknowledgement").budget == 60


def test_a_published_version_is_not_edited(org, draft, vp):
    version_publish(version=draft, by=vp)
    row = l2(draft)
    attempts = [
        lambda: row_save(version=draft, section="tiers", pk=row.pk, values={"ack_seconds": 1}, edit=0, by=vp),
        lambda: row_delete(version=draft, section="tiers", pk=row.pk, edit=0, by=vp),
        lambda: draft_describe(version=draft, title="Other", note="", edit=0, by=vp),
        lambda: finding_accept(version=draft, finding="x", message="", reason="y", by=vp),
        lambda: draft_delete(version=draft, by=vp),
    ]
    for attempt in attempts:
        with pytest.raises(Overtaken, match="was published meanwhile"):
            attempt()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policies_policyversion SET title = 'x'",
        "UPDATE policies_policyversion SET note = 'x'",
        "UPDATE policies_policyversion SET edit = 7",
        "UPDATE policies_policyversion SET snapshot = '{}'",
        "UPDATE policies_policyversion SET created_by_id = NULL",
        "UPDATE policies_policyversion SET state = 'draft'",
        "DELETE FROM policies_policyversion",
        "UPDATE policies_authorityrule SET \"limit\" = 1 WHERE \"limit\" IS NOT NULL",
        "DELETE FROM policies_policytier",
        "UPDATE policies_severity SET path = 'x'",
        "INSERT INTO policies_commitment (version_id, key, text, position) SELECT id, 'x', 'x', 0"
        " FROM policies_policyversion",
    ],
)  # fmt: skip
def test_nothing_of_what_is_published_changes_by_raw_sql(org, statement):
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(statement)


def test_the_demo_s_draft_has_one_open_finding(org):
    draft = load_draft(org.policy, by=org.process_owner, now=clock.now())
    assert len(record(draft)) == 4
    (finding,) = [one for one in findings_of(draft) if not one.accepted]
    assert finding.message.startswith("P2 is answered within 10 min")


def test_a_draft_goes_with_its_rows_and_its_record_stays(org, draft):
    pk = draft.pk
    draft_delete(version=draft, by=org.process_owner)
    assert not PolicyVersion.objects.filter(pk=pk).exists()
    assert Event.objects.filter(subject_type="policy", subject_id=pk, kind="policy.deleted").exists()


def test_a_confirmed_draft_waits_for_its_day(org, draft, vp):
    now = clock.now()
    with pytest.raises(Refused):
        publication_schedule(version=draft, by=vp, at=now - timedelta(minutes=1), edit=0)
    with pytest.raises(PolicyInvalid):
        publication_schedule(version=draft, by=org.process_owner, at=now + timedelta(days=1), edit=0)
    publication_schedule(version=draft, by=vp, at=now + timedelta(days=1), edit=0)
    with pytest.raises(Overtaken, match="has confirmed draft"):
        row_save(version=draft, section="tiers", pk=l2(draft).pk, values={"ack_seconds": 9}, edit=0, by=vp)
    sweep()
    draft.refresh_from_db()
    assert draft.state == PolicyState.DRAFT
    with clock.travel(now + timedelta(days=1, seconds=5)):
        sweep()
        sweep()
    draft.refresh_from_db()
    assert (draft.state, draft.published_by) == (PolicyState.PUBLISHED, vp)
    assert draft.publications.get().state == PublicationState.DONE
    assert Event.objects.filter(kind="policy.published", subject_id=draft.pk).count() == 1


def test_a_publication_is_called_off(org, draft, vp):
    publication_schedule(version=draft, by=vp, at=clock.now() + timedelta(days=1), edit=0)
    publication_cancel(version=draft, by=org.process_owner)
    row_save(version=draft, section="tiers", pk=l2(draft).pk, values={"ack_seconds": 9}, edit=0, by=vp)
    with clock.travel(clock.now() + timedelta(days=2)):
        sweep()
    draft.refresh_from_db()
    assert draft.state == PolicyState.DRAFT
    with pytest.raises(Overtaken):
        publication_cancel(version=draft, by=vp)


def test_what_cannot_be_published_any_more_says_why(org, draft, vp):
    publication_schedule(version=draft, by=vp, at=clock.now() + timedelta(days=1), edit=0)
    draft.severities.filter(priority=4).delete()
    with clock.travel(clock.now() + timedelta(days=2)):
        sweep()
    row = Publication.objects.get()
    assert (row.state, row.problem) == (PublicationState.REFUSED, "Severities: P4 is missing.")
    assert policy_in_force()[0].pk == org.policy.pk
    assert policy_of(org.policy.pk).code == "2026.1"
