"""Who is there, in a few words beside a name wherever somebody is chosen."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from accounts.selectors.duty import Away, DutyNow
from web.formats import format_time


def away_words(away: Away, zone: tzinfo, now: datetime) -> str:
    """ "away until Mon 09:00, Jun Park covers"."""
    cover = f"{away.cover} covers" if away.cover else "nobody covers"
    return f"away until {format_time(away.until, zone, now)}, {cover}"


def person_words(user_id: int, stand: DutyNow | None, absent: Mapping[int, Away], zone: tzinfo, now: datetime) -> str:
    """ "away until …", "on duty until 18:00", "on duty", "backup", or "" for who is neither."""
    if user_id in absent:
        return away_words(absent[user_id], zone, now)
    if stand is None or stand.primary is None:
        return ""
    if stand.primary.pk == user_id and stand.until is not None:
        return f"on duty until {format_time(stand.until, zone, now)}"
    if any(person.pk == user_id for person in stand.others):
        return "on duty"
    return "backup" if any(person.pk == user_id for person in stand.backups) else ""


def team_words(stand: DutyNow | None, zone: tzinfo, now: datetime) -> str:
    """ "Ines Halvorsen on duty", "nobody on duty until Mon 09:00"; "" for a team that keeps no rota."""
    if stand is None or not stand.keeps_rota:
        return ""
    if stand.primary is not None:
        return f"{stand.primary} on duty"
    return f"nobody on duty until {format_time(stand.next_at, zone, now)}" if stand.next_at else "nobody on duty"
