"""Fetch and authorise: what one may not see does not exist (404); what one may see, one may not always change."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.choices import Ability
from accounts.models import Team, User
from escalations.domain.lifecycle import Part
from escalations.errors import NotAllowed
from escalations.models import Consult, Escalation, ImportRun, SavedView, Ticket

TICKET_RELATIONS = ("customer", "contact", "tier", "team", "owner")


def check_reads(user: User) -> None:
    """Http404 for those whose role reads no tickets: to them there is no list of any."""
    if not user.can(Ability.READ):
        raise Http404("This role reads no tickets.")


def storable(ref: str) -> str:
    """The reference; Http404 for one that the database could not even be asked for."""
    if "\x00" in ref:
        raise Http404
    return ref


def ticket_for(user: User, ref: str, *, relations: Sequence[str] = TICKET_RELATIONS) -> Ticket:
    """The ticket with this reference; Http404 without the right to see it.

    `relations` is what every page of it shows. (Each one makes the database plan longer than it reads.)
    """
    ticket = get_object_or_404(Ticket.objects.select_related(*relations), ref=storable(ref))
    if not may_see(user, ticket):
        raise Http404
    return ticket


def escalation_for(user: User, ref: str, pk: int) -> Escalation:
    """An escalation of a visible ticket, with its handoff and everybody on it. Http404 otherwise."""
    escalations = Escalation.objects.select_related(
        "handoff", "ticket", "ticket__customer", "ticket__tier", "ticket__team", "ticket__owner", "policy_version",
        "from_tier", "from_team", "from_user", "to_tier", "to_team", "to_user",
        "acknowledged_by", "accepted_by", "returned_by",
    ).defer("policy_version__snapshot").filter(ticket__in=Ticket.objects.visible_to(user))  # fmt: skip
    return get_object_or_404(escalations, ticket__ref=storable(ref), pk=pk)


def may_see(user: User, ticket: Ticket) -> bool:
    """`TicketQuerySet.visible_to` for one ticket in hand: only a restricted one asks the database."""
    if not user.can(Ability.READ):
        return False
    return not ticket.is_restricted or ticket.readers.filter(user=user).exists()


def in_team(user: User, team: Team) -> bool:
    """A member of the team, or its lead."""
    return user.team_id == team.pk or team.lead_id == user.pk


def parts_on_ticket(user: User, ticket: Ticket) -> frozenset[Part]:
    """In what parts somebody may write on a ticket: its owner, their team and its lead as OWNER, managers."""
    parts = set()
    if user.can(Ability.WORK) and (ticket.owner_id == user.pk or in_team(user, ticket.team)):
        parts.add(Part.OWNER)
    if user.can(Ability.MANAGE):
        parts.add(Part.MANAGER)
    return frozenset(parts)


def writing_parts(user: User, ticket: Ticket) -> frozenset[Part]:
    """The parts in which somebody may write on the ticket. Raises NotAllowed when in none."""
    parts = parts_on_ticket(user, ticket)
    if not parts:
        raise NotAllowed(f"{ticket.team} holds this ticket. Its people, its lead and managers can change it.")
    return parts


def parts_on_escalation(user: User, escalation: Escalation) -> frozenset[Part]:
    """Sender: who filed it, and their team. Receiver: who it is addressed to, and their team; never the sender."""
    parts = set()
    is_sender = escalation.from_user_id == user.pk
    if user.can(Ability.WORK):
        if is_sender or in_team(user, escalation.from_team):
            parts.add(Part.SENDER)
        if not is_sender and (escalation.to_user_id == user.pk or in_team(user, escalation.to_team)):
            parts.add(Part.RECEIVER)
        if escalation.ticket.owner_id == user.pk:
            parts.add(Part.OWNER)
    if user.can(Ability.MANAGE):
        parts.add(Part.MANAGER)
    return frozenset(parts)


def holds_for_receiver(user: User, escalation: Escalation) -> bool:
    """Whether somebody acts for those who took the handoff over: whoever holds the ticket now, never its sender."""
    return escalation.from_user_id != user.pk and bool(parts_on_ticket(user, escalation.ticket))


def consult_for(user: User, ref: str, pk: int) -> Consult:
    """A question on a visible ticket, with everybody in it. Http404 otherwise."""
    consults = Consult.objects.select_related(
        "ticket__customer", "ticket__tier", "ticket__team", "ticket__owner", "asked_by", "from_team__tier",
        "to_team__tier", "to_team__lead", "to_user", "answered_by",
    ).filter(ticket__in=Ticket.objects.visible_to(user))  # fmt: skip
    return get_object_or_404(consults, ticket__ref=storable(ref), pk=pk)


def check_imports(user: User) -> None:
    """Http404 for those whose role imports no tickets."""
    if not user.can(Ability.IMPORT):
        raise Http404("This role imports no tickets.")


def import_for(user: User, pk: int) -> ImportRun:
    """An import, for those who may import: they all see all of them. Http404 otherwise."""
    check_imports(user)
    return get_object_or_404(ImportRun.objects.select_related("created_by", "batch"), pk=pk)


def views_for(user: User) -> QuerySet[SavedView]:
    """Saved views that somebody sees: their own, and those shared with their team or one that they lead."""
    shared = Q(owner=user) | Q(team__lead=user)
    if user.team_id is not None:
        shared |= Q(team=user.team_id)
    return SavedView.objects.filter(shared).select_related("owner", "team")


def view_for(user: User, pk: int) -> SavedView:
    """A saved view. Http404 for one that is not shared with them."""
    return get_object_or_404(views_for(user), pk=pk)


def sees_view(user: User, view: SavedView) -> bool:
    return view.owner_id == user.pk or (view.team is not None and in_team(user, view.team))


def writes_view(user: User, view: SavedView) -> bool:
    """Its owner; of one that is shared, the lead of the team as well."""
    return view.owner_id == user.pk or (view.team is not None and view.team.lead_id == user.pk)


def team_choices(user: User) -> list[Team]:
    """The teams that somebody shares views with: their own, and those they lead."""
    return list(Team.objects.filter(Q(pk=user.team_id) | Q(lead=user), is_active=True).select_related("tier"))
