"""The panel "Credits" on the ticket page: issued, waiting, and what one may still grant alone. One statement."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.urls import reverse

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import CreditState
from escalations.models import Ticket
from policies.choices import SERVICE_CREDIT
from policies.domain.authority import NOTHING, Grant, Spent, grants_in
from policies.selectors import policy_of
from web.formats import format_money

SHOWN = 4

READ = """
SELECT
    (SELECT v.id FROM policies_policyversion v WHERE v.state = 'published'),
    s.ticket, s.customer, s.ticket_waiting, s.customer_waiting,
    (SELECT json_agg(line ORDER BY line.id DESC) FROM (
        SELECT q.id, q.action, q.amount::text AS amount, q.state, q.requested_by_id, q.decided_by_id,
            u.full_name AS asked_by, r.name AS waits_for, q.on_own_authority AS own
        FROM escalations_creditrequest q
        JOIN accounts_user u ON u.id = q.requested_by_id
        LEFT JOIN accounts_role r ON r.id = q.routed_to_id
        WHERE q.ticket_id IN (SELECT credit_family(%(ticket)s))
        ORDER BY q.id DESC LIMIT %(shown)s
    ) AS line)
FROM credit_spent(%(ticket)s, %(customer)s, %(now)s, NULL) AS s
"""


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    state: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class CreditPanel:
    """`left`: what the person may still grant alone, "" without authority; `sum_words` is how that comes about."""

    lines: list[Line]
    issued: str
    waiting: str
    customer: str
    left: str
    sum_words: str
    create_url: str

    @property
    def is_shown(self) -> bool:
        return bool(self.lines or self.create_url)


def credit_panel(ticket: Ticket, user: User, *, now: datetime, may_ask: bool) -> CreditPanel:
    with connection.cursor() as cursor:
        cursor.execute(
            READ, {"ticket": ticket.pk, "customer": ticket.customer_id, "now": now, "shown": SHOWN}
        )  # fmt: skip
        version, *sums, lines = cursor.fetchone()
    spent = Spent(*sums)
    rules = policy_of(version).authority if version else ()
    role = user.role.code if user.role else ""
    own = next((one for one in grants_in(rules, action=SERVICE_CREDIT, role=role) if one.held), None)
    names = {one.action: one.action_name for one in rules}
    rows = json.loads(lines) if isinstance(lines, str) else (lines or [])
    left, words = _left(own, spent) if may_ask else ("", "")
    return CreditPanel(
        lines=[_line(one, user, names) for one in rows],
        issued=format_money(spent.ticket),
        waiting=format_money(spent.ticket_waiting) if spent.ticket_waiting else "",
        customer=format_money(spent.customer),
        left=left,
        sum_words=words,
        create_url=reverse("escalations:credit_create", args=[ticket.ref]) if may_ask else "",
    )


def _left(own: Grant | None, spent: Spent) -> tuple[str, str]:
    if own is None:
        return "", ""
    if own.limit is None:
        return "any amount", ""
    left = max(own.limit - spent.before, NOTHING)
    if not spent.before:
        return format_money(left), ""
    where = "on this ticket" if spent.on_ticket >= spent.for_customer else "for the customer in 30 days"
    waits = " and waiting" if spent.ticket_waiting or spent.customer_waiting else ""
    return format_money(left), f"{format_money(own.limit)} less {format_money(spent.before)} issued{waits} {where}"


def _line(row: dict[str, Any], user: User, names: dict[str, str]) -> Line:
    state = CreditState(row["state"])
    amount = row["amount"]
    what = format_money(Decimal(amount)) if amount is not None else names.get(row["action"], row["action"])
    waits = state == CreditState.REQUESTED
    detail = f"waits for {row['waits_for']}" if waits else "on own authority" if row["own"] else ""
    mine = user.pk in (row["requested_by_id"], row["decided_by_id"]) or user.can(Ability.MANAGE)
    url = reverse("escalations:credit_detail", args=[row["id"]]) if mine else ""
    return Line(what, state.label, f"{row['asked_by']}{f', {detail}' if detail else ''}", url)
