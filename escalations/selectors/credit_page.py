"""One request as its page shows it: what it adds up to, whose limit it meets, and what may be done."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.urls import reverse

from accounts.choices import Ability
from accounts.models import User
from escalations.choices import CreditState, EntryKind
from escalations.credit_access import Reach, asked_rank
from escalations.models import CreditEntry, CreditMove, CreditRequest, Ticket
from escalations.selectors.approvers import Approver, approvers, attended
from escalations.selectors.chips import chips_of
from escalations.services.credit_holding import spent_before
from policies.choices import PickListName
from policies.domain.authority import (
    WINDOW,
    AuthorityDecision,
    Grant,
    Request,
    Spent,
    authority_decide,
    grants_in,
    limit_words,
)
from policies.domain.policy import Clause, Policy
from policies.selectors import pick_labels, policy_of
from web.formats import format_money
from web.marks import Chip, Part

HISTORY = 8  # earlier credits named; the sums count all of them


@dataclass(frozen=True, slots=True)
class Sum:
    """One of the two cumulative sums. `of` is the limit it is held against, None without limit."""

    title: str
    before: Decimal
    waiting: Decimal
    this: Decimal
    of: Decimal | None
    limit_text: str
    decides: bool

    @property
    def total(self) -> Decimal:
        return self.before + self.waiting + self.this

    @property
    def left(self) -> Decimal | None:
        return None if self.of is None else self.of - self.total

    @property
    def parts(self) -> list[Part]:
        room = max(self.left or Decimal(0), Decimal(0))
        return [
            Part("m1", float(self.before)), Part("m3", float(self.waiting)), Part("m2", float(self.this)),
            Part("m4", float(room)),
        ]  # fmt: skip

    @property
    def label(self) -> str:
        said = [f"{format_money(self.before)} issued", f"{format_money(self.waiting)} waiting ahead",
                f"{format_money(self.this)} this credit"]  # fmt: skip
        rest = "" if self.left is None else f", {format_money(max(self.left, Decimal(0)))} left of {self.limit_text}"
        return ", ".join(said) + rest


@dataclass(frozen=True, slots=True)
class Earlier:
    """A credit that counts. `url` is "" and `about` says less where the reader may not see its ticket."""

    amount: str
    who: str
    at: datetime
    ticket: str
    subject: str
    url: str
    is_reversed: bool


@dataclass(slots=True)
class CreditPage:
    request: CreditRequest
    name: str
    chip: Chip | None
    sums: list[Sum]
    decision: AuthorityDecision | None
    clause: Clause | None
    policy: Policy
    may_answer: bool
    may_pass_on: bool  # not for those who were asked in vain: it waits for somebody else by now
    may_take_back: bool
    may_reverse: bool
    next_up: str
    waits_for: str
    entry: CreditEntry | None
    reversal: CreditEntry | None
    moves: list[CreditMove]
    earlier: list[Earlier]
    hidden: int = 0
    segment: str = ""
    place: str = ""
    crumbs: list[tuple[str, str]] = field(default_factory=list)

    @property
    def chip_left(self) -> Chip | None:
        """How long, without the line that says until when: the page's head says that beside it."""
        return Chip(self.chip.state, self.chip.left) if self.chip else None

    @property
    def may_approve(self) -> bool:
        return self.may_answer and self.decision is not None and self.decision.may_issue

    @property
    def grant(self) -> Grant | None:
        return self.decision.grant if self.decision and self.decision.may_issue else None


def credit_page(request: CreditRequest, reach: Reach, *, now: datetime, zone: ZoneInfo) -> CreditPage:
    """A constant number of statements, whatever was granted before."""
    able = reach.able(request) if request.waits else []
    entries = {one.kind: one for one in CreditEntry.objects.filter(request=request).select_related("by", "role")}
    issue = entries.get(EntryKind.ISSUE)
    policy = reach.policy if request.waits else policy_of(request.policy_version_id)
    counted = _spent(request, issue, now)
    spent = counted or Spent()
    asked = Request(request.action, request.amount)
    shown = authority_decide(grants=able, request=asked, spent=spent) if able else None
    rank = max((one.rank for one in able), default=0)
    may_pass_on = bool(able) and rank >= asked_rank(request)
    above, waits_for = (
        _around(request, policy, spent, max(rank, asked_rank(request)), now) if request.waits else ("", "")
    )
    earlier, hidden = _earlier(request, issue, reach.user, now)
    chips = chips_of([request.clock_id], now=now, zone=zone) if request.waits and request.clock_id else {}
    return CreditPage(
        request=request, name=_name(policy, request), chip=chips.get(request.clock_id or 0),
        sums=_sums(request, counted, issue, shown), decision=shown, clause=_clause(request, policy, shown),
        policy=policy,
        may_answer=bool(able), may_pass_on=may_pass_on,
        may_take_back=request.waits and request.requested_by_id == reach.user.pk,
        may_reverse=_may_reverse(request, reach, issue), next_up=above, waits_for=waits_for, entry=issue,
        reversal=entries.get(EntryKind.REVERSAL),
        moves=list(request.moves.select_related("by", "from_role", "to_role")), earlier=earlier, hidden=hidden,
        segment=pick_labels(PickListName.SEGMENT)[PickListName.SEGMENT].get(request.ticket.segment, ""),
        crumbs=[("Approvals", reverse("escalations:approval_list"))],
    )  # fmt: skip


def _name(policy: Policy, request: CreditRequest) -> str:
    known = {one.action: one.action_name for one in policy.authority}
    return known.get(request.action, request.action.replace("_", " ").capitalize())


def _spent(request: CreditRequest, issue: CreditEntry | None, now: datetime) -> Spent | None:
    """What counts before it now; of an issued one, what the ledger recorded; None where no money is or was in it."""
    if issue is not None:
        return Spent(issue.spent_ticket, issue.spent_customer, issue.waiting_ticket, issue.waiting_customer)
    if request.amount is None or not request.waits:
        return None
    return spent_before(request.ticket_id, request.customer_id, now, request.pk)


def _sums(
    request: CreditRequest, spent: Spent | None, issue: CreditEntry | None, decision: AuthorityDecision | None
) -> list[Sum]:
    """The sum that decides first. The limit is the reader's where they answer, else the one in force for it."""
    asked = request.amount
    if asked is None or spent is None:
        return []
    grant = (decision.grant or decision.own) if decision else None
    limit = grant.limit if decision else (issue.limit_in_force if issue else request.limit_in_force)
    whose = "your" if decision else "the"
    text = f"{whose} {format_money(limit)}" if limit is not None else "no limit"
    by_ticket = spent.on_ticket > spent.for_customer
    rows = [
        Sum("30 days, this customer", spent.customer, spent.customer_waiting, asked, limit, text, not by_ticket),
        Sum("this ticket, all its life", spent.ticket, spent.ticket_waiting, asked, limit, text, by_ticket),
    ]
    return sorted(rows, key=lambda row: not row.decides)


def _clause(request: CreditRequest, policy: Policy, decision: AuthorityDecision | None) -> Clause | None:
    key = request.clause
    if decision is not None:
        grant = decision.grant or decision.own
        key = grant.clause if grant else ""
    return policy.clause(key) if key else None


def _around(request: CreditRequest, policy: Policy, spent: Spent, rank: int, now: datetime) -> tuple[str, str]:
    """Who above this rank would be asked next, and who is asked now, in words."""
    rules = [one for one in policy.authority if one.action == request.action]
    found = approvers([one.role for one in rules], ticket=request.ticket, requester_id=request.requested_by_id, now=now)
    routed = request.routed_to
    above = [one for one in rules if one.rank > rank and found[one.role]]
    grants = grants_in(above, action=request.action, attended=attended(found))
    decision = authority_decide(grants=grants, request=Request(request.action, request.amount), spent=spent)
    next_up = ""
    if decision.grant is not None:
        reach = f", {limit_words(decision.grant)}" if request.is_money else ""
        next_up = f"{_names(found[decision.grant.role])}, {decision.grant.role_name}{reach}"
    return next_up, _names(found.get(routed.code, [])) if routed else ""


def _names(people: list[Approver], most: int = 3) -> str:
    there = [one for one in people if one.is_there] or people
    names = [f"{one.user}{f' for {one.lent_by}' if one.lent_by else ''}" for one in there[:most]]
    more = len(there) - most
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _may_reverse(request: CreditRequest, reach: Reach, issue: CreditEntry | None) -> bool:
    if request.state != CreditState.ISSUED or issue is None:
        return False
    if issue.by_id == reach.user.pk:
        return True
    held = [one for one in reach.grants(request) if one.held]
    return authority_decide(
        grants=held, request=Request(request.action, request.amount), spent=Spent()
    ).may_issue  # fmt: skip


def _earlier(request: CreditRequest, issue: CreditEntry | None, user: User, now: datetime) -> tuple[list[Earlier], int]:
    """Credits issued before it that count with it, the newest first, and how many more there are. Two statements."""
    if request.amount is None:
        return [], 0
    until = request.ended_at or now
    as_one = Q(ticket__in=RawSQL("SELECT credit_family(%s)", [request.ticket_id]))
    counted = CreditEntry.objects.filter(
        as_one | Q(customer=request.customer_id, at__gt=until - WINDOW), kind=EntryKind.ISSUE, at__lte=until
    )
    if issue is not None:
        counted = counted.filter(pk__lt=issue.pk)
    rows = list(
        counted.select_related("ticket", "by", "reversed_by", "request").order_by("-id")[: HISTORY + 1]
    )  # fmt: skip
    ids = {one.ticket_id for one in rows}
    seen = set(Ticket.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    lines = [_line(one, one.ticket_id in seen, user) for one in rows[:HISTORY]]
    return lines, max(0, counted.count() - HISTORY) if len(rows) > HISTORY else 0


def _line(one: CreditEntry, is_seen: bool, user: User) -> Earlier:
    who = "you" if one.by_id == user.pk else str(one.by)
    linked = is_seen and (user.can(Ability.MANAGE) or user.pk in (one.by_id, one.request.requested_by_id))
    return Earlier(
        amount=format_money(one.amount), who=who, at=one.at,
        ticket=one.ticket.ref if is_seen else "", subject=one.ticket.subject if is_seen else "A restricted ticket",
        url=one.request.get_absolute_url() if linked else "", is_reversed=hasattr(one, "reversed_by"),
    )  # fmt: skip
