"""The studio's pages: what a draft is edited with, what is said when it cannot be, and who finds any of it."""

from decimal import Decimal

import pytest
from django.core.cache import cache

from journal.models import Event
from policies.choices import PolicyState
from policies.models import PolicyVersion
from policies.services.drafts import draft_create
from policies.services.rows import row_save
from policies.services.triggers import conditions_of
from tests.factories import Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def org(client) -> Organisation:
    organisation = Organisation()
    client.force_login(organisation.process_owner)
    return organisation


def tier_fields(**changes):
    return {
        "issue_types": "Configuration", "expertise": "Technical support", "ack_seconds": "15 min",
        "time_limit_seconds": "8 h", "resolution_seconds": "4 h", "follow_up_seconds": "1 h",
        "target_escalation_percent": "10", "hourly_cost": "48.00", "edit": "0", **changes,
    }  # fmt: skip


def l2(draft):
    return draft.tiers.get(tier__code="L2")


def test_readers_find_no_draft_and_no_studio(client, org, draft, base):
    client.force_login(org.agent)
    for path in (base, f"{base}rules/", f"{base}proof/", "/policies/versions/", f"/policies/{draft.code}/",
                 f"/policies/{draft.code}/markdown/"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert draft.code not in client.get("/policies/").content.decode()


def test_versions_say_who_when_and_what_cites_them(client, org, draft):
    org.handoff(org.ticket())
    text = client.get("/policies/versions/").content.decode()
    for words in (draft.code, org.policy.code, "In force", "1 escalation", "1 draft", str(org.process_owner)):
        assert words in text


def test_a_draft_is_started_named_and_deleted(client, org):
    answer = client.post(f"/policies/versions/{org.policy.code}/copy/")
    draft = PolicyVersion.objects.get(state=PolicyState.DRAFT)
    assert answer["Location"] == f"/policies/versions/{draft.code}/rules/"
    form = {"title": "Support policy", "note": "L2 gets longer.", "edit": "0"}
    assert client.post(f"/policies/versions/{draft.code}/edit/", form).status_code == 303
    draft.refresh_from_db()
    assert (draft.title, draft.note, draft.edit) == ("Support policy", "L2 gets longer.", 1)
    client.post(f"/policies/versions/{draft.code}/delete/")
    assert not PolicyVersion.objects.filter(pk=draft.pk).exists()


def test_times_and_amounts_are_typed_as_people_write_them(client, draft, base):
    form = tier_fields(ack_seconds="1 h 30 min", hourly_cost="$52.50")
    assert client.post(f"{base}rules/tiers/{l2(draft).pk}/", form).status_code == 303
    assert (l2(draft).ack_seconds, l2(draft).hourly_cost) == (5400, Decimal("52.50"))
    assert 'value="1 h 30 min"' in client.get(f"{base}rules/tiers/{l2(draft).pk}/").content.decode()


def test_what_was_typed_is_kept_beside_what_is_wrong_with_it(client, draft, base):
    form = tier_fields(ack_seconds="soon", hourly_cost="-5", resolution_seconds="0 min", expertise="")
    answer = client.post(f"{base}rules/tiers/{l2(draft).pk}/", form)
    text = answer.content.decode()
    assert answer.status_code == 422
    for words in ('value="soon"', 'value="-5"', "such as 2 h 30 min", "zero or more", "would ring at once"):
        assert words in text
    assert l2(draft).ack_seconds == 900


def test_two_editors_of_one_row_see_both_versions(client, org, draft, base, vp):
    row = l2(draft)
    row_save(version=draft, section="tiers", pk=row.pk, values={"ack_seconds": 1200}, edit=0, by=vp)
    mine = tier_fields(ack_seconds="25 min", issue_types="Configuration, integrations")
    answer = client.post(f"{base}rules/tiers/{row.pk}/", mine)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert str(vp) in text
    assert "20 min" in text
    assert "25 min" in text
    assert l2(draft).ack_seconds == 1200
    kept = client.post(f"{base}rules/tiers/{row.pk}/", {**mine, "edit": "1", "take_all": "theirs"})
    assert kept.status_code == 303
    assert l2(draft).ack_seconds == 1200
    client.post(f"{base}rules/tiers/{row.pk}/", {**mine, "edit": "1", "take_all": "mine"})
    assert l2(draft).ack_seconds == 1500


@pytest.mark.parametrize(
    ("section", "form"),
    [
        ("pools", {"name": "Webhook specialists", "skill": ""}),
        ("overflows", {"open_tickets": "40", "waiting_seconds": ""}),
        ("templates", {"kind": "progress", "name": "Still at it", "subject": "", "body": "Dear {contact}, …"}),
        ("commitments", {"text": "We write down what we learn."}),
        ("contracts", {"priority": "4", "segment": "", "resolution_seconds": "100 h", "calendar": ""}),
    ],
)  # fmt: skip
def test_rows_are_added_to_every_section(client, org, draft, base, section, form):
    if section in ("pools", "overflows"):
        form = {**form, "team": org.teams["L2"].pk, "to_team": org.teams["L3"].pk}
    answer = client.post(f"{base}rules/{section}/create/", {**form, "edit": "0"})
    assert answer.status_code == 303, answer.content.decode()
    row = getattr(draft, section).order_by("pk").last()
    page = client.get(f"{base}rules/{section}/")
    assert page.status_code == 200
    client.post(f"{base}rules/{section}/{row.pk}/delete/", {"edit": "1"})
    assert not getattr(draft, section).filter(pk=row.pk).exists()


def test_a_missing_severity_can_be_added_again(client, org, draft, base):
    row = draft.severities.get(priority=4)
    client.post(f"{base}rules/severities/{row.pk}/delete/", {"edit": "0"})
    assert "P4 is missing" in client.get(f"{base}proof/").content.decode()
    form = {
        "priority": "4", "definition": "Enhancement request", "first_response_seconds": "48 h", "path": "Product team",
        "head_start_seconds": "", "entry_tier": draft.tiers.get(tier__code="L4").tier_id, "entry_team": "", "edit": "1",
    }  # fmt: skip
    assert client.post(f"{base}rules/severities/create/", form).status_code == 303
    assert draft.severities.get(priority=4).head_start_seconds == 0


def test_the_authority_of_a_role_is_one_form(client, org, draft, base):
    role = org.receiver.role
    form = {"actions": ["hotfix"], "credit": "limited", "limit": "750", "inclusive": "True", "note": "", "edit": "0"}
    assert client.post(f"{base}rules/authority/{role.pk}/", form).status_code == 303
    assert set(draft.authority.filter(role=role).values_list("action", flat=True)) == {"hotfix", "service_credit"}
    wrong = client.post(f"{base}rules/authority/{role.pk}/", {**form, "limit": "lots", "edit": "1"})
    assert wrong.status_code == 422
    assert 'value="lots"' in wrong.content.decode()
    page = client.get(f"{base}rules/authority/").content.decode()
    assert "up to and including $750" in page


def trigger_fields(**changes):
    return {
        "name": "Angry and waiting", "kind": "management", "is_active": "on", "action": "management", "to_tier": "",
        "to_team": "", "to_pool": "", "to_priority": "", "notify_role": "", "reason": "", "head_start_seconds": "",
        "note": "", "edit": "0", "join": "all", "g0-join": "all",
        "g0-r0-fact": "wait_time", "g0-r0-operator": "more", "g0-r0-value": "2 h 30 min",
        "g0-r1-fact": "segment", "g0-r1-operator": "any_of", "g0-r1-value": ["enterprise", "smb"], **changes,
    }  # fmt: skip


def test_a_trigger_is_written_as_rows(client, draft, base):
    assert client.post(f"{base}triggers/create/", trigger_fields()).status_code == 303
    row = draft.triggers.get(name="Angry and waiting")
    (group,) = conditions_of(row).groups
    assert [(one.fact, one.operator, one.value) for one in group.conditions] == [
        ("wait_time", "more", 9000), ("segment", "any_of", ["enterprise", "smb"])
    ]  # fmt: skip
    page = client.get(f"{base}triggers/{row.pk}/").content.decode()
    assert 'value="2 h 30 min"' in page
    assert "Angry and waiting" in client.get(base).content.decode()


def test_conditions_say_at_their_row_what_is_wrong(client, draft, base):
    form = trigger_fields(**{"g0-r0-value": "soon", "g0-r2-fact": "", "g1-join": "any", "name": ""})
    answer = client.post(f"{base}triggers/create/", form, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "<html" not in text
    assert 'id="g0-r0-error"' in text
    assert 'value="soon"' in text
    assert "Choose what is asked about." in text
    clash = trigger_fields(**{
        "g0-r1-fact": "wait_time", "g0-r1-operator": "less", "g0-r1-value": "1 h", "g1-join": "all",
    })  # fmt: skip
    text = client.post(f"{base}triggers/create/", clash).content.decode()
    assert "A group needs at least one condition." in text
    del clash["g1-join"]
    assert "can never both be true" in client.post(f"{base}triggers/create/", clash).content.decode()


def test_rows_and_groups_come_and_go_without_javascript(client, draft, base):
    before = draft.triggers.count()
    more = client.post(f"{base}triggers/create/", trigger_fields(do="add_group")).content.decode()
    assert 'name="g1-r0-fact"' in more
    less = client.post(f"{base}triggers/create/", trigger_fields(do="remove_row:0:0")).content.decode()
    assert '2 h 30 min"' not in less.replace('placeholder="2 h 30 min"', "")
    assert 'name="g0-r0-fact"' in less
    fit = client.post(
        f"{base}triggers/create/",
        trigger_fields(**{"do": "fit", "g0-r0-fact": "sentiment", "g0-r0-was": "wait_time"}),
    ).content.decode()
    assert "Upset" in fit
    assert draft.triggers.count() == before


def test_another_fact_brings_its_questions_and_values(client, draft, base):
    row = client.get(
        f"{base}triggers/condition/?at=2-1&g2-r1-fact=sentiment&g2-r1-operator=more&g2-r1-was=age", headers=HTMX
    ).content.decode()
    assert 'name="g2-r1-operator"' in row
    assert "is any of" in row
    assert "Frustrated" in row
    assert "is more than" not in row


def test_two_editors_of_one_trigger(client, org, draft, base, vp):
    row = draft.triggers.get(key="churn_threat")
    url = f"{base}triggers/{row.pk}/"
    assert client.post(url, trigger_fields(name="Churn threat")).status_code == 303
    client.force_login(vp)
    answer = client.post(url, trigger_fields(name="Churn", **{"g0-r0-value": "9 h"}))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Waiting time is more than 2 h 30 min" in text
    assert "Waiting time is more than 9 h" in text
    picks = {"resolve": "chosen", "conflict-name": "theirs", "conflict-conditions": "mine", "edit": "1"}
    assert client.post(url, trigger_fields(name="Churn", **{"g0-r0-value": "9 h"}, **picks)).status_code == 303
    row.refresh_from_db()
    assert row.name == "Churn threat"
    assert conditions_of(row).groups[0].conditions[0].value == 9 * 3600


def test_trying_says_why_and_how_many(client, org, draft):
    hit = org.ticket(subject="Rich", revenue_at_risk=60_000, churn_threat=True)
    miss = org.ticket(subject="Poor", revenue_at_risk=10)
    form = trigger_fields(**{
        "g0-r0-fact": "revenue_at_risk", "g0-r0-operator": "more", "g0-r0-value": "50,000",
        "g0-r1-fact": "churn_threat", "g0-r1-operator": "is", "g0-r1-value": "yes", "try_ref": miss.ref,
    })  # fmt: skip
    text = client.post("/triggers/try/", form, headers=HTMX).content.decode()
    assert "1 open ticket matches now" in text
    assert hit.ref in text
    assert "Does not match" in text
    assert "$10" in text
    assert "Matches" in client.post("/triggers/try/", {**form, "try_ref": hit.ref.lower()}).content.decode()
    assert client.post("/triggers/try/", {**form, "g0-r0-value": "x"}).status_code == 422
    client.force_login(org.manager)
    assert client.post("/triggers/try/", form).status_code == 404


def test_trying_shows_no_ticket_that_is_not_for_them(client, org):
    hidden = org.ticket(subject="Hidden one", revenue_at_risk=90_000)
    type(hidden).objects.filter(pk=hidden.pk).update(is_restricted=True)
    form = trigger_fields(**{"g0-r0-fact": "revenue_at_risk", "g0-r0-value": "50000", "try_ref": hidden.ref})
    del form["g0-r1-fact"]
    text = client.post("/triggers/try/", form).content.decode()
    assert "0 open tickets match now" in text
    assert f"There is no ticket {hidden.ref}" in text


def test_findings_are_accepted_with_a_reason(client, draft, base):
    row_save(version=draft, section="tiers", pk=l2(draft).pk, values={"ack_seconds": 3 * 3600}, edit=0, by=None)
    cache.clear()
    text = client.get(f"{base}proof/").content.decode()
    assert "P2 is answered within 2 h" in text
    assert "1 open" in text
    finding = next(part for part in text.split('name="finding" value="')[1:] if "Accept finding" in part).split('"')[0]
    empty = client.post(f"{base}proof/accept/", {"finding": finding, "reason": " "})
    assert empty.status_code == 422
    assert "Say why you live with it" in empty.content.decode()
    client.post(f"{base}proof/accept/", {"finding": finding, "reason": "We look at both."})
    text = client.get(f"{base}proof/").content.decode()
    assert "Accepted: We look at both." in text
    client.post(f"{base}proof/take-back/", {"finding": finding})
    assert not draft.accepted_findings.filter(finding=finding).exists()
    assert client.post(f"{base}proof/accept/", {"finding": "nothing", "reason": "x"}).status_code == 404


def test_changes_and_who_made_them(client, org, draft, base):
    client.post(f"{base}rules/tiers/{l2(draft).pk}/", tier_fields(ack_seconds="20 min"))
    text = client.get(f"{base}changes/?with={org.policy.code}").content.decode()
    for words in ("Acknowledges within", "<del>15 min</del>", "<ins>20 min</ins>", str(org.process_owner)):
        assert words in text
    assert client.get(f"{base}changes/?with=nothing").status_code == 404
    marked = client.get(base).content.decode()
    assert f"Changed since {org.policy.code}" in marked
    assert "<del>15 min</del><ins>20 min</ins>" in marked.replace("</del> <ins>", "</del><ins>")
    assert "Changed since" not in client.get(f"{base}?since=none").content.decode()


def test_a_saved_row_is_called_as_its_list_calls_it(client, draft, base):
    page = client.get(f"{base}rules/tiers/{l2(draft).pk}/").content.decode()
    assert ">L2 Technical support</h2>" in page
    client.post(f"{base}rules/tiers/{l2(draft).pk}/", tier_fields(ack_seconds="20 min"))
    assert "Tier saved: L2 Technical support." in client.get(f"{base}rules/").content.decode()


def test_the_document_as_markdown(client, org, draft):
    client.force_login(org.agent)
    answer = client.get(f"/policies/{org.policy.code}/markdown/")
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/markdown")
    assert text.startswith("# Escalation policy 2026.1")
    for key in ("tier.L2.ack", "severity.P1", "authority.l2_specialist.service_credit", "trigger.churn_threat"):
        assert text.count(f'<a id="{key}"></a>') == 1
    assert text.count("\n## ") >= 11


def test_pages_ask_a_constant_number_of_questions(client, org, draft, base):
    def asked(path: str) -> int:
        return len(statements(lambda: client.get(path)))

    for path in ("/policies/versions/", f"{base}rules/triggers/", f"{base}rules/authority/", base):
        asked(path)
    before = {path: asked(path) for path in ("/policies/versions/", f"{base}rules/triggers/", base)}
    for number in range(3):
        client.post(f"{base}triggers/create/", trigger_fields(name=f"Another {number}", edit=str(number)))
    others = [draft_create(version=org.policy, by=org.process_owner) for _ in range(3)]
    for path in before:
        asked(path)  # what the prover said is kept for the tab
    assert {path: asked(path) for path in before} == before
    assert len(others) == 3
    assert Event.objects.filter(kind="policy.drafted").count() == 4


def test_nothing_typed_breaks_an_editor(client, draft, base):
    for value in ("\x00", "\ud800", "x" * 100_000, "‮", "9" * 400, "-1 h", "१ h"):
        posted = {key: value for key in trigger_fields() if key not in ("edit", "do")}
        for data in ({**posted, "edit": "0"}, trigger_fields(**{"g0-r0-value": value, "g0-r1-value": value})):
            safe = {key: one.encode("utf-8", "replace").decode() if isinstance(one, str) else one
                    for key, one in data.items()}  # fmt: skip
            assert client.post(f"{base}triggers/create/", safe).status_code in (303, 422)
            assert client.post("/triggers/try/", safe).status_code in (200, 422)
        form = tier_fields(ack_seconds=safe["g0-r0-value"], hourly_cost=safe["g0-r0-value"])
        assert client.post(f"{base}rules/tiers/{l2(draft).pk}/", form).status_code == 422
