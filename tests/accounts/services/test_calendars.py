"""A calendar saved as one thing: refused by field, frozen once, never over somebody else's change."""

from dataclasses import replace
from datetime import date

import pytest

from accounts.domain.calendar_spec import Hours
from accounts.domain.calendar_values import CalendarValues, SpecialDay
from accounts.errors import EditConflict, Refused
from accounts.models import Calendar
from accounts.services.calendars import calendar_create, calendar_revise, calendar_save, calendar_values
from journal.models import Event
from tests.factories import make_calendar

pytestmark = pytest.mark.django_db
OFFICE = ((Hours(480, 1080),),) * 5 + ((), ())


def save(org, wanted, *, seen=None):
    current = calendar_values(org.calendar)
    return calendar_save(calendar=org.calendar, wanted=wanted, seen=seen or current.mark, by=org.process_owner)


def test_everything_about_a_calendar_comes_back_as_it_was_saved(org):
    wanted = CalendarValues(
        "Berlin", "Europe/Berlin", country="DE", subdivision="BE",
        weekly=((Hours(480, 720), Hours(780, 1440)), (Hours(1320, 360),), *((),) * 5),
        days=(SpecialDay(date(2026, 12, 24), "half_day", "Christmas Eve", Hours(480, 780)),
              SpecialDay(date(2026, 12, 28), "holiday", "Between the years"),
              SpecialDay(date(2026, 12, 31), "override", "Stocktaking", Hours(0, 1440))),
    )  # fmt: skip
    revision = save(org, wanted)
    assert calendar_values(Calendar.objects.get(pk=org.calendar.pk)) == wanted
    assert (revision.number, revision.created_by) == (2, org.process_owner)
    assert revision.definition["weekly"] == {
        "mon": [["08:00", "12:00"], ["13:00", "24:00"]],
        "tue": [["22:00", "06:00"]],
    }
    assert revision.definition["holidays"]["2026-12-28"] == "Between the years"
    assert "2026-10-03" in revision.definition["holidays"]
    event = Event.objects.get(kind="calendar.revised", data__number=2)
    assert ["Tuesday", "08:00–18:00", "22:00–06:00"] in event.data["changes"]
    assert event.actor == org.process_owner


def test_what_changes_nothing_freezes_nothing(org):
    assert save(org, calendar_values(org.calendar)).number == 1


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"weekly": ((),) * 7}, "mon", "never ring"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "IANA"),
        ({"country": "XX"}, "country", "No public holidays are known"),
        ({"country": "DE", "subdivision": "ZZ"}, "subdivision", "Known are"),
        ({"subdivision": "BE"}, "subdivision", "Choose the country"),
        ({"members": ("office",)}, "members", "twice"),
        ({"days": (SpecialDay(date(2026, 5, 4), "holiday", "A"),) * 2}, "days", "twice"),
    ],
)
def test_what_no_clock_could_count_on_is_refused_at_its_field(org, changes, field, words):
    with pytest.raises(Refused) as refused:
        save(org, replace(calendar_values(org.calendar), **changes))
    assert list(refused.value.fields) == [field]
    assert words in refused.value.fields[field]
    assert org.calendar.current.number == 1


def test_a_colleague_s_change_is_not_overwritten(org):
    opened = calendar_values(org.calendar)
    save(org, replace(opened, name="Head office"))
    with pytest.raises(EditConflict) as lost:
        save(org, replace(opened, country="DE"), seen=opened.mark)
    assert lost.value.current["name"] == "Head office"
    assert "another window" in lost.value.who
    assert save(org, replace(opened, name="Head office"), seen=opened.mark).number == 2  # both want the same


def test_a_new_calendar_is_called_after_its_name(org):
    first = calendar_create(wanted=CalendarValues("Create", weekly=OFFICE), by=org.administrator)
    second = calendar_create(wanted=CalendarValues("Create", weekly=OFFICE), by=org.administrator)
    assert (first.code, second.code) == ("create-2", "create-3")
    assert first.current.clocks_moved_at is not None


def test_a_calendar_of_others_moves_with_them(org):
    tokyo = make_calendar("tokyo", zone="Asia/Tokyo")
    sun = calendar_create(wanted=CalendarValues("Sun", members=("office", "tokyo")), by=org.administrator)
    assert [one["code"] for one in sun.current.definition["members"]] == ["office", "tokyo"]
    hours = tokyo.hours.first()
    hours.delete()
    calendar_revise(calendar=tokyo, by=org.administrator)
    assert sun.current.number == 2
    assert sun.current.definition["members"][1]["weekly"].keys() == {"tue", "wed", "thu", "fri"}
    with pytest.raises(Refused, match="Not saved") as refused:
        save(org, replace(calendar_values(org.calendar), members=("tokyo",)))
    assert "Sun is made of this one" in refused.value.fields["members"]
    with pytest.raises(Refused) as refused:
        calendar_create(wanted=CalendarValues("More", members=("sun",)), by=org.administrator)
    assert "itself made of others" in refused.value.fields["members"]
