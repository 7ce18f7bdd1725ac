"""The administration of the policy: the studio's checks, its record, and nothing for what is published."""

import pytest
from django.urls import reverse

from accounts.models import Role
from journal.models import Event
from policies.models import Trigger
from tests.factories import Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(client) -> Organisation:
    organisation = Organisation()
    client.force_login(organisation.administrator)
    return organisation


def posted(client, url: str) -> dict[str, str]:
    """What the form of an admin page would send back unchanged."""
    page = client.get(url).context
    data: dict[str, str] = {}
    forms = [page["adminform"].form]
    for formset in page["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = "on" if value is True else str(getattr(value, "pk", value))
    return data


def test_a_row_is_changed_with_the_studio_s_checks_and_record(client, org, draft):
    url = reverse("admin:policies_policyversion_change", args=[draft.pk])
    data = posted(client, url)
    name = next(key for key in data if key.startswith("tiers-1-") and key.endswith("ack_seconds"))
    wrong = client.post(url, {**data, name: "0"})
    assert wrong.status_code == 200
    assert "would ring at once" in wrong.content.decode()
    assert client.post(url, {**data, name: "1200"}).status_code == 302
    draft.refresh_from_db()
    event = Event.objects.filter(kind="policy.edited", subject_id=draft.pk).get()
    assert (draft.edit, event.actor, event.data["changes"]) == (
        1, org.administrator, [["Acknowledges within", "15 min", "20 min"]]
    )  # fmt: skip


def test_a_trigger_is_changed_with_its_conditions(client, org, draft):
    row = draft.triggers.get(key="revenue_at_risk")
    url = reverse("admin:policies_trigger_change", args=[row.pk])
    data = posted(client, url)
    assert data["groups-0-lines"] == 'revenue_at_risk more "50000"' or "revenue_at_risk more" in data["groups-0-lines"]
    wrong = client.post(url, {**data, "groups-0-lines": "revenue_at_risk more soon\nnothing is 1"})
    assert "is no JSON" in wrong.content.decode()
    unfit = client.post(url, {**data, "groups-0-lines": "nothing is 1", "action": "route"})
    assert "There is no fact" in unfit.content.decode()
    assert "Routing needs a team or a pool" in unfit.content.decode()
    saved = client.post(url, {**data, "groups-0-lines": 'revenue_at_risk more "75000"\nis_vip is true'})
    assert saved.status_code == 302
    rows = Trigger.objects.get(pk=row.pk).groups.get().conditions.all()
    assert [(one.fact, one.operator, one.value) for one in rows] == [
        ("revenue_at_risk", "more", "75000"), ("is_vip", "is", True)
    ]  # fmt: skip
    assert Event.objects.filter(kind="policy.edited", subject_id=draft.pk).exists()


def test_what_is_published_is_only_looked_at(client, org):
    version = reverse("admin:policies_policyversion_change", args=[org.policy.pk])
    trigger = reverse("admin:policies_trigger_change", args=[org.policy.triggers.first().pk])
    for url in (version, trigger):
        page = client.get(url)
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        assert client.post(url, {"title": "Other", "name": "Other"}).status_code == 403
        assert client.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
    org.policy.refresh_from_db()
    assert org.policy.title == "Escalation policy"


def test_search_finds_a_version_by_its_trigger(client, org, draft):
    page = client.get(reverse("admin:policies_trigger_changelist"), {"q": "churn"})
    assert page.status_code == 200
    assert "Churn threat" in page.content.decode()
    found = client.get(reverse("admin:policies_policyversion_changelist"), {"q": "Churn threat"}).content.decode()
    assert draft.code in found


def test_a_version_s_page_asks_a_constant_number_of_questions(client, org, draft):
    url = reverse("admin:policies_policyversion_change", args=[draft.pk])
    client.get(url)
    before = len(statements(lambda: client.get(url)))
    role = Role.objects.get(code="trainer")
    for action in ("discount", "hotfix", "board_escalation"):
        draft.authority.create(role=role, action=action)
        draft.pools.create(key=action, name=action, team=org.teams["L2"])
    assert len(statements(lambda: client.get(url))) == before
