"""The rota's pages: what a week shows, who may do what, what is refused, and what it costs."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.choices import DutyRole
from accounts.models import DutyShift, DutySwap, User
from accounts.selectors.rota_export import exported_shifts, rota_calendar
from accounts.services.absences import absence_create
from accounts.services.rota import shift_create
from accounts.services.swaps import swap_ask
from journal.models import Draft
from tests.factories import NOON, Organisation
from tests.queries import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOUR = timedelta(hours=1)


@pytest.fixture
def manager(client, org):
    client.force_login(org.manager)
    return client


def shift(org: Organisation, who: str = "l2_first", *, start: float = -2, end: float = 6, role: str = DutyRole.PRIMARY):
    return shift_create(
        team=org.teams["L2"], by=org.manager, user=org.people[who], starts_at=NOON + start * HOUR,
        ends_at=NOON + end * HOUR, role=role,
    )  # fmt: skip


def url(name: str, *args: object) -> str:
    return reverse(f"accounts:{name}", args=args)


def week(client, org: Organisation, of: str = "L2", query: str = "") -> str:
    return client.get(url("rota_detail", org.teams[of].code) + query).content.decode()


def test_a_week_shows_turns_in_the_reader_s_zone_and_the_working_hours_nobody_covers(manager, org):
    shift(org, start=-2, end=2)
    page = week(manager, org)

    assert "Europe/Berlin" in page
    assert "10:00–14:00" in page
    assert "L2_First Example" in page
    assert "14:00–18:00" in page
    assert "Nobody on duty" in page
    assert "Put somebody on" in page


def test_the_same_week_for_somebody_elsewhere(client, org):
    reader = org.people["l1_first"]
    reader.time_zone = "Asia/Kolkata"
    reader.save()
    shift(org, start=-2, end=2)
    client.force_login(reader)
    page = week(client, org)

    assert "13:30–17:30" in page
    assert "Put somebody on" not in page


def test_weekend_and_holiday_cover_are_named(manager, org):
    shift(org, start=96, end=104)  # Saturday
    assert "weekend cover" in week(manager, org)
    assert "Weekend" in week(manager, org)


def test_who_left_is_flagged_on_the_rota(manager, org):
    made = shift(org)
    User.objects.filter(pk=made.user_id).update(is_active=False)
    page = week(manager, org)

    assert "has left and still stands on this rota" in page
    assert "Nobody is on duty" in page


def test_an_absence_shows_the_cover_or_what_needs_one(manager, org):
    made = shift(org, start=20, end=28)
    absence_create(user=made.user, by=made.user, starts_at=NOON + 18 * HOUR, ends_at=NOON + 24 * HOUR)
    page = week(manager, org)

    assert "needs cover" in page
    listed = manager.get(url("absence_list") + "?of=all").content.decode()
    assert "Cover shift" in listed


def test_a_gap_fills_the_form_and_the_form_writes_the_shift(manager, org):
    filled = manager.get(url("shift_create", "integrations") + "?from=2026-06-16T14:00&until=2026-06-16T18:00")
    assert 'value="2026-06-16T14:00"' in filled.content.decode()
    answer = manager.post(url("shift_create", "integrations"), {
        "user": org.people["l2_first"].pk, "role": "primary", "starts_at": "2026-06-16T14:00",
        "ends_at": "2026-06-16T18:00", "note": "",
    })  # fmt: skip
    assert answer.status_code == 303
    assert DutyShift.objects.get().starts_at == NOON + 2 * HOUR


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(manager, org):
    answer = manager.post(url("shift_create", "integrations"), {
        "user": org.people["l2_first"].pk, "role": "primary", "starts_at": "2026-06-16T18:00",
        "ends_at": "2026-06-16T14:00", "note": "kept words",
    })  # fmt: skip
    assert answer.status_code == 422
    assert "ends after it starts" in answer.content.decode()
    assert "kept words" in answer.content.decode()


def test_a_change_over_somebody_else_s_is_409_and_can_be_sent_again(manager, org):
    made = shift(org, start=20, end=28)
    page = manager.get(url("shift_change", made.pk)).context["form"]
    values = {name: page[name].value() for name in ("role", "note", "seen")} | {
        "user": made.user_id, "starts_at": "2026-06-17T10:00", "ends_at": "2026-06-17T15:00",
    }  # fmt: skip
    DutyShift.objects.filter(pk=made.pk).update(note="somebody else was here")
    answer = manager.post(url("shift_change", made.pk), values)
    assert answer.status_code == 409
    again = {**values, "seen": answer.context["form"]["seen"].value()}
    assert manager.post(url("shift_change", made.pk), again).status_code == 303


def test_a_swap_from_asking_to_accepting(client, org):
    made = shift(org, start=20, end=28)
    client.force_login(made.user)
    assert "Ask a colleague" in client.get(made.get_absolute_url()).content.decode()
    asked = client.post(url("swap_create", made.pk), {"offered_to": org.people["l2_second"].pk, "note": "please read"})
    assert asked.status_code == 303
    swap = DutySwap.objects.get()
    client.force_login(org.people["l2_second"])
    assert "Accept swap" in week(client, org)
    assert client.post(url("swap_accept", swap.pk)).status_code == 303
    assert DutyShift.objects.get().user == org.people["l2_second"]
    late = client.post(url("swap_decline", swap.pk))
    assert late.status_code == 409
    assert "accepted by now" in late.content.decode()


def test_a_swap_of_others_does_not_exist(client, org):
    made = shift(org, start=20, end=28)
    swap = swap_ask(shift=made, by=made.user, offered_to=org.people["l2_second"])
    client.force_login(org.people["l3_first"])

    assert client.post(url("swap_accept", swap.pk)).status_code == 404


def test_a_pattern_is_previewed_then_written(manager, org):
    values = {
        "person_1": org.people["l2_first"].pk, "person_2": org.people["l2_second"].pk, "role": "primary",
        "first": "2026-06-22", "until": "2026-07-20", "turn_days": 7, "weekday": 0, "handover": "09:00",
        "hours": "always", "existing": "keep",
    }  # fmt: skip
    preview = manager.post(url("rota_pattern", "integrations"), {**values, "do": "preview"})
    assert preview.status_code == 200
    assert "Write 4 rows" in preview.content.decode()
    assert not DutyShift.objects.exists()
    assert manager.post(url("rota_pattern", "integrations"), {**values, "do": "write"}).status_code == 303
    assert DutyShift.objects.count() == 4
    again = manager.post(url("rota_pattern", "integrations"), {**values, "do": "write"})
    assert again.status_code == 422
    assert DutyShift.objects.count() == 4


def test_a_pattern_that_replaces_takes_only_what_is_to_come(manager, org):
    running = shift(org, "l2_second", start=-2, end=200)
    coming = shift(org, "l3_first", start=210, end=220)
    values = {
        "person_1": org.people["l2_first"].pk, "role": "primary", "first": "2026-06-22", "until": "2026-06-29",
        "turn_days": 7, "weekday": 0, "handover": "09:00", "hours": "always", "existing": "replace", "do": "preview",
    }  # fmt: skip
    page = manager.post(url("rota_pattern", "integrations"), values).content.decode()

    assert "Removed" in page
    assert "Left out" in page
    assert DutyShift.objects.filter(pk__in=[running.pk, coming.pk]).count() == 2


@pytest.mark.parametrize(("field", "value"), [("until", "2026-06-01"), ("person_1", ""), ("first", "soon")])
def test_a_pattern_that_makes_no_sense_is_refused_at_its_field(manager, org, field, value):
    values = {
        "person_1": org.people["l2_first"].pk, "role": "primary", "first": "2026-06-22", "until": "2026-06-29",
        "turn_days": 7, "weekday": 0, "handover": "09:00", "hours": "always", "existing": "keep", field: value,
    }  # fmt: skip
    answer = manager.post(url("rota_pattern", "integrations"), values)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_downloaded_calendar_comes_back_unchanged(manager, org):
    shift(org)
    data = manager.get(url("rota_export", "integrations"))
    assert data["Content-Type"].startswith("text/calendar")
    assert "attachment" in data["Content-Disposition"]
    upload = {"do": "upload", "file": SimpleUploadedFile("rota.ics", data.content)}
    assert manager.post(url("rota_import", "integrations"), upload).status_code == 303
    page = manager.get(url("rota_import", "integrations")).content.decode()
    assert "1 stands already" in page
    assert "Import 1 row" not in page


def test_an_upload_is_kept_until_it_is_written_or_discarded(manager, org):
    made = shift(org, start=20, end=28)
    data = rota_calendar(org.teams["L2"], exported_shifts(org.teams["L2"], NOON), NOON)
    made.delete()
    manager.post(url("rota_import", "integrations"), {"do": "upload", "file": SimpleUploadedFile("rota.ics", data)})
    assert "Import 1 row" in manager.get(url("rota_import", "integrations")).content.decode()
    assert not DutyShift.objects.exists()
    assert manager.post(url("rota_import", "integrations"), {"do": "write"}).status_code == 303
    assert DutyShift.objects.get().uid == str(made.uid)
    assert not Draft.objects.exists()


def test_a_file_that_is_no_calendar_is_422_in_words(manager, org):
    for content in (b"hello", b"", b"\xff\xfe\x00"):
        upload = {"do": "upload", "file": SimpleUploadedFile("rota.ics", content)}
        assert manager.post(url("rota_import", "integrations"), upload).status_code == 422


def test_whatever_stands_in_the_address(manager, org):
    for query in ("?week=x", "?week=0001-01-01", "?week=9999-12-31", "?week=2026-13-40"):
        assert manager.get(url("rota_detail", "integrations") + query).status_code == 200
    assert manager.get(url("rota_month", "integrations") + "?month=2026-99").status_code == 200
    assert manager.get(url("rota_detail", "nobody")).status_code == 404


def test_a_week_costs_the_same_however_much_is_on_it(manager, org):
    shift(org)
    path = url("rota_detail", "integrations")
    manager.get(path)
    few = len(statements(lambda: manager.get(path)))
    for number in range(6):
        made = shift(org, "l2_second", start=20 + number * 10, end=28 + number * 10)
        shift(org, "l3_first", start=20 + number * 10, end=28 + number * 10, role=DutyRole.BACKUP)
    swap_ask(shift=made, by=made.user, offered_to=org.people["l2_first"])
    absence_create(user=org.people["l3_first"], by=org.manager, starts_at=NOON, ends_at=NOON + 60 * HOUR)

    assert len(statements(lambda: manager.get(path))) <= few + 1  # the parts that need cover, once an absence has none


def test_the_overview_costs_the_same_for_more_teams(manager, org):
    shift(org)
    few = len(statements(lambda: manager.get(url("rota_list"))))
    for who in ("l1_first", "l3_first", "l4_first"):
        person = org.people[who]
        DutyShift.objects.create(team=person.team, user=person, starts_at=NOON - HOUR, ends_at=NOON + HOUR)

    assert len(statements(lambda: manager.get(url("rota_list")))) == few
