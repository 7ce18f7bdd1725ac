"""A ticket's life outside the handoff: opening, facts, owner, waiting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.choices import Ability
from accounts.models import Team, Tier, User
from escalations.choices import HopKind, TicketState
from escalations.domain.clocks import Wait, is_outside
from escalations.domain.lifecycle import TICKET_TRANSITIONS
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Contact, Customer, Ticket, TicketReader
from escalations.services.clocks import TicketClocks, change_priority, start_opening, start_stay
from escalations.services.hops import hop_change, hop_open
from escalations.services.locking import Held, check_ticket_part, hold_ticket, next_state
from escalations.services.record import tell, tell_changes
from journal import clock
from policies.domain.policy import Policy
from policies.selectors import policy_in_force

# What people may set on a ticket as it stands; tier, owner and state have actions of their own.
FACTS = (
    "subject", "description", "category", "issue_type", "product_area", "channel", "sentiment", "churn_threat",
    "revenue_at_risk", "order_value", "public_complaint", "concern", "complexity", "engineering_required", "vendor",
    "vendor_reference", "workaround_confirmed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FactConflict(Exception):
    """Somebody changed the ticket meanwhile: {field: (theirs, mine)} for the fields where both differ, by whom."""

    ticket: Ticket
    fields: Mapping[str, tuple[Any, Any]]


def entry_team(policy: Policy, *, priority: int, by: User | None, customer: Customer) -> Team:
    """Where a new ticket of this priority starts: the severity's team, else one of its entry tier.

    Of several the author's own is preferred, then one of the customer's region. Raises Refused when no team is there.
    """
    severity = policy.severity(priority)
    teams = list(Team.objects.filter(is_active=True, tier__code=severity.entry_tier).select_related("tier", "calendar"))
    if severity.entry_team:
        teams = [team for team in teams if team.code == severity.entry_team] or teams
    if not teams:
        raise Refused(f"No team works at {severity.entry_tier}, where P{priority} tickets start.")
    own = [team for team in teams if by is not None and team.pk == by.team_id]
    near = [team for team in teams if team.region_id == customer.region_id and not team.is_vendor]
    return (own or near or [team for team in teams if not team.is_vendor] or teams)[0]


@transaction.atomic
def ticket_create(
    *,
    by: User,
    customer: Customer,
    subject: str,
    description: str,
    priority: int,
    contact: Contact | None = None,
    team: Team | None = None,
    readers: Iterable[User] = (),
    is_restricted: bool = False,
    source: str = "belay",
    external_id: str = "",
    **facts: Any,
) -> Ticket:
    """Open a ticket by hand. It starts at the tier that its severity names; its clocks start now.

    Idempotent on (source, external_id): a second call returns the first one's ticket. Raises Refused, NotAllowed.
    """
    if not by.can(Ability.WORK) and not by.can(Ability.MANAGE):
        raise NotAllowed("Tickets are opened by the people who work them.")
    unknown = set(facts) - set(FACTS)
    if unknown:
        raise TypeError(f"not facts of a ticket: {sorted(unknown)}")
    now = clock.now()
    _, policy = policy_in_force()
    place = team or entry_team(policy, priority=priority, by=by, customer=customer)
    ticket = Ticket(
        customer=customer, contact=contact, subject=subject, description=description, priority=priority,
        team=place, tier=place.tier, owner=by if by.team_id == place.pk else None, created_by=by,
        segment=customer.segment, is_vip=customer.is_vip, region_id=customer.region_id,
        source=source, external_id=external_id, is_restricted=is_restricted,
        opened_at=now, waiting_since=now, tier_since=now, last_contact_at=now, queue_key=now, updated_at=now,
        **facts,
    )  # fmt: skip
    if ticket.churn_threat:
        ticket.churn_threat_by, ticket.churn_threat_at = by, now
    if external_id:
        known: Ticket | None = Ticket.objects.filter(source=source, external_id=external_id).first()
        if known is not None:
            return known
    ticket.save()
    if is_restricted:
        named = {user.pk: user for user in (*readers, by, ticket.owner) if user is not None}
        TicketReader.objects.bulk_create(TicketReader(ticket=ticket, user=user, named_by=by) for user in named.values())
    hop_open(ticket=ticket, kind=HopKind.HELD, tier=ticket.tier, team=place, holder=ticket.owner, at=now)
    clocks = TicketClocks(ticket, now)
    start_opening(clocks)
    start_stay(clocks)
    clocks.save()
    held = Held(ticket, by, now)
    tell(held, "ticket.created", priority=priority, tier=ticket.tier.code, team=place, owner=ticket.owner)
    return ticket


def _open_or_refuse(ticket: Ticket) -> None:
    if not ticket.is_open:
        raise Overtaken(f"{ticket.by_now}.")


@transaction.atomic
def ticket_change_facts(*, ticket: Ticket, by: User, version: int, changes: Mapping[str, Any]) -> Ticket:
    """Change facts. `changes` holds what the form says now; `version` is the one the form was made from.

    Raises FactConflict when the ticket changed meanwhile in a field that this form changes too; NotAllowed.
    Anybody who reads the ticket may report a churn threat; everything else is for those who hold it.
    """
    held = hold_ticket(ticket.pk, by)
    current = held.ticket
    changed = {
        name: (getattr(current, name), value) for name, value in changes.items() if getattr(current, name) != value
    }
    if set(changed) - {"churn_threat"}:
        check_ticket_part(held)
    if set(changed) - set(FACTS):
        raise TypeError(f"not facts of a ticket: {sorted(set(changed) - set(FACTS))}")
    if current.version != version and changed:
        raise FactConflict(current, changed)
    if not changed:
        return current
    for name, (_, value) in changed.items():
        setattr(current, name, value)
    if "churn_threat" in changed:
        current.churn_threat_by = held.by if current.churn_threat else None
        current.churn_threat_at = held.now if current.churn_threat else None
    current.version += 1
    current.updated_at = current.next_check_at = held.now
    current.save()
    tell_changes(held, "ticket.changed", changed)
    return current


@transaction.atomic
def ticket_change_priority(*, ticket: Ticket, by: User, priority: int, reason: str) -> Ticket:
    """Raise or lower the priority. Running clocks are judged anew from their start; used time and pauses stay."""
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    _open_or_refuse(held.ticket)
    old = held.ticket.priority
    if old == priority:
        return held.ticket
    held.ticket.priority = priority
    held.ticket.version += 1
    clocks = TicketClocks(held.ticket, held.now)
    change_priority(clocks)
    clocks.save()
    tell_changes(held, "ticket.priority_changed", {"priority": (old, priority)}, reason=reason)
    return held.ticket


@transaction.atomic
def ticket_assign(*, ticket: Ticket, by: User, owner: User | None) -> Ticket:
    """Give the ticket to somebody of its team, or to nobody. Taking it oneself is the same act.

    Raises Refused for people outside the team or who have left: to move it there is a handoff or a transfer.
    """
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    current = held.ticket
    _open_or_refuse(current)
    if owner is not None and (not owner.is_active or owner.team_id != current.team_id):
        raise Refused(
            f"{owner} is not in {current.team}. Hand the ticket over instead.", {"owner": "Choose from the team."}
        )
    if current.is_restricted and owner is not None and not current.readers.filter(user=owner).exists():
        TicketReader.objects.create(ticket=current, user=owner, named_by=held.by)
    old = current.owner
    if old == owner:
        return current
    current.owner = owner
    if current.state == TicketState.NEW and owner is not None:
        current.state = TicketState.OPEN
    current.version += 1
    waits = list(current.pauses.filter(ended_at__isnull=True))
    hop_change(ticket=current, waits=waits, at=held.now)
    current.updated_at = current.next_check_at = held.now
    current.save()
    tell_changes(held, "ticket.assigned", {"owner": (old, owner)})
    return current


@transaction.atomic
def ticket_wait(*, ticket: Ticket, by: User, wait: Wait, reason: str, review_at: datetime) -> Ticket:
    """Put the ticket on hold for somebody outside, with a reason and the date on which to look again.

    Holds time at tier and resolution; acknowledgement, promises and management's clocks run on.
    """
    held = hold_ticket(ticket.pk, by)
    parts = check_ticket_part(held)
    current = held.ticket
    if review_at <= held.now:
        raise Refused("The review date has passed already.", {"review_at": "Choose a time that is still to come."})
    action = "wait_for_customer" if wait == Wait.CUSTOMER else "wait_for_vendor"
    said = f"{current.by_now}."
    current.state = next_state(TICKET_TRANSITIONS, current.state, action, parts, said=said)
    current.version += 1
    clocks = TicketClocks(current, held.now)
    for pause in list(clocks.open_waits):
        if is_outside(pause.wait):
            clocks.resume(Wait(pause.wait))
    clocks.pause(wait, reason=reason, review_at=review_at, by_id=held.by.pk)
    hop_change(ticket=current, waits=clocks.open_waits, at=held.now, contract=clocks.contract)
    clocks.save()
    tell(held, "ticket.waiting", wait=wait.value, reason=reason, review_at=review_at)
    return current


@transaction.atomic
def ticket_resume(*, ticket: Ticket, by: User) -> Ticket:
    """Work goes on: the clocks that stood still run again."""
    held = hold_ticket(ticket.pk, by)
    parts = check_ticket_part(held)
    said = f"{held.ticket.by_now}."
    held.ticket.state = next_state(TICKET_TRANSITIONS, held.ticket.state, "resume", parts, said=said)
    held.ticket.version += 1
    clocks = TicketClocks(held.ticket, held.now)
    resume_outside(held, clocks)
    clocks.save()
    return held.ticket


def resume_outside(held: Held, clocks: TicketClocks) -> None:
    """End whatever the ticket waits for outside, and say so."""
    ended = [clocks.resume(Wait(pause.wait)) for pause in list(clocks.open_waits) if is_outside(pause.wait)]
    if not ended:
        return
    hop_change(ticket=held.ticket, waits=clocks.open_waits, at=held.now, contract=clocks.contract)
    tell(held, "ticket.resumed", waits=[pause.wait for pause in ended if pause is not None])


@transaction.atomic
def ticket_restrict(*, ticket: Ticket, by: User, readers: Iterable[User], restricted: bool) -> Ticket:
    """Open the ticket to the people named only, or to all support staff again.

    Whoever restricts it is among the readers, and so is its owner.
    """
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    current = held.ticket
    named = {user.pk for user in readers} | {held.by.pk} | ({current.owner_id} if current.owner_id else set())
    current.readers.exclude(user__in=named).delete()
    if restricted:
        TicketReader.objects.bulk_create(
            [TicketReader(ticket=current, user_id=pk, named_by=held.by) for pk in named if pk], ignore_conflicts=True
        )
    was = current.is_restricted
    current.is_restricted = restricted
    current.version += 1
    current.updated_at = held.now
    current.save()
    tell_changes(
        held, "ticket.restricted", {"is_restricted": (was, restricted)}, readers=sorted(pk for pk in named if pk)
    )
    return current


def move_ticket(ticket: Ticket, *, tier: Tier, team: Team, owner: User | None, at: datetime) -> None:
    """Put the ticket elsewhere; the caller changes hops and clocks and saves."""
    if ticket.tier_id != tier.pk:
        ticket.tier_since = at
    ticket.tier, ticket.team, ticket.owner = tier, team, owner
    if ticket.state == TicketState.NEW:
        ticket.state = TicketState.OPEN
    ticket.version += 1
