"""What the database refuses by itself, in hand-written SQL: no service stands in between here.

`clock_timestamp()`, not `now()`: a delegation of the same transaction begins after the latter.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from escalations.choices import CreditState
from escalations.models import CreditEntry, CreditRequest
from escalations.services.credit_decisions import credit_deny
from escalations.services.credits import credit_request
from journal import clock
from policies.models import Delegation
from policies.services.delegations import delegation_create, delegation_end
from tests.factories import CustomerFactory, Organisation, in_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def org() -> Organisation:
    org = Organisation()
    org.vp = org.person("vp", "vp_support")
    return org


@transaction.atomic
def run(sql: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(sql: str, values: dict[str, Any] | None = None, *, match: str) -> None:
    assert match, "an empty pattern fits every message"
    with pytest.raises(DatabaseError, match=match):
        run(sql, values or {})


def ask(org: Organisation, amount: str, by: Any = None) -> CreditRequest:
    return credit_request(
        ticket=org.ticket(customer=CustomerFactory()), by=by or org.agent, action="service_credit",
        amount=Decimal(amount), reason="The contract promises it.",
    )  # fmt: skip


DECIDE = """
UPDATE escalations_creditrequest SET state = 'issued', ended_at = clock_timestamp(), decided_by_id = %(by)s,
    decided_as_id = %(role)s, delegation_id = %(lent)s, delegator_id = %(lender)s, limit_in_force = %(limit)s
WHERE id = %(id)s
"""
ISSUE = """
INSERT INTO escalations_creditentry (kind, request_id, ticket_id, customer_id, amount, currency, at, by_id, role_id,
    delegation_id, policy_version_id, clause, limit_in_force, spent_ticket, spent_customer, waiting_ticket,
    waiting_customer, reason)
SELECT 'issue', q.id, q.ticket_id, q.customer_id, coalesce(%(amount)s, q.amount), q.currency, clock_timestamp(),
    %(by)s, %(role)s, %(lent)s, coalesce(%(version)s, q.policy_version_id), 'authority.x', %(limit)s, 0, 0, 0, 0, ''
FROM escalations_creditrequest q WHERE q.id = %(id)s
"""


def values(org: Organisation, made: CreditRequest, by: Any, limit: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": made.pk, "by": by.pk, "role": by.role_id, "limit": limit, "lent": None, "lender": None, "amount": None,
        "version": None, **more,
    }  # fmt: skip


def test_the_way_that_is_right_is_open(org):
    """The control: the same statements, with authority, go through, and the sums are filled in."""
    made = ask(org, "4000")
    run(DECIDE + ";" + ISSUE, values(org, made, org.manager, "5000.00"))
    assert CreditEntry.objects.get().spent_customer == 0


def test_nobody_decides_what_they_asked_for(org):
    made = ask(org, "6000", by=org.manager)
    refused(DECIDE, values(org, made, org.manager, "25000.00"), match="credit_not_by_its_requester")


def test_nor_by_lending_it_to_somebody(org):
    made = ask(org, "26000", by=org.vp)
    lent = delegation_create(by=org.vp, delegate=org.manager, ends_at=in_hours(8), reason="Leave")
    refused(
        DECIDE, values(org, made, org.manager, "25000.00", lent=lent.pk, lender=org.vp.pk),
        match="credit_not_lent_by_its_requester",
    )  # fmt: skip
    # Under the name of another lender the ledger finds out.
    refused(
        DECIDE + ";" + ISSUE,
        values(org, made, org.manager, None, lent=lent.pk, lender=org.people["l2_first"].pk),
        match="no such delegation",
    )  # fmt: skip


def test_nothing_above_the_limit_that_the_policy_says(org):
    made = ask(org, "5000.01")
    both = DECIDE + ";" + ISSUE
    refused(both, values(org, made, org.manager, "5000.00"), match="credit_within_limit")
    refused(both, values(org, made, org.manager, "9999.00"), match="the limit in force is another")
    refused(both, values(org, made, org.manager, None), match="the limit in force is another")
    refused(both, values(org, made, org.people["l3_first"], None), match="no authority")
    # With the role of somebody else.
    refused(both, values(org, made, org.manager, "25000.00", role=org.vp.role_id), match="no authority")


def test_what_adds_up_is_counted_by_the_database(org):
    first = ask(org, "4000", by=org.manager)
    made = credit_request(
        ticket=org.ticket(customer=first.customer), by=org.agent, action="service_credit", amount=Decimal("1000.01"),
        reason="More.",
    )  # fmt: skip
    refused(DECIDE + ";" + ISSUE, values(org, made, org.manager, "5000.00"), match="above the limit")


def test_only_the_policy_in_force_counts(org):
    draft = org.policy.__class__.objects.create(code="x", created_by=org.process_owner)
    made = ask(org, "4000")
    refused(
        DECIDE + ";" + ISSUE, values(org, made, org.manager, "5000.00", version=draft.pk), match="no authority"
    )  # fmt: skip


def test_an_issued_credit_needs_its_line_and_a_line_its_credit(org):
    made = ask(org, "4000")
    refused(DECIDE, values(org, made, org.manager, "5000.00"), match="issued and reversed in the ledger")
    refused(ISSUE, values(org, made, org.manager, "5000.00"), match="only an issued request")
    refused(
        DECIDE + ";" + ISSUE,
        values(org, made, org.manager, "5000.00", amount="1.00"),
        match="repeats what was asked for",
    )  # fmt: skip


def test_issued_once(org):
    made = ask(org, "100", by=org.manager)
    refused(ISSUE, values(org, made, org.manager, "5000.00"), match="credit_entry_one_issue")


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("UPDATE escalations_creditentry SET amount = 1", "escalations_creditentry is append-only"),
        ("DELETE FROM escalations_creditentry", "escalations_creditentry is append-only"),
        ("TRUNCATE escalations_creditentry CASCADE", "permission denied"),
        ("DELETE FROM escalations_creditrequest", "Cannot delete rows"),
        ("UPDATE escalations_creditrequest SET amount = 1", "what was asked for does not change"),
        ("UPDATE escalations_creditrequest SET reason = 'x'", "what was asked for does not change"),
        ("UPDATE escalations_creditrequest SET on_own_authority = false", "what was asked for does not change"),
        ("UPDATE escalations_creditrequest SET state = 'requested', ended_at = NULL", "a decision does not change"),
        ("UPDATE escalations_creditrequest SET clause = 'x'", "a decision does not change"),
        ("UPDATE escalations_creditrequest SET limit_in_force = NULL", "a decision does not change"),
        ("UPDATE escalations_creditrequest SET state = 'reversed'", "issued and reversed in the ledger"),
    ],
)
def test_what_was_decided_stays(org, sql, match):
    ask(org, "100", by=org.manager)
    refused(sql, match=match)


REVERSE = """
UPDATE escalations_creditrequest SET state = 'reversed' WHERE id = %(id)s;
INSERT INTO escalations_creditentry (kind, request_id, ticket_id, customer_id, amount, currency, at, by_id, role_id,
    policy_version_id, clause, spent_ticket, spent_customer, waiting_ticket, waiting_customer, reverses_id, reason)
SELECT 'reversal', e.request_id, e.ticket_id, e.customer_id, e.amount, e.currency, clock_timestamp(),
    e.by_id, e.role_id, e.policy_version_id, e.clause, 0, 0, 0, 0, %(reverses)s, 'Wrong.'
FROM escalations_creditentry e WHERE e.request_id = %(id)s AND e.kind = 'issue'
"""


def test_a_reversal_takes_back_its_own_credit_once(org):
    one, other = (CreditEntry.objects.get(request=ask(org, "100", by=org.manager)) for _ in range(2))
    refused(REVERSE, {"id": one.request_id, "reverses": other.pk}, match="takes back one issued credit")
    run(REVERSE, {"id": one.request_id, "reverses": one.pk})
    refused(REVERSE, {"id": one.request_id, "reverses": one.pk}, match="credit_entry|reverses_id")
    assert CreditEntry.objects.filter(kind="reversal").count() == 1


GRANT = """
UPDATE escalations_creditrequest SET state = 'approved', ended_at = clock_timestamp(), decided_by_id = %(by)s,
    decided_as_id = %(role)s, delegation_id = %(lent)s, delegator_id = %(lender)s WHERE id = %(id)s
"""


def ask_for(org: Organisation, action: str) -> CreditRequest:
    return credit_request(ticket=org.ticket(), by=org.agent, action=action, reason="They wait for it.")


def test_what_has_no_amount_needs_authority_all_the_same(org):
    """No ledger repeats it, so the grant itself is looked at."""
    made, engineer = ask_for(org, "contract_modification"), org.people["l3_first"]
    refused(GRANT, values(org, made, engineer, None), match="no authority")
    refused(GRANT, values(org, made, engineer, None, role=org.manager.role_id), match="no authority")
    refused(GRANT, values(org, made, org.agent, None), match="no authority|credit_not_by_its_requester")
    lent = delegation_create(by=org.manager, delegate=engineer, ends_at=in_hours(8), reason="Leave")
    ended = delegation_create(by=org.vp, delegate=engineer, ends_at=clock.now() + timedelta(hours=1), reason="Lunch")
    delegation_end(delegation=ended, by=org.vp)
    by_lender = {"lent": lent.pk, "lender": org.manager.pk, "role": org.manager.role_id}
    refused(
        GRANT, values(org, made, engineer, None, lent=ended.pk, lender=org.vp.pk, role=org.vp.role_id),
        match="no such delegation",
    )  # fmt: skip
    refused(GRANT, values(org, made, org.people["l3_second"], None, **by_lender), match="no such delegation")
    # What is lent is the delegator's own role, not what was lent to them.
    further = delegation_create(by=engineer, delegate=org.people["l3_second"], ends_at=in_hours(8), reason="Lunch")
    refused(
        GRANT,
        values(org, made, org.people["l3_second"], None, lent=further.pk, lender=engineer.pk, role=org.manager.role_id),
        match="no authority",
    )
    run(GRANT, values(org, made, engineer, None, **by_lender))
    made.refresh_from_db()
    assert made.state == CreditState.APPROVED


def test_who_left_grants_nothing(org):
    asked, money = ask_for(org, "contract_modification"), ask(org, "4000")
    org.manager.is_active = False
    org.manager.save()
    refused(GRANT, values(org, asked, org.manager, None), match="somebody who left")
    refused(DECIDE + ";" + ISSUE, values(org, money, org.manager, "5000.00"), match="somebody who left")


def test_a_decision_is_final(org):
    made = ask(org, "4000")
    credit_deny(request=made, by=org.manager, reason="No.")
    refused(
        "UPDATE escalations_creditrequest SET state = 'issued' WHERE id = %(id)s", {"id": made.pk},
        match="Invalid transition",
    )  # fmt: skip
    made.refresh_from_db()
    assert made.state == CreditState.DENIED


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("UPDATE policies_delegation SET ends_at = ends_at + interval '1 day'", "can only end earlier"),
        ("UPDATE policies_delegation SET delegate_id = delegator_id", "can only end earlier"),
        ("UPDATE policies_delegation SET \"limit\" = NULL", "can only end earlier"),
        ("UPDATE policies_delegation SET ends_at = starts_at", "delegation_ended_by_somebody"),
        ("DELETE FROM policies_delegation", "Cannot delete rows"),
        ("INSERT INTO policies_delegation (delegator_id, delegate_id, starts_at, ends_at, planned_end, reason,"
         " created_by_id, created_at) SELECT delegator_id, delegate_id, starts_at, ends_at, planned_end, reason,"
         " created_by_id, created_at FROM policies_delegation", "delegation_no_overlap"),
        ("INSERT INTO policies_delegation (delegator_id, delegate_id, starts_at, ends_at, planned_end, reason,"
         " created_by_id, created_at) SELECT delegator_id, delegator_id, starts_at, ends_at, planned_end, reason,"
         " created_by_id, created_at FROM policies_delegation", "delegation_to_another"),
    ],
)  # fmt: skip
def test_a_delegation_is_a_record(org, sql, match):
    delegation_create(
        by=org.manager, delegate=org.people["l3_first"], ends_at=in_hours(8), reason="Leave", limit=Decimal(100)
    )
    refused(sql, match=match)
    assert Delegation.objects.count() == 1
