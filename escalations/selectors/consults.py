"""Questions asked without handing over: those that wait for me, and those I asked. What one may see, no more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.selectors import absences_now
from escalations.choices import OPEN_STATES, ConsultState
from escalations.models import Consult, Ticket
from escalations.selectors.counts import capped_counts
from web.formats import When, format_when
from web.pagination import Page, paginate

CAP = 200
SIZE = 25
RELATIONS = ("ticket", "ticket__customer", "asked_by", "from_team__tier", "to_team__tier", "to_user", "answered_by")


def _visible(user: User) -> QuerySet[Consult]:
    return Consult.objects.filter(ticket__in=Ticket.objects.visible_to(user))


def waiting_for(user: User, *, now: datetime) -> QuerySet[Consult]:
    """Open questions that this person may answer: to them, to who they cover for now, to their team or one they lead.

    One statement beside its own: who is away.
    """
    covered = [pk for pk, away in absences_now(now).items() if away.cover is not None and away.cover.pk == user.pk]
    asked = Q(to_user=user) | Q(to_team__lead=user) | Q(to_user__in=covered)
    if user.team_id is not None:
        asked |= Q(to_user__isnull=True, to_team=user.team_id)
    rows = _visible(user).filter(asked, state=ConsultState.ASKED, ticket__state__in=OPEN_STATES)
    return rows.exclude(asked_by=user)


def asked_by(user: User) -> QuerySet[Consult]:
    """What this person asked, taken back or not."""
    return _visible(user).filter(asked_by=user)


def consult_count(user: User, *, now: datetime) -> int:
    """What wants something of this person: questions to answer, and answers they have not read. Two statements."""
    unread = asked_by(user).filter(state=ConsultState.ANSWERED, seen_at__isnull=True)
    return sum(capped_counts([waiting_for(user, now=now).order_by("asked_at"), unread.order_by("-asked_at")], CAP))


def to_answer(user: User, *, now: datetime) -> list[Consult]:
    """The longest waiting first."""
    return list(waiting_for(user, now=now).select_related(*RELATIONS).order_by("asked_at", "pk")[:CAP])


def mine(user: User, cursor: str) -> Page[Consult]:
    """Unread answers first, then the newest question."""
    rows = asked_by(user).select_related(*RELATIONS).annotate(
        is_read=~Q(state=ConsultState.ANSWERED, seen_at__isnull=True)
    )  # fmt: skip
    return paginate(rows, ordering=("is_read", "-asked_at", "-pk"), cursor=cursor, size=SIZE)


@dataclass(frozen=True, slots=True)
class Row:
    """One question of the list, in words."""

    consult: Consult
    url: str
    whom: str
    asked: When
    state: str
    sign: str
    is_new: bool


_SIGNS = {ConsultState.ASKED: "hourglass", ConsultState.ANSWERED: "message-check", ConsultState.WITHDRAWN: "hand-stop"}


def rows_of(found: Iterable[Consult], *, user: User, now: datetime, zone: tzinfo) -> list[Row]:
    return [_row(one, user, now, zone) for one in found]


def _row(one: Consult, user: User, now: datetime, zone: tzinfo) -> Row:
    to_answer_here = one.asked_by_id != user.pk
    unread = one.state == ConsultState.ANSWERED and one.seen_at is None
    return Row(
        consult=one,
        url=reverse("escalations:consult_detail", args=[one.ticket.ref, one.pk]),
        whom=whom(one),
        asked=format_when(one.asked_at, zone, now),
        state=str(one.get_state_display()),
        sign=_SIGNS[ConsultState(one.state)],
        is_new=to_answer_here or unread,
    )


def whom(consult: Consult) -> str:
    """Who was asked: "L2 Integrations", or the person."""
    place = f"{consult.to_team.tier.code} {consult.to_team.name}"
    return f"{consult.to_user}, {place}" if consult.to_user else place


def as_context(consult: Consult) -> str:
    """Question and answer as they go into a handoff's additional context."""
    return (
        f"Asked {whom(consult)}: {consult.question}\n"
        f"{consult.answered_by} answered: {consult.answer}"
    )  # fmt: skip


def answered_consult(ticket: Ticket, pk: int) -> Consult | None:
    """An answered question of the ticket."""
    rows = Consult.objects.filter(ticket=ticket, pk=pk, state=ConsultState.ANSWERED)
    return rows.select_related("to_team__tier", "to_user", "answered_by").first()
