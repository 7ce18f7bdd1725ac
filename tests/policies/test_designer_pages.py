"""The designer's interview, answered as people answer it: the two examples of the source, and what goes wrong."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Tier
from accounts.shipped import load_skills
from journal import clock
from journal.models import Draft
from policies.choices import PickListName, PolicyState
from policies.demo_designer import load_interview
from policies.interview import STEPS
from policies.models import PickItem, PolicyVersion
from policies.proving import findings_of
from policies.services.interviews import ORDER
from policies.services.versions import policy_of_draft, problems_of
from tests.factories import Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(client) -> Organisation:
    organisation = Organisation()
    load_skills()
    client.force_login(organisation.process_owner)
    return organisation


def url(step: str, number: int = 1) -> str:
    return reverse("policies:designer_step", args=[number, step])


def start(client, preset: str) -> None:
    answer = client.post(reverse("policies:designer"), {"preset": preset})
    assert answer.status_code == 303
    assert answer.headers["Location"] == url("business")


def filled(client, step: str, **changes: object) -> dict:
    """What a browser would send of a step as it is shown, with some answers changed."""
    page = client.get(url(step))
    form = page.context["form"]
    data: dict = {"draft_version": page.context["interview"].draft.version, "go": "next"}
    for field in form:
        value = field.value()
        if value is True:
            data[field.name] = "on"
        elif value not in (None, "", False, []):
            data[field.name] = [str(one) for one in value] if isinstance(value, list | set) else str(value)
    return data | {name: value for name, value in changes.items()}


def answer_all(client, answers: dict[str, dict]) -> None:
    for place, step in enumerate(ORDER):
        sent = client.post(url(step), filled(client, step, **answers.get(step, {})))
        assert sent.status_code == 303, (step, sent.context["form"].errors if sent.context else sent.content)
        following = url(ORDER[place + 1]) if place + 1 < len(ORDER) else reverse("policies:designer_end", args=[1])
        assert sent.headers["Location"] == following


def make_draft(client) -> PolicyVersion:
    page = client.get(reverse("policies:designer_end", args=[1]))
    data = {"idempotency_key": page.context["key"], "draft_version": page.context["interview"].draft.version}
    sent = client.post(reverse("policies:designer_end", args=[1]), data)
    assert sent.status_code == 303, sent.context["refused"]
    again = client.post(reverse("policies:designer_end", args=[1]), data)
    assert again.headers["Location"] == sent.headers["Location"], "sent twice, made once"
    version = PolicyVersion.objects.get(state=PolicyState.DRAFT)
    assert sent.headers["Location"] == reverse("policies:version_detail", args=[version.code])
    return version


def test_example_1_b2b_software_with_50_agents_in_3_tiers(org, client):
    start(client, "b2b")
    answer_all(client, {
        "tiers": {"count": "3", "L1_people": "30", "L2_people": "14", "L3_people": "6"},
        "problems": {"problems": ["delays", "unnecessary"]},
    })  # fmt: skip
    end = client.get(reverse("policies:designer_end", args=[1]))
    page, answered = end.content.decode(), end.context["interview"].answers
    version = make_draft(client)
    policy = policy_of_draft(version)

    assert problems_of(policy) == []
    assert [one.code for one in policy.tiers] == ["L1", "L2", "L3"]
    assert sum(one.people for one in answered.tiers) == 50
    triggers = {one.key: one for one in policy.triggers}
    assert {"to_webhooks", "premium_lane", "unacknowledged_twice", "premium_waits"} <= set(triggers)
    facts = {one.fact for key in triggers for group in triggers[key].groups for one in group.conditions}
    assert {"words", "segment"} <= facts
    assert len(policy.pools) >= 3
    assert triggers["complex_at_entry"].name == "Technical and too complex for the entry tier"
    opened = [one for one in findings_of(version) if not one.accepted]
    assert opened
    assert all(one.message.split("“")[0][:30] in page for one in opened), "shown before the draft is made"
    assert f"{len(opened)} open finding" in page
    assert not Draft.objects.filter(form="designer:1").exists()
    assert PolicyVersion.objects.get(state=PolicyState.PUBLISHED).pk == org.policy.pk


def test_example_2_a_shop_with_seasons_and_orders(org, client):
    before = set(PickItem.objects.values_list("list", "code", "label", "is_active"))
    start(client, "shop")
    answer_all(client, {"lanes": {"express_value": "750", "express_start": "3 h"}})
    version = make_draft(client)
    policy = policy_of_draft(version)

    assert problems_of(policy) == []
    triggers = {one.key: one for one in policy.triggers}
    lane = {one.fact: one.value for group in triggers["express"].groups for one in group.conditions}
    assert (lane["issue_type"], lane["order_value"]) == (["shipping"], "750.00")
    assert triggers["express"].head_start_seconds == 3 * 3600
    rule = [(one.fact, one.value) for group in triggers["order_waits"].groups for one in group.conditions]
    assert rule == [("tier", 1), ("order_value", "750.00"), ("wait_time", 3600)], "order value and time-sensitivity"
    assert triggers["order_waits"].action == "escalate"
    assert triggers["social_media"].action == "management"
    assert {one.key for one in policy.commitments} >= {"seasons", "public"}
    made = set(PickItem.objects.values_list("list", "code", "label", "is_active")) - before
    assert made == {(PickListName.ISSUE_TYPE, code, code.title(), True) for code in ("order", "shipping", "refund")}
    assert not [one for one in findings_of(version) if one.kind == "value_no_form_produces"]


@pytest.mark.parametrize("count", [2, 6])
def test_fewest_and_most_tiers(org, client, count):
    start(client, "general")
    answer_all(client, {"tiers": {"count": str(count)}})
    policy = policy_of_draft(make_draft(client))

    assert problems_of(policy) == []
    assert len(policy.tiers) == count
    assert Tier.objects.count() == max(count, 4)


def test_a_wrong_answer_is_named_and_what_was_typed_is_kept(org, client):
    start(client, "general")
    sent = client.post(url("severity"), filled(client, "severity", p1_response="soon", p2_definition=""))

    text = sent.content.decode()
    assert sent.status_code == 422
    assert "Write a length of time, such as 2 h 30 min." in text
    assert "Nothing is written here yet." in text
    assert 'value="soon"' in text
    assert "Not readable yet, so as suggested: Severity." in text
    again = client.get(url("severity")).content.decode()
    assert 'value="soon"' in again, "kept across visits"
    end = client.get(reverse("policies:designer_end", args=[1]))
    data = {"idempotency_key": end.context["key"], "draft_version": end.context["interview"].draft.version}
    refused = client.post(reverse("policies:designer_end", args=[1]), data)
    assert refused.status_code == 422
    assert "Correct “Severity” first." in refused.content.decode()
    assert not PolicyVersion.objects.filter(state=PolicyState.DRAFT).exists()


def test_the_preview_follows_what_is_typed_and_writes_only_the_interview(org, client):
    start(client, "general")
    versions = PolicyVersion.objects.count()
    data = filled(client, "severity", p1_definition="The shop is closed")
    answer = client.post(reverse("policies:designer_draft", args=[1, "severity"]), data)

    assert answer.status_code == 200
    assert answer.headers["Belay-Version"] == "2"
    assert 'hx-swap-oob="true"' in answer.content.decode()
    assert "P1, the shop is closed" in answer.content.decode()
    assert "<form" not in answer.content.decode()
    assert PolicyVersion.objects.count() == versions
    assert "The shop is closed" in client.get(url("severity")).content.decode()


def test_two_windows_lose_nothing(org, client):
    start(client, "general")
    first, second = (filled(client, "business", title=title) for title in ("One title", "Another title"))
    assert client.post(url("business"), first).status_code == 303
    lost = client.post(url("business"), second)

    text = lost.content.decode()
    assert lost.status_code == 409
    assert "One title" in text
    assert "Another title" in text
    draft = client.post(reverse("policies:designer_draft", args=[1, "business"]), second)
    assert (draft.status_code, 'id="conflict"' in draft.content.decode()) == (409, True)
    version = lost.context["interview"].draft.version
    decided = client.post(url("business"), second | {"draft_version": version, "take_all": "theirs"})
    assert decided.status_code == 303
    assert Draft.objects.get(form="designer:1").data["steps"]["business"]["title"] == ["One title"]
    decided = client.post(url("business"), second | {"conflict-title": "mine", "resolve": "chosen"})
    assert Draft.objects.get(form="designer:1").data["steps"]["business"]["title"] == ["Another title"]


def test_two_windows_on_two_steps_do_not_meet(org, client):
    start(client, "general")
    first, second = filled(client, "business", title="Mine"), filled(client, "costs", L1_cost="33")
    assert client.post(url("business"), first).status_code == 303
    assert client.post(url("costs"), second).status_code == 303


def test_back_keeps_what_was_typed(org, client):
    start(client, "general")
    sent = client.post(url("times"), filled(client, "times", L2_ack="x", go="back"))

    assert sent.headers["Location"] == url("customers")
    assert 'value="x"' in client.get(url("times")).content.decode()


def test_fewer_tiers_send_back_to_what_named_them(org, client):
    start(client, "general")
    client.post(url("severity"), filled(client, "severity", p1_entry="L4"))
    client.post(url("tiers"), filled(client, "tiers", count="2"))

    page = client.get(url("severity"))
    assert page.context["interview"].wrong == {"severity"}
    assert "Select a valid choice" in page.content.decode()


def test_new_issue_types_can_be_critical(org, client):
    start(client, "general")
    sent = client.post(url("types"), filled(client, "types", new_types="Recall\nbug\n\nRecall", go="stay"))
    assert sent.headers["Location"] == url("types")
    client.post(url("types"), filled(client, "types", critical=["recall", "data_loss"]))
    policy = policy_of_draft(make_draft(client))

    trigger = next(one for one in policy.triggers if one.key == "critical_type")
    assert trigger.groups[0].conditions[1].value == ["data_loss", "recall"]
    assert PickItem.objects.get(list=PickListName.ISSUE_TYPE, code="recall").label == "Recall"
    assert PickItem.objects.filter(label__iexact="bug").count() == 1


def test_credits_and_costs(org, client):
    start(client, "general")
    bad = client.post(url("costs"), filled(client, "costs", support_manager_credit="-5"))
    assert bad.status_code == 422
    assert "An amount is zero or more." in bad.content.decode()
    client.post(
        url("costs"),
        filled(client, "costs", support_manager_credit="5000", l3_engineer_credit="1000", boundless="vp_support"),
    )
    policy = policy_of_draft(make_draft(client))

    limits = {one.role: one.limit for one in policy.authority if one.action == "service_credit"}
    assert limits["l3_engineer"] == "1000.00"
    assert limits["vp_support"] is None
    assert "c_level" not in limits
    assert all(Decimal(one.hourly_cost) > 0 for one in policy.tiers)


def test_lanes_say_what_belongs_together(org, client):
    start(client, "general")
    bad = client.post(url("lanes"), filled(
        client, "lanes", pool0_name="Parts", express_value="100", full_front_tickets="4", pool1_words="??",
    ))  # fmt: skip
    text = bad.content.decode()
    assert bad.status_code == 422
    for words in (
        "Choose the team whose people these are.", "Choose the team that takes the express lane.",
        "A limit and a team belong together", "cannot be looked for",
    ):  # fmt: skip
        assert words in text


def test_only_who_drafts_policies_and_only_ones_own(org, client):
    start(client, "general")
    pages = [reverse("policies:designer"), url("tiers"), reverse("policies:designer_end", args=[1])]
    other = org.person("vp", "vp_support")
    for user, expected in ((org.agent, [404] * 3), (org.manager, [404] * 3), (other, [200, 404, 404])):
        client.force_login(user)
        assert [client.get(page).status_code for page in pages] == expected
        for name in ("designer_draft", "designer_step"):
            assert client.post(reverse(f"policies:{name}", args=[1, "tiers"]), {"count": "2"}).status_code == 404
        assert client.post(reverse("policies:designer_discard", args=[1])).status_code == 404
    assert Draft.objects.filter(form="designer:1").count() == 1
    client.force_login(org.process_owner)
    assert client.get(url("nothing")).status_code == 404
    assert client.post(reverse("policies:designer"), {"preset": "x"}).status_code == 404
    assert client.post(reverse("policies:designer_discard", args=[1])).status_code == 303
    assert client.get(url("tiers")).status_code == 404


def test_interviews_in_progress_are_listed(org, client):
    start(client, "b2b")
    client.post(url("business"), filled(client, "business", title="For the software"))
    client.post(reverse("policies:designer"), {"preset": "shop"})

    text = client.get(reverse("policies:designer")).content.decode()
    assert "For the software" in text
    assert "1 of 9 steps answered" in text
    assert "Design a policy" in client.get(reverse("policies:version_list")).content.decode()


def test_constant_number_of_statements(org, client):
    start(client, "shop")
    client.get(url("lanes"))
    few = statements(lambda: client.get(url("lanes")))
    for number in range(6):
        org.make_team(Tier.objects.get(code="L1"), f"Team{number}")
    many = statements(lambda: client.get(url("lanes")))
    assert len(few) == len(many) <= 40


def test_the_demo_has_one_in_progress_without_a_mistake(org, client):
    draft = load_interview(by=org.process_owner, now=clock.now())

    page = client.get(url("types"))
    assert draft.data["done"] == ["business", "tiers", "problems"]
    assert page.context["interview"].wrong == set()
    assert len(page.context["interview"].answers.tiers) == 3
    assert "3 of 9 steps answered" in client.get(reverse("policies:designer")).content.decode()


def test_the_steps_are_those_that_are_saved():
    assert tuple(STEPS) == ORDER
