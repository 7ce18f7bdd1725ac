"""What a clock does, each rule by itself; then histories at random against the calendar's arithmetic."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.calendar_errors import NaiveDatetime
from accounts.domain.calendar_json import from_json
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, build_calendar, counted_seconds, due_at
from accounts.domain.deadline import explain
from escalations.choices import ClockKind, ClockState
from escalations.domain import clocks
from escalations.domain.clocks import (
    CalendarRule,
    ClockAlreadyPaused,
    ClockDoesNotPause,
    ClockNotPaused,
    ClockRecord,
    ClockTransitionNotAllowed,
    Pause,
    ReviewNotAhead,
    TimeRunsBackwards,
    Wait,
)

HOUR, MINUTE = 3600, 60
BERLIN = ZoneInfo("Europe/Berlin")


def calendar(**more: Any) -> Calendar:
    weekly = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [["08:00", "18:00"]])
    return build_calendar(from_json({"code": "t", "zone": "Europe/Berlin", "weekly": weekly, **more}), holidays=None)


WORK = calendar()


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """April 2025 in Berlin; the 24th is a Thursday."""
    return datetime(2025, 4, day, hour, minute, second, tzinfo=BERLIN)


def running(kind: ClockKind = ClockKind.TIME_AT_TIER, hours: int = 8, now: datetime | None = None) -> ClockRecord:
    return clocks.start(kind, now=now or at(24, 9), budget=hours * HOUR, calendar=WORK)


def paused(clock: ClockRecord, now: datetime, wait: Wait = Wait.CUSTOMER, work: Calendar = WORK) -> ClockRecord:
    return clocks.pause(clock, now, wait=wait, reason="why", review_at=now + timedelta(days=2), calendar=work)


def test_it_starts_running_with_its_deadline() -> None:
    clock = running()
    assert (clock.state, clock.due_at, clock.remaining, clock.round) == (ClockState.RUNNING, at(24, 17), None, 1)


def test_a_pause_keeps_what_remains_and_the_deadline_moves_on_resuming() -> None:
    clock = paused(running(), at(24, 11))
    assert (clock.state, clock.due_at, clock.remaining) == (ClockState.PAUSED, None, 6 * HOUR)
    assert (clock.paused_at, clock.review_at, clock.pause_reason) == (at(24, 11), at(26, 11), "why")
    clock = clocks.resume(clock, at(25, 9), calendar=WORK)
    assert (clock.state, clock.due_at, clock.remaining) == (ClockState.RUNNING, at(25, 15), None)
    assert (clock.paused_at, clock.review_at, clock.pause_reason) == (None, None, "")


def test_two_waits_at_once_end_one_by_one() -> None:
    clock = paused(paused(running(), at(24, 11)), at(24, 12), Wait.HANDOFF)
    clock = clocks.resume(clock, at(24, 14), wait=Wait.CUSTOMER, calendar=WORK)
    assert (clock.state, clock.remaining, clock.paused_at) == (ClockState.PAUSED, 6 * HOUR, at(24, 12))
    clock = clocks.resume(clock, at(24, 15), wait=Wait.HANDOFF, calendar=WORK)
    assert clock.due_at == at(25, 11)
    with pytest.raises(ClockTransitionNotAllowed):
        clocks.resume(clock, at(24, 16), calendar=WORK)


def test_a_pause_is_refused_where_it_makes_no_sense() -> None:
    with pytest.raises(ClockDoesNotPause):
        paused(running(ClockKind.ACKNOWLEDGEMENT), at(24, 10))
    with pytest.raises(ClockDoesNotPause):
        paused(running(ClockKind.TIER_RESOLUTION), at(24, 10), Wait.HANDOFF)
    with pytest.raises(ClockAlreadyPaused):
        paused(paused(running(), at(24, 10)), at(24, 11))
    with pytest.raises(ClockNotPaused):
        clocks.resume(paused(running(), at(24, 10)), at(24, 11), wait=Wait.VENDOR, calendar=WORK)
    with pytest.raises(ReviewNotAhead):
        clocks.pause(running(), at(24, 10), wait=Wait.CUSTOMER, reason="x", review_at=at(24, 10), calendar=WORK)
    with pytest.raises(TimeRunsBackwards):
        paused(running(), at(24, 8, 59))
    with pytest.raises(TimeRunsBackwards):
        clocks.resume(paused(running(), at(24, 11)), at(24, 10), calendar=WORK)
    with pytest.raises(NaiveDatetime):
        clocks.start(ClockKind.TIME_AT_TIER, now=datetime(2025, 4, 24), budget=1, calendar=WORK)


def test_an_overdue_clock_cannot_be_paused_changed_or_cancelled_back_to_health() -> None:
    clock, late = running(), at(24, 17, 0, 1)
    assert paused(clock, late).state == ClockState.BREACHED
    assert clocks.rebudget(clock, 99 * HOUR, late, calendar=WORK).state == ClockState.BREACHED
    assert clocks.recalendar(clock, late, calendar=calendar(overrides={})).fired_at == late
    cancelled = clocks.cancel(clock, late)
    assert (cancelled.state, cancelled.fired_at, cancelled.stopped_at) == (ClockState.BREACHED, late, late)


def test_at_its_last_instant_a_clock_neither_pauses_nor_fires_but_can_be_met() -> None:
    clock, due = running(), at(24, 17)
    assert paused(clock, due) == clock
    assert clocks.fire(clock, due) == clock
    assert clocks.stop(clock, due, calendar=WORK).state == ClockState.MET
    after = due + timedelta(microseconds=1)
    assert clocks.fire(clock, after).state == ClockState.BREACHED
    assert clocks.stop(clock, after, calendar=WORK).state == ClockState.BREACHED
    assert clocks.seconds_late(clocks.stop(clock, after, calendar=WORK), at(25, 9)) == 1


def test_one_microsecond_before_the_end_one_second_remains() -> None:
    clock = paused(running(), at(24, 17) - timedelta(microseconds=1))
    assert clock.remaining == 1
    assert clocks.resume(clock, at(24, 18), calendar=WORK).due_at == at(25, 8, 0, 1)


def test_firing_twice_does_nothing_and_a_late_stop_keeps_the_breach() -> None:
    clock = clocks.fire(running(), at(24, 17, 5))
    assert clocks.fire(clock, at(24, 18)) == clock
    stopped = clocks.stop(clock, at(24, 17, 18), calendar=WORK)
    assert (stopped.state, stopped.fired_at, stopped.stopped_at) == (ClockState.BREACHED, at(24, 17, 5), at(24, 17, 18))
    assert clocks.seconds_late(stopped, at(25, 12)) == 18 * MINUTE
    with pytest.raises(ClockTransitionNotAllowed):
        clocks.stop(stopped, at(24, 18), calendar=WORK)


def test_a_paused_clock_is_never_fired_and_can_be_met() -> None:
    clock = paused(running(), at(24, 11))
    assert clocks.fire(clock, at(30, 9)) == clock
    met = clocks.stop(clock, at(28, 9), calendar=WORK)
    assert (met.state, met.due_at, met.stopped_at) == (ClockState.MET, at(28, 15), at(28, 9))
    assert clocks.used_seconds(met, at(30, 9), WORK) == 2 * HOUR


def test_ended_clocks_stay_as_they_are() -> None:
    met = clocks.stop(running(), at(24, 10), calendar=WORK)
    cancelled = clocks.cancel(paused(running(), at(24, 10)), at(24, 11))
    assert (cancelled.state, cancelled.remaining, cancelled.open_pauses) == (ClockState.CANCELLED, None, ())
    for clock in (met, cancelled):
        with pytest.raises(ClockTransitionNotAllowed):
            paused(clock, at(24, 12))
        with pytest.raises(ClockTransitionNotAllowed):
            clocks.stop(clock, at(24, 12), calendar=WORK)
        with pytest.raises(ClockTransitionNotAllowed):
            clocks.cancel(clock, at(24, 12))
        with pytest.raises(ClockTransitionNotAllowed):
            clocks.rebudget(clock, HOUR, at(24, 12), calendar=WORK)


def test_what_was_met_by_an_act_that_was_taken_back_counts_no_more() -> None:
    met = clocks.stop(running(), at(24, 11), calendar=WORK)
    taken_back = clocks.take_back(met, at(24, 12))
    assert (taken_back.state, taken_back.stopped_at) == (ClockState.CANCELLED, at(24, 11))
    for clock in (running(), taken_back, clocks.fire(running(), at(24, 18))):
        with pytest.raises(ClockTransitionNotAllowed):
            clocks.take_back(clock, at(25, 10))


def test_priority_up_down_up_keeps_the_pauses_and_the_time_used() -> None:
    clock = paused(running(ClockKind.CONTRACT_RESOLUTION, 8), at(24, 10))
    clock = clocks.resume(clock, at(24, 12), calendar=WORK)
    assert clock.due_at == at(25, 9)
    up = clocks.rebudget(clock, 4 * HOUR, at(24, 13), calendar=WORK)
    assert up.due_at == at(24, 15)
    down = clocks.rebudget(up, 8 * HOUR, at(24, 13, 30), calendar=WORK)
    assert down == clock
    assert clocks.rebudget(down, 4 * HOUR, at(24, 14), calendar=WORK) == up


def test_priority_up_down_up_while_paused() -> None:
    clock = paused(running(ClockKind.CONTRACT_RESOLUTION, 8), at(24, 12))
    up = clocks.rebudget(clock, 2 * HOUR, at(24, 13), calendar=WORK)
    assert (up.state, up.remaining, up.due_at) == (ClockState.PAUSED, 0, at(24, 11))
    assert clocks.rebudget(up, 8 * HOUR, at(24, 14), calendar=WORK) == clock
    resumed = clocks.resume(up, at(24, 15), calendar=WORK)
    assert (resumed.state, resumed.due_at) == (ClockState.RUNNING, at(24, 11))
    assert clocks.fire(resumed, at(24, 15)).state == ClockState.BREACHED
    assert clocks.stop(up, at(24, 15), calendar=WORK).state == ClockState.BREACHED


def test_a_budget_below_what_is_used_is_due_in_the_past_and_the_sweep_marks_it() -> None:
    clock = clocks.rebudget(running(), HOUR, at(24, 13), calendar=WORK)
    assert (clock.state, clock.due_at) == (ClockState.RUNNING, at(24, 10))
    assert clocks.fire(clock, at(24, 13)).state == ClockState.BREACHED


def test_a_wait_from_the_very_deadline_holds_nothing_back_whatever_changes_then() -> None:
    """The ticket waits, and its clocks with time left stand still; this one has none, by whichever way it is asked."""
    due = at(24, 17)
    waiting = Pause(Wait.CUSTOMER, due, "An example", at(25, 17))
    clock = replace(running(), pauses=(waiting,))
    asked = clocks.pause(running(), due, wait=Wait.CUSTOMER, reason="x", review_at=at(25, 17), calendar=WORK)
    assert asked == running()
    for changed in (
        clocks.rebudget(clock, 8 * HOUR, due, calendar=WORK),
        clocks.rebudget(clock, HOUR, due, calendar=WORK),
        clocks.recalendar(clock, due, calendar=WORK),
    ):
        assert (changed.state, changed.remaining) == (ClockState.RUNNING, None)
        assert clocks.fire(changed, due + timedelta(microseconds=1)).state == ClockState.BREACHED
    longer = clocks.rebudget(clock, 10 * HOUR, due, calendar=WORK)
    assert (longer.state, longer.remaining, longer.paused_at) == (ClockState.PAUSED, 2 * HOUR, due)


def test_a_priority_change_to_p1_counts_around_the_clock_from_the_start() -> None:
    clock = running(ClockKind.CONTRACT_RESOLUTION, 8, at(24, 17))
    p1 = clocks.rebudget(clock, 4 * HOUR, at(24, 17, 30), calendar=ALWAYS_OPEN)
    assert p1.due_at == at(24, 21)


def test_a_holiday_added_while_a_clock_runs() -> None:
    clock = running(ClockKind.CONTRACT_RESOLUTION, 8, at(30, 17))
    assert clock.due_at == datetime(2025, 5, 1, 15, tzinfo=BERLIN)
    newer = calendar(holidays={"2025-05-01": "Labour Day"})
    moved = clocks.recalendar(clock, at(30, 17, 30), calendar=newer)
    assert moved.due_at == datetime(2025, 5, 2, 15, tzinfo=BERLIN)
    told = explain(moved.started_at, moved.budget, newer, moved.spans(at(30, 18)))
    assert (told.due, [part.name for part in told.special]) == (moved.due_at, ["Labour Day"])


def test_a_holiday_added_while_a_clock_is_paused() -> None:
    clock = paused(running(), at(24, 11))
    newer = calendar(overrides={"2025-04-24": {"name": "Outing", "hours": [["10:00", "12:00"]]}})
    moved = clocks.recalendar(clock, at(25, 9), calendar=newer)
    assert (moved.state, moved.remaining) == (ClockState.PAUSED, 7 * HOUR)


def test_a_clock_that_starts_while_the_ticket_waits_stands_still() -> None:
    waits = [
        Pause(Wait.CUSTOMER, at(24, 8), "earlier", at(25, 8), at(24, 10)),
        Pause(Wait.VENDOR, at(24, 11), "vendor", at(26, 8)),
    ]
    held = clocks.start(
        ClockKind.CONTRACT_RESOLUTION,
        now=at(24, 12),
        started_at=at(24, 9),
        budget=8 * HOUR,
        calendar=WORK,
        pauses=waits,
    )
    assert (held.state, held.remaining, held.paused_at) == (ClockState.PAUSED, 7 * HOUR, at(24, 11))
    free = clocks.start(ClockKind.ACKNOWLEDGEMENT, now=at(24, 12), budget=HOUR, calendar=WORK, pauses=waits)
    assert (free.state, free.due_at, free.pauses) == (ClockState.RUNNING, at(24, 13), ())


def test_a_promise_is_kept_to_the_second_through_the_night() -> None:
    promised = clocks.promise(now=at(24, 17, 0, 7), due=at(25, 7))
    assert (promised.due_at, promised.kind) == (at(25, 7), ClockKind.PROMISED_UPDATE)
    with pytest.raises(TimeRunsBackwards):
        clocks.promise(now=at(24, 17), due=at(24, 17))


def test_in_a_repeated_hour_later_is_later() -> None:
    first = datetime(2025, 10, 26, 2, 50, tzinfo=BERLIN, fold=0)
    second = datetime(2025, 10, 26, 2, 10, tzinfo=BERLIN, fold=1)  # twenty minutes after
    clock = clocks.start(ClockKind.MANAGEMENT_ACK, now=first, budget=10 * MINUTE, calendar=ALWAYS_OPEN)
    assert clocks.fire(clock, second).state == ClockState.BREACHED
    assert clocks.seconds_late(clock, second) == 10 * MINUTE


def test_which_clocks_pause_and_whose_calendar_they_follow() -> None:
    assert set(clocks.RULES) == set(ClockKind)
    assert {kind for kind in ClockKind if clocks.pauses_for(kind, Wait.CUSTOMER)} == {
        ClockKind.TIME_AT_TIER,
        ClockKind.TIER_RESOLUTION,
        ClockKind.CONTRACT_RESOLUTION,
    }
    assert {kind for kind in ClockKind if clocks.pauses_for(kind, Wait.HANDOFF)} == {ClockKind.TIME_AT_TIER}
    assert {kind for kind in ClockKind if clocks.pauses_for(kind, Wait.PARENT)} == {
        ClockKind.TIME_AT_TIER,
        ClockKind.TIER_RESOLUTION,
    }
    assert {wait for wait in Wait if clocks.is_outside(wait)} == {Wait.CUSTOMER, Wait.VENDOR}
    rule = clocks.calendar_rule
    assert rule(ClockKind.CONTRACT_RESOLUTION, around_the_clock=False) == CalendarRule.CUSTOMER
    assert rule(ClockKind.ACKNOWLEDGEMENT, around_the_clock=False) == CalendarRule.RECEIVING_TEAM
    assert rule(ClockKind.MANAGEMENT_ACK, around_the_clock=False) == CalendarRule.ALWAYS
    assert {rule(kind, around_the_clock=True) for kind in ClockKind} == {CalendarRule.ALWAYS}


actions = st.lists(
    st.tuples(
        st.sampled_from(["pause", "second pause", "resume", "budget", "calendar", "fire"]),
        st.integers(0, 6 * HOUR),
        st.integers(HOUR, 40 * HOUR),
    ),
    max_size=12,
)


@given(actions, st.integers(HOUR, 40 * HOUR), st.integers(0, 86_400))
def test_any_history_gives_the_deadline_of_its_pauses_and_budget(
    steps: list[tuple[str, int, int]], budget: int, offset: int
) -> None:
    """Whatever happens in whatever order, the stored deadline is the one that the sum on the page arrives at."""
    now = at(22, 0) + timedelta(seconds=offset)
    work = WORK
    clock = clocks.start(ClockKind.TIME_AT_TIER, now=now, budget=budget, calendar=work)
    for action, wait, number in steps:
        now += timedelta(seconds=wait)
        overdue = clocks.is_overdue(clock, now)
        with suppress(ClockAlreadyPaused, ClockTransitionNotAllowed):
            clock, work = _act(clock, now.astimezone(UTC), action, number, work)
        assert not overdue or clock.state == ClockState.BREACHED or action == "resume"
        if clock.state == ClockState.BREACHED:
            assert clock.due_at is not None
            assert clock.fired_at is not None
            assert clock.fired_at > clock.due_at
            return
        if clock.state == ClockState.RUNNING:
            assert clock.due_at == due_at(clock.started_at, clock.budget, work, clock.spans(now))
            assert explain(clock.started_at, clock.budget, work, clock.spans(now)).due == clock.due_at
            if not clocks.is_overdue(clock, now):
                used = clocks.used_seconds(clock, now, work)
                assert used + clocks.seconds_left(clock, now, work) == clock.budget
        else:
            used = counted_seconds(clock.started_at, now, work, clock.spans(now))
            assert clock.remaining == max(0, clock.budget - used)


def _act(clock: ClockRecord, now: datetime, action: str, number: int, work: Calendar) -> tuple[ClockRecord, Calendar]:
    if action in ("pause", "second pause"):
        return paused(clock, now, Wait.CUSTOMER if action == "pause" else Wait.HANDOFF, work), work
    if action == "resume":
        return clocks.resume(clock, now, calendar=work), work
    if action == "budget":
        return clocks.rebudget(clock, number, now, calendar=work), work
    if action == "calendar":
        newer = calendar(overrides={"2025-04-24": {"name": "x", "hours": [["09:00", f"{10 + number % 9}:00"]]}})
        changed = clocks.recalendar(clock, now, calendar=newer)
        return changed, work if changed.state == ClockState.BREACHED else newer
    return clocks.fire(clock, now), work
