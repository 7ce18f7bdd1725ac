"""Reading a rota from an iCalendar file: every event as the shifts it comes to, or what is wrong with it.

A file is believed in nothing that costs time: its own time zone definitions are left out (zones are looked up by name
in the machine's data), only daily and weekly repetition is read, and rows, events and years are bounded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from accounts.choices import DutyRole
from accounts.domain.rotation import instant
from accounts.errors import Refused

MAX_BYTES = 1_000_000
MAX_EVENTS = 1_000
MAX_ROWS = 2_000
BEHIND, AHEAD = timedelta(days=366), timedelta(days=2 * 366)
OLDEST_START = timedelta(days=10 * 366)
RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}
# Control characters, half characters, and those that make a line read differently from what it says.
NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)

TOO_BIG = "The file is larger than 1 MB."
NOT_A_CALENDAR = "This is no iCalendar file: it does not read as BEGIN:VCALENDAR … END:VCALENDAR."


@dataclass(frozen=True, slots=True)
class FileShift:
    """One shift of a file. `error` says what is wrong with it; then the times may be missing."""

    number: int
    uid: str
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    role: str = DutyRole.PRIMARY
    note: str = ""
    is_cancelled: bool = False
    error: str = ""

    @property
    def title(self) -> str:
        return next(iter((*self.names, *self.emails)), "")


Event: TypeAlias = Any
"""An event as the library reads it: it types every property as a union of all kinds."""


class _Unreadable(ValueError):
    """One event that cannot be read, in words."""


def read_calendar(data: bytes, *, zone: str, now: datetime) -> list[FileShift]:
    """The shifts of an .ics file, a year back to two years ahead of `now`, in the order of the file.

    `zone` is where days and times without a zone of their own are. Raises Refused for a file that does not read.
    """
    if len(data) > MAX_BYTES:
        raise Refused(TOO_BIG, {"file": "Export fewer months."})
    events = _events(_text(data))
    found: list[FileShift] = []
    for number, group in enumerate(_by_uid(events).values(), 1):
        found += _shifts(group, number, zone, now)
        if len(found) > MAX_ROWS:
            raise Refused(f"The file comes to more than {MAX_ROWS:,} shifts.", {"file": "Export fewer months."})
    return found


def _text(data: bytes) -> str:
    """The lines of the file, unfolded, without time zone definitions."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("The file is not text in UTF-8.", {"file": "Export it as iCalendar."}) from error
    unfolded = re.sub(r"\r?\n[ \t]", "", text.replace("\0", ""))
    kept, inside = [], False
    for line in unfolded.splitlines():
        name = line.strip().upper()
        if name == "BEGIN:VTIMEZONE":
            inside = True
        elif name == "END:VTIMEZONE":
            inside = False
        elif not inside:
            kept.append(line)
    return "\r\n".join(kept)


def _events(text: str) -> list[Event]:
    try:
        calendars = Calendar.from_ical(text, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except MALFORMED as error:
        raise Refused(NOT_A_CALENDAR, {"file": "Export it as iCalendar (.ics)."}) from error
    if not calendars:
        raise Refused(NOT_A_CALENDAR, {"file": "Export it as iCalendar (.ics)."})
    if not events:
        raise Refused("The calendar holds no events.", {"file": "Choose a calendar with shifts in it."})
    if len(events) > MAX_EVENTS:
        raise Refused(f"The file holds more than {MAX_EVENTS:,} events.", {"file": "Export fewer months."})
    return events


def _by_uid(events: Iterable[Event]) -> Mapping[str, list[Event]]:
    """Events in the order of the file; a repetition together with its changed occurrences."""
    groups: dict[str, list[Event]] = {}
    for place, event in enumerate(events):
        groups.setdefault(_line(event.get("UID")) or f"\0{place}", []).append(event)
    return groups


def _shifts(group: list[Event], number: int, zone: str, now: datetime) -> list[FileShift]:
    uid = _line(group[0].get("UID"))
    blank = FileShift(number, uid, names=_names(group[0]), emails=_emails(group[0]))
    try:
        if not uid:
            raise _Unreadable("It has no UID, so a second import would write it twice.")
        if sum("RECURRENCE-ID" not in event for event in group) > 1:
            raise _Unreadable("Two events have this UID.")
        for event in group:
            _check(event, now)
        if len(group) == 1 and not any(event.get(part) for event in group for part in ("RRULE", "RDATE")):
            return [_shift(group[0], blank, uid, zone)]
        return [_shift(one, blank, _occurrence_uid(uid, one, zone), zone) for one in _occurrences(group, now)]
    except _Unreadable as error:
        return [replace(blank, error=str(error))]
    except MALFORMED:
        return [replace(blank, error="Its times or its repetition do not read.")]


def _occurrences(group: list[Event], now: datetime) -> Iterator[Event]:
    calendar = Calendar()
    for event in group:
        calendar.add_component(event)
    yield from recurring_ical_events.of(calendar).between(now - BEHIND, now + AHEAD)


def _check(event: Event, now: datetime) -> None:
    """Raises for what would not read, or read for ever."""
    for name, problem in event.errors:
        if name in {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", None}:
            raise _Unreadable(f"{name or 'A line'} does not read: {_clean(problem)[:120]}")
    if "DTSTART" not in event:
        raise _Unreadable("It has no start.")
    if isinstance(event["DTSTART"], list):
        raise _Unreadable("It has two starts.")
    begins = event["DTSTART"].dt
    day = begins.date() if isinstance(begins, datetime) else begins
    if not now.date() - OLDEST_START < day < now.date() + OLDEST_START:
        raise _Unreadable("It starts more than ten years from now.")
    if event.get("EXRULE"):
        raise _Unreadable("Belay reads no EXRULE.")
    rules = event.get("RRULE")
    if rules is None:
        return
    if isinstance(rules, list):
        raise _Unreadable("It repeats by two rules.")
    parts = {str(key).upper(): value for key, value in rules.items()}
    often = str(parts.get("FREQ", [""])[0]).upper()
    interval = int(parts.get("INTERVAL", [1])[0])
    by_day = often == "DAILY" and "BYDAY" in parts and interval != 1
    if often not in ("DAILY", "WEEKLY") or set(parts) - RULE_PARTS or interval < 1 or by_day:
        raise _Unreadable("Belay reads daily and weekly repetition only, by days of the week.")


def _shift(event: Event, blank: FileShift, uid: str, zone: str) -> FileShift:
    starts_at = _instant(event["DTSTART"], zone)
    status = str(event.get("STATUS", "")).upper()
    return replace(
        blank,
        uid=uid if len(uid) <= 255 else f"sha256:{sha256(uid.encode()).hexdigest()}",
        names=_names(event) or blank.names,
        emails=_emails(event) or blank.emails,
        starts_at=starts_at,
        ends_at=_end(event, starts_at, zone),
        role=_role(event),
        note=_line(event.get("DESCRIPTION"))[:200].strip(),
        is_cancelled=status == "CANCELLED",
    )


def _end(event: Event, starts_at: datetime, zone: str) -> datetime:
    if "DTEND" in event:
        return _instant(event["DTEND"], zone)
    if "DURATION" in event:
        lasts: timedelta = event["DURATION"].dt
        return starts_at + lasts
    if not isinstance(event["DTSTART"].dt, datetime):
        return instant(event["DTSTART"].dt + timedelta(days=1), time(0), ZoneInfo(zone))
    raise _Unreadable("It has no end.")


def _instant(value: Any, zone: str) -> datetime:
    at = value.dt
    if isinstance(at, datetime):
        named = str(value.params.get("TZID", ""))
        if at.tzinfo is None and named:
            raise _Unreadable(f"The time zone {_clean(named)[:60]} is not known.")
        if at.tzinfo is not None:
            return at.astimezone(UTC).replace(microsecond=0)
        return instant(at.date(), at.time(), ZoneInfo(zone))
    if isinstance(at, date):
        return instant(at, time(0), ZoneInfo(zone))
    raise _Unreadable("Its times do not read.")


def _occurrence_uid(uid: str, event: Event, zone: str) -> str:
    """The same occurrence keeps its name when it is moved: by when the rule put it."""
    planned = event["RECURRENCE-ID"] if "RECURRENCE-ID" in event else event["DTSTART"]
    return f"{uid}/{_instant(planned, zone):%Y%m%dT%H%M%SZ}"


def _role(event: Event) -> str:
    categories = event.get("CATEGORIES", [])
    groups = categories if isinstance(categories, list) else [categories]
    names = {str(name).casefold() for group in groups for name in getattr(group, "cats", [])}
    return DutyRole.BACKUP if "backup" in names else DutyRole.PRIMARY


def _attendees(event: Event) -> list[Any]:
    found = event.get("ATTENDEE", [])
    return found if isinstance(found, list) else [found]


def _emails(event: Event) -> tuple[str, ...]:
    addresses = (_line(one) for one in _attendees(event))
    return tuple(address[7:].casefold() for address in addresses if address.casefold().startswith("mailto:"))


def _names(event: Event) -> tuple[str, ...]:
    """What may name somebody: the attendees' names, the title, and the pieces of the title."""
    called = [_line(one.params.get("CN", "")) for one in _attendees(event) if hasattr(one, "params")]
    title = _line(event.get("SUMMARY"))
    pieces = [piece.strip() for piece in re.split(r"[:,|()–—]|\s-\s", title)] if title else []
    return tuple(dict.fromkeys(name for name in (*called, title, *pieces) if name))


def _line(value: Any) -> str:
    """A property as one line that can be shown and stored."""
    one = value[0] if isinstance(value, list) and value else value
    return _clean(one) if one else ""


def _clean(value: object) -> str:
    return " ".join(NOT_SHOWN.sub(" ", str(value)).split())[:1000]
