"""Requests as lists show them: what waits for a person, what they asked for, what was decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import CreditState
from escalations.credit_access import RELATIONS, Reach, answerable, asked_of
from escalations.models import CreditRequest, Ticket
from escalations.selectors.chips import chips_of
from policies.choices import PickListName
from policies.selectors import pick_labels
from web.formats import format_money, format_updated
from web.marks import clock, fact, person, prio, verdict
from web.pagination import Page, paginate

TABS = (
    ("waiting", "Waiting for you"),
    ("others", "Waiting for others"),
    ("mine", "You asked"),
    ("decided", "Decided"),
)
CAP = 200
SIZE = 50
LISTS = (PickListName.AUTHORITY, PickListName.SEGMENT)
STATE_SIGNS = {
    CreditState.ISSUED: ("met", "Issued"),
    CreditState.APPROVED: ("met", "Approved"),
    CreditState.DENIED: ("missed", "Denied"),
    CreditState.REVERSED: ("watch", "Reversed"),
    CreditState.EXPIRED: ("watch", "Expired"),
}


def for_tab(reach: Reach, tab: str) -> QuerySet[CreditRequest]:
    """The requests of a tab, unordered."""
    user = reach.user
    match tab:
        case "others":
            return answerable(reach).exclude(pk__in=asked_of(reach).values("pk"))
        case "mine":
            return _visible(user).filter(requested_by=user)
        case "decided":
            ended = _visible(user).exclude(state=CreditState.REQUESTED)
            own = Q(decided_by=user) | Q(requested_by=user)
            return ended if user.can(Ability.MANAGE) else ended.filter(own)
    return asked_of(reach)


def _visible(user: User) -> QuerySet[CreditRequest]:
    return CreditRequest.objects.filter(ticket__in=Ticket.objects.visible_to(user))


def page_of(reach: Reach, tab: str, cursor: str) -> Page[CreditRequest]:
    """What waits by its deadline, what has ended newest first. One statement."""
    rows = for_tab(reach, tab).select_related(*RELATIONS).defer("policy_version__snapshot")
    match tab:
        case "mine":
            return paginate(rows, ordering=("-requested_at", "-pk"), cursor=cursor, size=SIZE)
        case "decided":
            return paginate(rows, ordering=("-ended_at", "-pk"), cursor=cursor, size=SIZE)
    return Page(list(rows.order_by("clock__due_at", "pk")[:CAP]), CAP)


def counts(reach: Reach) -> dict[str, int]:
    """How many wait, by tab. Two statements."""
    waiting = asked_of(reach).order_by()[: CAP + 1].count()
    return {"waiting": waiting, "others": for_tab(reach, "others").order_by()[: CAP + 1].count()}


@dataclass(frozen=True, slots=True)
class Row:
    """One line, formatted before the template loop."""

    url: str
    what: str
    sub: SafeString
    prio: SafeString
    ticket: str
    asked: SafeString
    place: str
    where: SafeString
    state: SafeString
    is_new: bool


def rows_of(
    found: Iterable[CreditRequest], *, tab: str, reach: Reach, now: datetime, zone: ZoneInfo
) -> list[Row]:  # fmt: skip
    """Two statements: the names of things, and the clocks."""
    requests = list(found)
    labels = pick_labels(*LISTS)
    chips = chips_of((one.clock_id for one in requests if one.waits and one.clock_id), now=now, zone=zone)
    roles = {reach.role, *(role for _, role in reach.lent)}
    return [_row(one, tab, reach.user, roles, labels, chips, now, zone) for one in requests]


def what_of(request: CreditRequest, labels: dict[str, dict[str, str]]) -> str:
    """ "$1,850.00", or the action's name."""
    if request.amount is not None:
        return format_money(request.amount)
    return labels["authority"].get(request.action, request.action)


def _row(
    one: CreditRequest, tab: str, user: User, roles: set[str], labels: dict[str, dict[str, str]], chips: object,
    now: datetime, zone: ZoneInfo,
) -> Row:  # fmt: skip
    ticket = one.ticket
    segment = labels["segment"].get(ticket.segment, ticket.segment)
    parts = " · ".join([one.customer.name, *([segment] if segment else [])])
    team = one.requested_by.team
    known = chips if isinstance(chips, dict) else {}
    return Row(
        url=one.get_absolute_url(),
        what=what_of(one, labels),
        sub=format_html("{} {}", parts, fact("VIP", vip=True) if ticket.is_vip else ""),
        prio=prio(ticket.priority),
        ticket=f"{ticket.ref} {ticket.subject}",
        asked=person(one.requested_by.full_name, one.requested_by.initials, you=one.requested_by_id == user.pk),
        place=f"{team.tier.code} {team.name}" if team else str(one.requested_by.role or ""),
        where=_where(one, now, zone, is_still_yours=tab == "waiting" and one.routed_to.code not in roles),
        state=clock(known[one.clock_id]) if one.clock_id in known else _verdict(one),
        is_new=tab == "waiting",
    )


def _verdict(one: CreditRequest) -> SafeString:
    if one.waits:
        return SafeString("Waiting")
    state, word = STATE_SIGNS[CreditState(one.state)]
    return verdict(state, word)


def _where(one: CreditRequest, now: datetime, zone: ZoneInfo, *, is_still_yours: bool) -> SafeString:
    """Whose answer it waits for, or who gave it and when."""
    if one.waits:
        yours = "you, and " if is_still_yours else ""
        missing = " · nobody is there" if one.unanswered_at else ""
        return format_html("{}{}{}", yours, one.routed_to, missing)
    who = one.decided_by or ("own authority" if one.on_own_authority else "nobody")
    at = format_updated(one.ended_at, zone, now) if one.ended_at else ""
    return format_html('{}<br><span class="quiet">{}</span>', who, at)
