"""Somebody asks a colleague for a shift; the colleague answers. One answer counts."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from accounts.access import may_plan
from accounts.choices import SwapState
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.models import DutyShift, DutySwap, User
from accounts.services.duty_notices import tell_swap
from accounts.services.rota import (
    Planning,
    check_free,
    check_person,
    held_shift,
    hold_rota,
    leave_backup,
    shift_words,
    tell_rota,
    withdraw_swaps,
)

# Two shifts that run at once cannot change hands in one step: meanwhile one of them stands where nobody else does.
ASIDE = datetime(2199, 1, 1, tzinfo=UTC)


@transaction.atomic
def swap_ask(
    *, shift: DutyShift, by: User, offered_to: User, in_return: DutyShift | None = None, note: str = ""
) -> DutySwap:
    """Ask a colleague to take one's own shift that is still to come, with or without one of theirs in return.

    Raises NotAllowed, Refused, Overtaken when the shift is no longer one's own.
    """
    held = hold_rota(shift.team_id, by)
    stored = held_shift(held, shift)
    if stored.user_id != held.by.pk:
        raise NotAllowed("You can offer your own shifts. To take over a colleague’s, cover it.")
    if stored.starts_at <= held.now:
        raise Refused("This shift has begun. Let somebody cover the rest of it.")
    person = check_person(offered_to)
    if person.pk == held.by.pk:
        raise Refused("Ask somebody else.", {"offered_to": "Choose a colleague."})
    returned = None
    if in_return is not None:
        returned = held_shift(held, in_return)
        if returned.user_id != person.pk or returned.starts_at <= held.now:
            text = f"That is no coming shift of {person}."
            raise Refused(text, {"in_return": f"Choose a shift of {person} that is still to come."})
    if stored.swaps.filter(state=SwapState.ASKED).exists():
        raise Refused("Somebody has been asked for this shift. Withdraw that first.")
    _check_both(held, stored, returned, person)
    swap = DutySwap.objects.create(
        shift=stored, in_return=returned, asked_by=held.by, offered_to=person, note=note.strip(), asked_at=held.now
    )
    tell_rota(held, "swap.asked", **shift_words(stored), to=str(person), swap=swap.pk)
    tell_swap(swap, person, held.by, about="asked", what="asks you to take a shift")
    return swap


@transaction.atomic
def swap_accept(*, swap: DutySwap, by: User) -> DutySwap:
    """Take the shift, give the one in return. Raises NotAllowed, Refused, Overtaken when it is answered already."""
    held, asked = _hold(swap, by)
    if asked.offered_to_id != held.by.pk:
        raise NotAllowed(f"{asked.offered_to} was asked.")
    shift, returned = asked.shift, asked.in_return
    person = check_person(asked.offered_to)
    if shift.starts_at <= held.now:
        raise Overtaken("This shift has begun meanwhile. Nothing was changed.")
    _check_both(held, shift, returned, person)
    moving = [returned.pk] if returned else []
    leave_backup(held.team, person, shift.starts_at, shift.ends_at, besides=moving)
    _change_hands(shift, returned, asked.asked_by, person)
    asked.state, asked.answered_at = SwapState.ACCEPTED, held.now
    asked.save(update_fields=["state", "answered_at"])
    withdraw_swaps([shift.pk, *moving], held)
    tell_rota(held, "swap.accepted", **shift_words(shift), was_person=str(asked.asked_by), swap=asked.pk)
    tell_swap(asked, asked.asked_by, held.by, about="accepted", what="takes your shift")
    return asked


@transaction.atomic
def swap_decline(*, swap: DutySwap, by: User) -> DutySwap:
    """Say no. Raises NotAllowed, Overtaken when it is answered already."""
    held, asked = _hold(swap, by)
    if asked.offered_to_id != held.by.pk:
        raise NotAllowed(f"{asked.offered_to} was asked.")
    return _close(held, asked, SwapState.DECLINED, asked.asked_by, "declines your swap")


@transaction.atomic
def swap_withdraw(*, swap: DutySwap, by: User) -> DutySwap:
    """Take the question back. By whoever asked, or plans the rota. Raises NotAllowed, Overtaken."""
    held, asked = _hold(swap, by)
    if asked.asked_by_id != held.by.pk and not may_plan(held.by, held.team):
        raise NotAllowed(f"{asked.asked_by} asked.")
    return _close(held, asked, SwapState.WITHDRAWN, asked.offered_to, "takes a swap back")


def _hold(swap: DutySwap, by: User) -> tuple[Planning, DutySwap]:
    """Lock the rota, then read the swap: whoever waited here sees what the other one did."""
    held = hold_rota(swap.shift.team_id, by)
    related = ("shift__team", "shift__user", "in_return__user", "in_return__team", "asked_by", "offered_to")
    asked = DutySwap.objects.select_related(*related).filter(pk=swap.pk).first()
    if asked is None:
        raise Overtaken("This shift has been taken off the rota meanwhile. Nothing was changed.")
    if asked.state != SwapState.ASKED:
        raise Overtaken(f"This swap is {asked.get_state_display().lower()} by now. Nothing was changed.")
    return held, asked


def _close(held: Planning, swap: DutySwap, state: SwapState, to: User, what: str) -> DutySwap:
    swap.state, swap.answered_at = state, held.now
    swap.save(update_fields=["state", "answered_at"])
    tell_rota(held, f"swap.{state.value}", **shift_words(swap.shift), to=str(swap.offered_to), swap=swap.pk)
    tell_swap(swap, to, held.by, about=state.value, what=what)
    return swap


def _check_both(held: Planning, shift: DutyShift, returned: DutyShift | None, person: User) -> None:
    """Whether both would be free for what they get. Raises Refused."""
    moving = [shift.pk, *([returned.pk] if returned else [])]
    backups = DutyShift.objects.filter(team=held.team, user=person, role="backup").values_list("pk", flat=True)
    check_free(held.team, person, shift.starts_at, shift.ends_at, besides=[*moving, *backups])
    if returned is not None:
        check_free(held.team, shift.user, returned.starts_at, returned.ends_at, besides=moving)


def _change_hands(shift: DutyShift, returned: DutyShift | None, asker: User, taker: User) -> None:
    if returned is not None:
        span = (returned.starts_at, returned.ends_at)
        rows = DutyShift.objects.filter(pk=returned.pk)
        rows.update(starts_at=ASIDE, ends_at=ASIDE + timedelta(seconds=1))
    shift.user, shift.planned_for = taker, shift.planned_for or asker
    shift.save(update_fields=["user", "planned_for"])
    if returned is not None:
        returned.user, returned.planned_for = asker, returned.planned_for or taker
        rows.update(user=asker, planned_for=returned.planned_for, starts_at=span[0], ends_at=span[1])
