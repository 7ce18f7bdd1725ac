"""The matrix: levels by word and number, gaps of a tier, who rates whom, and the history of a rating."""

import pytest
from django.urls import reverse

from accounts.choices import Dimension, Level
from accounts.domain import expertise
from accounts.domain.expertise import Rated
from accounts.errors import NotAllowed, Overtaken
from accounts.models import Skill, SkillRating, SkillTarget, Tier, User
from accounts.selectors.expertise import gap_counts, matrix
from accounts.services.skills import levels_of, skill_rate
from accounts.shipped import SKILLS, load_skills
from journal.models import Event
from policies.choices import PickListName
from policies.shipped import LISTS
from tests.factories import NOON, Organisation
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def webhooks(org) -> Skill:
    skill = Skill.objects.create(code="webhooks", name="Webhooks", product_areas=["webhooks"])
    SkillTarget.objects.create(
        tier=org.teams["L2"].tier, skill=skill, dimension=Dimension.TECHNICAL, level=Level.ALONE, people=2
    )
    return skill


def rate(org: Organisation, skill: Skill, who: str, level: int | None, by: User | None = None) -> dict:
    return skill_rate(user=org.people[who], skill=skill, by=by or org.manager, levels={Dimension.TECHNICAL: level})


def test_a_gap_says_what_is_needed_and_who_is_near(client, org, webhooks):
    rate(org, webhooks, "l2_first", Level.ALONE)
    rate(org, webhooks, "l2_second", Level.WITH_HELP)
    client.force_login(org.agent)
    page = client.get(reverse("accounts:expertise_list") + "?tier=L2").content.decode()

    assert "needs 2 people at “Alone”, has 1" in page
    assert "One level below: L2_Second Example" in page
    assert "1 gap" in page
    assert ">3<" in page
    assert "Alone" in page


def test_counting_gaps_in_sql_is_the_same_as_the_rule(org):
    load_skills()
    people = list(User.objects.filter(team__isnull=False).select_related("team"))
    for number, person in enumerate(people):
        for place, skill in enumerate(Skill.objects.all()):
            for order, dimension in enumerate(Dimension):
                level = (number * 3 + place * 2 + order) % 6
                if level < 5:
                    SkillRating.objects.create(
                        user=person, skill=skill, dimension=dimension, level=level, rated_at=NOON
                    )
    User.objects.filter(username="l3_first").update(is_active=False)
    rows = SkillRating.objects.values_list("user", "skill", "dimension", "level")
    ratings = {Rated(user, skill, dimension): level for user, skill, dimension, level in rows}
    members = {
        tier.pk: list(User.objects.filter(team__tier=tier, is_active=True).values_list("pk", flat=True))
        for tier in Tier.objects.all()
    }
    targets = [expertise.Target(row.tier_id, row.skill_id, row.dimension, row.level, row.people)
               for row in SkillTarget.objects.all()]  # fmt: skip
    counted: dict[int, int] = {}
    for gap in expertise.gaps(targets, ratings, members):
        counted[gap.target.tier] = counted.get(gap.target.tier, 0) + 1

    assert counted
    assert gap_counts() == counted


@pytest.mark.parametrize(("who", "may"), [
    ("manager", True), ("administrator", True), ("process_owner", True), ("l2_second", False), ("l2_first", False),
])  # fmt: skip
def test_who_rates(org, webhooks, who, may):
    by = User.objects.get(username=who)
    if may:
        assert rate(org, webhooks, "l2_first", Level.ALONE, by)
    else:
        with pytest.raises(NotAllowed):
            rate(org, webhooks, "l2_first", Level.ALONE, by)


def test_a_lead_rates_the_team_but_not_themselves(org, webhooks):
    org.teams["L2"].lead = org.people["l2_second"]
    org.teams["L2"].save()
    rate(org, webhooks, "l2_first", Level.ALONE, org.people["l2_second"])
    for who in ("l2_second", "l3_first"):
        with pytest.raises(NotAllowed):
            rate(org, webhooks, who, Level.ALONE, org.people["l2_second"])


def test_the_rating_before_is_kept_and_one_can_be_taken_away(client, org, webhooks):
    rate(org, webhooks, "l2_first", Level.LEARNING)
    rate(org, webhooks, "l2_first", Level.ALONE)
    rate(org, webhooks, "l2_first", None)
    assert not SkillRating.objects.exists()
    events = Event.objects.filter(kind="skill.rated").order_by("pk")
    assert [event.data["changes"]["technical"] for event in events] == [[None, 1], [1, 3], [3, None]]
    client.force_login(org.people["l2_first"])
    page = client.get(reverse("accounts:expertise_detail", args=[org.people["l2_first"].pk])).content.decode()
    assert "technical skill learning → alone" in page


def test_a_rating_over_somebody_else_s_is_409_and_kept(client, org, webhooks):
    person = org.people["l2_first"]
    seen = levels_of(person, webhooks)
    rate(org, webhooks, "l2_first", Level.ALONE)
    with pytest.raises(Overtaken):
        skill_rate(user=person, skill=webhooks, by=org.manager, levels={Dimension.TECHNICAL: 4}, seen=seen)
    client.force_login(org.manager)
    path = reverse("accounts:rating_change", args=[person.pk, "webhooks"])
    values = {"technical": "4", "seen": "{}"}
    answer = client.post(path, values)
    assert answer.status_code == 409
    again = client.post(path, {**values, "seen": answer.context["form"]["seen"].value()})
    assert again.status_code == 303
    assert levels_of(person, webhooks)["technical"] == 4


def test_four_statements_for_the_matrix_however_many_people(org, webhooks):
    tier = org.teams["L2"].tier
    few = len(statements(lambda: matrix(tier, Dimension.TECHNICAL)))
    for who in ("l2_first", "l2_second"):
        rate(org, webhooks, who, Level.ALONE)

    assert len(statements(lambda: matrix(tier, Dimension.TECHNICAL))) == few == 4


def test_the_shipped_skills_name_codes_of_the_shipped_lists(org):
    load_skills()
    known = {code for name in (PickListName.ISSUE_TYPE, PickListName.PRODUCT_AREA) for code, _ in LISTS[name]}

    assert {code for _, _, types, areas in SKILLS for code in (*types, *areas)} <= known
    assert SkillTarget.objects.exists()
