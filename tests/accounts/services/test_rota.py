"""Shifts: who may plan them, what is refused, how a cover splits one, and that a stale change is noticed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import DutyRole, SwapState
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.models import DutyShift, User
from accounts.services.rota import ShiftFacts, shift_change, shift_cover, shift_create, shift_delete
from accounts.services.swaps import swap_ask
from journal.models import Event, OutboxMessage
from tests.factories import NOON, Organisation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOUR = timedelta(hours=1)


def shift(org: Organisation, who: str = "l2_first", *, start: float = 2, end: float = 10, role: str = DutyRole.PRIMARY):
    return shift_create(
        team=org.teams["L2"], by=org.manager, user=org.people[who], starts_at=NOON + start * HOUR,
        ends_at=NOON + end * HOUR, role=role,
    )  # fmt: skip


def spans(org: Organisation) -> list[tuple[str, float, float, str]]:
    return [
        (one.user.username, (one.starts_at - NOON) / HOUR, (one.ends_at - NOON) / HOUR, one.role)
        for one in DutyShift.objects.select_related("user").order_by("starts_at", "role")
    ]


def test_a_shift_is_written_told_and_mailed(org):
    made = shift(org)

    assert Event.objects.get(kind="shift.created").data["person"] == str(made.user)
    assert OutboxMessage.objects.get(wanted_while__rota=org.teams["L2"].pk).recipient == made.user.email


@pytest.mark.parametrize("who", ["l2_second", "l1_first"])
def test_colleagues_do_not_plan(org, who):
    with pytest.raises(NotAllowed):
        shift_create(
            team=org.teams["L2"], by=org.people[who], user=org.people["l2_first"], starts_at=NOON + HOUR,
            ends_at=NOON + 2 * HOUR,
        )  # fmt: skip


def test_the_lead_and_the_administrator_plan(org):
    org.teams["L2"].lead = org.people["l2_second"]
    org.teams["L2"].save()
    for number, by in enumerate((org.people["l2_second"], org.administrator)):
        shift_create(
            team=org.teams["L2"], by=by, user=org.people["l2_first"], starts_at=NOON + (number + 1) * HOUR,
            ends_at=NOON + (number + 2) * HOUR,
        )  # fmt: skip


@pytest.mark.parametrize(("start", "end", "field"), [(3, 2, "ends_at"), (-5, -1, "ends_at"), (0, 24 * 63, "ends_at")])
def test_times_that_make_no_sense(org, start, end, field):
    with pytest.raises(Refused) as caught:
        shift(org, start=start, end=end)
    assert field in caught.value.fields


def test_nobody_is_on_a_rota_twice_at_once(org):
    shift(org, start=2, end=10)
    with pytest.raises(Refused, match="on this rota then already"):
        shift(org, start=9, end=12, role=DutyRole.BACKUP)
    shift(org, start=10, end=12)  # half-open: the next one begins where it ends


def test_the_database_refuses_it_too(org):
    made = shift(org)
    with pytest.raises(IntegrityError), transaction.atomic():
        DutyShift.objects.create(
            team=made.team, user=made.user, starts_at=made.starts_at + HOUR, ends_at=made.ends_at + HOUR
        )


def test_who_left_is_put_on_nothing(org):
    User.objects.filter(pk=org.people["l2_first"].pk).update(is_active=False)
    with pytest.raises(Refused, match="has left"):
        shift(org)


def test_a_change_of_what_somebody_else_changed_is_overtaken(org):
    made = shift(org)
    seen = ShiftFacts.of(made).mark
    shift_change(shift=made, by=org.manager, seen=seen, facts=ShiftFacts(made.user_id, "primary", NOON + 3 * HOUR,
                                                                         NOON + 10 * HOUR))  # fmt: skip
    with pytest.raises(Overtaken, match="changed meanwhile"):
        shift_change(shift=made, by=org.manager, seen=seen, facts=ShiftFacts.of(made))


def test_a_shift_that_has_begun_keeps_its_start_and_person(org):
    made = shift(org, start=-1)
    seen = ShiftFacts.of(made).mark
    with pytest.raises(Refused, match="has begun"):
        shift_change(
            shift=made, by=org.manager, seen=seen,
            facts=ShiftFacts(org.people["l2_second"].pk, "primary", made.starts_at, made.ends_at),
        )  # fmt: skip
    changed = ShiftFacts(made.user_id, "primary", made.starts_at, NOON + 5 * HOUR, "shorter")
    assert shift_change(shift=made, by=org.manager, seen=seen, facts=changed).note == "shorter"


def test_taking_off_a_running_shift_ends_it_now_and_a_past_one_stays(org):
    running = shift(org, start=-1)
    shift_delete(shift=running, by=org.manager)
    running.refresh_from_db()
    assert running.ends_at == NOON
    with pytest.raises(Refused, match="over"):
        shift_delete(shift=running, by=org.manager)
    coming = shift(org, start=1)
    shift_delete(shift=coming, by=org.manager)
    with pytest.raises(Overtaken):
        shift_delete(shift=coming, by=org.manager)


def test_covering_the_middle_splits_in_three(org):
    made = shift(org, start=2, end=10)
    part = shift_cover(
        shift=made, by=org.people["l2_second"], user=org.people["l2_second"], starts_at=NOON + 4 * HOUR,
        ends_at=NOON + 6 * HOUR,
    )  # fmt: skip

    assert spans(org) == [
        ("l2_first", 2, 4, "primary"), ("l2_second", 4, 6, "primary"), ("l2_first", 6, 10, "primary"),
    ]  # fmt: skip
    assert part.planned_for == made.user


@pytest.mark.parametrize(
    ("start", "end", "left"), [(2, 10, []), (2, 5, [(5, 10)]), (7, 10, [(2, 7)])], ids=["whole", "head", "tail"]
)
def test_covering_the_whole_or_an_end(org, start, end, left):
    made = shift(org, start=2, end=10)
    shift_cover(
        shift=made, by=org.manager, user=org.people["l2_second"], starts_at=NOON + start * HOUR,
        ends_at=NOON + end * HOUR,
    )  # fmt: skip

    assert [(low, high) for who, low, high, _ in spans(org) if who == "l2_first"] == left
    assert [(low, high) for who, low, high, _ in spans(org) if who == "l2_second"] == [(start, end)]


def test_a_backup_who_covers_leaves_that_part_of_the_backup(org):
    made = shift(org, start=2, end=10)
    shift(org, "l2_second", start=0, end=12, role=DutyRole.BACKUP)
    shift_cover(
        shift=made, by=org.manager, user=org.people["l2_second"], starts_at=NOON + 4 * HOUR, ends_at=NOON + 6 * HOUR
    )

    mine = [each for each in spans(org) if each[0] == "l2_second"]
    assert sorted(mine, key=lambda each: each[1]) == [
        ("l2_second", 0, 4, "backup"), ("l2_second", 4, 6, "primary"), ("l2_second", 6, 12, "backup"),
    ]  # fmt: skip


def test_people_of_other_teams_take_nothing_over_and_only_what_there_is(org):
    made = shift(org, start=2, end=10)
    stranger = org.people["l3_first"]
    with pytest.raises(NotAllowed):
        shift_cover(shift=made, by=stranger, user=stranger, starts_at=made.starts_at, ends_at=made.ends_at)
    with pytest.raises(Refused, match="part of this shift"):
        shift_cover(shift=made, by=org.manager, user=stranger, starts_at=made.starts_at, ends_at=made.ends_at + HOUR)


def test_what_was_asked_about_a_changed_shift_is_withdrawn(org):
    made = shift(org)
    swap = swap_ask(shift=made, by=made.user, offered_to=org.people["l2_second"])
    seen = ShiftFacts.of(made).mark
    facts = ShiftFacts(made.user_id, "primary", made.starts_at, made.ends_at + HOUR)
    shift_change(shift=made, by=org.manager, seen=seen, facts=facts)

    swap.refresh_from_db()
    assert swap.state == SwapState.WITHDRAWN
