"""Who can be asked: the people of a role, and those to whom one of them has lent their authority."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import Absence, User
from escalations.models import Ticket, TicketReader
from policies.lending import in_force


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who could decide. `lent_by` is the delegator's name, "" for their own role."""

    user: User
    role: str
    lent_by: str = ""
    is_there: bool = True


def approvers(
    roles: Iterable[str], *, ticket: Ticket, requester_id: int, now: datetime
) -> dict[str, list[Approver]]:  # fmt: skip
    """Role → who may decide in it, without the requester and what the requester lends. Two statements, three when
    the ticket is restricted: then only people who are named on it.

    A delegate of somebody who is away is there; `covered_by` of an absence lends no authority.
    """
    wanted = list(roles)
    away = Exists(
        Absence.objects.filter(
            user=OuterRef("pk"), cancelled_at__isnull=True, starts_at__lte=now, ends_at__gt=now
        )  # fmt: skip
    )
    people = User.objects.filter(is_active=True).exclude(pk=requester_id).annotate(is_away=away).select_related("role")
    if ticket.is_restricted:
        people = people.filter(pk__in=list(TicketReader.objects.filter(ticket=ticket).values_list("user", flat=True)))
    found: dict[str, list[Approver]] = {code: [] for code in wanted}
    for person in people.filter(role__code__in=wanted).order_by("full_name"):
        if person.role is not None:
            found[person.role.code].append(Approver(person, person.role.code, is_there=not person.is_away))
    lent = in_force(now).filter(delegator__role__code__in=wanted, delegate__in=people).exclude(delegator=requester_id)
    away_delegate = Exists(
        Absence.objects.filter(
            user=OuterRef("delegate"), cancelled_at__isnull=True, starts_at__lte=now, ends_at__gt=now
        )  # fmt: skip
    )
    rows = lent.annotate(is_away=away_delegate).select_related("delegate", "delegate__role", "delegator__role")
    for row in rows.order_by("id"):
        if row.delegator.role is not None:
            code = row.delegator.role.code
            found[code].append(Approver(row.delegate, code, row.delegator.full_name, is_there=not row.is_away))
    return found


def attended(found: dict[str, list[Approver]]) -> set[str]:
    """The roles in which somebody is there."""
    return {code for code, people in found.items() if any(one.is_there for one in people)}
