"""What a clock does: start, pause, resume, change, stop, ring. Pure; every instant is an argument.

The boundary: a clock stopped at exactly its due instant is met, and it fires only after it (`now > due_at`), so no
instant can be both. Comparisons are exact; budgets, used and remaining time are whole business seconds.

A deadline is always `due_at(started_at, budget, calendar, pauses)` over the clock's whole history. So a changed
budget (priority up, down, up again) or a changed calendar keeps every pause and every used second, and the sum on
the page (`accounts.domain.deadline.explain`) always gives the stored deadline.

An overdue clock cannot be made healthy, whether the sweep has come by or not: pausing, changing or cancelling it
records the breach instead. A budget that shrinks below what is used leaves `due_at` in the past, and the next sweep
marks it; of a paused clock, once it resumes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from accounts.domain.calendar_errors import NaiveDatetime
from accounts.domain.calendars import (
    ALWAYS_OPEN,
    Calendar,
    PauseSpan,
    business_seconds,
    counted_seconds,
    due_at,
)
from escalations.choices import ClockKind, ClockState


class ClockError(Exception):
    """Base of what a clock refuses."""


class ClockTransitionNotAllowed(ClockError):
    """The clock is in no state from which the action leads anywhere."""

    def __init__(self, state: str, action: str) -> None:
        super().__init__(f"{action} is not possible while {state}")
        self.state, self.action = state, action


class ClockDoesNotPause(ClockError):
    """This kind of clock runs on through this wait."""


class ClockAlreadyPaused(ClockError):
    """It is paused for this wait already."""


class ClockNotPaused(ClockError):
    """There is no such pause to end."""


class ReviewNotAhead(ClockError):
    """A pause needs a review date after its beginning."""


class TimeRunsBackwards(ClockError):
    """The instant lies before something that has happened to the clock already."""


class Wait(StrEnum):
    """What a clock may be paused for. The first two are ticket states of the same value; outside: see `is_outside`."""

    CUSTOMER = "waiting_customer"
    VENDOR = "waiting_vendor"
    HANDOFF = "handoff_pending"
    PARENT = "with_parent"


class CalendarRule(StrEnum):
    """Whose calendar a clock counts on."""

    ALWAYS = "24×7"
    TEAM = "the ticket's team"
    RECEIVING_TEAM = "the team of the tier it is about"
    CUSTOMER = "the customer's contract"


@dataclass(frozen=True, slots=True)
class ClockRule:
    calendar: CalendarRule
    pauses_for: frozenset[Wait] = frozenset()


_OUTSIDE = frozenset({Wait.CUSTOMER, Wait.VENDOR})

# Source: the product's decisions "Waiting for customer / vendor", "Calendars" and, for the handoff, "L1→L2 after 2 h";
# for a child of an outage, whose tier is its parent's matter, docs/decisions/0011.
# A first response does not pause: the first reply stops it before anybody can wait for the customer.
RULES: dict[ClockKind, ClockRule] = {
    ClockKind.FIRST_RESPONSE: ClockRule(CalendarRule.TEAM),
    ClockKind.ACKNOWLEDGEMENT: ClockRule(CalendarRule.RECEIVING_TEAM),
    ClockKind.TIME_AT_TIER: ClockRule(CalendarRule.RECEIVING_TEAM, _OUTSIDE | {Wait.HANDOFF, Wait.PARENT}),
    ClockKind.TIER_RESOLUTION: ClockRule(CalendarRule.RECEIVING_TEAM, _OUTSIDE | {Wait.PARENT}),
    ClockKind.CONTRACT_RESOLUTION: ClockRule(CalendarRule.CUSTOMER, _OUTSIDE),
    ClockKind.PROMISED_UPDATE: ClockRule(CalendarRule.ALWAYS),
    ClockKind.MANAGEMENT_ACK: ClockRule(CalendarRule.ALWAYS),
    ClockKind.EXECUTIVE_NOTIFIED: ClockRule(CalendarRule.ALWAYS),
    ClockKind.CUSTOMER_CONTACTED: ClockRule(CalendarRule.ALWAYS),
    ClockKind.RESOLUTION_PLAN: ClockRule(CalendarRule.ALWAYS),
    ClockKind.STATUS_UPDATE: ClockRule(CalendarRule.ALWAYS),
    ClockKind.CREDIT_DECISION: ClockRule(CalendarRule.ALWAYS),
    ClockKind.FOLLOW_UP: ClockRule(CalendarRule.RECEIVING_TEAM),
}


def calendar_rule(kind: ClockKind, *, around_the_clock: bool) -> CalendarRule:
    """Whose calendar the clock counts on; `around_the_clock` says that the severity runs 24×7 (P1 as shipped)."""
    return CalendarRule.ALWAYS if around_the_clock else RULES[kind].calendar


def pauses_for(kind: ClockKind, wait: Wait) -> bool:
    return wait in RULES[kind].pauses_for


def is_outside(wait: str) -> bool:
    """Whether it is a wait for somebody outside, which somebody set the ticket to: the others follow from links."""
    return wait in _OUTSIDE


def _in_utc(record: object, *names: str) -> None:
    """Python compares instants of one zone by their wall time, which is wrong in a repeated hour; UTC has none."""
    for name in names:
        at: datetime | None = getattr(record, name)
        if at is None:
            continue
        if at.utcoffset() is None:
            raise NaiveDatetime(f"{name}: {at.isoformat()} has no time zone")
        object.__setattr__(record, name, at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Pause:
    """One wait [since, until); `until` is None while it lasts. `review_at` is the pause's own deadline."""

    wait: Wait
    since: datetime
    reason: str
    review_at: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        _in_utc(self, "since", "until", "review_at")


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """One clock at one moment, as its row and its pauses say. `budget` and `remaining` are business seconds.

    running: `due_at` is set, `remaining` is None. paused: `remaining` is set, and `due_at` only if the deadline
    has passed already (the budget shrank). met: stopped at or before `due_at`. breached: `fired_at` says when that
    was recorded; `stopped_at` is None until what was due has happened after all. `pauses` are all the ticket's
    waits, earlier ones too; those that this kind runs through are dropped. It has no default on purpose: a
    priority change that forgets the pauses takes them away.
    """

    kind: ClockKind
    state: ClockState
    started_at: datetime
    budget: int
    pauses: tuple[Pause, ...]
    due_at: datetime | None = None
    remaining: int | None = None
    stopped_at: datetime | None = None
    fired_at: datetime | None = None
    round: int = 1

    def __post_init__(self) -> None:
        _in_utc(self, "started_at", "due_at", "stopped_at", "fired_at")
        object.__setattr__(self, "pauses", tuple(one for one in self.pauses if pauses_for(self.kind, one.wait)))

    @property
    def open_pauses(self) -> tuple[Pause, ...]:
        return tuple(pause for pause in self.pauses if pause.until is None)

    @property
    def paused_at(self) -> datetime | None:
        """Since when it stands still."""
        if self.state != ClockState.PAUSED:
            return None
        return min((max(pause.since, self.started_at) for pause in self.open_pauses), default=None)

    @property
    def review_at(self) -> datetime | None:
        """The earliest review of the pauses that last."""
        return min((pause.review_at for pause in self.open_pauses), default=None)

    @property
    def pause_reason(self) -> str:
        """The reason of the pause that began first, "" when none lasts."""
        return min(self.open_pauses, key=lambda pause: pause.since).reason if self.open_pauses else ""

    @property
    def is_live(self) -> bool:
        return self.state in (ClockState.RUNNING, ClockState.PAUSED)

    def spans(self, now: datetime) -> list[PauseSpan]:
        """The pauses as the calendar arithmetic takes them, those that last until `now`."""
        return [
            PauseSpan(pause.since, now if pause.until is None else pause.until, pause.reason) for pause in self.pauses
        ]


class ClockLike(Protocol):
    """What can be read off a clock without its history: a ClockRecord, or a clock's row."""

    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def budget(self) -> int: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def remaining(self) -> int | None: ...
    @property
    def paused_at(self) -> datetime | None: ...
    @property
    def pause_reason(self) -> str: ...
    @property
    def stopped_at(self) -> datetime | None: ...


def start(
    kind: ClockKind,
    *,
    now: datetime,
    budget: int,
    calendar: Calendar,
    started_at: datetime | None = None,
    pauses: Iterable[Pause] = (),
    round: int = 1,
) -> ClockRecord:
    """A clock of `budget` business seconds from `started_at` (None: `now`).

    The ticket's `pauses` hold it back where its kind pauses: it stands still from the beginning while one lasts.
    Raises TimeRunsBackwards and what `due_at` raises.
    """
    begin = now if started_at is None else started_at
    clock = ClockRecord(kind, ClockState.RUNNING, begin, budget, tuple(pauses), round=round)
    _check(clock, now, "start", ClockState.RUNNING)
    return _settle(clock, now, calendar)


def promise(*, now: datetime, due: datetime, round: int = 1) -> ClockRecord:
    """The clock of an update promised for a wall-clock instant, kept to the second. Raises TimeRunsBackwards."""
    budget = business_seconds(now, due, ALWAYS_OPEN)
    if budget <= 0:
        raise TimeRunsBackwards("an update is promised for later, not for before")
    return start(ClockKind.PROMISED_UPDATE, now=now, budget=budget, calendar=ALWAYS_OPEN, round=round)


def is_overdue(clock: ClockLike, now: datetime) -> bool:
    """Whether a running clock has passed its deadline, fired or not yet."""
    return clock.state == ClockState.RUNNING and clock.due_at is not None and now > clock.due_at


def used_seconds(clock: ClockRecord, now: datetime, calendar: Calendar) -> int:
    """Business seconds counted so far, or until it was stopped; more than the budget when late."""
    until = clock.stopped_at or now
    return counted_seconds(clock.started_at, until, calendar, clock.spans(until))


def seconds_left(clock: ClockLike, now: datetime, calendar: Calendar) -> int:
    """Business seconds until the deadline; 0 when it has passed. A paused clock keeps what it had."""
    if clock.state == ClockState.PAUSED:
        return clock.remaining or 0
    return max(0, business_seconds(now, clock.due_at, calendar)) if clock.due_at else 0


def seconds_late(clock: ClockLike, now: datetime) -> int:
    """Wall-clock seconds past the deadline, until it was stopped or `now`; 0 when in time.

    Wall time, because somebody waits through the night as well; any begun second counts.
    """
    late = (clock.stopped_at or now) - clock.due_at if clock.due_at else timedelta()
    return max(0, math.ceil(late.total_seconds()))


def pause(
    clock: ClockRecord, now: datetime, *, wait: Wait, reason: str, review_at: datetime, calendar: Calendar
) -> ClockRecord:
    """The clock standing still, with what remains. A second wait may begin while the first lasts.

    With nothing left to keep it runs on (at exactly its deadline) or has breached (after it). Raises
    ClockTransitionNotAllowed, ClockDoesNotPause, ClockAlreadyPaused, ReviewNotAhead, TimeRunsBackwards.
    """
    _check(clock, now, "pause", ClockState.RUNNING, ClockState.PAUSED)
    if not pauses_for(clock.kind, wait):
        raise ClockDoesNotPause(f"{clock.kind} runs on through {wait}")
    if any(one.wait == wait for one in clock.open_pauses):
        raise ClockAlreadyPaused(f"{clock.kind} is paused for {wait}")
    if review_at <= now:
        raise ReviewNotAhead("the review date lies after the beginning of the pause")
    if clock.state == ClockState.RUNNING and clock.due_at is not None and now >= clock.due_at:
        return fire(clock, now)
    return _settle(replace(clock, pauses=(*clock.pauses, Pause(wait, now, reason, review_at))), now, calendar)


def resume(clock: ClockRecord, now: datetime, *, calendar: Calendar, wait: Wait | None = None) -> ClockRecord:
    """The pause for `wait` (None: every one) ended; running with a new deadline unless another wait lasts.

    Raises ClockTransitionNotAllowed, ClockNotPaused, TimeRunsBackwards.
    """
    _check(clock, now, "resume", ClockState.PAUSED)
    if wait is not None and all(one.wait != wait for one in clock.open_pauses):
        raise ClockNotPaused(f"{clock.kind} is not paused for {wait}")
    ended = tuple(
        replace(one, until=now) if one.until is None and wait in (None, one.wait) else one for one in clock.pauses
    )
    return _settle(replace(clock, pauses=ended), now, calendar)


def rebudget(clock: ClockRecord, budget: int, now: datetime, *, calendar: Calendar) -> ClockRecord:
    """The clock with another budget (a priority changed), everything used and every pause kept.

    `calendar` is the one it counts on from its start, which a change to or from P1 replaces too. An overdue clock
    has breached instead. Raises ClockTransitionNotAllowed, TimeRunsBackwards and what `due_at` raises.
    """
    _check(clock, now, "change", ClockState.RUNNING, ClockState.PAUSED)
    if is_overdue(clock, now):
        return fire(clock, now)
    return _settle(replace(clock, budget=budget), now, calendar)


def recalendar(clock: ClockRecord, now: datetime, *, calendar: Calendar) -> ClockRecord:
    """The clock recomputed from its start on a new revision of its calendar, running or paused. Raises as rebudget."""
    return rebudget(clock, clock.budget, now, calendar=calendar)


def stop(clock: ClockRecord, at: datetime, *, calendar: Calendar) -> ClockRecord:
    """What was due has happened: met at or before the deadline, else breached. A breach stays one, now with its end.

    A paused clock is resumed and stopped in one. Raises ClockTransitionNotAllowed, TimeRunsBackwards.
    """
    if clock.state == ClockState.BREACHED and clock.stopped_at is None:
        _check(clock, at, "stop", ClockState.BREACHED)
        return replace(clock, stopped_at=at)
    _check(clock, at, "stop", ClockState.RUNNING, ClockState.PAUSED)
    running = resume(clock, at, calendar=calendar) if clock.state == ClockState.PAUSED else clock
    if is_overdue(running, at):
        return replace(running, state=ClockState.BREACHED, stopped_at=at, fired_at=at)
    return replace(running, state=ClockState.MET, stopped_at=at)


def fire(clock: ClockRecord, now: datetime) -> ClockRecord:
    """Breached if running and past its deadline; otherwise unchanged, so that firing twice does nothing."""
    return replace(clock, state=ClockState.BREACHED, fired_at=now) if is_overdue(clock, now) else clock


def cancel(clock: ClockRecord, now: datetime) -> ClockRecord:
    """No longer asked for (merged, withdrawn). An overdue or breached clock ends as the breach it is.

    Raises ClockTransitionNotAllowed, TimeRunsBackwards.
    """
    if clock.stopped_at is not None:
        raise ClockTransitionNotAllowed(clock.state, "cancel")
    _check(clock, now, "cancel", ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED)
    fired = fire(clock, now)
    if fired.state == ClockState.BREACHED:
        return replace(fired, stopped_at=now)
    ended = tuple(replace(one, until=now) if one.until is None else one for one in clock.pauses)
    return replace(clock, state=ClockState.CANCELLED, pauses=ended, remaining=None, stopped_at=now)


def take_back(clock: ClockRecord, now: datetime) -> ClockRecord:
    """What met it was taken back: nobody counts it as met. Whoever calls starts the round that goes on from its start.

    Raises ClockTransitionNotAllowed, TimeRunsBackwards.
    """
    _check(clock, now, "take back", ClockState.MET)
    return replace(clock, state=ClockState.CANCELLED)


def _settle(clock: ClockRecord, now: datetime, calendar: Calendar) -> ClockRecord:
    """The state, deadline and remainder that follow from the budget and the pauses.

    A running clock with nothing left to keep runs on through a wait, as `pause` has it, whatever else changes then.
    """
    due = due_at(clock.started_at, clock.budget, calendar, clock.spans(now))
    left = clock.budget - counted_seconds(clock.started_at, now, calendar, clock.spans(now))
    if not clock.open_pauses or (clock.state == ClockState.RUNNING and left <= 0):
        return replace(clock, state=ClockState.RUNNING, due_at=due, remaining=None)
    return replace(clock, state=ClockState.PAUSED, due_at=due if left <= 0 else None, remaining=max(0, left))


def _check(clock: ClockRecord, now: datetime, action: str, *states: ClockState) -> None:
    if clock.state not in states:
        raise ClockTransitionNotAllowed(clock.state, action)
    known = [clock.started_at, clock.fired_at, clock.stopped_at]
    known += [instant for one in clock.pauses for instant in (one.since, one.until)]
    if any(instant is not None and now < instant for instant in known):
        raise TimeRunsBackwards(f"{action} at {now.isoformat()} comes before what has happened to the clock")
