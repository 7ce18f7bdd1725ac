"""Delegations read: what is lent to whom now. Only a role's own rules are lent, so there is nothing to follow on."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import User
from policies.domain.authority import Lent
from policies.models import Delegation

RELATIONS = ("delegator", "delegator__role", "delegate", "delegate__role")


def in_force(now: datetime) -> QuerySet[Delegation]:
    """The delegations that hold at `now`; nobody who left lends or holds anything."""
    return Delegation.objects.filter(
        starts_at__lte=now, ends_at__gt=now, delegator__is_active=True, delegate__is_active=True
    )


def lent_to(user: User, now: datetime) -> list[tuple[Lent, str]]:
    """What `user` holds by delegation at `now`, each with the delegator's role. One statement."""
    rows = in_force(now).filter(delegate=user).select_related("delegator", "delegator__role").order_by("id")
    return as_lent(rows)


def as_lent(rows: Iterable[Delegation]) -> list[tuple[Lent, str]]:
    """`rows` with delegator and role selected."""
    return [
        (
            Lent(row.pk, row.delegator_id, row.delegator.full_name, row.starts_at, row.ends_at, row.limit),
            row.delegator.role.code,
        )
        for row in rows
        if row.delegator.role is not None
    ]


def hold_lent(user_id: int) -> None:
    """Keep what is lent to somebody from ending until this transaction does, and its delegators' rows as they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM policies_delegation d JOIN accounts_user u ON u.id = d.delegator_id"
            " WHERE d.delegate_id = %s AND d.ends_at > clock_timestamp() - interval '1 day' FOR SHARE",
            [user_id],
        )


def delegations_of(user: User) -> QuerySet[Delegation]:
    """What somebody lent or was lent, the latest first."""
    mine = Q(delegator=user) | Q(delegate=user)
    return Delegation.objects.filter(mine).select_related(*RELATIONS, "created_by", "ended_by")
