"""Races about credits, for the suite (few) and the battery (many). Each returns or asserts what must hold after it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import Sum

from accounts.models import Role, User
from escalations.audit_credits import CREDITS
from escalations.choices import CreditState, EntryKind
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import CreditEntry, CreditRequest, Customer
from escalations.services.credit_decisions import credit_approve, credit_deny
from escalations.services.credits import credit_request
from escalations.services.submits import submit_once
from journal import clock
from policies.models import Delegation
from policies.services.delegations import delegation_create, delegation_end
from tests.bed.deadlines import alarms
from tests.bed.racing import of_kind, race
from tests.factories import CustomerFactory, Organisation, in_hours

HUNDRED = Decimal(100)
LEDGER = {query.name for query in CREDITS if "ledger line" in query.name or "together above" in query.name}
RIVALS = ("deny", "revoke", "delegation")

WITHOUT_LOCK = """
CREATE OR REPLACE FUNCTION credit_lock(of_ticket bigint, of_customer bigint) RETURNS void
LANGUAGE plpgsql AS $body$ BEGIN END $body$
"""


@contextmanager
def without_the_lock(owner: psycopg.Connection) -> Iterator[None]:
    """The budget row is not locked meanwhile: the negative control."""
    definition = owner.execute("SELECT pg_get_functiondef('credit_lock(bigint, bigint)'::regprocedure)").fetchone()
    assert definition is not None
    owner.execute(WITHOUT_LOCK)
    owner.commit()
    try:
        yield
    finally:
        owner.execute(definition[0])
        owner.commit()


def issued(customer: Customer) -> Decimal:
    found = CreditEntry.objects.filter(customer=customer, kind=EntryKind.ISSUE).aggregate(sum=Sum("amount"))["sum"]
    return found or Decimal(0)


def ledger_faults() -> dict[str, int]:
    """What the auditor says about the ledger's lines, such as that one does not know those before it: {query: rows}."""
    return {name: rows for name, rows in alarms(clock.now()).items() if name in LEDGER}


def ask(
    org: Organisation, amount: Decimal, *, customer: Customer | None = None, by: User | None = None
) -> CreditRequest:
    return credit_request(
        ticket=org.ticket(customer=customer or CustomerFactory()), by=by or org.agent, action="service_credit",
        amount=amount, reason="The contract promises it.",
    )  # fmt: skip


def unexpected(results: list[Any]) -> list[Any]:
    known = (CreditRequest, Refused, NotAllowed, Overtaken, Delegation, datetime, bool)
    return [one for one in results if not isinstance(one, known)]


def approvals(org: Organisation, seed: int, *, many: int) -> Decimal:
    """`many` requests of $100 for one customer, all approved at once by two managers: what was issued."""
    customer = CustomerFactory()
    deciders = [org.manager, org.person(f"manager_{uuid.uuid4().hex[:6]}", "support_manager")]
    asked = [ask(org, HUNDRED, customer=customer) for _ in range(many)]
    rng = Random(seed)
    rng.shuffle(asked)
    results = race(*(_approving(one, rng.choice(deciders)) for one in asked))
    assert not unexpected(results), unexpected(results)[:3]
    return issued(customer)


def _approving(request: CreditRequest, by: User) -> Callable[[], CreditRequest]:
    return lambda: credit_approve(request=request, by=by)


def own_grants(org: Organisation, *, many: int) -> Decimal:
    """`many` grants of $100 at once, each on a ticket of its own, within one's own authority: what was issued."""
    customer = CustomerFactory()
    tickets = [org.ticket(customer=customer) for _ in range(many)]
    results = race(*(
        lambda ticket=ticket: credit_request(
            ticket=ticket, by=org.manager, action="service_credit", amount=HUNDRED, reason="At once."
        )
        for ticket in tickets
    ))  # fmt: skip
    assert not unexpected(results), unexpected(results)[:3]
    return issued(customer)


def against(org: Organisation, rival: str, *, times: int) -> dict[str, int]:
    """An approval races a denial, the loss of the role, or the end of the delegation: how often each won."""
    tally = {"approved": 0, "rival": 0}
    for _ in range(times):
        request, decider, other = _scene(org, rival)
        results = race(_approving(request, decider), other)
        assert not unexpected(results), unexpected(results)
        request.refresh_from_db()
        entry = CreditEntry.objects.filter(request=request).first()
        won = bool(of_kind(results[:1], CreditRequest))
        assert won == (entry is not None) == (request.state == CreditState.ISSUED)
        ended = results[1]
        if rival == "deny":
            assert won != isinstance(ended, CreditRequest), "exactly one of them decides"
        elif entry is not None:
            lost_at = ended.ends_at if isinstance(ended, Delegation) else ended
            assert entry.at < lost_at, "nothing is issued after the right to it has gone"
        tally["approved" if won else "rival"] += 1
    return tally


def _scene(org: Organisation, rival: str) -> tuple[CreditRequest, User, Callable[[], Any]]:
    request = ask(org, Decimal(4000))
    if rival == "deny":
        return request, org.manager, lambda: credit_deny(request=request, by=_vp(org), reason="No.")
    if rival == "revoke":
        decider = org.person(f"manager_{uuid.uuid4().hex[:8]}", "support_manager")
        return request, decider, lambda: _demote(decider)
    delegate = org.person(f"delegate_{uuid.uuid4().hex[:8]}", "l3_engineer", org.teams["L3"])
    lent = delegation_create(by=org.manager, delegate=delegate, ends_at=in_hours(8), reason="Leave")
    return request, delegate, lambda: delegation_end(delegation=lent, by=org.manager)


def _vp(org: Organisation) -> User:
    found = User.objects.filter(role__code="vp_support").first()
    return found or org.person("racing_vp", "vp_support")


@transaction.atomic
def _demote(person: User) -> datetime:
    User.objects.filter(pk=person.pk).update(role=Role.objects.get(code="l1_agent"))
    return clock.now()


def double_clicks(org: Organisation, *, times: int) -> None:
    """The same form, sent twice at once: one credit."""
    for _ in range(times):
        ticket = org.ticket(customer=CustomerFactory())
        key = uuid.uuid4()
        results = race(*[partial(_send, org, ticket, key)] * 2)
        assert sorted(results) == [False, True], results
        assert CreditEntry.objects.filter(ticket=ticket).count() == 1


def _send(org: Organisation, ticket: Any, key: uuid.UUID) -> bool:
    return submit_once(
        ticket=ticket, by=org.manager, key=key, form="credit",
        act=lambda: credit_request(
            ticket=ticket, by=org.manager, action="service_credit", amount=HUNDRED, reason="Clicked twice."
        ),
    )  # fmt: skip


def connections() -> int:
    """How many this server takes, so that a race does not ask for more."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        return int(cursor.fetchone()[0])
