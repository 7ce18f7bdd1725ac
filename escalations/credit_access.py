"""Who sees a request: its requester, who holds its ticket, managers, and whoever may answer it; to others it is 404."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.choices import Ability
from accounts.models import User
from escalations.access import check_reads
from escalations.choices import CreditState
from escalations.models import CreditRequest, Ticket
from policies.domain.authority import Lent
from policies.domain.policy import Policy
from policies.lending import lent_to
from policies.selectors import policy_in_force

RELATIONS = (
    "ticket", "ticket__team", "ticket__tier", "ticket__owner", "customer", "requested_by", "requested_by__team",
    "requested_by__team__tier", "routed_to", "clock", "decided_by", "decided_as", "delegation", "delegator",
    "policy_version",
)  # fmt: skip
READERS = (Ability.MANAGE, Ability.POLICY, Ability.ADMIN)


@dataclass(frozen=True, slots=True)
class Reach:
    """What somebody may answer now: their role, what is lent to them, and the rules in force."""

    user: User
    policy: Policy
    lent: tuple[tuple[Lent, str], ...]

    @property
    def role(self) -> str:
        return self.user.role.code if self.user.role else ""

    def ranks(self) -> list[tuple[str, int, int | None]]:
        """(action, rank up to which it may be answered, whose requests not): own authority, then each delegation."""
        held: list[tuple[str, int | None]] = [(self.role, None)]
        held += [(role, one.delegator) for one, role in self.lent]
        return [(rule.action, rule.rank, but) for role, but in held for rule in self.policy.authority
                if rule.role == role]  # fmt: skip

    def answers(self, request: CreditRequest) -> bool:
        """Whether they may answer the request, in its role or above it; never their own."""
        if request.requested_by_id == self.user.pk or request.routed_to is None:
            return False
        return any(
            action == request.action and rank >= request.routed_to.rank and but != request.requested_by_id
            for action, rank, but in self.ranks()
        )


def reach_of(user: User, now: datetime) -> Reach:
    """Two statements."""
    _, policy = policy_in_force()
    return Reach(user, policy, tuple(lent_to(user, now)))


def answerable(reach: Reach) -> QuerySet[CreditRequest]:
    """What waits and this person may answer: in the role it waits for, or above it."""
    found = Q(pk__in=[])
    for action, rank, but in reach.ranks():
        one = Q(action=action, routed_to__rank__lte=rank)
        found |= one & ~Q(requested_by=but) if but else one
    return (
        CreditRequest.objects.filter(found, state=CreditState.REQUESTED)
        .exclude(requested_by=reach.user)
        .filter(ticket__in=Ticket.objects.visible_to(reach.user))
    )


def asked_of(reach: Reach) -> QuerySet[CreditRequest]:
    """What waits for a role of this person's, their own or one lent to them."""
    wanted = Q(routed_to__code=reach.role)
    for lent, role in reach.lent:
        wanted |= Q(routed_to__code=role) & ~Q(requested_by=lent.delegator)
    return answerable(reach).filter(wanted)


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


def check_ledger(user: User) -> None:
    """Http404 for those who answer neither for the money nor for the rules."""
    if not any(user.can(ability) for ability in READERS):
        raise Http404("The ledger is for managers, process owners and administrators.")
