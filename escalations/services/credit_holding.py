"""What a decision about credits rests on, locked in one order and read after the locks.

The order, everywhere: the ticket; the person's row and those of whoever lent them authority (so that leaving, another
role, or the end of a delegation comes wholly before or after the decision); the request; the customer's budget row,
last and for the shortest time. Then `now`, and only then the sums.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from accounts.models import User
from escalations.access import may_see
from escalations.errors import NotAllowed
from escalations.models import CreditRequest, Ticket
from journal import clock
from policies.domain.authority import AuthorityDecision, Grant, Lent, Request, Spent, authority_decide, grants_in
from policies.domain.policy import Policy
from policies.lending import hold_lent, lent_to
from policies.models import PolicyVersion
from policies.selectors import policy_in_force

HOLD = """
SELECT 1 FROM escalations_ticket t, accounts_user u WHERE t.id = %s AND u.id = %s
FOR NO KEY UPDATE OF t FOR SHARE OF u
"""


def spent_before(ticket_id: int, customer_id: int, now: datetime, ahead_of: int | None = None) -> Spent:
    """What counts at `now`: issued, and waiting (ahead of a request, or all). One statement, exact under the lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM credit_spent(%s, %s, %s, %s)", [ticket_id, customer_id, now, ahead_of])
        row: tuple[Decimal, Decimal, Decimal, Decimal] = cursor.fetchone()
    return Spent(*row)


def lock_budget(ticket_id: int, customer_id: int) -> datetime:
    """Lock the budget rows of the ticket's customer; the instant after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT credit_lock(%s, %s)", [ticket_id, customer_id])
    return clock.now()


def hold_people(ticket_id: int, by: User) -> User:
    """Lock the ticket and the person; the person as the database knows them now. Raises NotAllowed for who left."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [ticket_id, by.pk])
    person = User.objects.select_related("role").get(pk=by.pk)
    if not person.is_active:
        raise NotAllowed("You have left. Somebody else decides.")
    return person


@dataclass(slots=True)
class HeldRequest:
    """A locked request, its person, and the rules in force. `now` is the instant after the last lock."""

    request: CreditRequest
    by: User
    version: PolicyVersion
    policy: Policy
    now: datetime

    @property
    def ticket(self) -> Ticket:
        return self.request.ticket

    @property
    def asked(self) -> Request:
        return Request(self.request.action, self.request.amount)


def hold_request(request: CreditRequest, by: User) -> HeldRequest:
    """Lock everything that a decision about `request` rests on. Raises NotAllowed when the person cannot see it."""
    person = hold_people(request.ticket_id, by)
    current = (
        CreditRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("ticket", "ticket__team", "customer", "requested_by", "routed_to", "clock", "decided_by")
        .get(pk=request.pk)
    )
    if not may_see(person, current.ticket):
        raise NotAllowed("This ticket is open only to the people named on it.")
    version, policy = policy_in_force()
    now = lock_budget(current.ticket_id, current.customer_id)
    return HeldRequest(current, person, version, policy, now)


def lendings_for(person: User, requester_id: int, now: datetime) -> list[tuple[Lent, str]]:
    """What others lend the person for deciding: never what the requester lends."""
    return [(one, role) for one, role in lent_to(person, now) if one.delegator != requester_id]


def held_grants(held: HeldRequest, *, lock: bool = True) -> list[Grant]:
    """Every role's grants for what was asked, and which of them the person holds, by role or by delegation.

    Delegations are locked and read only where the person's own role is not enough.
    """
    request, role = held.request, held.by.role.code if held.by.role else ""
    own = grants_in(held.policy.authority, action=request.action, role=role)
    spent = spent_of(held)
    if authority_decide(grants=[g for g in own if g.held], request=held.asked, spent=spent).may_issue:
        return own
    if lock:
        hold_lent(held.by.pk)
    lent = lendings_for(held.by, request.requested_by_id, held.now)
    return grants_in(held.policy.authority, action=request.action, role=role, lent=lent)


def spent_of(held: HeldRequest) -> Spent:
    """What counts before the held request. An action without an amount counts nothing."""
    request = held.request
    if request.amount is None:
        return Spent()
    return spent_before(request.ticket_id, request.customer_id, held.now, request.pk)


def decide_for(held: HeldRequest, grants: list[Grant], spent: Spent) -> AuthorityDecision:
    return authority_decide(grants=grants, request=held.asked, spent=spent)
