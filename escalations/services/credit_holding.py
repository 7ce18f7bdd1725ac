"""What a decision about credits rests on, locked in one order and read after the locks.

The order, everywhere: the ticket; the person's row (so that leaving, or another role, comes wholly before or after the
decision); the request; the customer's budget row, for the shortest time. Then `now`, and only then the sums. What is
lent is locked after that, and only by those who need it: a delegation that ends meanwhile ends later than `now`, so
the decision under it came first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model

from accounts.models import Role, User
from escalations.access import may_see
from escalations.credit_access import asked_rank
from escalations.errors import NotAllowed
from escalations.models import Clock, CreditRequest, Ticket
from journal import clock
from policies.domain.authority import (
    AuthorityDecision,
    Grant,
    Lent,
    Request,
    Spent,
    answering,
    authority_decide,
    grants_in,
)
from policies.domain.policy import Policy
from policies.lending import hold_lent, lent_to
from policies.selectors import NoPolicyInForce, policy_of

# The sums and the rules in force, as of one instant.
COUNT = """
SELECT (SELECT v.id FROM policies_policyversion v WHERE v.state = 'published'), s.*
FROM credit_spent(%s, %s, %s, %s) AS s
"""

HOLD = """
SELECT 1 FROM escalations_ticket t, accounts_user u WHERE t.id = %s AND u.id = %s
FOR NO KEY UPDATE OF t FOR SHARE OF u
"""


# What a decision reads, by the parts of `credit_hold`; the rest is fetched where a page or a mail asks for it. Written
# out once: a third of what a decision cost was putting this one statement together anew (docs/benchmarks.md, P13).
WANTED: dict[str, tuple[type[Model], Collection[str]]] = {
    "request": (CreditRequest, [field.attname for field in CreditRequest._meta.concrete_fields]),
    "ticket": (Ticket, ("id", "ref", "is_restricted", "customer_id", "team_id", "state")),
    "clock": (Clock, (
        "id", "ticket_id", "escalation_id", "kind", "round", "state", "clause", "budget", "started_at", "due_at",
        "remaining", "fired_at", "stopped_at", "is_late_record",
    )),
    "requester": (User, ("id", "full_name", "email", "is_active")),
    "asked": (Role, ("id", "code", "name", "rank")),
    "person": (User, ("id", "full_name", "email", "is_active", "is_superuser", "role_id")),
    "role": (Role, ("id", "code", "name", "rank", "abilities")),
}  # fmt: skip
# In the order of the model's fields, as `from_db` takes them.
PARTS = {
    part: (model, [field.attname for field in model._meta.concrete_fields if field.attname in wanted])
    for part, (model, wanted) in WANTED.items()
}
READ = "SELECT {} FROM credit_hold(%s, %s) AS h".format(
    ", ".join(f"(h.{part}).{column}" for part, (_, columns) in PARTS.items() for column in columns)
)


def spent_before(ticket_id: int, customer_id: int, now: datetime, ahead_of: int | None = None) -> Spent:
    """What counts at `now`: issued, and waiting (ahead of a request, or all). One statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM credit_spent(%s, %s, %s, %s)", [ticket_id, customer_id, now, ahead_of])
        row: tuple[Decimal, Decimal, Decimal, Decimal] = cursor.fetchone()
    return Spent(*row)


def hold_people(ticket_id: int, by: User) -> User:
    """Lock the ticket and the person; the person as the database knows them now. Raises NotAllowed for who left."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [ticket_id, by.pk])
    person = User.objects.select_related("role").get(pk=by.pk)
    _check_here(person)
    return person


def _check_here(person: User) -> None:
    if not person.is_active:
        raise NotAllowed("You have left. Somebody else decides.")


@dataclass(slots=True)
class HeldRequest:
    """A locked request, its person, and the rules in force. `now` is the instant after the last lock."""

    request: CreditRequest
    by: User
    version_id: int
    policy: Policy
    now: datetime
    spent: Spent

    @property
    def ticket(self) -> Ticket:
        return self.request.ticket

    @property
    def asked(self) -> Request:
        return Request(self.request.action, self.request.amount)


def hold_request(request: CreditRequest, by: User) -> HeldRequest:
    """Lock everything that a decision about `request` rests on. Raises NotAllowed when the person cannot see it."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [request.pk, by.pk])
        values = iter(cursor.fetchone())
    found: dict[str, Any] = {}
    for part, (model, columns) in PARTS.items():
        row = [next(values) for _ in columns]
        found[part] = None if row[0] is None else model.from_db(connection.alias, columns, row)
    current, person = found["request"], found["person"]
    current.ticket, current.clock = found["ticket"], found["clock"]
    current.requested_by, current.routed_to, person.role = found["requester"], found["asked"], found["role"]
    _check_here(person)
    if not may_see(person, current.ticket):
        raise NotAllowed("This ticket is open only to the people named on it.")
    return held_for(current, person)


def held_for(request: CreditRequest, person: User) -> HeldRequest:
    """The same for a request whose ticket and row are locked already."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [request.ticket_id, request.customer_id, now, request.pk])
        version_id, *sums = cursor.fetchone()
    if version_id is None:
        raise NoPolicyInForce("No policy is published yet.")
    spent = Spent(*sums) if request.amount is not None else Spent()
    return HeldRequest(request, person, version_id, policy_of(version_id), now, spent)


def lendings_for(person: User, requester_id: int, now: datetime) -> list[tuple[Lent, str]]:
    """What others lend the person for deciding: never what the requester lends."""
    return [(one, role) for one, role in lent_to(person, now) if one.delegator != requester_id]


def held_grants(held: HeldRequest, *, lock: bool = True) -> list[Grant]:
    """Every role's grants for what was asked, and which of them the person holds, by role or by delegation.

    Delegations are locked and read only where the person's own role is not enough, or not the one that is asked.
    """
    request, role = held.request, held.by.role.code if held.by.role else ""
    own = grants_in(held.policy.authority, action=request.action, role=role)
    able = answering(own, rank=asked_rank(request))
    if authority_decide(grants=able, request=held.asked, spent=held.spent).may_issue:
        return own
    if lock:
        hold_lent(held.by.pk)
    lent = lendings_for(held.by, request.requested_by_id, held.now)
    return grants_in(held.policy.authority, action=request.action, role=role, lent=lent)


def decide_for(held: HeldRequest, grants: list[Grant]) -> AuthorityDecision:
    return authority_decide(grants=grants, request=held.asked, spent=held.spent)
