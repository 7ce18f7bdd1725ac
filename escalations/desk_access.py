"""Whose desk somebody may see and hand over: their own, of their team as its lead, everybody's as a manager."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.choices import Ability
from accounts.models import Team, User
from escalations.models import DeskHandover


def may_hand_over_desk(user: User, owner: User) -> bool:
    """The owner themselves, the lead of their team, managers; never somebody who left."""
    if not user.can(Ability.WORK):
        return False
    is_lead = owner.team is not None and owner.team.lead_id == user.pk
    return user.pk == owner.pk or is_lead or user.can(Ability.MANAGE)


def desk_owner_for(user: User, pk: int) -> User:
    """The person whose desk is to be handed over; those who left too: somebody has to. Http404 otherwise."""
    owner = get_object_or_404(User.objects.select_related("role", "team__tier", "team__lead"), pk=pk)
    if not may_hand_over_desk(user, owner):
        raise Http404("This desk is for its owner, the lead of their team and managers.")
    return owner


def handover_for(user: User, pk: int) -> DeskHandover:
    """A handover: for who gave it, did it or got part of it, the lead, and managers. Http404 otherwise."""
    found = get_object_or_404(DeskHandover.objects.select_related("from_user__team", "by", "team"), pk=pk)
    if not user.can(Ability.READ):
        raise Http404
    is_part = user.pk in (found.from_user_id, found.by_id, found.team.lead_id)
    if not is_part and not user.can(Ability.MANAGE) and not found.lines.filter(to_user=user).exists():
        raise Http404("This handover is between others.")
    return found


def led_teams(user: User) -> list[Team]:
    """The teams whose desk somebody sees: those they lead, for managers all in use. One statement."""
    teams = Team.objects.filter(is_active=True).select_related("tier", "lead", "calendar")
    if not user.can(Ability.MANAGE):
        if not user.can(Ability.WORK):
            return []
        teams = teams.filter(lead=user)
    return list(teams.order_by("tier__rank", "name"))
