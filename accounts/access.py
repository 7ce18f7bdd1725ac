"""Fetch and authorise for people, duty and skills: what one may not see does not exist (404)."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.choices import Ability
from accounts.models import Absence, Calendar, DutyShift, DutySwap, Team, User


def check_reads(user: User) -> None:
    """Http404 for those whose role reads nothing here."""
    if not user.can(Ability.READ):
        raise Http404("This role reads no rota.")


def check_configures(user: User) -> None:
    """Http404 for those who configure nothing: calendars are the administrators' and the process owners'."""
    if not user.may_configure:
        raise Http404("This role edits no calendar.")


def calendar_for(user: User, code: str) -> Calendar:
    """A calendar, for those who read. Http404 otherwise."""
    check_reads(user)
    return get_object_or_404(Calendar, code=code)


def may_plan(user: User, team: Team | None) -> bool:
    """Whether somebody plans the team's duty: its lead, managers, administrators."""
    if not user.is_active:
        return False
    is_lead = team is not None and team.lead_id == user.pk
    return is_lead or user.can(Ability.MANAGE) or user.can(Ability.ADMIN)


def may_rate(user: User, team: Team | None) -> bool:
    """Whether somebody rates the team's people: those who plan it, and process owners."""
    return may_plan(user, team) or user.can(Ability.POLICY)


def may_set_absence(user: User, person: User) -> bool:
    """Whether somebody enters another's absence, or their own."""
    return user.is_active and (user.pk == person.pk or may_plan(user, person.team))


def team_for(user: User, code: str) -> Team:
    """An active team, for those who read. Http404 otherwise."""
    check_reads(user)
    teams = Team.objects.select_related("tier", "calendar", "lead", "region")
    return get_object_or_404(teams, code=code, is_active=True)


def shift_for(user: User, pk: int) -> DutyShift:
    check_reads(user)
    shifts = DutyShift.objects.select_related("team__tier", "team__calendar", "team__lead", "user", "planned_for")
    return get_object_or_404(shifts, pk=pk)


def swap_for(user: User, pk: int) -> DutySwap:
    """A swap, for the two it is between and those who plan the team. Http404 otherwise."""
    check_reads(user)
    swaps = DutySwap.objects.select_related("shift__team", "shift__user", "in_return__user", "asked_by", "offered_to")
    swap = get_object_or_404(swaps, pk=pk)
    if user.pk not in (swap.asked_by_id, swap.offered_to_id) and not may_plan(user, swap.shift.team):
        raise Http404("This is between others.")
    return swap


def absence_for(user: User, pk: int) -> Absence:
    """An absence, for those who may change it. Http404 otherwise."""
    check_reads(user)
    absence = get_object_or_404(Absence.objects.select_related("user__team", "covered_by"), pk=pk)
    if not may_set_absence(user, absence.user):
        raise Http404("This is for them and those who plan their duty.")
    return absence
