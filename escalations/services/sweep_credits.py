"""Credit requests that nobody decided in time move up; those that nobody decided in 30 days end.

Looked for by the request, not by the ticket: a ticket that is resolved meanwhile is no longer looked at, its requests
are. After the tickets of a round, so that everything that fell due is marked in its order first.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from escalations.choices import CreditState
from escalations.credit_access import asked_rank
from escalations.models import CreditRequest
from escalations.services.credit_decisions import expire, move_up, next_role
from escalations.services.credit_holding import HeldRequest, held_for
from escalations.services.credit_notices import notify_requester
from escalations.services.credits import facts_of, name_of
from escalations.services.sweep_problems import work_through
from escalations.services.sweep_sql import fire_clocks
from journal import clock
from journal.services import event_append
from policies.domain.authority import WINDOW

RANG = "Nobody decided in time."
EXPIRED = "Nobody decided in 30 days."

# Tickets with a request to move on, that nobody holds. A request that found nobody above is left where it is until
# it expires; it stands in the list of approvals, late and said to be unanswered.
HOLD = """
SELECT t.id
FROM escalations_ticket t
WHERE t.id IN (
        SELECT q.ticket_id FROM escalations_creditrequest q JOIN escalations_clock c ON c.id = q.clock_id
        WHERE q.state = 'requested'
            AND (q.requested_at <= %(old)s OR (
                c.due_at < %(now)s AND c.stopped_at IS NULL
                AND (q.unanswered_at IS NULL OR q.unanswered_at < c.due_at)
            ))
    )
    AND NOT EXISTS (SELECT 1 FROM escalations_sweepproblem p WHERE p.ticket_id = t.id AND p.next_try_at > %(now)s)
ORDER BY t.id
LIMIT %(limit)s
FOR NO KEY UPDATE OF t SKIP LOCKED
"""


def route_credits(*, limit: int, should_stop: Callable[[], bool]) -> tuple[int, int]:
    """(requests moved on or ended, tickets that failed), in batches of `limit` tickets."""
    moved = failed = 0
    while not should_stop():
        held, done, broken = _batch(limit)
        moved += done
        failed += broken
        if held < limit:
            break
    return moved, failed


@transaction.atomic
def _batch(limit: int) -> tuple[int, int, int]:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"now": now, "old": now - WINDOW, "limit": limit})
        ids = [pk for (pk,) in cursor.fetchall()]
    if not ids:
        return 0, 0, 0
    now = clock.now()
    results, broken = work_through(ids, now, lambda some: _work(some, now))
    return len(ids), sum(results), broken


def _work(ids: list[int], now: datetime) -> int:
    """Those on these locked tickets, the oldest first."""
    fire_clocks(ids, now=now, until=now)
    found = (
        CreditRequest.objects.select_for_update(of=("self",), no_key=True)
        .filter(ticket__in=ids, state=CreditState.REQUESTED)
        .select_related("ticket", "ticket__team", "customer", "requested_by", "routed_to", "clock")
        .order_by("customer", "pk")
    )
    done = 0
    for one in found:
        is_old = one.requested_at <= now - WINDOW
        if not is_old and not _rang(one):
            continue
        held = held_for(one, one.requested_by)
        if is_old:
            _expire(held)
        else:
            _move(held)
        done += 1
    return done


def _rang(one: CreditRequest) -> bool:
    """Its clock has fired, and that nobody above can be asked was not found out since."""
    row = one.clock
    if row is None or row.due_at is None or row.fired_at is None or row.stopped_at is not None:
        return False
    return one.unanswered_at is None or one.unanswered_at < row.due_at


def _move(held: HeldRequest) -> None:
    target, is_attended = next_role(held, above=asked_rank(held.request))
    if target is not None:
        move_up(held, target, by=None, reason=RANG, is_attended=is_attended)
        return
    request = held.request
    request.unanswered_at = held.now
    request.version += 1
    request.save(update_fields=["unanswered_at", "version"])
    _tell(held, "credit.unanswered", {"waits_for": request.routed_to.name if request.routed_to else ""})


def _expire(held: HeldRequest) -> None:
    expire(held, note=EXPIRED)
    _tell(held, "credit.expired", {})
    name = "" if held.request.is_money else name_of(held.policy, held.request.action)
    notify_requester(held.request, about="expired", by=None, name=name)


def _tell(held: HeldRequest, kind: str, data: dict[str, str]) -> None:
    facts = facts_of(held.request, held.policy)
    event_append(subject=("ticket", held.request.ticket_id), kind=kind, at=held.now, data=facts | data)
