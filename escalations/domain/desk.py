"""My desk: what asks for somebody, in which order, and why that one comes first. Pure.

Everything on a desk is a `Claim`. It has a deadline: the clock's or the promise's where there is one, else the
instant since which it waits plus the patience of its kind (`RULES`). The desk is ordered by deadline, each moved up
by the head start of its kind: the more people stand still meanwhile, the earlier. Two rules keep the order useful:

- What is late counts as at most an hour late, what is only to be read as less (`late_at_most`). What is lost already
  must not bury what can still be kept: an acknowledgement due within 15 minutes stands before a resolution target
  missed last week, and a promise due in half an hour before an old mention.
- A ticket of one's own stands once. Where something more exact asks about it, that claim takes it along (`also`) and
  the earlier of the two places.

Sources: product.md, "Who uses it" (the page they live on) and H20; the weights are ours, and stated here only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What asks. In the order that decides between two claims of the same instant."""

    PENDING = "pending"  # a handoff that waits for an acknowledgement
    ACKNOWLEDGED = "acknowledged"  # one that was acknowledged: accept or return it
    PROMISE = "promised_update"  # an update promised to a customer
    FOLLOW_UP = "follow_up"  # accepted: contact the customer and confirm it
    RETURNED = "returned"  # a handoff that came back
    READ_BACK = "read_back"  # the receiver restated the problem: confirm or correct it
    CORRECTED = "corrected"  # the sender corrected one's own read-back
    CONSULT = "consult"  # a question of another team
    ANSWER = "answer"  # the answer to one's own question
    RELEASE = "release"  # a warm transfer: the sender still stays with it
    HANDED = "handed"  # a ticket got at shift end, its note unread
    WAIT = "wait"  # a ticket of one's own that waits for somebody outside
    TICKET = "ticket"  # a ticket of one's own, by its next deadline or by how long the customer has waited
    MENTION = "mention"  # named in a note
    SWAP = "swap"  # a colleague asks to swap a shift
    STAY = "stay"  # a warm transfer: one stays reachable until released
    FEEDBACK = "feedback"  # how a handoff was received


OWN_TICKET = (Kind.TICKET, Kind.WAIT)


class Group(IntEnum):
    """The three parts of the page."""

    NOW = 0
    TODAY = 1
    LATER = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """`patience`: how long a claim of this kind may wait where no clock says. `head_start`: how far it is moved up.

    `late_at_most`: as how late it counts at most. `earliest`: the first part of the page in which it may stand.
    """

    patience: timedelta
    head_start: timedelta
    late_at_most: timedelta
    earliest: Group


HOUR = 60


def _minutes(patience: float, head_start: float = 0, *, late: float = HOUR, earliest: Group = Group.NOW) -> Rule:
    return Rule(timedelta(minutes=patience), timedelta(minutes=head_start), timedelta(minutes=late), earliest)


RULES: Mapping[Kind, Rule] = MappingProxyType(
    {
        Kind.PENDING: _minutes(HOUR, 75),  # the sender, the customer and the clock of both wait
        Kind.ACKNOWLEDGED: _minutes(HOUR, 60),  # it has been seen, so somebody counts on an answer
        Kind.PROMISE: _minutes(0, 45),  # a word was given
        Kind.FOLLOW_UP: _minutes(HOUR, 30),
        Kind.RETURNED: _minutes(30),  # nobody works on it
        Kind.READ_BACK: _minutes(30, 30),  # the receiver may be working on the wrong problem
        Kind.CORRECTED: _minutes(15, 30),  # they are
        Kind.CONSULT: _minutes(2 * HOUR, 15),
        Kind.ANSWER: _minutes(HOUR, late=20),
        Kind.RELEASE: _minutes(2 * HOUR),
        Kind.HANDED: _minutes(30, late=20),  # read what one holds before working on it
        Kind.WAIT: _minutes(0),
        Kind.TICKET: _minutes(4 * HOUR),  # a customer who waits for an answer, in working time
        Kind.MENTION: _minutes(2 * HOUR, late=20),
        Kind.SWAP: _minutes(24 * HOUR, late=0),
        Kind.STAY: _minutes(8 * HOUR, late=0, earliest=Group.TODAY),  # there is nothing to do but be there
        Kind.FEEDBACK: _minutes(48 * HOUR, late=0, earliest=Group.TODAY),  # nobody waits for it to be read
    }
)
NOW_WITHIN = timedelta(minutes=30)  # as the clock chips' "soon"
LEAD_AT_MOST = timedelta(minutes=45)
# Where neither a clock nor a person waits: behind everything.
NEVER = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that asks. `key` names its row, `ticket` the ticket it is about (None: a swap).

    `at` is a deadline, `since` the instant from which it waits, `ends` when the patience of its kind is over if that
    is counted in working time (a customer's is); `lead` is the severity's head start in the queue, of which a desk
    counts at most `LEAD_AT_MOST`.
    """

    kind: Kind
    key: int
    ticket: int | None = None
    at: datetime | None = None
    since: datetime | None = None
    ends: datetime | None = None
    lead: timedelta = timedelta(0)
    priority: int = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a desk: its claim, the claims about one's own ticket that it takes along, and where it stands."""

    claim: Claim
    group: Group
    also: tuple[Claim, ...] = ()


def deadline(claim: Claim) -> datetime:
    """By when the claim is to be met. A ticket has two: its next clock, and the patience of a waiting customer."""
    waited = claim.ends or (claim.since + RULES[claim.kind].patience if claim.since is not None else NEVER)
    if claim.at is None:
        return waited
    return min(claim.at, waited) if claim.kind == Kind.TICKET else claim.at


def moment(claim: Claim, now: datetime) -> datetime:
    """The instant that the desk is ordered by."""
    rule = RULES[claim.kind]
    return max(deadline(claim), now - rule.late_at_most) - rule.head_start - min(claim.lead, LEAD_AT_MOST)


def group_of(claim: Claim, now: datetime, day_ends: datetime) -> Group:
    """In which part of the page the claim stands."""
    at = moment(claim, now)
    found = Group.NOW if at <= now + NOW_WITHIN else Group.TODAY if at < day_ends else Group.LATER
    return max(found, RULES[claim.kind].earliest)


_PLACES = {kind: place for place, kind in enumerate(Kind)}
Order = tuple[datetime, datetime, int, int, datetime, int]


def _order(claim: Claim, now: datetime) -> Order:
    """Of the same instant: by priority, by kind, and who has waited longer first."""
    since = claim.since or NEVER
    return (moment(claim, now), deadline(claim), claim.priority, _PLACES[claim.kind], since, claim.key)


def arrange(claims: Iterable[Claim], *, now: datetime, day_ends: datetime) -> list[Item]:
    """The desk: every claim once, most pressing first; see the module for the rules.

    `day_ends` is the end of the person's day in their own zone. The answer does not depend on the order of `claims`.
    """
    ordered = sorted(claims, key=lambda claim: _order(claim, now))
    takers: dict[int, Claim] = {}
    for claim in ordered:
        if claim.ticket is not None and claim.kind not in OWN_TICKET:
            takers.setdefault(claim.ticket, claim)
    taken: dict[Claim, list[Claim]] = {}
    lines: list[Claim] = []
    for claim in ordered:
        taker = takers.get(claim.ticket) if claim.ticket is not None and claim.kind in OWN_TICKET else None
        if taker is None:
            lines.append(claim)
        else:
            taken.setdefault(taker, []).append(claim)
    placed = []
    for claim in lines:
        also = tuple(taken.get(claim, ()))
        first = min(_order(one, now) for one in (claim, *also))
        group = min(group_of(one, now, day_ends) for one in (claim, *also))
        placed.append((group, first, Item(claim, group, also)))
    placed.sort(key=lambda line: (line[0], line[1], _order(line[2].claim, now)))
    return [item for _, _, item in placed]
