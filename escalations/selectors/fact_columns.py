"""Facts of tickets as a database compares them: one column a fact, thresholds worked out once per calendar.

`waiting longer than x` becomes `waiting_since < the instant since which x has passed`, an instant per calendar; no
function runs per row. `escalations.selectors.facts` reads the same facts off one ticket.
"""

import operator as compare
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial, reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet

from accounts.calendars import current_revisions, working_calendar
from accounts.domain.calendars import ALWAYS_OPEN, Calendar, instant_at
from accounts.models import CalendarRevision, Team
from escalations.choices import ClockKind, ClockState, MessageKind
from escalations.models import Clock, Message, Ticket
from escalations.selectors.episodes import customers_issues
from policies.domain.facts import FACTS, Operator
from policies.querying import FactColumn, plain_condition

NEVER = Q(pk__in=[])
TICKET_WORDS = SearchVector("subject", "description", config="simple")
MESSAGE_WORDS = SearchVector("body", config="simple")
# A clock that counts: running, standing still, or overdue and not yet stopped.
COUNTING = Q(state__in=(ClockState.RUNNING, ClockState.PAUSED)) | Q(state=ClockState.BREACHED, stopped_at__isnull=True)


@dataclass(frozen=True, slots=True)
class Plain:
    """A column whose unknown is NULL."""

    name: str

    def condition(self, operator: Operator, value: Any) -> Q:
        return plain_condition(self.name, operator, value)


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of codes whose unknown is empty."""

    name: str

    def condition(self, operator: Operator, value: Any) -> Q:
        given = ~Q(**{self.name: ""})
        match operator:
            case Operator.KNOWN:
                return given
            case Operator.UNKNOWN:
                return ~given
            case Operator.IS_NOT | Operator.NONE_OF:
                return given & plain_condition(self.name, operator, value)
        return plain_condition(self.name, operator, value)


COMPARED = {
    Operator.IS: ("exact", compare.eq),
    Operator.MORE: ("gt", compare.gt),
    Operator.AT_LEAST: ("gte", compare.ge),
    Operator.LESS: ("lt", compare.lt),
    Operator.AT_MOST: ("lte", compare.le),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A number that is 0 for most rows. `where(n__gte=3)` are those of the others whose number is so."""

    where: Callable[..., Q]

    def condition(self, operator: Operator, value: Any) -> Q:
        lookup, holds = COMPARED[operator]
        found = self.where(**{f"n__{lookup}": value})
        return found | ~self.where(n__gte=1) if holds(0, value) else found


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no by a condition that is never unknown."""

    yes: Q

    def condition(self, operator: Operator, value: Any) -> Q:
        return self.yes if value else ~self.yes


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time. `longer(x)` are the rows where it is more than x whole seconds, `known` those that have one."""

    longer: Callable[[int], Q]
    known: Q

    def condition(self, operator: Operator, value: Any) -> Q:
        match operator:
            case Operator.KNOWN:
                return self.known
            case Operator.UNKNOWN:
                return ~self.known
            case Operator.MORE:
                return self.longer(value)
            case Operator.AT_LEAST:
                return self.longer(value - 1)
            case Operator.LESS:
                return self.known & ~self.longer(value - 1)
            case Operator.AT_MOST:
                return self.known & ~self.longer(value)
        raise ValueError(f"{operator} is not asked of a length of time")


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions, NEVER)


def since(anchor: str, now: datetime, calendars: Mapping[Calendar, Q]) -> Span:
    """Time since the instant in a column, on the calendar of each group of rows. An empty column has none."""

    def longer(seconds: int) -> Q:
        return _any(
            rows & Q(**{f"{anchor}__lt": instant_at(now, -seconds, calendar)}) for calendar, rows in calendars.items()
        )

    return Span(longer, Q(**{f"{anchor}__isnull": False}))


def _through(path: str, condition: Q) -> Q:
    """A condition on rows, put to what is reached from others by `path`."""
    children = [
        _through(path, one) if isinstance(one, Q) else (f"{path}__{one[0]}", one[1]) for one in condition.children
    ]
    return Q(*children, _connector=condition.connector, _negated=condition.negated)


@dataclass(frozen=True, slots=True)
class Counting:
    """The counting clocks of one kind, grouped by what they count on: (revision, budget) → its calendar.

    `joined`: they are asked of tickets that `with_clocks` has joined them to, so that any number of conditions looks
    for a ticket's clock once; else each condition looks for it itself, on any tickets.
    """

    kind: ClockKind
    groups: Mapping[tuple[int | None, int], Calendar]
    joined: bool = False

    def where(self, condition: Q) -> Q:
        if self.joined:
            return Q(**{f"{_joined_as(self.kind)}__isnull": False}) & _through(_joined_as(self.kind), condition)
        rows = Clock.objects.filter(COUNTING, condition, ticket=OuterRef("pk"), kind=self.kind)
        return Q(Exists(rows))

    @property
    def known(self) -> Q:
        return self.where(Q())

    def left_below(self, now: datetime, limit: Callable[[int], int]) -> Q:
        """Tickets whose clock has less than `limit(budget)` seconds left; what stands still has what it kept."""
        found = NEVER
        for (revision, budget), calendar in self.groups.items():
            seconds = limit(budget)
            moving = ~Q(state=ClockState.PAUSED) & Q(due_at__lt=instant_at(now, seconds, calendar))
            still = Q(state=ClockState.PAUSED, remaining__lt=seconds)
            found |= Q(calendar_revision=revision, budget=budget) & (moving | still)
        return self.where(found)


def _joined_as(kind: ClockKind) -> str:
    return f"counting_{kind}"


def _kinds(facts: Collection[str]) -> list[ClockKind]:
    """The clocks that these facts are read off."""
    return sorted({kind for fact in facts for kind in CLOCKS.get(fact, ())})


def with_clocks(tickets: QuerySet[Ticket], facts: Collection[str]) -> QuerySet[Ticket]:
    """The tickets, each joined to the counting clocks that the facts are read off; there is one of a kind at most."""
    counting = _through("clocks", COUNTING)
    return tickets.alias(**{
        _joined_as(kind): FilteredRelation("clocks", condition=counting & Q(clocks__kind=kind))
        for kind in _kinds(facts)
    })  # fmt: skip


def _counting(kinds: Iterable[ClockKind], *, joined: bool) -> dict[ClockKind, Counting]:
    """What the counting clocks of these kinds count on. Two statements, none without kinds."""
    wanted = list(kinds)
    if not wanted:
        return {}
    rows = Clock.objects.filter(COUNTING, kind__in=wanted).order_by()
    found = list(rows.values_list("kind", "calendar_revision", "budget").distinct())
    revisions = CalendarRevision.objects.in_bulk({revision for _, revision, _ in found if revision is not None})
    groups: dict[ClockKind, dict[tuple[int | None, int], Calendar]] = {kind: {} for kind in wanted}
    for kind, revision, budget in found:
        groups[ClockKind(kind)][revision, budget] = working_calendar(revisions.get(revision))
    return {kind: Counting(kind, found, joined) for kind, found in groups.items()}


def _by_team() -> dict[Calendar, Q]:
    """Calendar → the tickets of the teams that work on it. Two statements."""
    teams = list(Team.objects.order_by().values_list("pk", "calendar"))
    revisions = current_revisions({calendar for _, calendar in teams})
    groups: dict[Calendar, list[int]] = {}
    for team, calendar in teams:
        groups.setdefault(working_calendar(revisions.get(calendar)), []).append(team)
    return {calendar: Q(team__in=sorted(members)) for calendar, members in groups.items()}


def _used(clocks: Counting, now: datetime) -> Span:
    """How much a clock has counted: more than x when less than budget − x is left."""
    return Span(lambda seconds: clocks.left_below(now, lambda budget: budget - seconds), clocks.known)


def _left(clocks: Counting, now: datetime) -> Span:
    """How much a clock has left: more than x when not less than x + 1 is."""

    def longer(seconds: int) -> Q:
        return clocks.known & ~clocks.left_below(now, lambda _: seconds + 1)

    return Span(longer, clocks.known)


def _time_at_tier(limit: Counting, resolution: Counting, now: datetime) -> Span:
    """By the clock that limits the stay; where a tier has none, by the one that every stay has."""
    limited, other = _used(limit, now), _used(resolution, now)

    def longer(seconds: int) -> Q:
        return limited.longer(seconds) | (~limited.known & other.longer(seconds))

    return Span(longer, limited.known | other.known)


@dataclass(frozen=True, slots=True)
class Words:
    """Watched words in the subject, the description and what the customer wrote, whole words in any case."""

    def condition(self, operator: Operator, value: Any) -> Q:
        found = [self._found(word) for word in sorted(value)]
        match operator:
            case Operator.CONTAINS_ALL:
                return reduce(and_, found)
            case Operator.CONTAINS_NONE:
                return ~_any(found)
        return _any(found)

    @staticmethod
    def _found(word: str) -> Q:
        query = SearchQuery(word, config="simple", search_type="phrase")
        said = Message.objects.annotate(words=MESSAGE_WORDS).filter(
            ticket=OuterRef("pk"), kind=MessageKind.CUSTOMER, words=query
        )
        written = Ticket.objects.annotate(words=TICKET_WORDS).filter(pk=OuterRef("pk"), words=query)
        return Q(Exists(said)) | Q(Exists(written))


CODED = ("segment", "category", "issue_type", "product_area", "channel", "public_complaint", "concern", "complexity",
         "sentiment")  # fmt: skip
PLAIN = {
    "region": "region__code", "revenue_at_risk": "revenue_at_risk", "order_value": "order_value",
    "priority": "priority", "attempts": "attempts", "reopen_count": "reopen_count", "tier": "tier__rank",
    "team": "team__code",
}  # fmt: skip
FLAGS = {
    "is_vip": Q(is_vip=True),
    "churn_threat": Q(churn_threat=True),
    "engineering_required": Q(engineering_required=True),
    "workaround_confirmed": Q(workaround_confirmed=True),
    "vendor": ~Q(vendor=""),
    "has_owner": Q(owner__isnull=False),
}


# The clocks that a fact is read off.
CLOCKS = {
    "time_at_tier": (ClockKind.TIME_AT_TIER, ClockKind.TIER_RESOLUTION),
    "contract_left": (ClockKind.CONTRACT_RESOLUTION,),
    "unacknowledged_for": (ClockKind.ACKNOWLEDGEMENT,),
}


def fact_columns(
    now: datetime, asked: Collection[str] = FACTS.keys(), *, joined: bool = False
) -> dict[str, FactColumn]:
    """The facts that are asked about, of open tickets, as columns at `now`; `joined` is for rows of `with_clocks`.

    At most four statements, however many triggers are asked with it; none for facts that have nothing to do with time.
    """
    clocks = _counting(_kinds(asked), joined=joined)
    columns: dict[str, FactColumn] = {
        **{name: Coded(name) for name in CODED},
        **{name: Plain(column) for name, column in PLAIN.items()},
        **{name: Flag(yes) for name, yes in FLAGS.items()},
        "words": Words(),
        "same_issue_90_days": Counted(partial(customers_issues, now)),
        "age": since("opened_at", now, {ALWAYS_OPEN: Q()}),
    }
    if "wait_time" in asked:
        columns["wait_time"] = since("waiting_since", now, _by_team())
    if "time_at_tier" in asked:
        limit, resolution = (clocks[kind] for kind in CLOCKS["time_at_tier"])
        columns["time_at_tier"] = _time_at_tier(limit, resolution, now)
    if "contract_left" in asked:
        columns["contract_left"] = _left(clocks[ClockKind.CONTRACT_RESOLUTION], now)
    if "unacknowledged_for" in asked:
        columns["unacknowledged_for"] = _used(clocks[ClockKind.ACKNOWLEDGEMENT], now)
    return columns
