"""Merging a duplicate into the ticket that goes on. Its state is final; a mistaken merge is split off again.

What was said stays readable on the merged ticket, and the survivor's timeline leads there. See docs/decisions/0011.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from accounts.models import User
from escalations.choices import Axis, EscalationState, TicketState
from escalations.domain.clocks import Wait
from escalations.domain.lifecycle import TICKET_TRANSITIONS
from escalations.errors import Overtaken, Refused
from escalations.models import Escalation, Ticket
from escalations.services.carrying import carry_deadlines
from escalations.services.clocks import TicketClocks
from escalations.services.consults import consults_end
from escalations.services.families import Family, hold_set
from escalations.services.hops import hop_close
from escalations.services.locking import Held, check_ticket_part, next_state
from escalations.services.mails import mail
from escalations.services.parents import adopt_children
from escalations.services.record import tell
from escalations.services.tickets import resume_outside
from escalations.services.withdrawals import withdraw_waiting


@transaction.atomic
def ticket_merge(*, ticket: Ticket, into: Ticket, by: User, confirmed: bool = False) -> Ticket:
    """Make `ticket` part of `into`, which must be open. By whoever holds the duplicate and sees the survivor.

    Its clocks end; earlier deadlines, the customer's wait, a threat to leave, the issue and the children go along. A
    handoff that waits is withdrawn with notice, an accepted one has moved on. `confirmed`: the customers differ, and
    somebody has seen that the merged one's contact is told nothing further there. Merging twice is merging once.
    Raises Refused (with the fields `into`, `confirmed`), NotAllowed, Overtaken.
    """
    if ticket.pk == into.pk:
        raise _refused(f"{ticket.ref} cannot be merged into itself.", "Choose another ticket.")

    def find() -> Iterable[int]:
        return (ticket.pk, into.pk, *Ticket.objects.filter(parent=ticket.pk).values_list("pk", flat=True))

    family = hold_set(find, by)
    held, other = family.held(ticket.pk), family.held(into.pk)
    current, survivor = held.ticket, other.ticket
    if current.state == TicketState.MERGED and current.merged_into_id == survivor.pk:
        return current
    parts = check_ticket_part(held)
    said = f"{current.by_now}. Nothing was changed."
    state = next_state(TICKET_TRANSITIONS, current.state, "merge", parts, said=said)
    _check_pair(current, survivor, confirmed=confirmed)
    adopted = adopt_children(family, current, survivor)
    ends, goes_on = TicketClocks(current, family.now), TicketClocks(survivor, family.now)
    carried = _end(held, ends, goes_on, survivor)
    facts = _carry_facts(other, goes_on, current)
    _leave(held, ends, state, survivor)
    survivor.version += 1
    goes_on.save()
    _tell(held, other, [str(row.kind) for row in carried], facts, len(adopted))
    _mail(family, current, survivor)
    return current


def _refused(message: str, hint: str, field: str = "into") -> Refused:
    return Refused(message, {field: hint})


def _check_pair(ticket: Ticket, into: Ticket, *, confirmed: bool) -> None:
    if into.state == TicketState.MERGED:
        raise Overtaken(f"{into.ref} was merged into another ticket by now. Nothing was changed.")
    if not into.is_open:
        state = into.get_state_display().lower()
        raise _refused(f"{into.ref} is {state}. Only an open ticket goes on for two.", "Reopen it first.")
    if into.parent_id == ticket.pk:
        raise _refused(
            f"{into.ref} is a child of {ticket.ref}: a parent is not merged into its child.",
            "Merge the child into the parent, or unlink it first.",
        )
    if ticket.is_restricted and not into.is_restricted:
        raise _refused(
            f"{ticket.ref} is restricted and {into.ref} is not: what its customer writes next would be seen by all.",
            f"Restrict {into.ref} first.",
        )
    if ticket.customer_id != into.customer_id and not confirmed:
        raise _refused(
            f"{ticket.customer} and {into.customer} are two customers.",
            f"Confirm that {ticket.contact or ticket.customer} is told elsewhere.",
            "confirmed",
        )


def _end(held: Held, ends: TicketClocks, goes_on: TicketClocks, survivor: Ticket) -> list[Any]:
    """Nothing is asked for on the merged ticket any more; what its customer was to get is asked for on the other."""
    withdraw_waiting(held, ends, note=f"The ticket was merged into {survivor.ref}.")
    Escalation.objects.filter(ticket=held.ticket, axis=Axis.FUNCTIONAL, state=EscalationState.ACCEPTED).update(
        state=EscalationState.MOVED_ON, ended_at=held.now
    )
    consults_end(held, f"The ticket was merged into {survivor.ref}.")
    carried = carry_deadlines(ends, goes_on)
    for pause in list(ends.open_waits):
        ends.resume(Wait(pause.wait))
    ends.cancel()
    return carried


def _carry_facts(other: Held, goes_on: TicketClocks, merged: Ticket) -> list[str]:
    """What is true of the survivor from now on: since when its customer waits, a threat to leave, the issue."""
    survivor, facts = other.ticket, []
    waits = [at for at in (survivor.waiting_since, merged.waiting_since) if at is not None]
    if merged.waiting_since is not None and (survivor.waiting_since is None or min(waits) < survivor.waiting_since):
        facts.append("waiting_since")
    survivor.waiting_since = min(waits, default=None)
    said = [at for at in (survivor.last_contact_at, merged.last_contact_at) if at is not None]
    survivor.last_contact_at = max(said, default=None)
    if merged.churn_threat and not survivor.churn_threat:
        survivor.churn_threat, survivor.churn_threat_by_id = True, merged.churn_threat_by_id
        survivor.churn_threat_at = merged.churn_threat_at
        facts.append("churn_threat")
    if survivor.issue_id is None and merged.issue_id is not None:
        survivor.issue_id = merged.issue_id
        facts.append("issue")
    if survivor.state == TicketState.WAITING_CUSTOMER and _wrote_meanwhile(merged, goes_on):
        survivor.state = TicketState.OPEN
        resume_outside(other, goes_on)
    return facts


def _wrote_meanwhile(merged: Ticket, goes_on: TicketClocks) -> bool:
    """Whether the customer answered on the duplicate after the survivor began to wait for them."""
    since = next((one.started_at for one in goes_on.open_waits if one.wait == Wait.CUSTOMER), None)
    return since is not None and merged.waiting_since is not None and merged.waiting_since >= since


def _leave(held: Held, ends: TicketClocks, state: str, survivor: Ticket) -> None:
    current = held.ticket
    current.state, current.merged_into, current.parent = state, survivor, None
    current.waiting_since = None
    current.version += 1
    hop_close(ticket=current, at=held.now, contract=ends.contract)
    ends.save()


def _tell(held: Held, other: Held, carried: list[str], facts: list[str], children: int) -> None:
    same = held.ticket.customer_id == other.ticket.customer_id
    said = {"carried": carried, "facts": facts, "children": children, "customers": 1 if same else 2}
    tell(held, "ticket.merged", other=other.ticket.pk, ref=other.ticket.ref, **said)
    tell(other, "ticket.merged_in", other=held.ticket.pk, ref=held.ticket.ref, **said)


def _mail(family: Family, merged: Ticket, survivor: Ticket) -> None:
    """Who holds either of them and did not do it is told."""
    for ticket in (survivor, merged):
        mail(
            [ticket.owner] if ticket.owner is not None else [], f"{family.by} merged {merged.ref} into {survivor.ref}",
            ticket=ticket, key=f"merge:{merged.pk}", path=ticket.get_absolute_url(), wanted={"ticket": ticket.pk},
            but=family.by,
        )  # fmt: skip
