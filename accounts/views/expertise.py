"""The expertise matrix: a tier or team against the skills, one person, and rating them."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import check_reads, may_rate
from accounts.choices import Dimension, Level
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.forms.skills import RatingForm
from accounts.models import Skill, Team, Tier, User
from accounts.selectors.expertise import gap_counts, matrix, person_ratings, rating_history
from accounts.services.skills import levels_of, skill_rate
from accounts.views.answers import refuse, service_answers
from accounts.views.sheets import Sheet, show_sheet
from web.http import CONFLICT, INVALID, OK, form_methods, posted, redirect_to


def _url(**query: str) -> str:
    kept = {key: value for key, value in query.items() if value}
    return f"{reverse('accounts:expertise_list')}?{urlencode(kept)}" if kept else reverse("accounts:expertise_list")


@require_safe
def expertise_list(request: HttpRequest) -> HttpResponse:
    """People of a tier by skills, in one dimension at a time, with what the tier lacks."""
    check_reads(request.user)
    teams = list(Team.objects.filter(is_active=True).select_related("tier"))
    tiers = list({team.tier_id: team.tier for team in teams}.values())
    if not tiers:
        return render(request, "accounts/expertise_list.html", {"tiers": []})
    team = next((one for one in teams if one.code == request.GET.get("team")), None)
    tier = _tier(request, tiers, team)
    dimension = request.GET.get("dimension", "")
    dimension = dimension if dimension in Dimension.values else Dimension.TECHNICAL
    found = matrix(tier, dimension, team)
    gaps = gap_counts()
    here = {"tier": tier.code, "team": team.code if team else ""}
    context = {
        "tier": tier,
        "team": team,
        "found": found,
        "dimension": Dimension(dimension).label,
        "levels": [(f"heat--{level.value}", level.value, level.label) for level in Level],
        "tiers": [{"label": one.code, "url": _url(tier=one.code, dimension=dimension), "current": one == tier,
                   "count": f"{gaps[one.pk]} gap{'' if gaps[one.pk] == 1 else 's'}" if gaps.get(one.pk) else ""}
                  for one in tiers],
        "dimensions": [{"label": one.label, "url": _url(**here, dimension=one.value), "on": one == dimension}
                       for one in Dimension],
        "teams": [{"label": str(one), "url": _url(tier=tier.code, team=one.code, dimension=dimension),
                   "on": one == team} for one in teams if one.tier_id == tier.pk],
        "all_teams": _url(tier=tier.code, dimension=dimension),
        "may_rate": {row.user.pk for row in found.rows
                     if row.user != request.user and may_rate(request.user, _team_of(row.user, teams))},
    }  # fmt: skip
    return render(request, "accounts/expertise_list.html", context)


def _team_of(person: User, teams: list[Team]) -> Team | None:
    return next((team for team in teams if team.pk == person.team_id), None)


def _tier(request: HttpRequest, tiers: list[Tier], team: Team | None) -> Tier:
    """The tier asked for, else the reader's own, else the first."""
    if team is not None:
        return team.tier
    asked = request.GET.get("tier")
    own = request.user.team.tier_id if request.user.team_id else None
    return next((one for one in tiers if one.code == asked), None) or next(
        (one for one in tiers if one.pk == own), tiers[0]
    )


def _person(request: HttpRequest, pk: int) -> User:
    check_reads(request.user)
    return get_object_or_404(User.objects.select_related("team__tier", "role"), pk=pk)


def _crumbs(person: User) -> list[tuple[str, str]]:
    team = person.team
    return [
        ("Expertise", reverse("accounts:expertise_list")),
        *([(f"{team.tier.code} {team}", _url(tier=team.tier.code, team=team.code))] if team else []),
    ]


@require_safe
def expertise_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's levels in every skill and dimension, and how they came about."""
    person = _person(request, pk)
    context = {
        "person": person,
        "crumbs": _crumbs(person),
        "lines": person_ratings(person),
        "dimensions": [dimension.label for dimension in Dimension],
        "history": rating_history(person),
        "may_rate": person != request.user and may_rate(request.user, person.team),
        "is_self": person == request.user,
    }
    return render(request, "accounts/expertise_detail.html", context)


@form_methods
@service_answers
def rating_change(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Rate somebody in one skill, in all four dimensions."""
    person = _person(request, pk)
    skill = Skill.objects.filter(code=code, is_active=True).first()
    if skill is None:
        raise Http404("No such skill.")
    if person == request.user:
        raise NotAllowed("Nobody rates themselves. Your lead or a manager does.")
    if not may_rate(request.user, person.team):
        raise NotAllowed(f"The lead of {person.team or person}, managers and process owners rate them.")
    form = RatingForm(posted(request), levels=levels_of(person, skill))
    back = reverse("accounts:expertise_detail", args=[person.pk])
    sheet = Sheet(f"Rate {person} in {skill}", "Their colleagues see it, and it decides whom Belay suggests.",
                  "Save rating", back, "check", _crumbs(person))  # fmt: skip
    status = INVALID if form.is_bound else OK
    if form.is_bound and form.is_valid():
        try:
            skill_rate(user=person, skill=skill, by=request.user, levels=form.levels(), seen=form.seen_levels())
        except Overtaken as error:
            form.add_error(None, f"{error} Save again to write yours over it.")
            form.data = form.data.copy()
            form.data["seen"] = form.fields["seen"].initial
            status = CONFLICT
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, f"{person} is rated in {skill}.")
            team = person.team
            return redirect_to(request, _url(tier=team.tier.code, team=team.code) if team else back)
    return show_sheet(request, sheet, form, status, history=rating_history(person, skill))
