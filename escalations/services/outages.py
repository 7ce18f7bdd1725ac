"""What is done once for a parent and all its children: an update to every customer, and the end.

Whoever holds the parent does both: by linking a ticket its holder has handed the parent this part of it. Children that
the person may not see are left alone and not spoken of. See docs/decisions/0011.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Unpack

from django.db import transaction
from django.db.models import F

from accounts.models import User
from escalations.choices import WAITING_FOR_RECEIVER, Axis, ConsultState, EscalationState, TicketState
from escalations.models import Consult, Escalation, Message, Resolution, SimilarUse, Ticket
from escalations.services.conversation import Said, reply_held
from escalations.services.families import Family, hold_family
from escalations.services.flowing import Flow, flow_down
from escalations.services.locking import check_ticket_part
from escalations.services.many_clocks import close_hops, read_clocks, save_clocks
from escalations.services.parents import release_children
from escalations.services.record import tell
from escalations.services.resolutions import Learnt, resolve_held, stop_everything
from escalations.services.warm import check_may_answer
from journal.models import Event

NO_CHILDREN = Flow([], [])


@transaction.atomic
def ticket_update_all(*, ticket: Ticket, by: User, **said: Unpack[Said]) -> tuple[Message, Flow]:
    """Answer the parent's customer and those of its open children, promise included. Raises as `ticket_reply`."""
    held, family = hold_family(ticket.pk, by)
    check_may_answer(held)
    message = reply_held(held, **said)
    children = family.children(held.ticket)
    return message, flow_down(family, held.ticket, message, children, next_update_at=said.get("next_update_at"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an outage: `left` are children that stay open although they were to be resolved, and why."""

    resolution: Resolution
    resolved: list[Ticket] = field(default_factory=list)
    left: list[tuple[Ticket, str]] = field(default_factory=list)
    flow: Flow = NO_CHILDREN


@transaction.atomic
def ticket_resolve_all(
    *, ticket: Ticket, by: User, children: Collection[int], words: str = "", **learnt: Unpack[Learnt]
) -> Outcome:
    """Resolve a parent and those of its open children that `children` names by id; the others run on by themselves.

    `words` are sent to the customers of all of them first. Of a restricted parent nothing but that it is resolved is
    written on its children. Raises as `ticket_resolve`.
    """
    held, family = hold_family(ticket.pk, by)
    parts = check_ticket_part(held)
    parent = held.ticket
    open_children = family.children(parent)
    wanted = [one for one in open_children if one.pk in children and family.sees(one)]
    can, left = _sort_out(wanted, by)
    flow = NO_CHILDREN
    if words.strip():
        message = reply_held(held, body=words, channel="email")
        flow = flow_down(family, parent, message, can, next_update_at=None)
    resolution = resolve_held(held, parts=parts, **learnt)
    theirs = Learnt(
        root_cause=resolution.root_cause, what_was_done=f"Resolved with {parent.ref}. {resolution.what_was_done}",
        root_cause_details=resolution.root_cause_details,
    )  # fmt: skip
    if parent.is_restricted:
        theirs = Learnt(root_cause=resolution.root_cause, what_was_done="Resolved with the parent ticket.")
    _resolve_children(family, parent, can, theirs)
    resolved = {one.pk for one in can}
    if others := [one for one in open_children if one.pk not in resolved]:
        release_children(family, parent, others)
    if wanted:
        tell(held, "ticket.children_resolved", resolved=len(can), left=[one.ref for one, _ in left])
    return Outcome(resolution, can, left, flow)


def _sort_out(wanted: Sequence[Ticket], by: User) -> tuple[list[Ticket], list[tuple[Ticket, str]]]:
    """Those that can be resolved with the parent, and the others with the reason. Two statements."""
    live = (
        Escalation.objects.filter(ticket__in=wanted)
        .filter(state__in=[*WAITING_FOR_RECEIVER, EscalationState.ACCEPTED])
        .select_related("accepted_by", "to_team")
        .order_by("pk")
    )
    why: dict[int, str] = {}
    for one in live:
        if one.state in WAITING_FOR_RECEIVER:
            why[one.ticket_id] = f"a handoff waits for {one.to_team}."
        elif one.axis == Axis.FUNCTIONAL:
            why[one.ticket_id] = f"{one.accepted_by} accepted its handoff and owes its sender a word on it."
    asked = Consult.objects.filter(ticket__in=wanted, state=ConsultState.ASKED).select_related("to_team")
    why |= {one.ticket_id: f"{one.to_team} was asked a question on it." for one in asked}
    return [one for one in wanted if one.pk not in why], [(one, why[one.pk]) for one in wanted if one.pk in why]


def _resolve_children(family: Family, parent: Ticket, children: Sequence[Ticket], learnt: Learnt) -> None:
    """The end of many tickets, in a number of statements that does not depend on how many they are."""
    if not children:
        return
    now = family.now
    many = read_clocks(children, now)
    for clocks in many.values():
        stop_everything(clocks)
    close_hops(children, many, now)
    Ticket.objects.filter(pk__in=[one.pk for one in children]).update(
        state=TicketState.RESOLVED, resolved_at=now, waiting_since=None, version=F("version") + 1
    )
    save_clocks(list(many.values()))
    # What ended them was the parent, whatever answer somebody had found before.
    SimilarUse.objects.filter(ticket__in=[one.pk for one in children], prevented__isnull=True).update(prevented=False)
    resolutions = Resolution.objects.bulk_create(
        Resolution(
            ticket=one, tier=one.tier, team=one.team, resolved_by=family.by, resolved_at=now, **learnt
        )
        for one in children
    )  # fmt: skip
    _tell_resolved(family, parent, resolutions)


def _tell_resolved(family: Family, parent: Ticket, resolutions: Sequence[Resolution]) -> None:
    Event.objects.bulk_create(
        Event(
            subject_type="ticket", subject_id=one.ticket_id, kind="ticket.resolved", actor=family.by,
            occurred_at=family.now,
            data={
                "resolution": one.pk, "root_cause": one.root_cause, "satisfaction": None, "escalation": None,
                "other": parent.pk, "ref": parent.ref,
            },
        )
        for one in resolutions
    )  # fmt: skip
