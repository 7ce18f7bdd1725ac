"""The desk of a team, for its lead and for managers."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Team
from escalations.desk_access import led_teams
from escalations.selectors.team_desk import team_desk as desk_of
from web.clock import page_now
from web.formats import format_instant


@require_GET
def team_desk(request: HttpRequest) -> HttpResponse:
    """Per person: there or not, load, what is late; by `?team=`. Who leads none of them finds no such page."""
    teams = led_teams(request.user)
    if not teams:
        raise Http404("Only leads and managers have a team's desk.")
    now, zone = page_now(request), timezone.get_current_timezone()
    team = _chosen(request, teams)
    desk = desk_of(team, request.user, now=now, zone=zone)
    url = reverse("escalations:team_desk")
    tabs = [
        {"label": f"{one.tier} {one}", "url": f"{url}?team={one.code}", "current": one.pk == team.pk, "count": None}
        for one in teams
    ]
    context = {"desk": desk, "team": team, "tabs": tabs if len(tabs) > 1 else [], "at": format_instant(now, zone, now)}
    return render(request, "escalations/team_desk.html", context)


def _chosen(request: HttpRequest, teams: list[Team]) -> Team:
    """The team asked for, else the one they lead or belong to, else the first. Http404 for one that is not theirs."""
    wanted = request.GET.get("team", "")
    if wanted:
        found = next((team for team in teams if team.code == wanted), None)
        if found is None:
            raise Http404("Only its lead and managers see this team's desk.")
        return found
    own = [team for team in teams if team.lead_id == request.user.pk or team.pk == request.user.team_id]
    return (own or teams)[0]
