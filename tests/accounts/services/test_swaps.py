"""Swaps: asked, answered once, with and without a shift in return."""

from datetime import timedelta

import pytest

from accounts.choices import DutyRole, SwapState
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.models import DutyShift, DutySwap, User
from accounts.services.rota import shift_create
from accounts.services.swaps import swap_accept, swap_ask, swap_decline, swap_withdraw
from accounts.wanted import swap_wanted
from journal import clock
from journal.models import OutboxMessage
from tests.factories import NOON, Organisation

HOUR = timedelta(hours=1)


class Scene:
    def __init__(self) -> None:
        self.org = org = Organisation()
        self.asker, self.asked = org.people["l2_first"], org.people["l2_second"]
        self.shift = self.put(self.asker, 24, 32)

    def put(self, user: User, start: int, end: int, role: str = DutyRole.PRIMARY) -> DutyShift:
        return shift_create(
            team=self.org.teams["L2"], by=self.org.manager, user=user, starts_at=NOON + start * HOUR,
            ends_at=NOON + end * HOUR, role=role,
        )  # fmt: skip

    def ask(self, in_return: DutyShift | None = None) -> DutySwap:
        return swap_ask(shift=self.shift, by=self.asker, offered_to=self.asked, in_return=in_return)

    def holder(self, shift: DutyShift) -> User:
        return DutyShift.objects.select_related("user").get(pk=shift.pk).user


@pytest.fixture
def scene(db):
    with clock.travel(NOON):
        yield Scene()


def test_accepted_the_shift_changes_hands_and_says_whose_it_was(scene):
    swap = scene.ask()
    swap_accept(swap=swap, by=scene.asked)

    assert scene.holder(scene.shift) == scene.asked
    assert DutyShift.objects.get(pk=scene.shift.pk).planned_for == scene.asker
    assert DutySwap.objects.get(pk=swap.pk).state == SwapState.ACCEPTED


def test_with_one_in_return_both_change_hands(scene):
    mine = scene.put(scene.asked, 48, 56)
    swap_accept(swap=scene.ask(mine), by=scene.asked)

    assert (scene.holder(scene.shift), scene.holder(mine)) == (scene.asked, scene.asker)


def test_primary_and_backup_of_the_same_hours_change_places(scene):
    mine = scene.put(scene.asked, 24, 32, DutyRole.BACKUP)
    swap_accept(swap=scene.ask(mine), by=scene.asked)

    assert (scene.holder(scene.shift), scene.holder(mine)) == (scene.asked, scene.asker)
    assert DutyShift.objects.get(pk=mine.pk).starts_at == NOON + 24 * HOUR


def test_whoever_takes_a_shift_leaves_the_backup_of_those_hours(scene):
    scene.put(scene.asked, 20, 40, DutyRole.BACKUP)
    swap_accept(swap=scene.ask(), by=scene.asked)

    mine = DutyShift.objects.filter(user=scene.asked).order_by("starts_at")
    assert [((one.starts_at - NOON) / HOUR, one.role) for one in mine] == [
        (20, "backup"), (24, "primary"), (32, "backup"),
    ]  # fmt: skip


def test_only_one_s_own_coming_shift_is_offered_and_to_one_at_a_time(scene):
    with pytest.raises(NotAllowed):
        swap_ask(shift=scene.shift, by=scene.asked, offered_to=scene.org.people["l3_first"])
    running = scene.put(scene.asker, -1, 3)
    with pytest.raises(Refused, match="has begun"):
        swap_ask(shift=running, by=scene.asker, offered_to=scene.asked)
    scene.ask()
    with pytest.raises(Refused, match="has been asked"):
        scene.ask()


def test_who_is_on_duty_then_cannot_be_asked(scene):
    scene.put(scene.asked, 30, 36)
    with pytest.raises(Refused, match="on this rota then already"):
        scene.ask()


def test_answers_are_for_who_was_asked_and_count_once(scene):
    swap = scene.ask()
    for act in (swap_accept, swap_decline):
        with pytest.raises(NotAllowed):
            act(swap=swap, by=scene.asker)
    with pytest.raises(NotAllowed):
        swap_withdraw(swap=swap, by=scene.asked)
    swap_withdraw(swap=swap, by=scene.asker)
    with pytest.raises(Overtaken, match="withdrawn by now"):
        swap_accept(swap=swap, by=scene.asked)
    assert scene.holder(scene.shift) == scene.asker


def test_a_question_is_mailed_only_while_it_is_open(scene):
    swap = scene.ask()
    mail = OutboxMessage.objects.get(wanted_while__swap=swap.pk)
    assert swap_wanted(mail, mail.wanted_while)
    swap_decline(swap=swap, by=scene.asked)

    assert not swap_wanted(mail, mail.wanted_while)
    answer = OutboxMessage.objects.get(recipient=scene.asker.email, wanted_while__swap=swap.pk)
    assert swap_wanted(answer, answer.wanted_while)
