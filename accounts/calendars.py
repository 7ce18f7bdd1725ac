"""From a calendar's row to the business time that clocks run on."""

from accounts.domain.calendar_json import from_json
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, CalendarCache, build_calendar
from accounts.holidays import public_holidays
from accounts.models import CalendarRevision

_kept = CalendarCache()


def working_calendar(revision: CalendarRevision | None) -> Calendar:
    """The business time of a revision; none is around the clock. Kept in memory: a revision never changes."""
    if revision is None:
        return ALWAYS_OPEN
    key = (revision.pk, revision.calendar_id, revision.number, revision.created_at)
    return _kept.get(key, lambda: build_calendar(from_json(revision.definition), holidays=public_holidays))


def current_revisions(calendar_ids: set[int]) -> dict[int, CalendarRevision]:
    """Calendar id → its current revision. One query.

    One that is open around the clock has its revision too, so that clocks on it move when it gets hours.
    """
    rows = CalendarRevision.objects.filter(calendar__in=calendar_ids, superseded_at__isnull=True).order_by()
    return {row.calendar_id: row for row in rows}


def current_revision(calendar_id: int | None) -> CalendarRevision | None:
    """The revision that a clock started now would run on; of no calendar None: around the clock."""
    if calendar_id is None:
        return None
    return current_revisions({calendar_id})[calendar_id]
