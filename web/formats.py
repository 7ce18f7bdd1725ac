"""How Belay writes times, durations, sizes and numbers.

Plain functions over plain values, so that lists can be formatted before their template loop.
Every instant is aware; `zone` is the reader's time zone; `now` is an argument, never taken here.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

MINUTE, HOUR, DAY = 60, 3600, 86_400
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class When:
    """An instant as people read it: "12 min ago", "14:20 CEST", and for machines "2025-04-24T12:20:00Z"."""

    relative: str
    absolute: str
    iso: str
    full: str


def format_duration(seconds: float) -> str:
    """Seconds as "45 s", "9 min", "2 h 05 min", "8 h", "1 d 4 h", "12 d". Negative counts as its size."""
    total = int(abs(seconds))
    if total < MINUTE:
        return f"{total} s"
    if total < HOUR:
        return f"{total // MINUTE} min"
    if total < DAY:
        hours, minutes = divmod(total // MINUTE, 60)
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    days, hours = divmod(total // HOUR, 24)
    return f"{days} d {hours} h" if hours and days < 7 else f"{days} d"


def format_hours(seconds: float) -> str:
    """Seconds as whole hours and minutes, however long: "26 h 30 min". For sums that must add up."""
    hours, minutes = divmod(int(abs(seconds)) // MINUTE, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def format_relative(at: datetime, now: datetime) -> str:
    """ "12 min ago", "in 34 min", "just now"; one unit only."""
    seconds = (at - now).total_seconds()
    size = abs(seconds)
    if size < MINUTE:
        return "just now" if seconds <= 0 else "in under 1 min"
    text = _one_unit(size)
    return f"in {text}" if seconds > 0 else f"{text} ago"


def _one_unit(seconds: float) -> str:
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h"
    days = int(seconds // DAY)
    if days < 60:
        return f"{days} d"
    return f"{days // 30} months" if days < 730 else f"{days // 365} years"


def zone_name(at: datetime, zone: tzinfo) -> str:
    """ "CEST", or "UTC+5:45" where the zone has no abbreviation."""
    return _zone_name(at.astimezone(zone))


def _zone_name(local: datetime) -> str:
    name = local.tzname() or "UTC"
    if name[0] not in "+-":
        return name
    hours, minutes = name[1:3].lstrip("0") or "0", name[3:5]
    return f"UTC{name[0]}{hours}" + (f":{minutes}" if minutes not in ("", "00") else "")


def format_time(at: datetime, zone: tzinfo, now: datetime) -> str:
    """The shortest unambiguous local time: "14:41", "Fri 10:22", "25 Apr 10:22", "25 Apr 2024 10:22"."""
    return _time(at.astimezone(zone), now.astimezone(zone))


def _time(local: datetime, today: datetime) -> str:
    clock = f"{local:%H:%M}"
    apart = (local.date() - today.date()).days
    if apart == 0:
        return clock
    if -6 <= apart <= 6:
        return f"{WEEKDAYS[local.weekday()]} {clock}"
    return f"{_day(local, today)} {clock}"


def format_updated(at: datetime, zone: tzinfo, now: datetime) -> str:
    """For narrow columns: "14:20" today, "Wed" this week, "25 Apr" before, "25 Apr 2024" in another year."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    apart = (today.date() - local.date()).days
    if apart == 0:
        return f"{local:%H:%M}"
    return WEEKDAYS[local.weekday()] if 0 < apart < 7 else format_day(at, zone, now)


def format_day(at: datetime, zone: tzinfo, now: datetime) -> str:
    """ "25 Apr", with the year when it is not this one."""
    return _day(at.astimezone(zone), now.astimezone(zone))


def _day(local: datetime, today: datetime) -> str:
    day = f"{local.day} {MONTHS[local.month - 1]}"
    return day if local.year == today.year else f"{day} {local.year}"


def format_instant(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Day, time and zone: "Thu 24 Apr, 14:32 CEST", with the year when it is not this one."""
    return _instant(at.astimezone(zone), now.astimezone(zone))


def _instant(local: datetime, today: datetime) -> str:
    return f"{WEEKDAYS[local.weekday()]} {_day(local, today)}, {local:%H:%M} {_zone_name(local)}"


def format_when(at: datetime, zone: tzinfo, now: datetime) -> When:
    """Relative and absolute together, as every time on a page is shown."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    return When(
        relative=format_relative(at, now),
        absolute=f"{_time(local, today)} {_zone_name(local)}",
        iso=at.isoformat(timespec="seconds"),
        full=_instant(local, today),
    )


def format_money(amount: Decimal) -> str:
    """ "$1,850.00", always with its cents; "−$40.00" below nothing."""
    return f"{'−' if amount < 0 else ''}${abs(amount):,.2f}"


def format_bytes(size: int) -> str:
    """ "212 KB", "3.4 MB"; 1 KB is 1,000 bytes."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{round(size / 1000)} KB"
    return f"{size / 1_000_000:.1f} MB"


def format_number(value: int | Decimal) -> str:
    """ "1,204"."""
    return f"{value:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 ticket", "2 tickets"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
