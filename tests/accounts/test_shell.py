"""The line under the person's name: an absence before a shift, a shift before the hours of the team."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.choices import DutyRole
from accounts.models import DutyShift, User
from accounts.services.absences import absence_cancel, absence_create
from tests.factories import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOUR = timedelta(hours=1)


def line(person: User) -> str:
    client = Client()
    client.force_login(person)
    found = re.search(r'<span class="duty[^>]*>(.*?)</span>', client.get("/queue/").content.decode(), re.S)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""


def test_away_then_on_duty_then_the_hours_of_the_team(org):
    person = org.people["l2_first"]
    assert line(person).startswith(f"{person.team} ")
    DutyShift.objects.create(
        team=person.team, user=person, role=DutyRole.PRIMARY, starts_at=NOON - HOUR, ends_at=NOON + 3 * HOUR,
        created_by=person,
    )  # fmt: skip
    assert line(person).startswith("On duty until ")
    absence = absence_create(user=person, by=person, starts_at=NOON - HOUR, ends_at=NOON + 30 * HOUR, covered_by=None)
    assert line(person).startswith("Away until Wed 17 Jun, ")
    assert line(org.people["l2_second"]).startswith(f"{person.team} ")
    absence_cancel(absence=absence, by=person)
    assert line(person).startswith("On duty until ")


def test_who_belongs_to_no_team_is_away_too(org):
    manager = org.manager
    assert manager.team is None
    assert line(manager) == ""
    absence_create(user=manager, by=manager, starts_at=NOON - HOUR, ends_at=NOON + HOUR, covered_by=None)
    assert line(manager).startswith("Away until Tue 16 Jun, ")
