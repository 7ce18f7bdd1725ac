"""Who can do what: the expertise matrix of skills, people and the four dimensions, against what a tier needs."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.choices import Dimension, Level
from accounts.models.people import Tier


class Skill(models.Model):
    """A field of work that people are rated in. Taken out of use, never deleted: ratings cite it."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    issue_types = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Codes of the issue types that ask for it"
    )
    product_areas = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Codes of the product areas that it covers"
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class SkillTarget(models.Model):
    """The level that a tier needs in a skill and dimension, from at least `people` of its people."""

    tier = models.ForeignKey(Tier, on_delete=models.CASCADE, related_name="skill_targets")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="targets")
    dimension = models.CharField(max_length=14, choices=Dimension)
    level = models.PositiveSmallIntegerField(choices=Level)
    people = models.PositiveSmallIntegerField(default=2)

    class Meta:
        ordering = ["tier__rank", "skill__position", "dimension"]
        constraints = [
            models.UniqueConstraint(fields=["tier", "skill", "dimension"], name="skill_target_once"),
            models.CheckConstraint(name="skill_target_level", condition=Q(level__range=(1, 4))),
            models.CheckConstraint(name="skill_target_people", condition=Q(people__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.tier}: {self.skill}, {self.get_dimension_display().lower()} {self.level}"


class SkillRating(models.Model):
    """How far somebody is in a skill and dimension. The rating before it is in the events."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings")
    skill = models.ForeignKey(Skill, on_delete=models.PROTECT, related_name="ratings")
    dimension = models.CharField(max_length=14, choices=Dimension)
    level = models.PositiveSmallIntegerField(choices=Level)
    rated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    rated_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["skill", "dimension", "-level"], name="skill_rating_best")]
        constraints = [
            models.UniqueConstraint(fields=["user", "skill", "dimension"], name="skill_rating_once"),
            models.CheckConstraint(name="skill_rating_level", condition=Q(level__range=(0, 4))),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.skill}, {self.get_dimension_display().lower()} {self.level}"
