"""What a ticket is linked to: parent, children, issue, what was merged and split. One statement for the panel."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from escalations.choices import OPEN_STATES, TicketState
from escalations.filtersets import ref_number
from escalations.models import Ticket
from escalations.selectors.queue_views import queue_url
from escalations.services.survivors import survivor_of

CHILDREN_SHOWN = 5
OTHERS_SHOWN = 20
FOUND_SHOWN = 8

_SEEN = """(NOT t.is_restricted OR EXISTS (
    SELECT 1 FROM escalations_ticketreader r WHERE r.ticket_id = t.id AND r.user_id = %(user)s
))"""
_ROW = "t.id, t.ref, t.subject, t.state, 0::bigint"
# Each arm by an index of its own. What one may not see is left out, except that it is there where it explains a state:
# a child's parent, and what the ticket was merged into.
PANEL = f"""
SELECT 'parent' AS role, {_ROW} AS n, {_SEEN} AS seen FROM escalations_ticket t WHERE t.id = %(parent)s
UNION ALL
SELECT 'merged_into', {_ROW}, {_SEEN} FROM escalations_ticket t WHERE t.id = %(survivor)s
UNION ALL
SELECT 'split_from', {_ROW}, true FROM escalations_ticket t WHERE t.id = %(split_from)s AND {_SEEN}
UNION ALL
(SELECT 'child', {_ROW}, true FROM escalations_ticket t
 WHERE t.parent_id = %(id)s AND {_SEEN}
 ORDER BY t.state IN ('resolved', 'closed'), t.queue_key, t.id LIMIT {CHILDREN_SHOWN})
UNION ALL
SELECT 'count', 0, '', '', t.state, count(*), true FROM escalations_ticket t
WHERE t.parent_id = %(id)s AND {_SEEN} GROUP BY t.state
UNION ALL
(SELECT 'merged', {_ROW}, true FROM escalations_ticket t
 WHERE t.merged_into_id = %(id)s AND {_SEEN} ORDER BY t.id LIMIT {OTHERS_SHOWN})
UNION ALL
(SELECT 'split', {_ROW}, true FROM escalations_ticket t
 WHERE t.split_from_id = %(id)s AND {_SEEN} ORDER BY t.id LIMIT {OTHERS_SHOWN})
UNION ALL
SELECT 'issue', i.id, '', i.title, CASE WHEN i.closed_at IS NULL THEN 'open' ELSE 'closed' END, 0, true
FROM escalations_issue i WHERE i.id = %(issue)s
"""


@dataclass(frozen=True, slots=True)
class Linked:
    """Another ticket as the panel names it. One that the reader may not see has no subject and no address."""

    pk: int
    ref: str
    subject: str
    state: str
    is_open: bool
    url: str


@dataclass(frozen=True, slots=True)
class LinkedIssue:
    pk: int
    title: str
    is_open: bool
    url: str


@dataclass(slots=True)
class Links:
    """Everything a ticket is linked to. `counts` are the children that the reader sees, by the word of their state."""

    pk: int
    parent: Linked | None = None
    merged_into: Linked | None = None
    split_from: Linked | None = None
    issue: LinkedIssue | None = None
    children: list[Linked] = field(default_factory=list)
    merged: list[Linked] = field(default_factory=list)
    splits: list[Linked] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    open_children: int = 0

    @property
    def is_carried(self) -> bool:
        """Whether an open parent carries the ticket's tier."""
        return self.parent is not None and self.parent.is_open

    @property
    def child_count(self) -> int:
        return sum(self.counts.values())

    @property
    def child_words(self) -> str:
        """ "9 open, 3 resolved"."""
        return ", ".join(f"{number:,} {word.lower()}" for word, number in self.counts.items())

    @property
    def children_url(self) -> str:
        return queue_url({"parent": [str(self.pk)], "state": ["any"]})

    @property
    def more_children(self) -> int:
        return self.child_count - len(self.children)

    def __bool__(self) -> bool:
        found = (self.parent, self.merged_into, self.split_from, self.issue, self.merged, self.splits, self.counts)
        return any(found)


def links_of(ticket: Ticket, user: User) -> Links:
    """What the ticket is linked to, as one person may see it. One statement, one more for a merged ticket."""
    survivor = survivor_of(ticket.pk) if ticket.merged_into_id is not None else None
    values = {
        "id": ticket.pk, "user": user.pk, "parent": ticket.parent_id, "survivor": survivor,
        "split_from": ticket.split_from_id, "issue": ticket.issue_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(PANEL, values)
        rows = cursor.fetchall()
    links = Links(ticket.pk)
    for role, pk, ref, subject, state, number, seen in rows:
        _put(links, role, pk, ref, subject, state, number, seen)
    order = [str(one) for one in TicketState]
    links.counts = {str(TicketState(code).label): links.counts[code] for code in order if code in links.counts}
    return links


def _put(links: Links, role: str, pk: int, ref: str, subject: str, state: str, number: int, seen: bool) -> None:
    if role == "count":
        links.counts[state] = number
        links.open_children += number if state in OPEN_STATES else 0
        return
    if role == "issue":
        links.issue = LinkedIssue(pk, subject, state == "open", reverse("escalations:issue_detail", args=[pk]))
        return
    one = Linked(
        pk, ref, subject if seen else "", str(TicketState(state).label) if seen else "", state in OPEN_STATES,
        reverse("escalations:ticket_detail", args=[ref]) if seen else "",
    )  # fmt: skip
    match role:
        case "parent":
            links.parent = one
        case "merged_into":
            links.merged_into = one
        case "split_from":
            links.split_from = one
        case "child":
            links.children.append(one)
        case "merged":
            links.merged.append(one)
        case "split":
            links.splits.append(one)


# --- looking for the other ticket --------------------------------------------------------------------------

FOUND = ("pk", "ref", "subject", "state", "priority", "customer_id", "customer__name", "team__name", "tier__code")


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket that somebody looked for, and what it already is."""

    ref: str
    subject: str
    state: str
    priority: int
    where: str
    same_customer: bool
    url: str


def find_others(ticket: Ticket, user: User, words: str) -> tuple[list[Found], bool]:
    """Open tickets for these words or this reference, the same customer's first; and whether there are more."""
    if not words.strip():
        return [], False
    wanted = Q(search=SearchQuery(words, config="english", search_type="websearch"))
    if (number := ref_number(words)) is not None:
        wanted = Q(pk=number) | Q(external_id=words.strip())
    seen = Ticket.objects.visible_to(user).open().filter(wanted).exclude(pk=ticket.pk)
    own = seen.filter(customer=ticket.customer_id).order_by("-opened_at", "-pk")
    rows = list(own.values_list(*FOUND, named=True)[: FOUND_SHOWN + 1])
    if len(rows) <= FOUND_SHOWN:
        others = seen.exclude(customer=ticket.customer_id).order_by("queue_key", "pk")
        rows += list(others.values_list(*FOUND, named=True)[: FOUND_SHOWN + 1 - len(rows)])
    return [_found(row, ticket) for row in rows[:FOUND_SHOWN]], len(rows) > FOUND_SHOWN


def _found(row: Any, ticket: Ticket) -> Found:
    return Found(
        row.ref, row.subject, str(TicketState(row.state).label), row.priority,
        f"{row.customer__name} · {row.tier__code} {row.team__name}", row.customer_id == ticket.customer_id,
        reverse("escalations:ticket_detail", args=[row.ref]),
    )  # fmt: skip


def outages(ticket: Ticket, user: User) -> list[Found]:
    """Open tickets that carry others already, the newest first: where a further one of an outage belongs."""
    parents = Ticket.objects.open().filter(parent__isnull=False).order_by().values("parent")
    rows = (
        Ticket.objects.visible_to(user).open().filter(pk__in=parents).exclude(pk=ticket.pk)
        .order_by("-opened_at", "-pk").values_list(*FOUND, named=True)
    )  # fmt: skip
    return [_found(row, ticket) for row in rows[:FOUND_SHOWN]]
