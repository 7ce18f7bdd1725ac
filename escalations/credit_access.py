"""Who sees a request: its requester, who holds its ticket, managers, and whoever may answer it; to others it is 404."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.choices import Ability
from accounts.models import User
from escalations.access import check_reads
from escalations.choices import CreditState
from escalations.models import CreditMove, CreditRequest, Ticket
from policies.domain.authority import Grant, Lent, answering, grants_in
from policies.domain.policy import Policy
from policies.lending import lent_to
from policies.selectors import policy_in_force

RELATIONS = (
    "ticket", "ticket__team", "ticket__tier", "ticket__owner", "customer", "requested_by", "requested_by__team",
    "requested_by__team__tier", "routed_to", "clock", "decided_by", "decided_as", "delegation", "delegator",
    "policy_version",
)  # fmt: skip
READERS = (Ability.MANAGE, Ability.POLICY, Ability.ADMIN)


def asked_rank(request: CreditRequest) -> int:
    """How high the role stands that the request waits for; 0 for one that never waited."""
    return request.routed_to.rank if request.routed_to else 0


def able_grants(request: CreditRequest, grants: list[Grant]) -> list[Grant]:
    """In which of the held grants somebody may answer the request; one statement where its role is not theirs."""
    rank = asked_rank(request)
    able = answering(grants, rank=rank)
    if able or not any(one.held for one in grants):
        return able
    rang = set(request.moves.filter(by=None).values_list("from_role__code", flat=True))
    return answering(grants, rank=rank, rang=rang)


@dataclass(frozen=True, slots=True)
class Reach:
    """What somebody may answer now: their role, what is lent to them, and the rules in force."""

    user: User
    policy: Policy
    lent: tuple[tuple[Lent, str], ...]

    @property
    def role(self) -> str:
        return self.user.role.code if self.user.role else ""

    def ranks(self) -> list[tuple[str, str, int, int | None]]:
        """(action, role, its rank, whose requests not): by their own role, then by each delegation."""
        held: list[tuple[str, int | None]] = [(self.role, None), *((role, one.delegator) for one, role in self.lent)]
        return [(rule.action, role, rule.rank, but) for role, but in held for rule in self.policy.authority
                if rule.role == role]  # fmt: skip

    def grants(self, request: CreditRequest) -> list[Grant]:
        """Every role's rules for what is asked, and which of them they hold for it: never what its requester lends."""
        lent = [(one, role) for one, role in self.lent if one.delegator != request.requested_by_id]
        return grants_in(self.policy.authority, action=request.action, role=self.role, lent=lent)

    def able(self, request: CreditRequest) -> list[Grant]:
        """In what they may answer the request; nothing for their own."""
        return [] if request.requested_by_id == self.user.pk else able_grants(request, self.grants(request))

    def answers(self, request: CreditRequest) -> bool:
        return request.routed_to is not None and bool(self.able(request))


def reach_of(user: User, now: datetime) -> Reach:
    """Two statements."""
    _, policy = policy_in_force()
    return Reach(user, policy, tuple(lent_to(user, now)))


def rang_at(**role: Any) -> Exists:
    """Requests that moved up from a role because nobody there decided in time: it may still decide. For a filter."""
    return Exists(CreditMove.objects.filter(request=OuterRef("pk"), by=None, **role))


def answerable(reach: Reach) -> QuerySet[CreditRequest]:
    """What waits and this person may answer: in the role it waits for, above it, or asked in vain before."""
    found = Q(pk__in=[])
    for action, role, rank, but in reach.ranks():
        one = Q(Q(routed_to__rank__lte=rank) | Q(rang_at(from_role__code=role)), action=action)
        found |= one & ~Q(requested_by=but) if but else one
    return (
        CreditRequest.objects.filter(found, state=CreditState.REQUESTED)
        .exclude(requested_by=reach.user)
        .filter(ticket__in=Ticket.objects.visible_to(reach.user))
    )


def asked_of(reach: Reach) -> QuerySet[CreditRequest]:
    """What waits for a role of this person's, their own or one lent to them, or waited for it until its clock rang."""
    wanted = _asked(reach.role)
    for lent, role in reach.lent:
        wanted |= _asked(role) & ~Q(requested_by=lent.delegator)
    return answerable(reach).filter(wanted)


def _asked(role: str) -> Q:
    return Q(routed_to__code=role) | Q(rang_at(from_role__code=role))


def may_read(reach: Reach, request: CreditRequest) -> bool:
    user = reach.user
    own = user.pk in (request.requested_by_id, request.decided_by_id, request.ticket.owner_id)
    return own or user.can(Ability.MANAGE) or reach.answers(request)


def credit_for(user: User, pk: int, now: datetime) -> tuple[CreditRequest, Reach]:
    """A request of a visible ticket with everybody on it, and what the person may answer. Http404 otherwise."""
    check_reads(user)
    visible = CreditRequest.objects.filter(ticket__in=Ticket.objects.visible_to(user))
    request = get_object_or_404(visible.select_related(*RELATIONS).defer("policy_version__snapshot"), pk=pk)
    reach = reach_of(user, now)
    if not may_read(reach, request):
        raise Http404("This request is its approvers'.")
    return request, reach


def reads_ledger(user: User) -> bool:
    """Whether somebody answers for the money or for the rules."""
    return any(user.can(ability) for ability in READERS)


def check_ledger(user: User) -> None:
    """Http404 for those who answer neither for the money nor for the rules."""
    if not reads_ledger(user):
        raise Http404("The ledger is for managers, process owners and administrators.")
