"""The inbox: what waits for somebody's answer, what came back to them, and what became of what they sent.

Everything starts from what the person may see. Each tab is a fixed number of statements, whatever it holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Count, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from escalations.choices import OPEN_STATES, Axis, ClockKind, ClockState, EscalationState
from escalations.models import Clock, Escalation, Ticket
from escalations.selectors.clock_strip import clock_chip
from escalations.selectors.waiting import handoffs_for
from policies.choices import PickListName
from policies.selectors import pick_labels
from web.formats import format_day, format_time, format_updated, format_when
from web.marks import Chip, clock, fact, person, prio, verdict
from web.pagination import Page, paginate

WAITING_CAP = 200  # rows of the tabs that hold what must be answered: more than that nobody answers
SIZE = 50
LISTS = (PickListName.REASON, PickListName.RETURN_REASON, PickListName.SEGMENT, PickListName.URGENCY)
OWN_TABS = ("returned", "mine", "feedback")
TABS = (
    ("waiting", "Waiting"),
    ("acknowledged", "Acknowledged"),
    ("returned", "Returned to me"),
    ("mine", "My handoffs"),
    ("feedback", "Feedback"),
)


def _sent(user: User) -> QuerySet[Escalation]:
    return Escalation.objects.filter(
        axis=Axis.FUNCTIONAL, from_user=user, ticket__in=Ticket.objects.visible_to(user)
    )  # fmt: skip


def for_tab(user: User, tab: str) -> QuerySet[Escalation]:
    """The handoffs of a tab, unordered."""
    match tab:
        case "waiting":
            return handoffs_for(user).filter(state=EscalationState.PENDING)
        case "acknowledged":
            return handoffs_for(user).filter(state=EscalationState.ACKNOWLEDGED)
        case "returned":
            return _sent(user).filter(state=EscalationState.RETURNED, ticket__state__in=OPEN_STATES)
        case "feedback":
            return _sent(user).filter(feedback__isnull=False)
    return _sent(user)


def counts(user: User) -> dict[str, int]:
    """Tab → how many ask for something (feedback: unread ones). Two statements; `mine` carries no number."""
    received = handoffs_for(user).aggregate(
        waiting=Count("pk", filter=Q(state=EscalationState.PENDING)),
        acknowledged=Count("pk", filter=Q(state=EscalationState.ACKNOWLEDGED)),
    )
    sent = _sent(user).aggregate(
        returned=Count("pk", filter=Q(state=EscalationState.RETURNED, ticket__state__in=OPEN_STATES)),
        feedback=Count("pk", filter=Q(feedback__isnull=False, feedback__seen_at__isnull=True)),
    )
    return {**received, **sent}


def _with_deadline(rows: QuerySet[Escalation]) -> QuerySet[Escalation]:
    clocks = Clock.objects.filter(escalation=OuterRef("pk"), kind=ClockKind.ACKNOWLEDGEMENT).exclude(
        state=ClockState.CANCELLED
    )
    due = Subquery(clocks.order_by("-round").values("due_at")[:1], output_field=DateTimeField())
    return rows.annotate(ack_due=due)


RELATIONS = (
    "ticket", "ticket__customer", "handoff", "from_tier", "from_team", "from_user", "to_tier", "to_team", "to_user",
    "accepted_by", "returned_by", "acknowledged_by",
)  # fmt: skip


ORDERS: Mapping[str, tuple[str, ...]] = {
    "acknowledged": ("ack_expires_at", "pk"),
    "returned": ("-returned_at", "-pk"),
    "feedback": ("is_seen", "-feedback__given_at", "pk"),
    "mine": ("-filed_at", "-pk"),
}


def ordered(user: User, tab: str) -> QuerySet[Escalation]:
    """The rows of a tab in its order: what must be answered by deadline, what was sent newest first."""
    rows = for_tab(user, tab).select_related(*RELATIONS)
    if tab == "waiting":
        return _with_deadline(rows).order_by(F("ack_due").asc(nulls_last=True), "filed_at", "pk")
    if tab == "feedback":
        seen = Q(feedback__seen_at__isnull=False)
        rows = rows.select_related("feedback", "feedback__given_by").annotate(is_seen=seen)
    return rows.order_by(*ORDERS[tab])


def page_of(user: User, tab: str, cursor: str) -> Page[Escalation]:
    """A page of a tab; what must be answered stands on one page, up to WAITING_CAP."""
    rows = ordered(user, tab)
    if tab in ("waiting", "acknowledged", "returned"):
        return Page(list(rows[:WAITING_CAP]), WAITING_CAP)
    return paginate(rows, ordering=ORDERS[tab], cursor=cursor, size=SIZE)


@dataclass(frozen=True, slots=True)
class Row:
    """One line, formatted before the template loop."""

    url: str
    ref: str
    subject: str
    sub: SafeString
    prio: SafeString
    place: SafeString
    who: SafeString
    reason: str
    clock: SafeString
    complete: SafeString
    expected: str
    state: str = ""
    acknowledge: int | None = None
    is_new: bool = False
    seen: int | None = None


def rows_of(
    found: Iterable[Escalation], *, tab: str, user: User, now: datetime, zone: tzinfo
) -> list[Row]:  # fmt: skip
    escalations = list(found)
    labels = pick_labels(*LISTS)
    live = _clocks(escalations) if tab == "waiting" else {}
    return [_row(one, tab, user, labels, live.get(one.pk), now, zone) for one in escalations]


def _clocks(escalations: list[Escalation]) -> dict[int, Clock]:
    """Escalation → its latest acknowledgement clock. One statement."""
    rows = Clock.objects.filter(
        escalation__in=[one.pk for one in escalations], kind=ClockKind.ACKNOWLEDGEMENT
    ).select_related("calendar_revision", "tier")  # fmt: skip
    return {row.escalation_id: row for row in rows.order_by("round") if row.escalation_id}


Labels = dict[str, dict[str, str]]


def _row(
    one: Escalation, tab: str, user: User, labels: Labels, live: Clock | None, now: datetime, zone: tzinfo
) -> Row:  # fmt: skip
    ticket, mine = one.ticket, tab in OWN_TABS
    segment = labels["segment"].get(ticket.segment, ticket.segment)
    parts = [ticket.ref, ticket.customer.name, *([segment] if segment else [])]
    sub = format_html(
        '<span class="cut">{}</span>{}', " · ".join(parts), fact("VIP", vip=True) if ticket.is_vip else ""
    )
    other = (one.accepted_by or one.returned_by or one.to_user) if mine else one.from_user
    tier, team = (one.to_tier, one.to_team) if mine else (one.from_tier, one.from_team)
    nobody = "Anyone" if mine else "A trigger"
    feedback = one.feedback if tab == "feedback" else None
    return Row(
        url=one.get_absolute_url(), ref=ticket.ref, subject=ticket.subject, sub=sub, prio=prio(ticket.priority),
        place=format_html("<b>{}</b> {}", tier.code, team.name),
        who=person(other.full_name, other.initials, you=other.pk == user.pk) if other else format_html(
            '<span class="quiet">{}</span>', nobody
        ),
        reason=labels["reason"].get(one.reason, one.reason) + (", again" if one.previous_id else ""),
        clock=_when(one, tab, live, now, zone),
        complete=_complete(one),
        expected=_expected(one, tab, labels, now, zone),
        state=one.get_state_display(),
        acknowledge=one.pk if tab == "waiting" else None,
        is_new=tab == "waiting" or (feedback is not None and feedback.seen_at is None),
        seen=one.pk if feedback is not None and feedback.seen_at is None else None,
    )  # fmt: skip


def _complete(one: Escalation) -> SafeString:
    missing = one.handoff.asked - one.handoff.filled
    return verdict("watch", f"{missing} missing") if missing else verdict("met", "Complete")


def _when(one: Escalation, tab: str, live: Clock | None, now: datetime, zone: tzinfo) -> SafeString:
    """What the row is sorted by."""
    if tab == "waiting":
        if live is None:
            return clock(Chip("ok", "No target", "Acknowledge"))
        said = clock_chip(live, (), now=now, zone=zone)
        return clock(Chip(said.state, said.left, f"Acknowledge · {said.what.split(' · ')[0]}"))
    at = {
        "acknowledged": one.ack_expires_at, "returned": one.returned_at, "mine": one.filed_at,
        "feedback": one.ended_at,
    }[tab]  # fmt: skip
    if at is None:
        return SafeString("")
    if tab == "acknowledged":
        late = at < now
        shown = format_when(at, zone, now)
        left = shown.relative.removeprefix("in ") + (" left" if not late else "")
        return clock(Chip("late" if late else "soon" if (at - now).total_seconds() <= 1800 else "ok", left,
                          f"Accept or return · {format_time(at, zone, now)}"))  # fmt: skip
    return format_html('<span class="nowrap">{}</span>', format_updated(at, zone, now))


def _expected(one: Escalation, tab: str, labels: Labels, now: datetime, zone: tzinfo) -> str:
    """The last column: what is hoped for, or what came of it."""
    if tab == "mine":
        at = one.estimated_resolution_at
        return f"{format_day(at, zone, now)}, {at.astimezone(zone):%H:%M}" if at and one.accepted_at else ""
    if tab == "returned":
        return labels["return_reason"].get(one.return_reason, one.return_reason)
    if tab == "feedback":
        return f"{one.feedback.rating} of 5, {'' if one.feedback.was_necessary else 'not '}necessary"
    code = str(one.handoff.content.get("urgency", ""))
    return labels["urgency"].get(code, code) or "Not given"


def news(user: User, *, since: datetime) -> int:
    """How many came in after `since`: filed, filed again, redirected, or waiting anew. One statement."""
    begun = Exists(
        Clock.objects.filter(escalation=OuterRef("pk"), kind=ClockKind.ACKNOWLEDGEMENT, started_at__gt=since)
    )
    rows = for_tab(user, "waiting").filter(Q(filed_at__gt=since) | Q(resubmitted_at__gt=since) | begun)
    return rows.order_by()[: WAITING_CAP + 1].count()
