"""Random calendars, instants, budgets and pauses, and the comparison of the code with the oracle."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from accounts.domain import calendars
from accounts.domain.calendar_errors import CalendarNeverOpens
from accounts.domain.calendar_json import from_json
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, PauseSpan, build_calendar
from accounts.domain.deadline import explain
from tests.bed.calendar_oracle import DAYS, Oracle

ZONES = (
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/St_Johns",
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Chatham",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "UTC",
)
FIRST, LAST = datetime(1985, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
LEAD_DAYS = 2  # the window begins this long before the start, so that thresholds and pauses can look back


@cache
def clock_changes(zone: str) -> tuple[datetime, ...]:
    """Days (UTC) at which the zone's offset differs from the day before."""
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return tuple(day for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False) if before != after)


@dataclass(frozen=True)
class Case:
    definition: dict[str, Any]
    start: datetime
    end: datetime
    budget: int
    pauses: tuple[tuple[datetime, datetime], ...]
    days: int

    @property
    def oracle(self) -> Oracle:
        return Oracle(self.definition, self.start - timedelta(days=LEAD_DAYS), (self.days + LEAD_DAYS) * 1440)

    @property
    def limit(self) -> datetime:
        return self.start.replace(second=0) + timedelta(days=self.days)


def text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


# The hours around which clocks change, the ends of the day and ordinary ones; then anything.
times = st.sampled_from([0, 60, 90, 105, 120, 150, 165, 180, 240, 480, 540, 720, 1020, 1080, 1320, 1439]) | st.integers(
    0, 1439
)


@st.composite
def day_hours(draw: st.DrawFn) -> list[list[str]]:
    cuts = sorted(draw(st.sets(times, min_size=2, max_size=4)))
    hours = [[text(opens), text(closes)] for opens, closes in zip(cuts[::2], cuts[1::2], strict=False)]
    last = draw(st.integers(0, 9))
    if last == 0:
        hours[-1][1] = "24:00"
    elif last <= 2 and len(cuts) % 2 == 0:
        hours[-1][1] = text(draw(st.integers(0, max(0, cuts[0] - 1))))
    return hours


def dates_near(start: date) -> st.SearchStrategy[str]:
    return st.integers(-3, 11).map(lambda days: (start + timedelta(days=days)).isoformat())


@st.composite
def definitions(draw: st.DrawFn, start: date, zone: str | None = None, *, members: bool = True) -> dict[str, Any]:
    """Most are open a good part of the week; one in twenty is 24×7, few never open."""
    definition: dict[str, Any] = {"code": "case", "zone": zone or draw(st.sampled_from(ZONES))}
    if draw(st.integers(0, 19)) == 0:
        definition["always_open"] = True
    weekly = {day: draw(day_hours()) for day in DAYS if draw(st.integers(0, 3))}
    if draw(st.integers(0, 9)) == 0:
        weekly = {day: [["00:00", "24:00"]] for day in DAYS}
    definition["weekly"] = weekly
    near = dates_near(start)
    definition["holidays"] = draw(st.dictionaries(near, st.just("Holiday"), max_size=3))
    half_days = {}
    for key in draw(st.sets(near | near.map(lambda day: day[5:]), max_size=2)):
        opens, closes = sorted(draw(st.sets(times, min_size=2, max_size=2)))
        half_days[key] = {"name": "Half day", "opens": text(opens), "closes": text(closes)}
    definition["half_days"] = half_days
    hours = st.just([]) | day_hours()
    definition["overrides"] = {
        day: {"name": "Other hours", "hours": draw(hours)} for day in draw(st.sets(near, max_size=2))
    }
    if members and draw(st.integers(0, 4)) == 0:
        definition["members"] = [draw(definitions(start, members=False)) for _ in range(draw(st.integers(1, 2)))]
    return definition


@st.composite
def starts(draw: st.DrawFn, zone: str) -> datetime:
    """Two of three within three days of a change of the zone's clocks, if it has any."""
    changes = clock_changes(zone)
    if changes and draw(st.integers(0, 2)):
        anchor = draw(st.sampled_from(changes)) - timedelta(days=3)
        span = 6 * 86_400
    else:
        anchor = FIRST + timedelta(days=20)
        span = int((LAST - FIRST).total_seconds()) - 60 * 86_400
    at = anchor + timedelta(seconds=draw(st.integers(0, span)))
    return at.replace(second=0) if draw(st.booleans()) else at


@st.composite
def cases(draw: st.DrawFn, max_days: int = 9) -> Case:
    zone = draw(st.sampled_from(ZONES))
    start = draw(starts(zone))
    days = draw(st.integers(1, max_days))
    within = st.integers(0, days * 86_400 - 60).map(lambda seconds: start + timedelta(seconds=seconds))
    around = st.integers(-86_400, days * 86_400 - 60).map(lambda seconds: start + timedelta(seconds=seconds))
    pauses = []
    for since in draw(st.lists(around, max_size=3)):
        length = draw(st.sampled_from([0, 1, 60, 2520, 7200]) | st.integers(0, 2 * 86_400))
        pauses.append((since, min(since + timedelta(seconds=length), start + timedelta(days=days))))
    budget = draw(st.sampled_from([0, 1, 60, 900, 3600, 28_800]) | st.integers(0, days * 40_000))
    return Case(
        definition=draw(definitions(start.date(), zone)),
        start=start,
        end=draw(within),
        budget=budget,
        pauses=tuple(pauses),
        days=days,
    )


def calendar_of(case: Case) -> Calendar:
    return build_calendar(from_json(case.definition), holidays=None)


def faults(case: Case) -> list[str]:
    """What the code answers otherwise than the oracle, as sentences; empty when it is right."""
    calendar, oracle = calendar_of(case), case.oracle
    found = [
        *_elapsed_faults(case, calendar, oracle),
        *_opening_faults(case, calendar, oracle),
        *_closing_faults(case, calendar, oracle),
    ]
    try:
        due = calendars.due_at(case.start, case.budget, calendar, case.pauses)
    except CalendarNeverOpens:
        return found if oracle.due(case.start, case.budget, case.pauses) is None else [*found, "never opens"]
    expected = oracle.due(case.start, case.budget, case.pauses)
    if expected is None:
        return found if due > case.limit else [*found, f"due {due}, not within the window"]
    if due != expected:
        return [*found, f"due {due}, not {expected}"]
    return [*found, *_sum_faults(case, calendar, oracle, due), *_resume_faults(case, calendar)]


def _elapsed_faults(case: Case, calendar: Calendar, oracle: Oracle) -> list[str]:
    expected = oracle.seconds(case.start, case.end)
    paused = oracle.seconds(case.start, case.end, case.pauses)
    checks: list[tuple[str, int, int]] = [
        ("seconds", calendars.business_seconds(case.start, case.end, calendar), expected),
        ("reversed", calendars.business_seconds(case.end, case.start, calendar), -expected),
        ("counted", calendars.counted_seconds(case.start, case.end, calendar, case.pauses), paused),
    ]
    if expected > 0:
        # Exactly what began before the threshold is older than half of it; on both sides of the threshold itself.
        limit = calendars.threshold(case.end, expected // 2, calendar)
        for anchor in (case.start, limit - timedelta(seconds=1), limit, limit + timedelta(minutes=1)):
            if case.start <= anchor <= case.end:
                older = oracle.seconds(anchor, case.end) > expected // 2
                checks.append((f"threshold at {anchor}", anchor < limit, older))
    return [f"{what}: {answer}, not {truth}" for what, answer, truth in checks if answer != truth]


def _opening_faults(case: Case, calendar: Calendar, oracle: Oracle) -> list[str]:
    if calendars.open_at(case.end, calendar) != oracle.open_at(case.end):
        return [f"open at {case.end}: not {oracle.open_at(case.end)}"]
    first = (int(case.end.timestamp()) - oracle.first) // 60
    rest = oracle.minutes[first:]
    if oracle.open_at(case.end):
        ends = rest.find(0)
        closes = calendars.closes_at(case.end, calendar)
        expected = datetime.fromtimestamp(oracle.first + 60 * (first + ends), UTC)
        right = (closes == expected) if ends >= 0 else (closes is None or closes >= case.limit)
        return [] if right else [f"closes at {closes}, not {expected if ends >= 0 else 'in the window'}"]
    begins = rest.find(1)
    if begins < 0:
        return []
    expected = datetime.fromtimestamp(oracle.first + 60 * (first + begins), UTC)
    opens = calendars.next_open(case.end, calendar)
    return [] if opens == expected else [f"opens at {opens}, not {expected}"]


def _closing_faults(case: Case, calendar: Calendar, oracle: Oracle) -> list[str]:
    """A budget that ends with the first closing is due at that closing."""
    opens = oracle.minutes.find(1, LEAD_DAYS * 1440)
    closes = oracle.minutes.find(0, opens) if opens >= 0 else -1
    if closes < 0:
        return []
    closing = datetime.fromtimestamp(oracle.first + 60 * closes, UTC)
    due = calendars.due_at(case.start, oracle.seconds(case.start, closing), calendar)
    return [] if due == closing else [f"due {due}, not at closing {closing}"]


def _sum_faults(case: Case, calendar: Calendar, oracle: Oracle, due: datetime) -> list[str]:
    told = explain(case.start, case.budget, calendar, case.pauses, now=case.end)
    added = case.budget + told.paused_seconds + told.closed_seconds + told.special_seconds
    found = []
    if told.due != due or told.started + timedelta(seconds=added) != due:
        found.append(f"the sum gives {told.started} + {added} s, not {due}")
    if told.used != oracle.seconds(case.start, case.end, case.pauses):
        found.append(f"used {told.used}")
    parts = sorted([*told.closed, *told.special], key=lambda part: part.start)
    for part in parts:
        if part.seconds != (part.end - part.start).total_seconds() or oracle.seconds(part.start, part.end):
            found.append(f"closed {part} is open")
        if bool(part.name) == part.kind.is_ordinary:
            found.append(f"{part.kind} is named {part.name!r}")
    if any(before.end > after.start for before, after in zip(parts, parts[1:], strict=False)):
        found.append("closed parts overlap")
    return found


def _resume_faults(case: Case, calendar: Calendar) -> list[str]:
    """Whoever pauses with something left and resumes is due as if the pause had been known from the start."""
    done = calendars.business_seconds(case.start, case.end, calendar)
    if not 0 <= done < case.budget:
        return []
    back = case.end + timedelta(seconds=4321)
    whole = calendars.due_at(case.start, case.budget, calendar, [PauseSpan(case.end, back)])
    again = calendars.due_at(back, case.budget - done, calendar)
    return [] if whole == again else [f"resumed is due {again}, with the pause {whole}"]


Judge = Callable[[Case], list[str]]
__all__ = ["ALWAYS_OPEN", "ZONES", "Case", "Judge", "calendar_of", "cases", "clock_changes", "definitions", "faults"]
