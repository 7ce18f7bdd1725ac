"""What comes into force and what it changes, as the studio's pages say it: second person, dates, names."""

from datetime import UTC, datetime

import pytest

from journal import clock
from policies.selectors import policy_in_force
from policies.services.publications import publications_run
from tests.factories import Organisation
from tests.policies.test_studio_pages import l2, tier_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(client) -> Organisation:
    organisation = Organisation()
    client.force_login(organisation.process_owner)
    return organisation


def test_a_second_person_publishes(client, org, draft, base, vp):
    client.post(f"{base}rules/tiers/{l2(draft).pk}/", tier_fields(ack_seconds="20 min"))
    mine = client.get(f"{base}publish/").content.decode()
    assert "by a second person" in mine
    assert f"{vp} may: ask them" in mine
    assert 'id="publish_form"' not in mine
    assert client.post(f"{base}publish/", {"edit": "1"}).status_code == 422
    client.force_login(vp)
    assert "<ins>20 min</ins>" in client.get(f"{base}publish/").content.decode()
    stale = client.post(f"{base}publish/", {"edit": "0"})
    assert stale.status_code == 422
    assert "changed since you looked" in stale.content.decode()
    assert client.post(f"{base}publish/", {"edit": "1"}).status_code == 303
    assert policy_in_force()[0].pk == draft.pk
    assert client.get(f"{base}rules/tiers/{l2(draft).pk}/").status_code == 404
    assert client.get(f"{base}rules/").status_code == 200
    assert client.get(f"/policies/{draft.code}/").status_code == 200


def test_a_publication_is_set_for_later_and_called_off(client, org, draft, base, vp):
    client.force_login(vp)
    past = client.post(f"{base}publish/", {"edit": "0", "effective_at": "2001-01-01T08:00"})
    assert past.status_code == 422
    assert client.post(f"{base}publish/", {"edit": "0", "effective_at": "2090-01-01T08:00"}).status_code == 303
    text = client.get(f"{base}rules/").content.decode()
    assert "has confirmed this draft" in text
    assert "Add tier" not in text
    row = client.post(f"{base}rules/tiers/{l2(draft).pk}/", tier_fields(ack_seconds="20 min"))
    assert row.status_code == 409
    client.post(f"{base}publish/cancel/")
    assert client.post(f"{base}rules/tiers/{l2(draft).pk}/", tier_fields(ack_seconds="20 min")).status_code == 303


def test_a_publication_that_could_not_be_done_says_so_on_the_draft(client, org, draft, base, vp):
    client.force_login(vp)
    client.post(f"{base}publish/", {"edit": "0", "effective_at": "2090-01-01T08:00"})
    draft.severities.get(priority=4).delete()
    with clock.travel(datetime(2090, 1, 2, tzinfo=UTC)):
        publications_run()
    text = client.get(f"{base}rules/").content.decode()
    assert "Severities: P4 is missing." in text
    assert "has confirmed this draft" not in text
    assert "Add tier" in text


def test_the_document_says_role_by_role_what_may_be_granted(client, org, draft, base):
    role = org.receiver.role_id
    client.post(f"{base}rules/authority/{role}/", {
        "actions": ["discount"], "credit": "limited", "limit": "750", "inclusive": "True", "note": "", "edit": "0",
    })  # fmt: skip
    text = client.get(base).content.decode()
    assert text.count('id="authority.l2_specialist"') == 1
    assert '<li id="authority.l2_specialist.service_credit" class="is-changed">' in text
    assert "<del>$500" in text
    assert "<ins>$750" in text
    assert '<li id="authority.l2_specialist.discount">' in text
    assert "L2 specialist: Known workaround</del>" in text


def test_changes_are_told_in_names_not_in_codes(client, org, draft, base):
    row = draft.contracts.get(priority=1, segment="enterprise")
    form = {"resolution_seconds": "5 h", "calendar": "", "edit": "0"}
    assert client.post(f"{base}rules/contracts/{row.pk}/", form).status_code == 303
    client.post(f"{base}rules/contracts/{row.pk}/delete/", {"edit": "1"})
    accepted = draft.accepted_findings.get(finding="no_authority_between:l3_engineer")
    client.post(f"{base}proof/take-back/", {"finding": accepted.finding})
    text = client.get(f"{base}changes/").content.decode()
    for words in (
        "P1 Enterprise",
        "changed P1, Enterprise",
        "L3 engineer may grant no credit",
        "acceptance of a finding",
    ):
        assert words in text, words
    for code in ("P1 enterprise", "P1, enterprise", accepted.finding):
        assert code not in text, code
