"""What asks for somebody, from every table that holds such a thing: one statement, each part capped and indexed.

A part says which rows, and how they fill the columns of `Found`. Who stands in for somebody absent sees what is
addressed to them too: `people` are both. Everything starts from what the reader may see.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Left

from accounts.choices import Ability, SwapState
from accounts.models import DutySwap, User
from escalations.choices import (
    OPEN_STATES,
    WAITING_FOR_RECEIVER,
    WAITING_STATES,
    Axis,
    ClockKind,
    ClockState,
    ConsultState,
    EscalationState,
    ReadBackState,
)
from escalations.domain.clocks import Wait
from escalations.domain.desk import Kind
from escalations.models import (
    Clock,
    Consult,
    DeskHandoverLine,
    Escalation,
    HandoffFeedback,
    Mention,
    Pause,
    ReadBack,
    Ticket,
)
from escalations.selectors.counts import Part, kept_parts

CAP = 50  # of each kind; of one's own tickets
TICKET_CAP = 100
WORDS = 300  # characters of a note or question that a row shows


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that asks. `person`: to whom it is addressed by name; `other`: who asks; `place`: escalation or shift.

    `round` is that of a read-back.
    """

    kind: str
    key: int
    ticket: int | None
    at: datetime | None
    since: datetime | None
    arrived: datetime | None
    person: int | None
    other: int | None
    clock: int | None
    place: int | None
    round: int
    words: str


NO_TIME = Cast(Value(None), DateTimeField())
READ_BACK_WORDS = Concat("problem", Value(" · Next: "), "next_action", output_field=TextField())
NO_KEY = Cast(Value(None), BigIntegerField())


def _part(
    rows: QuerySet[Any], kind: Any, *, order: str, ticket: Any = NO_KEY, at: Any = NO_TIME, since: Any = NO_TIME,
    arrived: Any = None, person: Any = NO_KEY, other: Any = NO_KEY, clock: Any = NO_KEY, place: Any = NO_KEY,
    round: Any = None, words: Any = "", cap: int = CAP,
) -> QuerySet[Any, Any]:  # fmt: skip
    """The columns of `Found`, in its order. `words` names a text column, or is "" for none."""
    text = Value("") if words == "" else Left(words, WORDS)
    columns = (
        Value(kind) if isinstance(kind, str) else kind, "pk", ticket, at, since, since if arrived is None else arrived,
        person, other, clock, place, Value(0) if round is None else round, text,
    )  # fmt: skip
    return rows.order_by(order).values_list(*columns)[:cap]


def _ack(column: str) -> Subquery:
    """A column of an escalation's newest acknowledgement clock."""
    clocks = Clock.objects.filter(escalation=OuterRef("pk"), kind=ClockKind.ACKNOWLEDGEMENT)
    clocks = clocks.exclude(state=ClockState.CANCELLED).order_by("-round")
    return Subquery(clocks.values(column)[:1])


def waiting_handoffs(user: User, people: Sequence[int]) -> QuerySet[Escalation]:
    """Handoffs that wait for these people, for nobody by name in the reader's team, or in a team that they lead.

    Those addressed to a colleague by name are the colleague's: they stand in the inbox of the team, not on this desk.
    """
    anyone = Q(to_team__lead=user)
    if user.team_id is not None:
        anyone |= Q(to_team=user.team_id)
    mine = Q(to_user__in=people) | (Q(to_user__isnull=True) & anyone)
    rows = Escalation.objects.filter(mine, state=EscalationState.PENDING, axis=Axis.FUNCTIONAL)
    return rows.exclude(from_user=user)


def _handoffs(user: User, people: Sequence[int]) -> list[QuerySet[Any, Any]]:
    upward = Escalation.objects.filter(axis=Axis.FUNCTIONAL)
    owned = Q(ticket__owner__in=people)
    unowned = Q(ticket__owner__isnull=True)
    acknowledged = Q(acknowledged_by__in=people) | Q(to_user__in=people)
    returned = upward.filter(state=EscalationState.RETURNED, ticket__state__in=OPEN_STATES)
    warm = upward.filter(
        is_warm=True, accepted_at__isnull=False, released_at__isnull=True, state=EscalationState.ACCEPTED
    )
    back = {"ticket": F("ticket"), "since": F("returned_at"), "other": F("returned_by"), "place": F("pk")}
    stays = {"ticket": F("ticket"), "since": F("accepted_at"), "place": F("pk"), "order": "accepted_at"}
    return [
        _part(
            waiting_handoffs(user, people), Kind.PENDING.value, order="filed_at",
            ticket=F("ticket"), at=_ack("due_at"), since=F("filed_at"), person=F("to_user"), other=F("from_user"),
            arrived=Coalesce(_ack("started_at"), F("resubmitted_at"), F("filed_at")), clock=_ack("pk"), place=F("pk"),
        ),
        _part(
            upward.filter(acknowledged, state=EscalationState.ACKNOWLEDGED).exclude(from_user=user),
            Kind.ACKNOWLEDGED.value, order="ack_expires_at", ticket=F("ticket"), at=F("ack_expires_at"),
            since=F("acknowledged_at"), person=F("acknowledged_by"), other=F("from_user"), place=F("pk"),
        ),
        _part(
            returned.filter(owned | unowned, from_user__in=people), Kind.RETURNED.value, order="returned_at",
            person=F("from_user"), words="return_note", **back,
        ),
        # Filed by a colleague on a ticket that is one's own, or taken over with a desk.
        _part(
            returned.filter(owned).exclude(from_user__in=people), Kind.RETURNED.value, order="returned_at",
            person=F("ticket__owner"), words="return_note", **back,
        ),
        _part(warm.filter(owned), Kind.RELEASE.value, person=F("ticket__owner"), other=F("from_user"), **stays),
        _part(warm.filter(from_user__in=people), Kind.STAY.value, person=F("from_user"), other=F("accepted_by"),
              **stays),
    ]  # fmt: skip


def _around(people: Sequence[int]) -> list[QuerySet[Any, Any]]:
    given = ReadBack.objects.filter(escalation__state=EscalationState.ACCEPTED)
    newer = ReadBack.objects.filter(escalation=OuterRef("escalation"), round__gt=OuterRef("round"))
    live = Q(state=ClockState.RUNNING) | Q(state=ClockState.BREACHED, stopped_at__isnull=True)
    owed = Clock.objects.filter(
        live, ticket__owner__in=people, ticket__state__in=OPEN_STATES,
        kind__in=[ClockKind.FOLLOW_UP, ClockKind.PROMISED_UPDATE],
    )  # fmt: skip
    named = {"ticket": F("escalation__ticket"), "place": F("escalation")}
    return [
        _part(
            given.filter(state=ReadBackState.GIVEN, escalation__from_user__in=people), Kind.READ_BACK.value,
            order="given_at", since=F("given_at"), person=F("escalation__from_user"), other=F("given_by"),
            round=F("round"), words=READ_BACK_WORDS, **named,
        ),
        _part(
            given.filter(~Exists(newer), state=ReadBackState.CORRECTED, escalation__ticket__owner__in=people),
            Kind.CORRECTED.value, order="answered_at", since=F("answered_at"), person=F("escalation__ticket__owner"),
            other=F("answered_by"), words="correction", **named,
        ),
        _part(
            owed, F("kind"), order="due_at", ticket=F("ticket"), at=F("due_at"), arrived=F("started_at"),
            person=F("ticket__owner"), clock=F("pk"), place=F("escalation"),
        ),
    ]  # fmt: skip


def _asked(user: User, people: Sequence[int]) -> list[QuerySet[Any, Any]]:
    consults = Consult.objects.all()
    anyone = Q(to_team__lead=user)
    if user.team_id is not None:
        anyone |= Q(to_team=user.team_id)
    asked = consults.filter(Q(to_user__in=people) | (Q(to_user__isnull=True) & anyone), state=ConsultState.ASKED)
    answered = consults.filter(asked_by__in=people, state=ConsultState.ANSWERED, seen_at__isnull=True)
    mentions = Mention.objects.filter(user__in=people, seen_at__isnull=True)
    lines = DeskHandoverLine.objects.filter(
        to_user__in=people, seen_at__isnull=True, ticket__state__in=OPEN_STATES
    )  # fmt: skip
    feedback = HandoffFeedback.objects.filter(escalation__from_user__in=people, seen_at__isnull=True)
    swaps = DutySwap.objects.filter(offered_to=user, state=SwapState.ASKED)
    return [
        _part(asked.exclude(asked_by=user), Kind.CONSULT.value, order="asked_at", ticket=F("ticket"),
              since=F("asked_at"), person=F("to_user"), other=F("asked_by"), words="question"),
        _part(answered, Kind.ANSWER.value, order="answered_at", ticket=F("ticket"), since=F("answered_at"),
              person=F("asked_by"), other=F("answered_by"), words="answer"),
        _part(mentions, Kind.MENTION.value, order="-message", ticket=F("message__ticket"),
              since=F("message__said_at"), person=F("user"), other=F("message__author"), words="message__body"),
        _part(lines, Kind.HANDED.value, order="-pk", ticket=F("ticket"), since=F("handover__given_at"),
              person=F("to_user"), other=F("handover__from_user"), words="note"),
        _part(feedback, Kind.FEEDBACK.value, order="-given_at", ticket=F("escalation__ticket"), since=F("given_at"),
              person=F("escalation__from_user"), other=F("given_by"), place=F("escalation"), words="comment"),
        _part(swaps, Kind.SWAP.value, order="-asked_at", at=F("shift__starts_at"), arrived=F("asked_at"),
              other=F("asked_by"), place=F("shift"), words="note"),
    ]  # fmt: skip


def _own_tickets(people: Sequence[int]) -> list[QuerySet[Any, Any]]:
    """One's own tickets in the order of the queue.

    While a handoff of one waits, its acknowledgement is the receivers' business; what else is due stays.
    """
    pending = Escalation.objects.filter(ticket=OuterRef("pk"), state__in=WAITING_FOR_RECEIVER, axis=Axis.FUNCTIONAL)
    own = Ticket.objects.filter(owner__in=people, state__in=OPEN_STATES)
    outside = Pause.objects.filter(ticket=OuterRef("pk"), ended_at__isnull=True).exclude(wait=Wait.HANDOFF.value)
    review = Subquery(outside.order_by("started_at").values("review_at")[:1])
    theirs = Q(due_kind=ClockKind.ACKNOWLEDGEMENT)
    due = Case(When(theirs, then=NO_TIME), default=F("due_at"))
    asks = Q(waiting_since__isnull=False) | (Q(due_at__isnull=False) & ~theirs)
    busy = own.exclude(state__in=WAITING_STATES).filter(~Exists(pending) | asks)
    return [
        _part(busy, Kind.TICKET.value, order="queue_key", ticket=F("pk"), at=due, since=F("waiting_since"),
              person=F("owner"), cap=TICKET_CAP),
        _part(own.filter(state__in=WAITING_STATES), Kind.WAIT.value, order="queue_key", ticket=F("pk"), at=review,
              arrived=NO_TIME, person=F("owner")),
    ]  # fmt: skip


NAMES = "kind, key, ticket, at, since, arrived, person, other, clock, place, round, words"


def _all(user: User, people: Sequence[int]) -> list[Part]:
    """Sight is looked at once for whatever is found, row by row: asked in every part, it doubled the planning."""
    first, *rest = [*_handoffs(user, people), *_around(people), *_asked(user, people), *_own_tickets(people)]
    sql, params = first.union(*rest, all=True).query.sql_with_params()
    seen, seen_params = Ticket.objects.visible_to(user).values("pk").query.sql_with_params()
    whole = (
        f"SELECT {NAMES} FROM ({sql}) AS desk ({NAMES}) WHERE desk.ticket IS NULL "
        f"OR EXISTS (SELECT 1 FROM ({seen}) AS seen (id) WHERE seen.id = desk.ticket)"
    )
    return [(whole, (*params, *seen_params))]


def _statement(user: User, people: Sequence[int]) -> Part:
    """Compiled once for each reader and whom they stand in for: compiling takes longer than running."""
    return kept_parts(user, ("desk", tuple(people)), lambda: _all(user, people))[0]


def desk_rows(user: User, covered: Iterable[int] = ()) -> list[Found]:
    """Everything that asks for the person, and for those whom they stand in for. One statement."""
    if not user.can(Ability.READ):
        return []
    sql, params = _statement(user, [user.pk, *sorted(covered)])
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Found(*row) for row in cursor.fetchall()]


def desk_news(user: User, covered: Iterable[int], since: datetime) -> int:
    """How many of them arrived after `since`. One statement."""
    if not user.can(Ability.READ):
        return 0
    sql, params = _statement(user, [user.pk, *sorted(covered)])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS found WHERE arrived > %s", [*params, since])
        return int(cursor.fetchone()[0])
