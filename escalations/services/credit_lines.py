"""The ledger's lines, each written last of all: the customer's budget is locked for one statement and the commit.

The statement locks the budget row first, so that the lines of a customer stand in the order in which they counted;
then the ledger's own trigger counts what is spent before and refuses what is above the limit (`models.credit_guards`).
Whoever writes one has decided on what was counted a moment before: who loses the race for the rest is told to look
again, and nobody waits for a decision that is still being thought about.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from accounts.models import Role, User
from escalations.choices import EntryKind
from escalations.errors import Overtaken
from escalations.models import CreditEntry, CreditRequest
from policies.domain.authority import Grant

# The names of what the database refuses, where it is asked a moment after the service has looked.
_GUARDS = ("credit_", "the credits together", "the policy in force", "the limit in force", "no such delegation")

LINE = """
INSERT INTO escalations_creditentry (
    kind, request_id, ticket_id, customer_id, amount, currency, at, by_id, role_id, delegation_id, policy_version_id,
    clause, limit_in_force, spent_ticket, spent_customer, waiting_ticket, waiting_customer, reverses_id, reason
)
SELECT %(kind)s, q.id, q.ticket_id, q.customer_id, q.amount, q.currency, %(at)s, %(by)s, %(role)s, %(delegation)s,
    %(version)s, %(clause)s, %(limit)s, 0, 0, 0, 0, %(reverses)s, %(reason)s
FROM escalations_creditrequest q, credit_lock(q.ticket_id, q.customer_id)
WHERE q.id = %(request)s
"""


@contextmanager
def ledger_rules() -> Iterator[None]:
    """The database's own refusal as what it is: the rules, or the ledger, changed between the look and the line."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not any(name in str(error) for name in _GUARDS):
            raise
        raise Overtaken("The rules or the credits changed at this moment. Nothing was done; look again.") from error


def _write(request: CreditRequest, **values: Any) -> None:
    plain = {"delegation": None, "limit": None, "reverses": None, "reason": ""}
    with connection.cursor() as cursor:
        cursor.execute(LINE, {**plain, **values, "request": request.pk})


def issue_line(*, request: CreditRequest, by: User, role: Role | None, grant: Grant, at: datetime) -> None:
    """The line of a request that is stored as issued. The last statement of its transaction, inside `ledger_rules`."""
    assert role is not None
    _write(
        request, kind=EntryKind.ISSUE, at=at, by=by.pk, role=role.pk, version=request.policy_version_id,
        clause=grant.clause, limit=grant.limit, delegation=grant.lent.id if grant.lent else None,
    )  # fmt: skip


def reversal_line(*, issue: CreditEntry, by: User, at: datetime, version_id: int, reason: str) -> None:
    """The line that takes `issue` back, likewise last. Its request is stored as reversed."""
    _write(
        issue.request, kind=EntryKind.REVERSAL, at=at, by=by.pk, role=by.role_id or issue.role_id, version=version_id,
        clause=issue.clause, reverses=issue.pk, reason=reason,
    )  # fmt: skip
