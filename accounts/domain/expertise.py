"""What a tier lacks in skills, and who of the people at hand fits an issue best.

People, tiers and skills are numbers here; levels run from 0 (none yet) to 4 (teaches others).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from accounts.choices import Dimension, Level

# The two dimensions that solving an issue asks for; the others matter in talking about it and deciding on it.
SOLVING = (Dimension.TECHNICAL, Dimension.KNOWLEDGE)


class Rated(NamedTuple):
    """What a rating is of."""

    user: int
    skill: int
    dimension: str


Ratings = Mapping[Rated, int]


@dataclass(frozen=True, slots=True)
class Target:
    """A tier needs `people` people who are at `level` or above in a skill and dimension."""

    tier: int
    skill: int
    dimension: str
    level: int
    people: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A target that is not met: how many of the tier's people meet it, and who is one level below."""

    target: Target
    have: int
    nearest: tuple[int, ...] = ()

    @property
    def missing(self) -> int:
        return self.target.people - self.have


def gaps(targets: Iterable[Target], ratings: Ratings, members: Mapping[int, Collection[int]]) -> list[Gap]:
    """The targets that a tier's people do not meet, in the order given. Who is not rated is at level 0."""
    found = []
    for target in targets:
        levels = {
            person: ratings.get(Rated(person, target.skill, target.dimension), 0)
            for person in members.get(target.tier, ())
        }
        have = sum(level >= target.level for level in levels.values())
        if have < target.people:
            nearest = sorted(person for person, level in levels.items() if level == target.level - 1)
            found.append(Gap(target, have, tuple(nearest)))
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A skill, and what asks for it. Codes as the pick lists hold them."""

    id: int
    issue_types: frozenset[str] = frozenset()
    product_areas: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who might take it: how many tickets they hold of how many at once, and whether they are there."""

    id: int
    taken: int = 0
    capacity: int = 1
    on_duty: bool = False
    is_backup: bool = False
    is_away: bool = False

    @property
    def has_room(self) -> bool:
        return self.taken < self.capacity

    @property
    def share(self) -> Fraction:
        return Fraction(self.taken, max(self.capacity, 1))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody, and why: the skill that counted with its level, whether on duty, whether there is room."""

    person: Person
    skill: int | None = None
    level: Fraction = field(default=Fraction(0))

    @property
    def user(self) -> int:
        return self.person.id


def asked_for(skills: Iterable[Asked], *, issue_type: str, product_area: str) -> list[int]:
    """The skills that an issue asks for: those that name both its type and its area, else those that name either."""
    points = {
        skill.id: (issue_type in skill.issue_types and bool(issue_type))
        + (product_area in skill.product_areas and bool(product_area))
        for skill in skills
    }
    best = max(points.values(), default=0)
    return [skill for skill, count in points.items() if count == best and best > 0]


def apt(person: int, skills: Iterable[int], ratings: Ratings) -> tuple[Fraction, int | None]:
    """How far somebody can solve it: the best of the skills, product knowledge and technical skill in the mean."""
    best: tuple[Fraction, int | None] = (Fraction(0), None)
    for skill in skills:
        levels = [ratings.get(Rated(person, skill, dimension), 0) for dimension in SOLVING]
        level = Fraction(sum(levels), len(levels))
        if level > best[0]:
            best = (level, skill)
    return best


def suggest(
    people: Iterable[Person], skills: Collection[int], ratings: Ratings, *, enough: int = Level.ALONE
) -> list[Suggestion]:
    """Who fits, the best first; who is away is left out.

    Who has room comes before who has none; then who can do it alone (`enough`); then who is on duty, backups, others;
    then the higher level; then the smaller share of capacity taken.
    """
    found = []
    for person in people:
        if person.is_away:
            continue
        level, skill = apt(person.id, skills, ratings)
        found.append(Suggestion(person, skill, level))
    return sorted(found, key=lambda one: _rank(one, enough))


def _rank(one: Suggestion, enough: int) -> tuple[bool, bool, int, Fraction, Fraction, int]:
    there = 0 if one.person.on_duty else 1 if one.person.is_backup else 2
    return not one.person.has_room, one.level < enough, there, -one.level, one.person.share, one.person.id
