"""The sweep: whatever falls due is marked, recorded and told exactly once, however many sweeps run and die.

One transaction a batch: tickets that are due are locked (those that somebody holds wait for the next round), their
breaches marked with event and mail, and the next instant computed at which to look again. See docs/decisions/0006.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime

from django.db import transaction

from accounts.services.presence import presence_forget
from escalations.models import SweepProblem
from escalations.services.placing import place_tickets
from escalations.services.sweep_acks import expire_acknowledgements
from escalations.services.sweep_calendars import move_clocks
from escalations.services.sweep_credits import route_credits
from escalations.services.sweep_problems import work_through
from escalations.services.sweep_sql import ask_reviews, fire_clocks, pick
from journal import clock
from journal.services import heartbeat
from policies.selectors import policy_in_force
from policies.services.publications import publications_run

BATCH = 500
HEARTBEAT = "sweep"


@dataclass(slots=True)
class SweepReport:
    """What a round did. `looked_at` counts tickets, as often as a batch took them; `late` is part of the others."""

    looked_at: int = 0
    breached: int = 0
    expired: int = 0
    reviews: int = 0
    moved: int = 0
    credits: int = 0
    late: int = 0
    mails: int = 0
    problems: int = 0

    def add(self, other: "SweepReport") -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def __str__(self) -> str:
        said = [
            (self.breached, "deadlines passed"),
            (self.expired, "acknowledgements expired"),
            (self.reviews, "reviews asked for"),
            (self.moved, "tickets moved to a revised calendar"),
            (self.credits, "credit requests moved on"),
            (self.late, "of these late"),
            (self.mails, "mails queued"),
            (self.problems, "tickets failed"),
        ]
        return ", ".join([f"{self.looked_at} tickets looked at"] + [f"{n} {what}" for n, what in said if n])


def _never() -> bool:
    return False


def sweep(*, limit: int = BATCH, should_stop: Callable[[], bool] = _never) -> SweepReport:
    """One round: everything that is due by now, in batches of `limit` tickets, in the order in which it fell due.

    `should_stop` is asked between batches. Safe to run any number of times at once. Raises OperationalError when the
    database goes away; what was committed stays done and the rest is found by the next round.
    """
    report = SweepReport()
    report.moved, report.problems = move_clocks(limit=limit, should_stop=should_stop)
    while not should_stop():
        taken, done = _batch(limit)
        report.add(done)
        heartbeat(HEARTBEAT, notes=[str(report)])
        if taken < limit:
            break
    moved, failed = route_credits(limit=limit, should_stop=should_stop)
    report.credits += moved
    report.problems += failed
    publications_run()
    presence_forget(now=clock.now())
    return report


@transaction.atomic
def _batch(limit: int) -> tuple[int, SweepReport]:
    """How many tickets were taken, and what was done to them."""
    found = pick(now=clock.now(), limit=limit)
    if not found:
        return 0, SweepReport()
    # After the lock: whoever held a ticket until now may have answered it a moment before.
    now = clock.now()
    # When more is due than fits, go only as far as this batch reaches; so a backlog fires in due order.
    until = min(found[-1][1], now) if len(found) == limit else now
    ids = [pk for pk, _ in found]
    results, failed = work_through(ids, now, lambda some: _work(some, now, until))
    report = SweepReport(problems=failed)
    for result in results:
        report.add(result)
    return len(found), report


def _work(ids: list[int], now: datetime, until: datetime) -> SweepReport:
    """Everything that fell due before `until` on these locked tickets. A constant number of statements."""
    fired = fire_clocks(ids, now=now, until=until)
    expired = expire_acknowledgements(ids, now=now, until=until)
    asked = ask_reviews(ids, now=now, until=until)
    _, policy = policy_in_force()
    touched = {*fired.tickets, *expired.tickets, *asked.tickets}
    place_tickets(ids, now=now, until=until, policy=policy, touched=touched)
    SweepProblem.objects.filter(ticket__in=ids).delete()
    return SweepReport(
        looked_at=len(ids),
        breached=fired.count,
        expired=expired.count,
        reviews=asked.count,
        late=fired.late + expired.late + asked.late,
        mails=fired.mails + expired.mails + asked.mails,
    )
