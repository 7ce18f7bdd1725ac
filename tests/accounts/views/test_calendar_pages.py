"""Calendars on their pages: found from the studio, edited with what was typed kept, shown with what would change."""

from dataclasses import replace

import pytest

from accounts.models import Calendar, CalendarException
from accounts.services.calendars import calendar_save, calendar_values
from escalations.choices import ClockKind
from escalations.models import Clock
from escalations.services.sweep import sweep
from journal import clock
from tests.factories import NOON, Organisation
from tests.queries import statements

pytestmark = pytest.mark.django_db
EDIT = "/calendars/office/edit/"


@pytest.fixture
def org(client):
    with clock.travel(NOON) as traveller:
        organisation = Organisation()
        organisation.time = traveller
        client.force_login(organisation.process_owner)
        yield organisation


def typed(org, **changes):
    """What the editor would send back unchanged, with changes; `days` are (date, name, kind, hours)."""
    values = calendar_values(org.calendar)
    data = {
        "name": values.name, "time_zone": values.time_zone, "country": "", "subdivision": "", "seen": values.mark,
        **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00–18:00"), "sat": "", "sun": "",
        "days-TOTAL_FORMS": "0", "days-INITIAL_FORMS": "0",
    }  # fmt: skip
    for place, day in enumerate(changes.pop("days", ())):
        data["days-TOTAL_FORMS"] = str(place + 1)
        data |= {
            f"days-{place}-{name}": text for name, text in zip(("date", "name", "kind", "hours"), day, strict=True)
        }
    return data | changes


def test_the_studio_leads_to_calendars_and_readers_only_read(client, org):
    studio = client.get("/policies/versions/").content.decode()
    assert 'href="/calendars/"' in studio
    page = client.get("/calendars/").content.decode()
    for words in (
        "Office",
        "Mon to Fri 08:00 to 18:00, Berlin",
        "Open until",
        "Front",
        "Edit calendar",
        "Add calendar",
    ):
        assert words in page
    client.force_login(org.agent)
    assert "Edit calendar" not in client.get("/calendars/").content.decode()
    assert "Edit calendar" not in client.get("/calendars/office/").content.decode()
    assert client.get(EDIT).status_code == 404
    assert client.post(EDIT, typed(org)).status_code == 404
    assert client.get("/calendars/nowhere/").status_code == 404


def test_the_list_asks_the_same_however_many_there_are(client, org):
    few = len(statements(lambda: client.get("/calendars/")))
    for number in range(6):
        Calendar.objects.create(code=f"more-{number}", name=f"More {number}")
    assert len(statements(lambda: client.get("/calendars/"))) == few


def test_hours_and_special_days_are_saved_and_shown_with_who_changed_them(client, org):
    day = ("2026-06-17", "Town day", "half_day", "08:00–12:00")
    answer = client.post(EDIT, typed(org, fri="8-15", country="DE", subdivision="be", days=[day]))
    assert answer.status_code == 303, answer.content.decode()
    page = client.get("/calendars/office/").content.decode()
    for words in ("08:00–15:00", "Town day", "Wed 17 Jun 2026", "Christmas Day", str(org.process_owner), "Friday",
                  "being recomputed"):  # fmt: skip
        assert words in page
    form = client.get(EDIT).content.decode()
    for words in ('value="2026-06-17"', 'value="08:00–12:00"', 'value="08:00–15:00"', 'value="BE"'):
        assert words in form


def test_what_was_typed_stands_beside_what_is_wrong_with_it(client, org):
    days = [("2026-06-17", "Town day", "holiday", "08:00–12:00"), ("2026-06-17", "", "half_day", "")]
    answer = client.post(EDIT, typed(org, mon="8 to noon", tue="8-12, 11-18", subdivision="BE", days=days))
    text = answer.content.decode()
    assert answer.status_code == 422
    for words in ('value="8 to noon"', "such as 08:00–18:00", "overlaps", "closed all day", "Nothing is written here"):
        assert words in text
    assert org.calendar.current.number == 1
    never = client.post(EDIT, typed(org, **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "")))
    assert (never.status_code, "never ring" in never.content.decode()) == (422, True)
    country = client.post(EDIT, typed(org, subdivision="BE"))
    assert (country.status_code, "Choose the country" in country.content.decode()) == (422, True)


def test_rows_of_days_come_and_go_without_script(client, org):
    one, other = ("2026-06-17", "Town day", "holiday", ""), ("soon", "Other", "half_day", "8-12")
    more = client.post(EDIT, typed(org, days=[one, other], mon="soon", add_day="1")).content.decode()
    assert 'name="days-2-date"' in more
    assert 'value="soon"' in more
    assert "such as 08:00–18:00." not in more  # not judged yet
    less = client.post(EDIT, typed(org, days=[one, other], remove_day="0")).content.decode()
    assert ("Town day" in less, 'value="Other"' in less, 'name="days-1-date"' in less) == (False, True, False)
    CalendarException.objects.create(calendar=org.calendar, date="2026-06-17", name="Town day")
    client.post(EDIT, typed(org, days=[("", "", "holiday", "")]))  # emptied: no day any more
    assert not org.calendar.exceptions.exists()


def test_two_editors_see_both_versions(client, org):
    mine = typed(org, fri="8-15")
    theirs = replace(calendar_values(org.calendar), name="Head office")
    calendar_save(calendar=org.calendar, wanted=theirs, seen=calendar_values(org.calendar).mark, by=org.administrator)
    lost = client.post(EDIT, mine)
    text = lost.content.decode()
    assert lost.status_code == 409
    for words in (str(org.administrator), "Head office", "08:00–15:00", "08:00–18:00"):
        assert words in text
    assert org.calendar.current.number == 2
    chosen = {**mine, "seen": theirs.mark, "resolve": "chosen", "conflict-name": "theirs", "conflict-fri": "mine"}
    assert client.post(EDIT, chosen).status_code == 303
    kept = calendar_values(Calendar.objects.get(code="office"))
    assert (kept.name, kept.weekly[4][0].closes) == ("Head office", 15 * 60)


def test_a_calendar_is_added(client, org):
    answer = client.post("/calendars/create/", typed(org, name="Lisbon office", time_zone="Europe/Lisbon", seen=""))
    assert answer["Location"] == "/calendars/lisbon-office/"
    assert Calendar.objects.get(code="lisbon-office").current.number == 1


def test_the_preview_says_which_days_and_clocks_would_move_and_moves_none(client, org):
    ticket = org.ticket(subject="Noon in Berlin: eight hours of first response end tomorrow at ten")
    hidden = org.ticket(subject="Only for those named")
    hidden.is_restricted = True
    hidden.save()
    before = Clock.objects.get(ticket=ticket, kind=ClockKind.FIRST_RESPONSE).due_at
    data = typed(org, days=[("2026-06-17", "Town day", "holiday", "")])
    answer = client.post("/calendars/office/preview/", data, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 200
    for words in ("Wed 17 Jun 2026", "08:00–18:00", "closed", "2 running clocks would move", ticket.ref, "later"):
        assert words in text
    assert hidden.ref not in text
    assert org.calendar.current.number == 1
    client.post(EDIT, data)
    sweep()
    after = Clock.objects.get(ticket=ticket, kind=ClockKind.FIRST_RESPONSE).due_at
    assert (after - before).days == 1
    wrong = client.post("/calendars/office/preview/", typed(org, mon="soon"), headers={"HX-Request": "true"})
    assert (wrong.status_code, "Monday: Write hours" in wrong.content.decode()) == (422, True)
