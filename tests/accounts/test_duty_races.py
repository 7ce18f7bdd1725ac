"""Answers to a swap racing each other, and what happens when the guard is taken away."""

from datetime import timedelta
from unittest import mock

import pytest

from accounts.choices import SwapState
from accounts.errors import Overtaken
from accounts.models import DutyShift, DutySwap, Team, User
from accounts.services import swaps
from accounts.services.rota import Planning, shift_create
from accounts.services.swaps import swap_accept, swap_ask, swap_withdraw
from journal import clock
from tests.bed.racing import of_kind, race
from tests.factories import Organisation

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

ROUNDS = 12


class Scene:
    def __init__(self) -> None:
        self.org = org = Organisation()
        self.asker, self.asked = org.people["l2_first"], org.people["l2_second"]
        self.day = clock.now() + timedelta(days=1)

    def swap(self, number: int) -> DutySwap:
        shift = shift_create(
            team=self.org.teams["L2"], by=self.org.manager, user=self.asker,
            starts_at=self.day + timedelta(hours=number), ends_at=self.day + timedelta(hours=number + 1),
        )  # fmt: skip
        return swap_ask(shift=shift, by=self.asker, offered_to=self.asked)

    def rounds(self) -> list[tuple[DutySwap, list[object]]]:
        found = []
        for number in range(ROUNDS):
            swap = self.swap(number)
            results = race(
                lambda swap=swap: swap_accept(swap=swap, by=self.asked),
                lambda swap=swap: swap_withdraw(swap=swap, by=self.asker),
            )
            found.append((DutySwap.objects.get(pk=swap.pk), results))
        return found


def test_accept_and_withdraw_at_the_same_moment_have_one_winner():
    scene = Scene()
    for swap, results in scene.rounds():
        assert len(of_kind(results, Overtaken)) == 1, results
        holder = DutyShift.objects.get(pk=swap.shift_id).user
        assert holder == (scene.asked if swap.state == SwapState.ACCEPTED else scene.asker)


def hold_unlocked(team_id: int, by: User) -> Planning:
    return Planning(Team.objects.get(pk=team_id), User.objects.select_related("role").get(pk=by.pk), clock.now())


def test_without_the_lock_both_would_win():
    """The control: the race above proves nothing if it cannot go wrong."""
    scene = Scene()
    with mock.patch.object(swaps, "hold_rota", hold_unlocked):
        rounds = scene.rounds()

    assert any(not of_kind(results, Exception) for _, results in rounds)
