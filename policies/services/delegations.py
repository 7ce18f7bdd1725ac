"""Lending one's authority to somebody for a while, and taking it back (product.md M7)."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.choices import Ability
from accounts.models import User
from journal import clock
from journal.services import event_append, outbox_put
from policies.domain.authority import NotMoney, cents
from policies.errors import LendingRefused
from policies.models import Delegation
from policies.selectors import policy_in_force


def delegation_create(
    *,
    by: User,
    delegate: User,
    ends_at: datetime,
    reason: str,
    starts_at: datetime | None = None,
    limit: Decimal | None = None,
) -> Delegation:
    """Lend the authority of one's own role for [starts_at, ends_at); `starts_at` None is from now on.

    `limit` caps service credits; None lends up to one's own limit. Only the delegator makes a delegation, for nobody
    can lend what is another's. Raises LendingRefused.
    """
    try:
        with transaction.atomic():
            return _create(by=by, delegate=delegate, starts_at=starts_at, ends_at=ends_at, reason=reason, limit=limit)
    except IntegrityError as error:
        if "delegation_no_overlap" not in str(error):
            raise
        words = f"You lend {delegate} your authority then already. End that delegation first."
        raise LendingRefused(words, {"delegate": "Once at a time."}) from None


def _create(
    *, by: User, delegate: User, starts_at: datetime | None, ends_at: datetime, reason: str, limit: Decimal | None
) -> Delegation:
    people = User.objects.select_related("role").in_bulk([by.pk, delegate.pk])
    lender, borrower = people[by.pk], people[delegate.pk]
    now = clock.now()
    start = starts_at or now
    if lender.pk == borrower.pk:
        raise LendingRefused("Nobody lends to themselves.", {"delegate": "Choose somebody else."})
    if not borrower.can(Ability.READ):
        raise LendingRefused(f"{borrower} reads no tickets.", {"delegate": "Choose somebody who reads tickets."})
    if not holds_authority(lender):
        raise LendingRefused("Your role has no authority to lend.")
    if start < now:
        raise LendingRefused("The start has passed.", {"starts_at": "Leave it empty to begin now."})
    if ends_at <= start:
        raise LendingRefused("It would end before it begins.", {"ends_at": "Give a later time."})
    if not reason.strip():
        raise LendingRefused("Say why.", {"reason": "Every decision under it shows this."})
    row = Delegation.objects.create(
        delegator=lender, delegate=borrower, starts_at=start, ends_at=ends_at, planned_end=ends_at,
        limit=_checked(limit), reason=reason.strip(), created_by=lender, created_at=now,
    )  # fmt: skip
    _tell(row, "delegation.created", lender, now)
    outbox_put(
        key=f"delegation:{row.pk}:created:{borrower.pk}:email",
        recipient=borrower.email,
        subject=f"{lender} lends you the authority of {lender.role}",
        body=f"{lender} lends you the authority of {lender.role} from {_utc(start)} to {_utc(ends_at)}.\n\n{reason}\n",
    )
    return row


def holds_authority(user: User) -> bool:
    """Whether the role grants anything by the policy in force."""
    _, policy = policy_in_force()
    return user.is_active and user.role is not None and any(one.role == user.role.code for one in policy.authority)


def _checked(limit: Decimal | None) -> Decimal | None:
    if limit is None:
        return None
    try:
        exact = cents(limit)
    except NotMoney as error:
        raise LendingRefused(str(error), {"limit": str(error)}) from None
    if exact <= 0:
        raise LendingRefused("A limit is more than nothing.", {"limit": "Leave it empty to lend all of yours."})
    return exact


@transaction.atomic
def delegation_end(*, delegation: Delegation, by: User) -> Delegation:
    """End a delegation before its time; one that has not begun never does. Raises LendingRefused.

    By either of the two, or an administrator. What was decided under it stands.
    """
    row = Delegation.objects.select_for_update(of=("self",)).select_related("delegator", "delegate").get(
        pk=delegation.pk
    )  # fmt: skip
    person = User.objects.select_related("role").get(pk=by.pk)
    now = clock.now()
    if person.pk not in (row.delegator_id, row.delegate_id) and not person.can(Ability.ADMIN):
        raise LendingRefused(f"{row.delegator} or {row.delegate} can end this delegation.")
    if row.ends_at <= now:
        raise LendingRefused("This delegation has ended already.")
    row.ends_at, row.ended_by = max(now, row.starts_at), person
    row.save(update_fields=["ends_at", "ended_by"])
    _tell(row, "delegation.ended", person, now)
    return row


def _tell(row: Delegation, kind: str, by: User, now: datetime) -> None:
    data = {
        "delegator": row.delegator_id, "delegate": row.delegate_id, "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(), "limit": None if row.limit is None else str(row.limit),
    }  # fmt: skip
    event_append(subject=("delegation", row.pk), kind=kind, actor=by, at=now, data=data)


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
