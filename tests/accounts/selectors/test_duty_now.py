"""Who is on duty now: covers, people who left, nobody there, and what it costs."""

from datetime import timedelta

import pytest

from accounts.choices import DutyRole
from accounts.models import DutyShift, Team, User
from accounts.selectors import duty_now
from accounts.services.absences import absence_create
from journal import clock
from tests.factories import NOON, Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def org() -> Organisation:
    with clock.travel(NOON):
        return Organisation()


def shift(user: User, *, team: Team | None = None, role: str = DutyRole.PRIMARY, start: int = -2, end: int = 4):
    return DutyShift.objects.create(
        team=team or user.team, user=user, role=role, starts_at=NOON + start * HOUR, ends_at=NOON + end * HOUR
    )


def away(user: User, cover: User | None, *, start: int = -1, end: int = 48):
    with clock.travel(NOON):
        absence_create(
            user=user, by=user, starts_at=NOON + start * HOUR, ends_at=NOON + end * HOUR, covered_by=cover
        )  # fmt: skip


def test_the_person_of_the_shift_then_the_backup(org):
    first, second = org.people["l2_first"], org.people["l2_second"]
    shift(first)
    shift(second, role=DutyRole.BACKUP)

    found = duty_now([org.teams["L2"]], NOON)[org.teams["L2"].pk]

    assert (found.primary, found.backups, found.until) == (first, (second,), NOON + 4 * HOUR)
    assert not found.nobody


def test_a_shift_ends_before_the_instant_it_ends_at(org):
    shift(org.people["l2_first"])

    assert duty_now([org.teams["L2"]], NOON + 4 * HOUR)[org.teams["L2"].pk].nobody
    assert duty_now([org.teams["L2"]], NOON - 2 * HOUR)[org.teams["L2"].pk].primary == org.people["l2_first"]


def test_the_cover_of_somebody_absent_answers_and_the_turn_ends_when_they_are_back(org):
    first, second = org.people["l2_first"], org.people["l2_second"]
    shift(first)
    away(first, second, end=3)

    found = duty_now([org.teams["L2"]], NOON)[org.teams["L2"].pk]

    assert (found.primary, found.stands_in, found.until) == (second, {second.pk: first}, NOON + 3 * HOUR)
    assert found.absent[first.pk].cover == second


def test_a_cover_who_is_absent_too_passes_it_on(org):
    first, second, third = org.people["l2_first"], org.people["l2_second"], org.people["l3_first"]
    shift(first)
    away(first, second)
    away(second, third)

    assert duty_now([org.teams["L2"]], NOON)[org.teams["L2"].pk].primary == third


def test_covers_that_turn_in_a_circle_leave_nobody(org):
    first, second = org.people["l2_first"], org.people["l2_second"]
    shift(first)
    away(first, second)
    away(second, first)

    assert duty_now([org.teams["L2"]], NOON)[org.teams["L2"].pk].nobody


def test_who_left_is_not_on_duty_and_is_named_as_gone(org):
    first = org.people["l2_first"]
    shift(first)
    User.objects.filter(pk=first.pk).update(is_active=False)

    found = duty_now([org.teams["L2"]], NOON)[org.teams["L2"].pk]

    assert found.nobody
    assert found.gone == (first,)


def test_a_backup_leads_when_nobody_else_is_there(org):
    first, second = org.people["l2_first"], org.people["l2_second"]
    shift(first)
    shift(second, role=DutyRole.BACKUP)
    away(first, None)

    assert duty_now([org.teams["L2"]], NOON)[org.teams["L2"].pk].primary == second


def test_nobody_on_duty_is_said_only_of_a_team_that_keeps_a_rota(org):
    shift(org.people["l2_first"], start=20, end=28)

    found = duty_now(org.teams.values(), NOON)

    assert found[org.teams["L2"].pk].nobody
    assert found[org.teams["L2"].pk].next_at == NOON + 20 * HOUR
    assert not found[org.teams["L3"].pk].nobody
    assert not found[org.teams["L3"].pk].keeps_rota


def test_two_statements_however_many_teams_shifts_and_absences(org):
    for person in org.people.values():
        shift(person)
    away(org.people["l2_first"], org.people["l2_second"])

    assert len(statements(lambda: duty_now(org.teams.values(), NOON))) == 2
