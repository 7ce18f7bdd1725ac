"""Absences: one's own, those of the people one leads, and nobody else's."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.models import Absence, User
from accounts.services.absences import absence_cancel, absence_change, absence_create
from journal.models import Event
from tests.factories import NOON, Organisation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOUR = timedelta(hours=1)


def away(org: Organisation, who: str = "l2_first", *, by: User | None = None, cover: str | None = None,
         start: float = -1, end: float = 30) -> Absence:  # fmt: skip
    person = org.people[who]
    return absence_create(
        user=person, by=by or person, starts_at=NOON + start * HOUR, ends_at=NOON + end * HOUR,
        covered_by=org.people[cover] if cover else None,
    )  # fmt: skip


def test_by_themselves_by_their_lead_by_managers_by_nobody_else(org):
    org.teams["L2"].lead = org.people["l2_second"]
    org.teams["L2"].save()
    away(org, start=1, end=2)
    away(org, by=org.people["l2_second"], start=3, end=4)
    away(org, by=org.manager, start=5, end=6)
    with pytest.raises(NotAllowed):
        away(org, by=org.people["l1_first"], start=7, end=8)
    assert Event.objects.filter(kind="absence.created", subject_id=org.people["l2_first"].pk).count() == 3


@pytest.mark.parametrize(("start", "end"), [(2, 1), (-5, -1), (0, 24 * 500)])
def test_times_that_make_no_sense(org, start, end):
    with pytest.raises(Refused) as caught:
        away(org, start=start, end=end)
    assert "ends_at" in caught.value.fields


def test_nobody_is_away_twice_at_once_but_again_after_a_cancellation(org):
    first = away(org)
    with pytest.raises(Refused, match="away"):
        away(org, start=5, end=50)
    absence_cancel(absence=first, by=org.people["l2_first"])
    with pytest.raises(Overtaken):
        absence_cancel(absence=first, by=org.people["l2_first"])
    away(org, start=5, end=50)


def test_who_left_or_works_no_tickets_covers_for_nobody(org):
    User.objects.filter(username="l2_second").update(is_active=False)
    with pytest.raises(Refused, match="has left"):
        away(org, cover="l2_second")
    with pytest.raises(Refused, match="themselves"):
        away(org, cover="l2_first")


def test_a_change_is_recorded_with_old_and_new(org):
    absence = away(org)
    absence_change(
        absence=absence, by=org.manager, starts_at=absence.starts_at, ends_at=NOON + 50 * HOUR,
        covered_by=org.people["l2_second"],
    )  # fmt: skip

    changes = Event.objects.get(kind="absence.changed").data["changes"]
    assert changes["covered_by"] == ["", str(org.people["l2_second"])]
    assert set(changes) == {"until", "covered_by"}


def test_the_page_of_one_s_own_has_no_choice_of_person_and_a_lead_has(client, org):
    client.force_login(org.people["l2_first"])
    page = client.get(reverse("accounts:absence_create"))
    assert "user" not in page.context["form"].fields
    posted = client.post(reverse("accounts:absence_create"), {
        "starts_at": "2026-06-17T08:00", "ends_at": "2026-06-19T18:00", "covered_by": org.people["l2_second"].pk,
        "user": org.people["l3_first"].pk,
    })  # fmt: skip
    assert posted.status_code == 303
    assert Absence.objects.get().user == org.people["l2_first"]
    org.teams["L2"].lead = org.people["l2_second"]
    org.teams["L2"].save()
    client.force_login(org.people["l2_second"])
    people = client.get(reverse("accounts:absence_create")).context["form"].fields["user"].people.values()
    assert {person.username for person in people} == {"l2_first", "l2_second"}


def test_another_s_absence_is_not_there_to_change(client, org):
    absence = away(org)
    client.force_login(org.people["l3_first"])

    for name in ("absence_change", "absence_cancel"):
        assert client.post(reverse(f"accounts:{name}", args=[absence.pk])).status_code == 404
    absence.refresh_from_db()
    assert absence.cancelled_at is None
