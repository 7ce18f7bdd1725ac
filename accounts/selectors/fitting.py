"""Who of the people at hand fits an issue: what `accounts.domain.expertise.suggest` says, in words."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q

from accounts.choices import Level
from accounts.domain.expertise import SOLVING, Asked, Person, Rated, Suggestion, asked_for, suggest
from accounts.models import Skill, SkillRating


@dataclass(frozen=True, slots=True)
class Fit:
    """Somebody's place among all, from 0, and the reason: "Webhooks: alone", "" where no skill is asked or held."""

    user_id: int
    place: int
    words: str
    is_able: bool


def asked_skills(*, issue_type: str, product_area: str) -> list[Skill]:
    """The skills that an issue asks for. One statement, none when nothing is known of the issue."""
    asked = Q(pk__in=[])
    if issue_type:
        asked |= Q(issue_types__contains=[issue_type])
    if product_area:
        asked |= Q(product_areas__contains=[product_area])
    if not issue_type and not product_area:
        return []
    rows = {skill.pk: skill for skill in Skill.objects.filter(asked, is_active=True)}
    skills = [Asked(pk, frozenset(row.issue_types), frozenset(row.product_areas)) for pk, row in rows.items()]
    return [rows[pk] for pk in asked_for(skills, issue_type=issue_type, product_area=product_area)]


def ratings_in(skills: Collection[Skill], user_ids: Collection[int]) -> dict[Rated, int]:
    """What people are rated in the skills, in the dimensions that solving asks for. One statement at most."""
    if not skills or not user_ids:
        return {}
    rows = SkillRating.objects.filter(skill__in=skills, user__in=user_ids, dimension__in=SOLVING)
    return {
        Rated(user, skill, dimension): level
        for user, skill, dimension, level in rows.values_list("user", "skill", "dimension", "level")
    }


def fits(people: Iterable[Person], *, issue_type: str, product_area: str) -> dict[int, Fit]:
    """User id → how they fit, who is away left out. Two statements at most."""
    candidates = list(people)
    skills = {skill.pk: skill for skill in asked_skills(issue_type=issue_type, product_area=product_area)}
    ratings = ratings_in(list(skills.values()), [person.id for person in candidates])
    found = suggest(candidates, list(skills), ratings)
    return {one.user: Fit(one.user, place, _words(one, skills), one.level >= Level.ALONE)
            for place, one in enumerate(found)}  # fmt: skip


def _words(one: Suggestion, skills: dict[int, Skill]) -> str:
    """The level rounded down: who is between two is sure of the lower."""
    if one.skill is None or one.level < Level.LEARNING:
        return ""
    return f"{skills[one.skill]}: {Level(int(one.level)).label.lower()}"
