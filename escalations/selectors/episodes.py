"""How often the same thing happened: earlier escalations of a ticket, and of a customer's issue (product.md H10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db import connection
from django.db.models import Count, Func, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import In

from escalations.models import Escalation, Resolution, Ticket
from escalations.services.handoffs import previous_escalation
from web.formats import format_time

Labels = Mapping[str, Mapping[str, str]]

EPISODE_DAYS = 90
SAME_ISSUE = 3

# An episode lasts from opening or reopening to resolution: however many hops it takes, it counts once. Duplicates
# count with the ticket they were merged into, children of an outage with their parent: issues are counted, not tickets.
EPISODES = """
SELECT t.customer_id, t.issue_id, count(DISTINCT (
    coalesce(t.merged_into_id, t.parent_id, t.id),
    (SELECT count(*) FROM escalations_resolution r WHERE r.ticket_id = t.id AND r.resolved_at <= e.filed_at)
))
FROM escalations_ticket t
JOIN escalations_escalation e ON e.ticket_id = t.id
WHERE t.issue_id = ANY(%(issues)s::bigint[]) AND e.filed_at > %(since)s AND e.filed_at <= %(now)s
GROUP BY t.customer_id, t.issue_id
"""


def escalated_episodes(issues: Iterable[int], *, now: datetime) -> dict[tuple[int, int], int]:
    """(customer id, issue id) → escalated episodes of these issues in the 90 days before `now`. One statement.

    Source: product.md, Decisions, "Same issue 3+ times by same customer". The issue's tickets include those that a
    reader may not see: a count says nothing of them.
    """
    wanted = sorted(set(issues))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        since = now - timedelta(days=EPISODE_DAYS)
        cursor.execute(EPISODES, {"issues": wanted, "since": since, "now": now})
        return {(customer, issue): count for customer, issue, count in cursor.fetchall()}


def episodes_of(ticket: Ticket, *, now: datetime) -> int:
    """Escalated episodes of the ticket's issue with its customer: 3 or more are one too many. No issue: 0.

    One statement, none where the ticket is linked to no issue.
    """
    if ticket.issue_id is None:
        return 0
    return escalated_episodes([ticket.issue_id], now=now).get((ticket.customer_id, ticket.issue_id), 0)


def customers_issues(now: datetime, **count: int) -> Q:
    """Tickets whose issue has had so many escalated episodes with its customer: `customers_issues(now, n__gte=3)`.

    The same count as above, of all issues at once; an issue that never was escalated is not among them.
    """
    since = now - timedelta(days=EPISODE_DAYS)
    rounds = Resolution.objects.filter(ticket=OuterRef("ticket"), resolved_at__lte=OuterRef("filed_at")).order_by()
    ended = Coalesce(Subquery(rounds.values("ticket").annotate(n=Count("pk")).values("n")), 0)
    root = Coalesce("ticket__merged_into", "ticket__parent", "ticket")
    episode = Func(root, ended, function="ROW", output_field=TextField())
    filed = Escalation.objects.filter(ticket__issue__isnull=False, filed_at__gt=since, filed_at__lte=now).order_by()
    counted = filed.values(pair=_pair("ticket__customer", "ticket__issue")).annotate(n=Count(episode, distinct=True))
    return Q(In(_pair("customer", "issue"), counted.filter(**count).values("pair").query), issue__isnull=False)


def _pair(*columns: str) -> Cast:
    """Two columns as one value: what a list of pairs is looked up by, made once and hashed, not asked for each row."""
    return Cast(Func(*columns, function="ROW", output_field=TextField()), TextField())


@dataclass(frozen=True, slots=True)
class Earlier:
    """The escalation that a later one repeats. `ended`: "resolved Fri 10:22"; `done`: what was done, and by whom."""

    escalation: Escalation
    ended: str
    done: str
    by: str

    @property
    def url(self) -> str:
        return self.escalation.get_absolute_url()


def earlier_of(escalation: Escalation, labels: Labels, *, now: datetime, zone: tzinfo) -> Earlier | None:
    """What this escalation repeats. One statement, none where it repeats nothing."""
    if escalation.previous_id is None:
        return None
    return _earlier(escalation.previous_id, escalation.ticket, labels, now=now, zone=zone)


def earlier_on(ticket: Ticket, labels: Labels, *, now: datetime, zone: tzinfo) -> Earlier | None:
    """What a handoff that is filed now would repeat. Two statements."""
    previous = previous_escalation(ticket, now)
    return _earlier(previous.pk, ticket, labels, now=now, zone=zone) if previous is not None else None


def _earlier(pk: int, ticket: Ticket, labels: Labels, *, now: datetime, zone: tzinfo) -> Earlier:
    found = Escalation.objects.select_related(
        "to_team", "to_tier", "de_escalated_by", "resolution", "resolution__resolved_by"
    ).get(pk=pk)
    found.ticket = ticket
    resolution: Resolution | None = getattr(found, "resolution", None)
    who = resolution.resolved_by if resolution else found.de_escalated_by
    return Earlier(
        found, ended_words(found, labels, now, zone),
        resolution.what_was_done if resolution else found.de_escalation_note, str(who or "Belay"),
    )  # fmt: skip


def ended_words(escalation: Escalation, labels: Labels, now: datetime, zone: tzinfo) -> str:
    """How an escalation ended: "resolved Fri 10:22", "de-escalated 3 Apr, 09:10: Workaround confirmed"."""
    at = format_time(escalation.ended_at, zone, now) if escalation.ended_at else ""
    code = escalation.de_escalation_reason
    why = labels.get("de_escalation", {}).get(code, code) if code else ""
    return f"{escalation.get_state_display().lower()} {at}".strip() + (f": {why}" if why else "")
