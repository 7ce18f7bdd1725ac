"""Random triggers over random tickets, for holding `evaluate` and `as_queryset` to one answer."""

import random
from datetime import timedelta
from decimal import Decimal
from itertools import count, islice
from typing import Any

from escalations.choices import Priority
from escalations.domain.clocks import Wait
from escalations.models import Issue, Ticket
from escalations.selectors.fact_columns import fact_columns
from escalations.selectors.facts import ticket_facts
from escalations.selectors.judging import judge
from escalations.services.conversation import ticket_record_customer, ticket_reply
from escalations.services.tickets import ticket_wait
from journal import clock
from policies.domain.compiling import compile_trigger
from policies.domain.facts import MANY, NOTHING, OPERATORS, Fact, Kind, Operator
from policies.domain.triggers import CompiledTrigger, Condition, Group, InvalidRule, TriggerRule, evaluate
from policies.querying import as_queryset
from tests.factories import NOON, CustomerFactory, Organisation

WATCHED = ["refund", "lawyer", "data loss", "press", "cancel", "müller"]
TEXTS = [
    "I want a REFUND now",
    "Our lawyer will write. Müller",
    "Data loss since noon",
    "refunding is fine",
    "",
    "Press?",
]
CODES: dict[str, list[str]] = {
    "segment": ["enterprise", "consumer", ""],
    "sentiment": ["upset", "neutral", ""],
    "issue_type": ["data_loss", "security_breach", "password", ""],
    "complexity": ["high", "low", ""],
    "concern": ["legal", ""],
    "team": ["front", "integrations", "platform", "product"],
    "region": ["emea", "apac"],
}
AMOUNTS = ["0.00", "49999.99", "50000.00", "50000.01"]


def make_tickets(org: Organisation, rng: random.Random, many: int) -> None:
    """Tickets in every sort of state, opened over three days that hold two nights."""
    for number in range(many):
        with clock.travel(NOON + timedelta(minutes=rng.randrange(0, 3 * 24 * 60), seconds=rng.randrange(60))):
            _make_ticket(org, rng, number)


def _make_ticket(org: Organisation, rng: random.Random, number: int) -> None:
    amount = rng.choice([None, *AMOUNTS])
    customer = CustomerFactory(
        name=f"Customer {number}", segment=rng.choice(CODES["segment"]), is_vip=rng.random() < 0.3,
        region=rng.choice([None, org.region]),
    )  # fmt: skip
    if rng.random() < 0.5 and Ticket.objects.exists():
        customer = rng.choice(list(Ticket.objects.select_related("customer").order_by("pk"))).customer
    ticket = org.ticket(
        customer=customer, priority=rng.choice(Priority.values), subject=rng.choice(["Broken", "Refund please"]),
        description=rng.choice(TEXTS), sentiment=rng.choice(CODES["sentiment"]), by=org.manager,
        issue_type=rng.choice(CODES["issue_type"]), complexity=rng.choice(CODES["complexity"]),
        concern=rng.choice(CODES["concern"]), vendor=rng.choice(["", "Cloud host"]),
        engineering_required=rng.random() < 0.5, churn_threat=rng.random() < 0.3,
        revenue_at_risk=None if amount is None else Decimal(amount),
    )  # fmt: skip
    if rng.random() < 0.6:
        issue, _ = Issue.objects.get_or_create(title="Outage", defaults={"opened_at": NOON})
        Ticket.objects.filter(pk=ticket.pk).update(issue=issue)
    for _ in range(rng.randrange(3)):
        ticket_reply(ticket=ticket, by=org.manager, body="We look into the refund.", channel="phone")
    if rng.random() < 0.5:
        ticket_record_customer(ticket=ticket, by=org.manager, body=rng.choice(TEXTS) or "Hm", channel="email")
    match rng.randrange(4):
        case 0:
            ticket_wait(
                ticket=ticket, by=org.manager, wait=Wait.CUSTOMER, reason="Asked for logs",
                review_at=clock.now() + timedelta(days=1),
            )  # fmt: skip
        case 1 if ticket.tier.code in ("L1", "L2"):
            org.handoff(ticket, by=org.manager, to="L3")


def _value(fact: Fact, rng: random.Random) -> Any:
    match fact.kind:
        case Kind.CHOICE:
            return rng.choice([code for code in CODES.get(fact.name, ["a", "b"]) if code])
        case Kind.RANKED:
            return rng.randint(1, 4)
        case Kind.YES_NO:
            return rng.random() < 0.5
        case Kind.NUMBER:
            return rng.randint(0, 3)
        case Kind.MONEY:
            return rng.choice(AMOUNTS)
        case Kind.SPAN:
            return rng.choice([0, 1, 60, 3600, 7200, 8 * 3600, 20 * 3600]) * rng.choice([1, 1, 1, -1])
        case Kind.WORDS:
            return rng.choice(WATCHED)


def random_trigger(rng: random.Random, facts: list[Fact]) -> CompiledTrigger | None:
    """A trigger over one to three groups; None when its conditions contradict each other."""
    groups = []
    for _ in range(rng.randint(1, 3)):
        conditions = []
        for _ in range(rng.randint(1, 3)):
            fact = rng.choice(facts)
            operator = rng.choice(OPERATORS[fact.kind])
            conditions.append(Condition(fact.name, operator, _operand(fact, operator, rng)))
        groups.append(Group(rng.choice(["all", "any"]), tuple(conditions)))
    try:
        return compile_trigger(TriggerRule("t", "Trigger", rng.choice(["all", "any"]), tuple(groups)))
    except InvalidRule:
        return None


def _operand(fact: Fact, operator: Operator, rng: random.Random) -> Any:
    if operator in NOTHING:
        return None
    return [_value(fact, rng) for _ in range(rng.randint(1, 2))] if operator in MANY else _value(fact, rng)


def disagreements(rng: random.Random, facts: list[Fact], pairs: int) -> tuple[int, int, list[str]]:
    """(pairs compared, pairs that fired, what is not agreed), at one instant, over all open tickets.

    Each trigger is evaluated on each ticket's facts, asked of the table by itself, and asked of it with the others in
    one pass.
    """
    now = clock.now()
    columns = fact_columns(now)
    tickets = list(Ticket.objects.open().select_related("team", "tier", "region"))
    known = {ticket.pk: ticket_facts(ticket, now=now, words=WATCHED) for ticket in tickets}
    drawn = (random_trigger(rng, facts) for _ in count())
    triggers = list(islice((one for one in drawn if one is not None), -(-pairs // len(tickets))))
    together = {(pk, place) for pk, places in judge(triggers, Ticket.objects.open(), now=now) for place in places}
    fired, found = 0, []
    for place, trigger in enumerate(triggers):
        alone = set(Ticket.objects.filter(as_queryset(trigger, columns)).values_list("pk", flat=True))
        for ticket in tickets:
            answers = (
                evaluate(trigger, known[ticket.pk]) is not None, ticket.pk in alone, (ticket.pk, place) in together
            )  # fmt: skip
            fired += answers[0]
            if len(set(answers)) > 1:
                asked = [check.words for group in trigger.groups for check in group.checks]
                found.append(f"{ticket.ref}: {answers} by its facts, by the table, in one pass with others: {asked}")
    return len(triggers) * len(tickets), fired, found
