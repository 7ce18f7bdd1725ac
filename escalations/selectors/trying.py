"""What a trigger would match now: on one ticket with every condition, and among all open ones. Nothing happens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction

from accounts.models import User
from escalations.models import Ticket
from escalations.selectors.counts import CAP, capped_counts, count_text
from escalations.selectors.fact_columns import fact_columns
from escalations.selectors.facts import ticket_facts
from policies.domain.facts import Kind
from policies.domain.triggers import Check, CompiledTrigger, Names, check_words, evaluate, holds, value_words
from policies.querying import as_queryset

SHOWN = 50
PATIENCE_MS = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition put to one ticket: in words, what the ticket had, whether it held."""

    words: str
    had: str
    held: bool


@dataclass(frozen=True, slots=True)
class OnOne:
    ticket: Ticket
    matches: bool
    groups: list[list[Asked]]


@dataclass(frozen=True, slots=True)
class OnOpen:
    """`tickets` are the first of those that match; `too_long` when the database was not given the time to say."""

    count: str
    number: int
    tickets: list[Ticket]
    too_long: bool = False


def _had(check: Check, value: Any, names: Names) -> str:
    if check.fact.kind is Kind.WORDS:
        found = sorted(word for word in check.value if word in (value or ()))
        return ", ".join(found) or "none of them"
    return "not known" if value in (None, "") else value_words(check.fact, value, names)


def try_on_ticket(trigger: CompiledTrigger, ticket: Ticket, *, now: datetime, names: Names) -> OnOne:
    """Every condition with the value that the ticket has, group by group."""
    facts = ticket_facts(ticket, now=now, words=trigger.watched_words)
    groups = [
        [
            Asked(
                check_words(check, names), _had(check, facts.get(check.fact.name), names),
                holds(check, facts.get(check.fact.name)),
            )
            for check in group.checks
        ]
        for group in trigger.groups
    ]  # fmt: skip
    return OnOne(ticket, evaluate(trigger, facts) is not None, groups)


def try_on_open(trigger: CompiledTrigger, user: User, *, now: datetime) -> OnOpen:
    """How many of the open tickets that this person sees match, up to a cap, and the first of them."""
    matching = as_queryset(trigger, fact_columns(now, trigger.facts))
    rows = Ticket.objects.open().visible_to(user).filter(matching).order_by("queue_key")
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
            (number,) = capped_counts([rows])
            shown = list(rows.select_related("customer", "tier", "team", "owner")[:SHOWN])
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', '0', true)")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "57014":  # only: cancelled because of the time it took
            raise
        return OnOpen("", 0, [], too_long=True)
    return OnOpen(count_text(number, CAP), number, shown)
