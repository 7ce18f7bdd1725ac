"""The expertise matrix as pages show it: people × skills in one dimension, targets, gaps, and one person's ratings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.choices import Ability, Dimension, Level
from accounts.domain import expertise
from accounts.domain.expertise import Rated
from accounts.models import Skill, SkillRating, SkillTarget, Team, Tier, User
from journal.models import Event


@dataclass(frozen=True, slots=True)
class Cell:
    skill: Skill
    level: int | None
    label: str

    @property
    def heat(self) -> str:
        return "" if self.level is None else f"heat--{self.level}"


@dataclass(frozen=True, slots=True)
class PersonRow:
    user: User
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class TargetCell:
    """What the tier needs in a skill and how many of its people meet it: "1 at 3, needs 2", or ""."""

    words: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class GapLine:
    skill: Skill
    dimension: str
    words: str
    missing: int
    nearest: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    skills: tuple[Skill, ...]
    rows: tuple[PersonRow, ...]
    targets: tuple[TargetCell, ...]
    gaps: tuple[GapLine, ...]
    met: int
    people: int


def tier_people(tier: Tier) -> list[User]:
    """Who works in the teams of a tier, by team and name. One statement."""
    people = User.objects.filter(is_active=True, team__tier=tier, team__is_active=True)
    return list(
        people.filter(role__abilities__contains=[Ability.WORK])
        .select_related("team")
        .order_by("team__name", "full_name")
    )  # fmt: skip


def matrix(tier: Tier, dimension: str, team: Team | None = None) -> Matrix:
    """A tier’s people (of one team) by skill in a dimension; its gaps in all dimensions. Four statements."""
    people = tier_people(tier)
    skills = list(Skill.objects.filter(is_active=True))
    ids = [person.pk for person in people]
    ratings = {
        Rated(user, skill, dim): level
        for user, skill, dim, level in SkillRating.objects.filter(user__in=ids).values_list(
            "user", "skill", "dimension", "level"
        )
    }
    targets = list(SkillTarget.objects.filter(tier=tier, skill__is_active=True).select_related("skill"))
    shown = [person for person in people if team is None or person.team_id == team.pk]
    plain = [expertise.Target(row.tier_id, row.skill_id, row.dimension, row.level, row.people) for row in targets]
    gaps = expertise.gaps(plain, ratings, {tier.pk: ids})
    return Matrix(
        skills=tuple(skills),
        rows=tuple(PersonRow(one, tuple(_cell(one, skill, dimension, ratings) for skill in skills)) for one in shown),
        targets=tuple(_target(skill, dimension, targets, ratings, ids) for skill in skills),
        gaps=tuple(_gap(gap, {skill.pk: skill for skill in skills}, people) for gap in gaps),
        met=len(targets) - len(gaps),
        people=len(people),
    )


def _cell(person: User, skill: Skill, dimension: str, ratings: Mapping[Rated, int]) -> Cell:
    level = ratings.get(Rated(person.pk, skill.pk, dimension))
    return Cell(skill, level, "Not rated" if level is None else Level(level).label)


def _target(
    skill: Skill, dimension: str, targets: Sequence[SkillTarget], ratings: Mapping[Rated, int], ids: Sequence[int]
) -> TargetCell:
    row = next((one for one in targets if one.skill_id == skill.pk and one.dimension == dimension), None)
    if row is None:
        return TargetCell("", True)
    have = sum(ratings.get(Rated(person, skill.pk, dimension), 0) >= row.level for person in ids)
    return TargetCell(f"{have} at {row.level}, needs {row.people}", have >= row.people)


def _gap(gap: expertise.Gap, skills: Mapping[int, Skill], people: Sequence[User]) -> GapLine:
    target = gap.target
    level = Level(target.level).label
    needs = f"needs {target.people} {'person' if target.people == 1 else 'people'} at “{level}”, has {gap.have}"
    near = tuple(person for person in people if person.pk in gap.nearest)
    return GapLine(skills[target.skill], Dimension(target.dimension).label, needs, gap.missing, near)


def gap_counts() -> dict[int, int]:
    """Tier id → how many of its targets are not met: what `domain.expertise.gaps` counts, in one statement."""
    able = SkillRating.objects.filter(
        skill=OuterRef("skill"), dimension=OuterRef("dimension"), level__gte=OuterRef("level"), user__is_active=True,
        user__team__tier=OuterRef("tier"), user__team__is_active=True, user__role__abilities__contains=[Ability.WORK],
    )  # fmt: skip
    have = able.order_by().values("skill").annotate(number=Count("pk")).values("number")
    open_targets = SkillTarget.objects.filter(skill__is_active=True).annotate(have=Coalesce(Subquery(have), 0))
    return Counter(open_targets.filter(have__lt=F("people")).order_by().values_list("tier", flat=True))


@dataclass(frozen=True, slots=True)
class SkillLine:
    skill: Skill
    cells: tuple[tuple[str, str, str], ...]  # dimension, heat, label


def person_ratings(person: User) -> list[SkillLine]:
    """One person's levels in every skill, all four dimensions side by side. Two statements."""
    rows = {(row.skill_id, row.dimension): row.level for row in SkillRating.objects.filter(user=person)}
    lines = []
    for skill in Skill.objects.filter(is_active=True):
        cells = []
        for dimension in Dimension:
            level = rows.get((skill.pk, dimension.value))
            cells.append((dimension.label, *(("", "Not rated") if level is None else
                                             (f"heat--{level}", f"{level} {Level(level).label}"))))  # fmt: skip
        lines.append(SkillLine(skill, tuple(cells)))
    return lines


@dataclass(frozen=True, slots=True)
class RatingEvent:
    who: str
    what: str
    at: datetime


def rating_history(person: User, skill: Skill | None = None, *, most: int = 20) -> list[RatingEvent]:
    """How somebody was rated, the latest first. One statement."""
    events = Event.objects.filter(subject_type="user", subject_id=person.pk, kind="skill.rated")
    if skill is not None:
        events = events.filter(data__skill=skill.code)
    return [
        RatingEvent(str(event.actor or "Belay"), _said(event, with_name=skill is None), event.occurred_at)
        for event in events.select_related("actor").order_by("-occurred_at", "-pk")[:most]
    ]


def _said(event: Event, *, with_name: bool) -> str:
    parts = [
        f"{Dimension(key).label.lower()} {_level(old)} → {_level(new)}"
        for key, (old, new) in event.data.get("changes", {}).items()
        if key in Dimension.values
    ]
    said = ", ".join(parts)
    return f"{event.data.get('name', '')}: {said}" if with_name else said


def _level(value: int | None) -> str:
    return "not rated" if value is None else Level(value).label.lower()
