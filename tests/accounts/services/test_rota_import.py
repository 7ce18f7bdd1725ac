"""iCalendar in and out: round trip, matching, repetition, and files that are wrong in every way."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import DutyRole
from accounts.errors import NotAllowed, Refused
from accounts.models import DutyShift, User
from accounts.selectors.rota_export import exported_shifts, rota_calendar
from accounts.services.rota import shift_create
from accounts.services.rota_files import MAX_BYTES, FileShift, read_calendar
from accounts.services.rota_import import import_preview, rota_import
from accounts.services.rota_plan import Plan, Verdict
from journal import clock
from journal.models import Event
from tests.factories import NOON, Organisation

HOUR = timedelta(hours=1)
BERLIN = "Europe/Berlin"
ZONE = ZoneInfo(BERLIN)


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def event(uid: str = "a", *, start: str = "20260617T090000Z", end: str = "20260617T170000Z", more: str = "",
          who: str = "ATTENDEE:mailto:l2_first@belay.example") -> str:  # fmt: skip
    return f"UID:{uid}\nDTSTART:{start}\nDTEND:{end}\n{who}\n{more}".strip()


def read(data: bytes) -> list[FileShift]:
    return read_calendar(data, zone=BERLIN, now=NOON)


# --- reading, without a database ----------------------------------------------------------------------


def test_times_with_a_zone_by_name_without_one_and_whole_days():
    found = read(
        calendar(
            "UID:a\nDTSTART;TZID=America/New_York:20260617T090000\nDTEND;TZID=Eastern Standard Time:20260617T170000",
            "UID:b\nDTSTART:20260617T090000\nDURATION:PT8H",
            "UID:c\nDTSTART;VALUE=DATE:20260620",
        )
    )

    assert [(one.starts_at.hour, one.ends_at.hour, one.error) for one in found] == [
        (13, 21, ""), (7, 15, ""), (22, 22, ""),
    ]  # fmt: skip
    assert found[2].ends_at - found[2].starts_at == timedelta(days=1)


def test_weekly_repetition_keeps_its_local_hour_over_the_change_of_clocks():
    times = "DTSTART;TZID=Europe/Berlin:20261012T090000\nDTEND;TZID=Europe/Berlin:20261012T170000"
    found = read(calendar(f"UID:a\n{times}\nRRULE:FREQ=WEEKLY;COUNT=4"))

    assert [one.starts_at for one in found] == [
        datetime(2026, 10, day, hour, tzinfo=UTC) for day, hour in ((12, 7), (19, 7), (26, 8))
    ] + [datetime(2026, 11, 2, 8, tzinfo=UTC)]
    assert len({one.uid for one in found}) == 4


def test_an_occurrence_that_was_moved_keeps_its_name_and_one_left_out_is_gone():
    weekly = event("a", more="RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20260701T090000Z")
    moved = event("a", start="20260624T100000Z", end="20260624T180000Z", more="RECURRENCE-ID:20260624T090000Z")
    found = read(calendar(weekly, moved))

    assert [(one.uid, one.starts_at.day, one.starts_at.hour) for one in found] == [
        ("a/20260617T090000Z", 17, 9), ("a/20260624T090000Z", 24, 10),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DTSTART:20260617T090000Z\nDTEND:20260617T170000Z", "no UID"),
        ("UID:a\nDTEND:20260617T170000Z", "no start"),
        ("UID:a\nDTSTART:20260617T090000Z", "no end"),
        ("UID:a\nDTSTART:yesterday\nDTEND:20260617T170000Z", "DTSTART does not read"),
        ("UID:a\nDTSTART;TZID=Mars/Olympus:20260617T090000\nDTEND:20260617T170000Z", "Mars/Olympus is not known"),
        ("UID:a\nDTSTART:00010101T090000Z\nDTEND:20260617T170000Z", "ten years"),
        (event(more="RRULE:FREQ=SECONDLY"), "daily and weekly"),
        (event(more="RRULE:FREQ=MINUTELY;INTERVAL=5"), "daily and weekly"),
        (event(more="RRULE:FREQ=DAILY;BYHOUR=1,2,3"), "daily and weekly"),
        (event(more="RRULE:FREQ=DAILY;INTERVAL=0"), "daily and weekly"),
        (event(more="RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "daily and weekly"),
        (event(more="RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU"), "daily and weekly"),
        (event(more="RRULE:FREQ=WEEKLY\nRRULE:FREQ=DAILY"), "two rules"),
        (event(more="EXRULE:FREQ=WEEKLY"), "EXRULE"),
    ],
)
def test_an_event_that_does_not_read_says_why_and_the_others_are_read(text, said):
    began = monotonic()
    wrong, fine = read(calendar(text, event("fine")))

    assert said in wrong.error
    assert not fine.error
    assert monotonic() - began < 5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no iCalendar"),
        (b"PK\x03\x04 not text \xff\xfe", "UTF-8"),
        (b"a,b,c\n1,2,3\n", "no iCalendar"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no events"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "no iCalendar"),
        (b"x" * (MAX_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused_in_words(data, said):
    with pytest.raises(Refused, match=said):
        read(data)


def test_too_many_rows_are_refused_before_they_cost_anything():
    daily = [event(f"e{n}", more="RRULE:FREQ=DAILY") for n in range(5)]
    with pytest.raises(Refused, match="2,000 shifts"):
        read(calendar(*daily))
    with pytest.raises(Refused, match="1,000 events"):
        read(calendar(*[event(f"e{n}") for n in range(1001)]))


def test_a_time_zone_of_the_file_s_own_is_not_believed():
    """One that changes every second would be computed for years; the name is looked up instead."""
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
        "TZOFFSETTO:-0900\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nEND:VTIME\r\n ZONE\r\n"
    )
    body = calendar("UID:a\nDTSTART;TZID=Europe/Berlin:20260617T090000\nDURATION:PT8H").decode()
    found = read(body.replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT").encode())

    assert found[0].starts_at.hour == 7


LINES = st.sampled_from([
    "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "UID:a", "UID:", "SUMMARY:x",
    "DTSTART:20260617T090000Z", "DTSTART;VALUE=DATE:20260617", "DTSTART;VALUE=PERIOD:20260617T090000Z/PT1H",
    "DTEND:20260617T170000Z", "DTEND;VALUE=DATE:20260617", "DURATION:-P1D", "DURATION:P99999999D", "RRULE:FREQ=DAILY",
    "RRULE:FREQ=WEEKLY;BYDAY=XX", "RRULE:FREQ=DAILY;UNTIL=20260101", "RRULE:COUNT=3", "RDATE:20260618T090000Z",
    "RDATE;VALUE=PERIOD:20260618T090000Z/PT1H", "EXDATE:x", "RECURRENCE-ID:20260617T090000Z",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260617T090000Z", "ATTENDEE;CN=\"x\":mailto:a@b", "ATTENDEE:", "CATEGORIES:,",
    "CATEGORIES:Backup", "STATUS:CANCELLED", "DESCRIPTION:\\n", ";:=", "X;Y=", " folded",
    "DTSTART;TZID=:20260617T090000",
])  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(st.lists(LINES, max_size=25) | st.lists(LINES | st.text(max_size=30), max_size=25), st.booleans())
def test_whatever_the_lines_the_answer_is_rows_or_a_refusal(lines, framed):
    if framed:
        lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"]
    try:
        found = read("\r\n".join(lines).encode("utf-8", "surrogatepass"))
    except Refused:
        return
    assert all(one.error or (one.starts_at and one.ends_at) for one in found)


@given(st.binary(max_size=300))
def test_whatever_the_bytes(data):
    try:
        read(data)
    except Refused:
        return


# --- writing ------------------------------------------------------------------------------------------


@pytest.fixture
def org(db):
    with clock.travel(NOON):
        yield Organisation()


def preview(org: Organisation, data: bytes) -> Plan:
    return import_preview(team=org.teams["L2"], shifts=read(data), now=NOON, zone=ZONE)


def write(org: Organisation, data: bytes, by: User | None = None) -> Plan:
    return rota_import(team=org.teams["L2"], by=by or org.manager, shifts=read(data), name="rota.ics", zone=ZONE)


def verdicts(plan: Plan) -> list[str]:
    return [row.verdict for row in plan.rows]


def rota() -> list[tuple[object, ...]]:
    return list(DutyShift.objects.order_by("pk").values_list(
        "pk", "uid", "user", "role", "starts_at", "ends_at", "note"
    ))  # fmt: skip


def test_export_then_import_changes_nothing(org):
    team = org.teams["L2"]
    for number, (who, role) in enumerate((("l2_first", "primary"), ("l2_second", "backup"), ("l3_first", "primary"))):
        shift_create(
            team=team, by=org.manager, user=org.people[who], role=role, starts_at=NOON + number * 5 * HOUR,
            ends_at=NOON + (number * 5 + 8) * HOUR, note="Comma, semicolon; back\\slash" if number else "",
        )  # fmt: skip
    before = rota()
    data = rota_calendar(team, exported_shifts(team, NOON), NOON)

    assert verdicts(preview(org, data)) == [Verdict.SAME] * 3
    with pytest.raises(Refused, match="nothing to write"):
        write(org, data)
    assert rota() == before


def test_into_an_empty_rota_the_same_shifts_come_back(org):
    team = org.teams["L2"]
    shift_create(team=team, by=org.manager, user=org.people["l2_first"], role=DutyRole.BACKUP,
                 starts_at=NOON + HOUR, ends_at=NOON + 9 * HOUR, note="Note")  # fmt: skip
    before = rota()
    data = rota_calendar(team, exported_shifts(team, NOON), NOON)
    DutyShift.objects.all().delete()
    write(org, data)

    assert [row[1:] for row in rota()] == [row[1:] for row in before]


def test_the_same_file_twice_writes_once(org):
    data = calendar(event(more="RRULE:FREQ=DAILY;COUNT=5"))
    assert write(org, data).count(Verdict.NEW) == 5
    before = rota()

    assert verdicts(preview(org, data)) == [Verdict.SAME] * 5
    assert rota() == before
    assert Event.objects.get(kind="rota.imported").data["shifts"] == 5


@pytest.mark.parametrize(
    "who",
    ["ATTENDEE:MAILTO:L2_First@belay.example", "SUMMARY:l2_first", "SUMMARY:L2_First Example: on duty",
     "SUMMARY:Support - L2_First Example", "ATTENDEE;CN=L2_First Example:mailto:other@elsewhere.example"],
)  # fmt: skip
def test_people_are_found_by_address_user_name_or_name(org, who):
    row = preview(org, calendar(event(who=who))).rows[0]

    assert row.user == org.people["l2_first"], row.says


def test_nobody_several_and_who_left(org):
    User.objects.filter(username="l2_second").update(is_active=False)
    both = "ATTENDEE:mailto:l2_first@belay.example\nATTENDEE:mailto:l3_first@belay.example"
    plan = preview(org, calendar(
        event("a", who="SUMMARY:Somebody Else"), event("b", who="SUMMARY:"), event("c", who=both),
        event("d", who="ATTENDEE:mailto:l2_second@belay.example"),
        event("e", who="ATTENDEE:mailto:process_owner@belay.example"),
    ))  # fmt: skip

    assert verdicts(plan) == [Verdict.WRONG] * 5
    said = [row.says[0] for row in plan.rows]
    assert "Nobody here is called Somebody Else" in said[0]
    assert "names nobody" in said[1]
    assert "several people" in said[2]
    assert "has left" in said[3]
    assert "works no tickets" in said[4]


def test_changes_and_cancellations_are_applied_and_two_shifts_may_change_places(org):
    second = "ATTENDEE:mailto:l2_second@belay.example"
    third = {"start": "20260620T090000Z", "end": "20260620T170000Z"}
    write(org, calendar(event("a"), event("b", who=second, more="CATEGORIES:Backup"), event("c", **third)))
    plan = write(org, calendar(
        event("a", who=second), event("b", more="CATEGORIES:Backup"),
        event("c", **third, more="STATUS:CANCELLED"),
    ))  # fmt: skip

    assert verdicts(plan) == [Verdict.CHANGED, Verdict.CHANGED, Verdict.REMOVED]
    assert {one.uid: one.user.username for one in DutyShift.objects.select_related("user")} == {
        "a": "l2_second", "b": "l2_first",
    }  # fmt: skip


def test_what_meets_another_shift_of_the_person_is_not_written(org):
    shift_create(
        team=org.teams["L2"], by=org.manager, user=org.people["l2_first"],
        starts_at=datetime(2026, 6, 17, 8, tzinfo=UTC), ends_at=datetime(2026, 6, 17, 10, tzinfo=UTC),
    )  # fmt: skip
    plan = preview(org, calendar(
        event("meets-stored"), event("new", start="20260618T090000Z", end="20260618T170000Z"),
        event("meets-new", start="20260618T100000Z", end="20260618T110000Z"),
        event("twice", start="20260620T090000Z"), event("twice", start="20260621T090000Z"),
    ))  # fmt: skip

    assert verdicts(plan) == [Verdict.WRONG, Verdict.NEW, Verdict.WRONG, Verdict.WRONG]
    assert "on this rota already" in plan.rows[0].says[0]
    assert "on this rota already" in plan.rows[2].says[0]
    assert plan.rows[3].says == ["Two events have this UID."]


def test_the_past_stays_as_it_was(org):
    plan = preview(org, calendar(event(start="20260601T090000Z", end="20260601T170000Z")))

    assert verdicts(plan) == [Verdict.LEFT_OUT]


def test_only_who_plans_imports(org):
    with pytest.raises(NotAllowed):
        write(org, calendar(event()), by=org.people["l2_first"])
