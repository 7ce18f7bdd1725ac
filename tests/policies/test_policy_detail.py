"""The policy as a page: every clause that a clock can cite has an address on it."""

import pytest

from accounts.models import User
from policies.models import PolicyVersion
from policies.selectors import policy_of
from policies.services.versions import version_publish
from policies.shipped import draft_shipped_policy
from tests.factories import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(client) -> Organisation:
    organisation = Organisation()
    client.force_login(organisation.agent)
    return organisation


def test_every_clause_has_its_address_and_number(org, client):
    text = client.get("/policies/").content.decode()
    policy = policy_of(org.policy.pk)
    assert policy.clauses
    for clause in policy.clauses.values():
        assert text.count(f'id="{clause.key}"') == 1, clause.key
        assert f'href="#{clause.key}">{clause.number}</a>' in text
    assert "In force" in text


def test_every_live_clock_cites_a_clause_of_the_page(org, client):
    ticket = org.ticket()
    org.handoff(ticket)
    text = client.get(f"/policies/{org.policy.code}/").content.decode()
    for row in ticket.clocks.exclude(clause=""):
        assert f'id="{row.clause}"' in text


def test_older_versions_by_code_and_drafts_not_at_all(org, client):
    newer = draft_shipped_policy(code="2026.2", by=org.process_owner)
    assert client.get("/policies/2026.2/").status_code == 404
    version_publish(version=newer, by=org.manager)
    assert "2026.2" in client.get("/policies/").content.decode()
    old = client.get("/policies/2026.1/").content.decode()
    assert "This version is retired." in old
    assert client.get("/policies/nothing/").status_code == 404


def test_without_a_policy_the_page_says_so(client):
    PolicyVersion.objects.all().update(title="")
    reader = User.objects.create(username="reader", email="reader@belay.example", full_name="Reader", is_superuser=True)
    client.force_login(reader)
    assert "No policy is in force" in client.get("/policies/").content.decode()


def test_numbers_stand_in_order(org, client):
    text = client.get("/policies/").content.decode()
    numbers = [part.split("<")[0] for part in text.split('href="#response.')[1:]]
    found = [number.split(">")[1] for number in numbers]
    assert found == sorted(found)


def test_those_without_the_right_to_read_do_not_find_it(org, client):
    nobody = User.objects.create(username="nobody", email="nobody@belay.example", full_name="Nobody")
    client.force_login(nobody)
    assert client.get("/policies/").status_code == 404
