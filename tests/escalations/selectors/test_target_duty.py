"""Who is on duty and who fits, wherever a receiver is chosen; nobody on duty is flagged, not waited for."""

from datetime import UTC, timedelta

import pytest

from accounts.choices import Dimension, DutyRole, Level
from accounts.models import DutyShift, Skill, SkillRating, Team, User
from accounts.services.absences import absence_create
from escalations.models import Ticket
from escalations.selectors.handoff_targets import Targets, TeamTarget, targets_for
from tests.factories import NOON, Organisation
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOUR = timedelta(hours=1)


def shift(user: User, *, start: float = -2, end: float = 6, role: str = DutyRole.PRIMARY) -> None:
    DutyShift.objects.create(
        team=user.team, user=user, role=role, starts_at=NOON + start * HOUR, ends_at=NOON + end * HOUR
    )


def rate(user: User, skill: Skill, level: Level) -> None:
    for dimension in (Dimension.TECHNICAL, Dimension.KNOWLEDGE):
        SkillRating.objects.create(user=user, skill=skill, dimension=dimension, level=level, rated_at=NOON)


@pytest.fixture
def ticket(org) -> Ticket:
    return org.ticket(issue_type="integration", product_area="webhooks")


def targets(org: Organisation, ticket: Ticket) -> Targets:
    return targets_for(ticket, by=org.agent, now=NOON, zone=UTC)


def of_team(found: Targets, team: Team) -> TeamTarget:
    return next(one for one in found.teams if one.team == team)


def label(found: Targets, user: User) -> str:
    return next(words for _, options in found.choices() for value, words in options if value == f"user:{user.pk}")


def test_who_is_on_duty_stands_behind_the_name_and_the_team(org, ticket):
    first, second = org.people["l2_first"], org.people["l2_second"]
    shift(first)
    shift(second, role=DutyRole.BACKUP)
    found = targets(org, ticket)

    assert label(found, first) == f"{first}, 0 of 6 taken, on duty until 16:00"
    assert label(found, second) == f"{second}, 0 of 6 taken, backup"
    assert any(f"{first} on duty" in group for group, _ in found.choices())


def test_who_is_away_is_marked_with_the_cover_and_comes_last(org, ticket):
    first, second = org.people["l2_first"], org.people["l2_second"]
    absence_create(user=first, by=first, starts_at=NOON - HOUR, ends_at=NOON + 30 * HOUR, covered_by=second)
    found = targets(org, ticket)

    assert label(found, first).endswith(f"away until Wed 16:00, {second} covers")
    team = next(options for group, options in found.choices() if group.startswith("L2"))
    assert team[-1][0] == f"user:{first.pk}"
    assert found.find(f"user:{first.pk}").warning == f"{first} is away until Wed 16:00, {second} covers."


def test_nobody_on_duty_is_flagged_with_what_will_happen(org, ticket):
    shift(org.people["l2_first"], start=20, end=28)
    target = targets(org, ticket).find(f"team:{org.teams['L2'].pk}")

    assert target.team.nobody
    assert "Nobody on duty until Wed 06:00" in target.warning
    assert "told by mail" in target.warning
    assert "open until 16:00" in target.warning


def test_nobody_on_duty_is_not_waited_for(org, ticket):
    """Another team of the tier goes first where somebody is on duty, though it is of another region."""
    other = Team.objects.create(code="data", name="Data", tier=org.teams["L2"].tier, calendar=org.calendar)
    person = org.person("data_first", "l2_specialist", other)
    assert targets(org, ticket).default(ticket) == f"team:{org.teams['L2'].pk}"
    shift(org.people["l2_first"], start=20, end=28)
    shift(person)
    found = targets(org, ticket)

    assert found.default(ticket) == f"team:{other.pk}"
    assert f"On duty now: L2 Data ({person})." in of_team(found, org.teams["L2"]).instead


def test_who_left_is_no_reason_to_wait(org, ticket):
    shift(org.people["l2_first"])
    User.objects.filter(pk=org.people["l2_first"].pk).update(is_active=False)

    assert of_team(targets(org, ticket), org.teams["L2"]).nobody


def test_a_team_without_a_rota_is_not_called_unattended(org, ticket):
    assert targets(org, ticket).find(f"team:{org.teams['L2'].pk}").warning == ""


def test_the_best_fit_comes_first_with_the_reason(org, ticket):
    skill = Skill.objects.create(code="webhooks", name="Webhooks", product_areas=["webhooks"])
    first, second = org.people["l2_first"], org.people["l2_second"]
    rate(first, skill, Level.WITH_HELP)
    rate(second, skill, Level.ALONE)
    shift(first)
    found = targets(org, ticket)

    team = of_team(found, org.teams["L2"])
    assert team.suggested.user == second
    assert label(found, second) == f"{second}, 0 of 6 taken, Webhooks: alone"
    options = next(options for group, options in found.choices() if group.startswith("L2"))
    assert [value for value, _ in options[1:]] == [f"user:{second.pk}", f"user:{first.pk}"]
    assert f"Suggested: {second}" in found.find(f"team:{org.teams['L2'].pk}").hint


def test_a_constant_number_of_statements(org, ticket):
    skill = Skill.objects.create(code="webhooks", name="Webhooks", product_areas=["webhooks"])
    few = len(statements(lambda: targets(org, ticket)))
    for person in org.people.values():
        shift(person)
        rate(person, skill, Level.ALONE)
    absence_create(user=org.receiver, by=org.receiver, starts_at=NOON, ends_at=NOON + HOUR, covered_by=None)

    assert len(statements(lambda: targets(org, ticket))) == few == 7
