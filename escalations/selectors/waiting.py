"""What waits for a person, as the rail and the start page say it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from accounts.models import Team, User
from escalations.choices import WAITING_FOR_RECEIVER, Axis, CreditState
from escalations.credit_access import rang_at
from escalations.models import CreditMove, CreditRequest, Escalation, Ticket
from escalations.selectors.counts import CAP, Linked, Part, count_part, kept_parts, linked_counts, linked_parts
from policies.models import Delegation


def handoffs_for(user: User) -> QuerySet[Escalation]:
    """Filed handoffs that this person may answer: to them, their team, or a team they lead; never their own."""
    addressed = Q(to_user=user) | Q(to_team__lead=user)
    if user.team_id is not None:
        addressed |= Q(to_team=user.team_id)
    return (
        Escalation.objects.filter(addressed, state__in=WAITING_FOR_RECEIVER)
        .exclude(from_user=user)
        .filter(ticket__in=Ticket.objects.visible_to(user))
    )


def handed_to(user: User, states: Sequence[str] = WAITING_FOR_RECEIVER) -> QuerySet[Escalation]:
    """The same for a part of a larger statement, which itself narrows to what the person may see."""
    addressed = Q(to_user=user) | Q(to_team__in=Team.objects.filter(lead=user).order_by().values("pk"))
    if user.team_id is not None:
        addressed |= Q(to_team=user.team_id)
    found = Escalation.objects.filter(addressed, axis=Axis.FUNCTIONAL, state__in=states)
    return found.filter(Q(from_user__isnull=True) | ~Q(from_user=user)).order_by()


def held_tickets(user: User) -> QuerySet[Ticket]:
    """Open tickets of this person's team, of everybody for who has none; in the queue's order."""
    tickets = Ticket.objects.visible_to(user).open()
    if user.team_id is not None:
        tickets = tickets.filter(team=user.team_id)
    return tickets.order_by("queue_key")


class RailCounts(NamedTuple):
    """Handoffs that wait for somebody, tickets held, teams led, credit requests to decide."""

    waiting: int
    held: int
    leads: int
    approvals: int = 0


def rail_counts(user: User, held: int | None = None) -> RailCounts:
    """The numbers of the rail, capped, in one statement; `held` where the page counted those already."""
    waiting, leads, *counted = kept_parts(user, "rail", lambda: _rail_parts(user))
    approvals = kept_parts(user, ("approvals", user.role_id), lambda: [count_part(asked_for(user), CAP)])
    links = [] if held is not None else [Linked((user.pk, user.team_id, "held"), *counted)]
    numbers, found = linked_counts(links, [waiting, leads, *approvals])
    return RailCounts(found[0], held if held is not None else numbers[0], found[1], found[2])


def _rail_parts(user: User) -> list[Part]:
    led = Team.objects.filter(lead=user, is_active=True).order_by("pk")
    asked: list[QuerySet[Any]] = [handoffs_for(user).order_by("filed_at"), led]
    return [*(count_part(queryset, CAP) for queryset in asked), *linked_parts(held_tickets(user))]


def asked_for(user: User) -> QuerySet[CreditRequest]:
    """What waits for a role of this person's, or for one lent to them: never their own, nor what its lender asked.

    As `credit_access.asked_of`, in one statement that reads no policy.
    """
    rang = CreditMove.objects.filter(
        request=OuterRef(OuterRef("pk")), by=None, from_role=OuterRef("delegator__role")
    )  # fmt: skip
    lent = Delegation.objects.filter(
        Q(delegator__role=OuterRef("routed_to")) | Q(Exists(rang)),
        delegate=user, starts_at__lte=Now(), ends_at__gt=Now(), delegator__is_active=True,
    ).exclude(delegator=OuterRef("requested_by"))  # fmt: skip
    mine = Q(pk__in=[])
    if user.role_id is not None:
        mine = Q(routed_to=user.role_id) | Q(rang_at(from_role=user.role_id))
    return (
        CreditRequest.objects.filter(mine | Exists(lent), state=CreditState.REQUESTED)
        .exclude(requested_by=user)
        .filter(ticket__in=Ticket.objects.visible_to(user))
        .order_by("requested_at")
    )
