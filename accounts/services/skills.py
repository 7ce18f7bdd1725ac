"""Rating what somebody can do. The rating before stays in the events."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.access import may_rate
from accounts.choices import Dimension, Level
from accounts.errors import NotAllowed, Overtaken, Refused
from accounts.models import Skill, SkillRating, User
from journal import clock
from journal.services import event_append

Levels = Mapping[str, int | None]
Changes = dict[str, list[int | None]]


def levels_of(user: User, skill: Skill) -> dict[str, int | None]:
    """Dimension → level, None where somebody is not rated. One statement."""
    known = dict(SkillRating.objects.filter(user=user, skill=skill).values_list("dimension", "level"))
    return {dimension.value: known.get(dimension.value) for dimension in Dimension}


@transaction.atomic
def skill_rate(*, user: User, skill: Skill, by: User, levels: Levels, seen: Levels | None = None) -> Changes:
    """Set somebody's levels in a skill, by dimension; None takes a rating away. What is not named stays.

    By the lead of their team, managers, process owners and administrators, never by oneself. `seen`: the levels the
    form was shown with. Raises NotAllowed, Refused, Overtaken. Returns what changed as {dimension: [old, new]}.
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    people = User.objects.select_related("role", "team")
    person, actor = people.get(pk=user.pk), people.get(pk=by.pk)
    if person.pk == actor.pk:
        raise NotAllowed("Nobody rates themselves. Your lead or a manager does.")
    if not may_rate(actor, person.team):
        raise NotAllowed(f"The lead of {person.team or person}, managers and process owners rate them.")
    if not skill.is_active:
        raise Refused(f"{skill} is out of use. Ratings in it stay as they were.")
    _check(levels)
    now, before = clock.now(), levels_of(person, skill)
    if seen is not None and any(before[key] != seen.get(key) for key in before):
        raise Overtaken(f"{person} was rated in {skill} meanwhile. Nothing of yours was saved yet.")
    changes = {key: [before[key], level] for key, level in levels.items() if before[key] != level}
    for key, (_, level) in changes.items():
        _write(person, skill, key, level, actor, now)
    if changes:
        data = {"skill": skill.code, "name": skill.name, "changes": changes}
        event_append(subject=("user", person.pk), kind="skill.rated", actor=actor, at=now, data=data)
    return changes


def _check(levels: Levels) -> None:
    for key, level in levels.items():
        if key not in Dimension.values or (level is not None and level not in Level.values):
            raise Refused("That is no level of the matrix.", {key: "Choose a level."})


def _write(person: User, skill: Skill, dimension: str, level: int | None, by: User, now: datetime) -> None:
    if level is None:
        SkillRating.objects.filter(user=person, skill=skill, dimension=dimension).delete()
        return
    SkillRating.objects.update_or_create(
        user=person, skill=skill, dimension=dimension, defaults={"level": level, "rated_by": by, "rated_at": now}
    )
