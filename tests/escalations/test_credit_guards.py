"""What the database refuses by itself, in hand-written SQL: no service stands in between here."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from escalations.choices import CreditState
from escalations.models import CreditEntry, CreditRequest
from escalations.services.credit_decisions import credit_deny
from escalations.services.credits import credit_request
from policies.models import Delegation
from policies.services.delegations import delegation_create
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


def refused(sql: str, values: dict[str, Any] | None = None, *, match: str = "") -> None:
    with pytest.raises(DatabaseError, match=match):
        run(sql, values or {})


def ask(org: Organisation, amount: str, by: Any = None) -> CreditRequest:
    return credit_request(
        ticket=org.ticket(customer=CustomerFactory()), by=by or org.agent, action="service_credit",
        amount=Decimal(amount), reason="The contract promises it.",
    )  # fmt: skip


DECIDE = """
UPDATE escalations_creditrequest SET state = 'issued', ended_at = now(), decided_by_id = %(by)s,
    decided_as_id = %(role)s, delegation_id = %(lent)s, delegator_id = %(lender)s, limit_in_force = %(limit)s
WHERE id = %(id)s
"""
ISSUE = """
INSERT INTO escalations_creditentry (kind, request_id, ticket_id, customer_id, amount, currency, at, by_id, role_id,
    delegation_id, policy_version_id, clause, limit_in_force, spent_ticket, spent_customer, waiting_ticket,
    waiting_customer, reason)
SELECT 'issue', q.id, q.ticket_id, q.customer_id, coalesce(%(amount)s, q.amount), q.currency, now(), %(by)s, %(role)s,
    %(lent)s, coalesce(%(version)s, q.policy_version_id), 'authority.x', %(limit)s, 0, 0, 0, 0, ''
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
    "sql",
    [
        "UPDATE escalations_creditentry SET amount = 1", "DELETE FROM escalations_creditentry",
        "TRUNCATE escalations_creditentry CASCADE", "DELETE FROM escalations_creditrequest",
        "UPDATE escalations_creditrequest SET amount = 1", "UPDATE escalations_creditrequest SET reason = 'x'",
        "UPDATE escalations_creditrequest SET state = 'requested', ended_at = NULL",
        "UPDATE escalations_creditrequest SET clause = 'x'",
        "UPDATE escalations_creditrequest SET state = 'reversed'",
    ],
)  # fmt: skip
def test_what_was_decided_stays(org, sql):
    ask(org, "100", by=org.manager)
    refused(sql)


def test_a_decision_is_final(org):
    made = ask(org, "4000")
    credit_deny(request=made, by=org.manager, reason="No.")
    refused("UPDATE escalations_creditrequest SET state = 'issued' WHERE id = %(id)s", {"id": made.pk})
    made.refresh_from_db()
    assert made.state == CreditState.DENIED


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE policies_delegation SET ends_at = ends_at + interval '1 day'",
        "UPDATE policies_delegation SET delegate_id = delegator_id", "UPDATE policies_delegation SET \"limit\" = NULL",
        "UPDATE policies_delegation SET ends_at = starts_at", "DELETE FROM policies_delegation",
        "INSERT INTO policies_delegation (delegator_id, delegate_id, starts_at, ends_at, planned_end, reason,"
        " created_by_id, created_at) SELECT delegator_id, delegate_id, starts_at, ends_at, planned_end, reason,"
        " created_by_id, created_at FROM policies_delegation",
    ],
)  # fmt: skip
def test_a_delegation_is_a_record(org, sql):
    delegation_create(
        by=org.manager, delegate=org.people["l3_first"], ends_at=in_hours(8), reason="Leave", limit=Decimal(100)
    )
    refused(sql)
    assert Delegation.objects.count() == 1
