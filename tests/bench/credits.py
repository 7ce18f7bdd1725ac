"""Credit decisions on one customer by eight clients at once, against a function that locks, sums and inserts."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from statistics import median

import psycopg
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from accounts.models import Role, User
from escalations.choices import ClockKind
from escalations.models import Clock, CreditEntry, CreditRequest, Customer
from escalations.services.credit_decisions import credit_approve
from escalations.services.tickets import ticket_create
from journal import clock
from policies.selectors import policy_in_force
from tests.bed.racing import finish, spawn
from tests.bench import scratch
from tests.bench.bench import MANAGER, Bench
from tests.bench.measure import Line, goals
from tests.factories import UserFactory

CLIENTS = 8
LIMIT = Decimal(5000)
CALL = "SELECT bench_credit(1, 1, 1000000)"

# What somebody would write who only wants the total to be right: one customer's row, one sum, one line.
FLOOR = """
DROP TABLE IF EXISTS bench_credit_line; DROP TABLE IF EXISTS bench_credit_budget;
CREATE TABLE bench_credit_budget (customer_id bigint PRIMARY KEY);
CREATE TABLE bench_credit_line (
    id bigserial PRIMARY KEY, customer_id bigint NOT NULL, amount numeric(12, 2) NOT NULL, at timestamptz NOT NULL
);
CREATE INDEX ON bench_credit_line (customer_id, at);
CREATE OR REPLACE FUNCTION bench_credit(whom bigint, what numeric, most numeric) RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE spent numeric;
BEGIN
    PERFORM 1 FROM bench_credit_budget b WHERE b.customer_id = whom FOR UPDATE;
    SELECT coalesce(sum(l.amount), 0) INTO spent FROM bench_credit_line l
    WHERE l.customer_id = whom AND l.at > clock_timestamp() - interval '720 hours';
    IF spent + what > most THEN RETURN false; END IF;
    INSERT INTO bench_credit_line (customer_id, amount, at) VALUES (whom, what, clock_timestamp());
    RETURN true;
END
$body$;
INSERT INTO bench_credit_budget VALUES (1);
GRANT ALL ON bench_credit_budget, bench_credit_line, bench_credit_line_id_seq TO PUBLIC;
"""


def together(works: list[tuple[Callable[[], object], Callable[[], object]]]) -> float:
    """Seconds from the moment when all clients, each a process of its own, begin until all are done.

    Each is given as what it does beforehand, so that its connection has loaded what workers' connections have, and
    what is measured.
    """
    ready, is_ready = os.pipe()
    gate, opens = os.pipe()

    def client(warm: Callable[[], object], work: Callable[[], object]) -> None:
        os.close(opens)
        warm()
        os.write(is_ready, b".")
        os.read(gate, 1)
        work()

    pids = [spawn(partial(client, *work)) for work in works]
    waiting = len(pids)
    while waiting:
        waiting -= len(os.read(ready, waiting))
    start = time.perf_counter()
    os.close(opens)
    assert set(finish(*pids)) == {0}
    took = time.perf_counter() - start
    for end in (ready, is_ready, gate):
        os.close(end)
    return took


class Credits:
    """One customer's tickets, and in each round a request of $1 on every one of them."""

    def __init__(self, tickets: int) -> None:
        self.managers = [self._manager(place) for place in range(CLIENTS)]
        self.agent = User.objects.select_related("role", "team__tier").get(username="l1_first")
        self.customer = Customer.objects.create(name="Decided at once", time_zone="UTC")
        self.tickets = [
            ticket_create(by=self.agent, customer=self.customer, subject="Credit", description="", priority=3)
            for _ in range(tickets)
        ]
        self.round = 0
        self.version, _ = policy_in_force()

    @staticmethod
    def _manager(place: int) -> User:
        """Nobody decides at eight desks at once: each client is a person."""
        found = User.objects.filter(username=f"{MANAGER}{place}").first()
        role = Role.objects.get(code="support_manager")
        return found or UserFactory(username=f"{MANAGER}{place}", role=role)

    def ask(self) -> list[CreditRequest]:
        """What the services would have written, in two statements."""
        self.round += 1
        now = clock.now()
        clocks = Clock.objects.bulk_create(
            Clock(
                ticket=ticket, kind=ClockKind.CREDIT_DECISION, round=self.round, policy_version=self.version,
                clause="response.credit_decision", budget=1800, started_at=now, due_at=now + timedelta(seconds=1800),
            )
            for ticket in self.tickets
        )  # fmt: skip
        role = Role.objects.get(code="support_manager")
        return CreditRequest.objects.bulk_create(
            CreditRequest(
                ticket=ticket, customer=self.customer, action="service_credit", amount=Decimal(1), reason="Promised.",
                requested_by=self.agent, requested_at=now, routed_to=role, clock=row, policy_version=self.version,
                clause="authority.support_manager.service_credit", limit_in_force=LIMIT,
            )
            for ticket, row in zip(self.tickets, clocks, strict=True)
        )  # fmt: skip

    def decide(self) -> float:
        """Seconds per decision, `CLIENTS` at a time."""
        asked = self.ask()
        shares = [asked[place::CLIENTS] for place in range(CLIENTS)]
        works = [
            (partial(self._approve, share[:1], by), partial(self._approve, share[1:], by))
            for share, by in zip(shares, self.managers, strict=True)
        ]
        return together(works) / (len(asked) - CLIENTS)

    @staticmethod
    def _approve(share: list[CreditRequest], by: User) -> None:
        for one in share:
            credit_approve(request=one, by=by)

    @property
    def issued(self) -> Decimal:
        found = CreditEntry.objects.filter(customer=self.customer).aggregate(sum=Sum("amount"))["sum"]
        return found or Decimal(0)


def _floor(count: int) -> float:
    """Seconds per call of the function, by as many clients."""
    name = connection.settings_dict["NAME"]
    place = settings.DATABASES["default"]

    def client() -> psycopg.Connection:
        return psycopg.connect(
            host=place["HOST"], port=place["PORT"] or None, user=place["USER"], dbname=name,
            password=place.get("PASSWORD") or None, autocommit=True,
        )  # fmt: skip

    def pair() -> tuple[Callable[[], object], Callable[[], object]]:
        mine: list[psycopg.Connection] = []

        def warm() -> None:
            mine.append(client())
            mine[0].execute(CALL)

        def work() -> None:
            for _ in range(count // CLIENTS):
                mine[0].execute(CALL)

        return warm, work

    return together([pair() for _ in range(CLIENTS)]) / (count // CLIENTS * CLIENTS)


@goals.measure("P13")
def decisions(bench: Bench) -> Iterator[Line]:
    """Approvals by the service: locks, rules, sums, ledger line, clock, event, mail; committed to disk."""
    count = CLIENTS * (2 if bench.quick else 20)
    with bench.visit(bench.small):
        with scratch.superuser() as owner:
            owner.execute(FLOOR)
        work = Credits(count)
        try:
            # Once here: the clients are copies of this process, as workers are of a server that has loaded everything.
            credit_approve(request=work.ask()[0], by=work.managers[0])
            ours, floors = [], []
            for _ in range(bench.rounds):
                ours.append(work.decide())
                # More of them, as they are short: starting and ending processes is not what is measured.
                floors.append(_floor(count * 4))
            assert work.issued == count * bench.rounds + 1, "every decision is in the ledger, once"
        finally:
            scratch.forget([ticket.pk for ticket in work.tickets])
    yield Line(
        "P13", f"Credit decisions on one customer, {CLIENTS} clients, against a function that locks, sums and inserts",
        median(a / b for a, b in zip(ours, floors, strict=True)), 1 / 0.3, bench.rounds, "1.25",
        [
            ("approvals by the service", f"{1 / median(ours):,.0f}/s"),
            ("the function alone", f"{1 / median(floors):,.0f}/s"),
        ],
    )  # fmt: skip
