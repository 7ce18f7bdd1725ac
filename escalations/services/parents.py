"""Parent and child in an outage: one escalation, the parent's. See docs/decisions/0011.

While its parent is open a child's clocks at its tier stand still, for the parent carries them; what its customer was
promised (contract, first response, next update) runs on. Depth is one: a child has no children.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from escalations.access import parts_on_ticket
from escalations.domain.clocks import Wait
from escalations.errors import Overtaken, Refused
from escalations.models import Issue, Ticket
from escalations.services.clocks import TicketClocks
from escalations.services.families import Family, hold_set
from escalations.services.locking import Held, check_ticket_part
from escalations.services.many_clocks import LOOK_AGAIN_DAYS, hold_for_parent, read_clocks, save_clocks
from escalations.services.record import tell
from escalations.services.withdrawals import withdraw_waiting
from journal.models import Event


def look_again(now: datetime) -> datetime:
    return now + timedelta(days=LOOK_AGAIN_DAYS)


@transaction.atomic
def ticket_link_parent(*, ticket: Ticket, parent: Ticket, by: User) -> Ticket:
    """Link a ticket under a parent, which carries its tier and its escalation from now on.

    A handoff that waits on it is withdrawn; it takes the parent's issue if it has none. By whoever holds the child and
    sees the parent. Idempotent. Raises Refused (with the field `parent`), NotAllowed, Overtaken.
    """
    if ticket.pk == parent.pk:
        raise _refused(f"{ticket.ref} cannot be its own parent.", "Choose another ticket.")
    family = hold_set(lambda: [ticket.pk, parent.pk], by)
    held, above = family.held(ticket.pk), family.held(parent.pk)
    check_ticket_part(held)
    child = held.ticket
    if child.parent_id == above.ticket.pk:
        return child
    _check_depth(held, above.ticket)
    clocks = TicketClocks(child, held.now)
    withdrawn = withdraw_waiting(held, clocks, note="Linked to a parent, which carries the escalation.")
    before = child.parent_id
    child.parent = above.ticket
    took_issue = child.issue_id is None and above.ticket.issue_id is not None
    if took_issue:
        child.issue_id = above.ticket.issue_id
    hold_for_parent(clocks, by_id=held.by.pk, review_at=look_again(held.now))
    child.version += 1
    clocks.save()
    tell(
        held, "ticket.parent_linked", other=above.ticket.pk, ref=above.ticket.ref,
        withdrew=str(withdrawn.to_team) if withdrawn else "", issue=child.issue_id if took_issue else None,
    )  # fmt: skip
    if before is not None:
        _tell_parent(before, held, "ticket.child_unlinked")
    _tell_parent(above.ticket.pk, held, "ticket.child_linked")
    return child


def _refused(message: str, hint: str, *, way_out: str = "") -> Refused:
    return Refused(message, {"parent": hint}, way_out=way_out)


def _check_depth(held: Held, parent: Ticket) -> None:
    child = held.ticket
    if not child.is_open:
        raise Overtaken(f"{child.by_now}.")
    if not parent.is_open:
        state = parent.get_state_display().lower()
        raise _refused(f"{parent.ref} is {state}: only an open ticket carries others.", "Reopen it, or choose another.")
    if parent.parent_id is not None:
        raise _refused(f"{parent.ref} is a child itself.", "A child has no children. Link both to its parent.")
    if Ticket.objects.filter(parent=child).exists():
        raise _refused(
            f"Other tickets are linked under {child.ref}, so it cannot become a child.",
            "Unlink them first, or merge the two.",
        )


def _tell_parent(parent_id: int, held: Held, kind: str) -> None:
    """On the parent's timeline, and as news to who reads it."""
    Event.objects.create(
        subject_type="ticket", subject_id=parent_id, kind=kind, actor=held.by, occurred_at=held.now,
        data={"other": held.ticket.pk, "ref": held.ticket.ref},
    )  # fmt: skip
    Ticket.objects.filter(pk=parent_id).update(updated_at=held.now)


@transaction.atomic
def ticket_unlink_parent(*, ticket: Ticket, by: User) -> Ticket:
    """Take a child from under its parent: its clocks at its tier run on, with what they had used before.

    By whoever holds the child or the parent. Of a ticket without one nothing changes. Raises NotAllowed, Overtaken.
    """
    parent_id = Ticket.objects.values_list("parent_id", flat=True).get(pk=ticket.pk)
    if parent_id is None:
        return ticket
    family = hold_set(lambda: [ticket.pk, parent_id], by)
    held = family.held(ticket.pk)
    child, parent = held.ticket, family.tickets[parent_id]
    if child.parent_id != parent_id:
        raise Overtaken(f"{child.ref} was linked elsewhere or unlinked meanwhile. Nothing was changed.")
    if not (family.sees(parent) and parts_on_ticket(held.by, parent)):
        check_ticket_part(held)
    child.parent = None
    child.version += 1
    clocks = TicketClocks(child, held.now)
    clocks.resume(Wait.PARENT)
    clocks.save()
    tell(held, "ticket.parent_unlinked", other=parent.pk, ref=parent.ref, runs=child.is_open)
    _tell_parent(parent.pk, held, "ticket.child_unlinked")
    return child


def release_children(family: Family, parent: Ticket, children: Sequence[Ticket]) -> None:
    """The parent carries nothing any more: the clocks of these open children run on by themselves. Batched."""
    many = read_clocks(children, family.now)
    for clocks in many.values():
        clocks.resume(Wait.PARENT)
    save_clocks(list(many.values()))
    _tell_children(family, parent, children, "ticket.parent_ended")


def carry_children(family: Family, parent: Ticket, children: Sequence[Ticket]) -> None:
    """The parent is open again: it carries its open children as before. Batched."""
    many = read_clocks(children, family.now)
    for clocks in many.values():
        hold_for_parent(clocks, by_id=family.by.pk, review_at=look_again(family.now))
    save_clocks(list(many.values()))
    _tell_children(family, parent, children, "ticket.parent_reopened")


def _tell_children(family: Family, parent: Ticket, children: Iterable[Ticket], kind: str) -> None:
    Event.objects.bulk_create(
        Event(
            subject_type="ticket", subject_id=child.pk, kind=kind, actor=family.by, occurred_at=family.now,
            data={"other": parent.pk, "ref": parent.ref},
        )
        for child in children
    )  # fmt: skip


def adopt_children(family: Family, old: Ticket, new: Ticket) -> list[Ticket]:
    """Children of a ticket that is merged go along to its survivor, open and finished ones. Batched.

    Raises Refused where the survivor is a child: it has no children.
    """
    children = [one for one in family.tickets.values() if one.parent_id == old.pk]
    if not children:
        return []
    if new.parent_id is not None:
        raise Refused(
            f"{old.ref} has children and {new.ref} is a child, which has none.",
            {"into": "Merge it into the parent instead, or unlink one of them first."},
        )
    Ticket.objects.filter(pk__in=[one.pk for one in children]).update(parent=new, updated_at=family.now)
    Event.objects.bulk_create(
        Event(
            subject_type="ticket", subject_id=child.pk, kind="ticket.parent_moved", actor=family.by,
            occurred_at=family.now, data={"other": new.pk, "ref": new.ref, "before": old.pk, "before_ref": old.ref},
        )
        for child in children
    )  # fmt: skip
    return children


def issue_to_children(family: Family, parent: Ticket, issue: Issue) -> int:
    """Children without an issue get their parent's. How many did."""
    lacking = [one for one in family.children(parent) if one.issue_id is None]
    Ticket.objects.filter(pk__in=[one.pk for one in lacking]).update(issue=issue, updated_at=family.now)
    Event.objects.bulk_create(
        Event(
            subject_type="ticket", subject_id=child.pk, kind="ticket.issue_linked", actor=family.by,
            occurred_at=family.now, data={"issue": issue.pk, "title": issue.title, "with_parent": True},
        )
        for child in lacking
    )  # fmt: skip
    return len(lacking)
