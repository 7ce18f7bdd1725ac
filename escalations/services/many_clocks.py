"""The clocks and hops of many locked tickets, read in two statements, changed in memory, written in a few.

The arithmetic is that of one ticket (`services.clocks`); only reading and writing are for all of them at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendars import Calendar, business_seconds
from escalations.choices import HopKind
from escalations.domain.clocks import Wait
from escalations.models import Clock, Hop, Pause, Ticket
from escalations.services.breaches import breach_event
from escalations.services.clocks import TicketClocks
from escalations.services.placing import place_tickets
from journal.models import Event
from policies.selectors import policy_in_force

# A wait for a parent ends with the parent. Should it last this long, somebody is asked whether it still should.
LOOK_AGAIN_DAYS = 7
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

WRITE_CLOCKS = """
UPDATE escalations_clock c
SET state = v.state, due_at = v.due_at, remaining = v.remaining, paused_at = v.paused_at,
    pause_reason = v.pause_reason, review_at = v.review_at, fired_at = v.fired_at, stopped_at = v.stopped_at
FROM unnest(
    %s::bigint[], %s::text[], %s::timestamptz[], %s::int[], %s::timestamptz[], %s::text[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[]
) AS v (id, state, due_at, remaining, paused_at, pause_reason, review_at, fired_at, stopped_at)
WHERE c.id = v.id
"""
_WRITTEN = ("pk", "state", "due_at", "remaining", "paused_at", "pause_reason", "review_at", "fired_at", "stopped_at")
WRITE_HOPS = """
UPDATE escalations_hop h
SET span = tstzrange(lower(h.span), %s, '[)'), sla_seconds = v.sla, work_seconds = v.work
FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS v (id, sla, work)
WHERE h.id = v.id
"""


class OneOfMany(TicketClocks):
    """A ticket's clocks whose rows were read, and will be written, together with those of others."""

    def __init__(self, ticket: Ticket, now: datetime, rows: list[Clock], pauses: list[Pause]) -> None:
        self.ticket, self.now = ticket, now
        self.rows, self.pauses = rows, pauses
        self._changed: dict[int, Clock] = {}
        self._fired: list[Clock] = []
        self.begun: list[Pause] = []
        self.ended: list[Pause] = []

    def _keep(self, pause: Pause) -> None:
        (self.ended if pause.pk else self.begun).append(pause)

    def save(self) -> None:
        save_clocks([self])

    @property
    def changed(self) -> list[Clock]:
        return list(self._changed.values())

    @property
    def fired(self) -> list[Clock]:
        return list(self._fired)


def read_clocks(tickets: Iterable[Ticket], now: datetime) -> dict[int, OneOfMany]:
    """Ticket id → its clocks. Two statements."""
    by_id = {ticket.pk: ticket for ticket in tickets}
    rows: dict[int, list[Clock]] = defaultdict(list)
    found = Clock.objects.filter(ticket__in=by_id).select_related("calendar_revision", "tier")
    # Its definition is as long as a year, and every process has built most calendars already.
    for row in found.defer("calendar_revision__definition").order_by("round", "id"):
        rows[row.ticket_id].append(row)
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for pause in Pause.objects.filter(ticket__in=by_id).order_by("started_at"):
        pauses[pause.ticket_id].append(pause)
    return {pk: OneOfMany(ticket, now, rows[pk], pauses[pk]) for pk, ticket in by_id.items()}


def save_clocks(many: Sequence[OneOfMany]) -> None:
    """Write what changed, put the tickets where their clocks say, and mark them due for the sweep.

    The tickets' own columns are the caller's. A constant number of statements.
    """
    if not many:
        return
    now = many[0].now
    Clock.objects.bulk_create([row for one in many for row in one.changed if row.pk is None])
    _write([row for one in many for row in one.changed if row.pk is not None])
    Pause.objects.bulk_create([pause for one in many for pause in one.begun])
    Pause.objects.filter(pk__in=[pause.pk for one in many for pause in one.ended]).update(ended_at=now)
    Event.objects.bulk_create([breach_event(row, now) for one in many for row in one.fired])
    ids = [one.ticket.pk for one in many]
    _, policy = policy_in_force()
    place_tickets(ids, now=now, until=LONG_AGO, policy=policy, touched=ids)
    # Only the sweep computes the next instant; what else hangs on this write it finds by being due now.
    Ticket.objects.open().filter(pk__in=ids).update(next_check_at=now)


def _write(rows: Sequence[Clock]) -> None:
    if not rows:
        return
    columns: list[list[Any]] = [[getattr(row, name) for row in rows] for name in _WRITTEN]
    columns[1] = [str(state) for state in columns[1]]
    with connection.cursor() as cursor:
        cursor.execute(WRITE_CLOCKS, columns)


def hold_for_parent(clocks: TicketClocks, *, by_id: int | None, review_at: datetime) -> None:
    """From now on the parent carries the tier: time at it and its target stand still; what the customer has runs on."""
    if not any(pause.wait == Wait.PARENT for pause in clocks.open_waits):
        # No reference in it: the parent may be restricted.
        clocks.pause(Wait.PARENT, reason="Carried by the parent ticket", review_at=review_at, by_id=by_id)


def close_hops(tickets: Iterable[Ticket], clocks: Mapping[int, TicketClocks], at: datetime) -> None:
    """End the running hop of each, measured as `services.hops.hop_close` does. Three statements at most."""
    by_id = {ticket.pk: ticket for ticket in tickets}
    hops = list(Hop.objects.select_related("team").filter(ticket__in=by_id, span__endswith__isnull=True))
    wanted = {hop.team.calendar_id for hop in hops} | {
        ticket.customer.calendar_id for ticket in by_id.values() if ticket.customer.calendar_id
    }
    revisions = current_revisions(wanted)
    lasting = [hop for hop in hops if hop.span.lower < at]
    measured = []
    for hop in lasting:
        contract = clocks[hop.ticket_id].contract
        calendar_id = by_id[hop.ticket_id].customer.calendar_id
        theirs: Calendar = (
            working_calendar(contract.calendar_revision)
            if contract is not None
            else working_calendar(revisions[calendar_id] if calendar_id else None)
        )
        taken = 0 if hop.kind == HopKind.PAUSED else business_seconds(hop.span.lower, at, theirs)
        work = business_seconds(hop.span.lower, at, working_calendar(revisions[hop.team.calendar_id]))
        measured.append((hop.pk, max(taken, 0), max(work, 0)))
    # One that began this very instant leaves no trace.
    gone = [hop.pk for hop in hops if hop.span.lower >= at]
    if gone:
        Hop.objects.filter(pk__in=gone).delete()
    if measured:
        with connection.cursor() as cursor:
            cursor.execute(WRITE_HOPS, [at, *map(list, zip(*measured, strict=True))])
