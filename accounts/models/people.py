"""Who: people, what their roles may do, and where they sit."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q

from accounts.choices import Ability, Theme
from accounts.models.calendars import Calendar, TimeZoneField

# Words of a name as they are written: their beginnings are what people type.
PERSON_WORDS = SearchVector("full_name", config="simple")


class Region(models.Model):
    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(
        help_text="Higher decides over lower; requests route to the lowest that may"
    )
    abilities = ArrayField(models.CharField(max_length=12, choices=Ability), default=list, blank=True)

    class Meta:
        ordering = ["rank", "name"]

    def __str__(self) -> str:
        return self.name


class Tier(models.Model):
    """A step of the path, by identity only. Its limits and targets belong to a policy version."""

    code = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(unique=True, help_text="1 is the entry tier; higher is further up")

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.code


class Team(models.Model):
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="teams")
    lead = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="teams")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="teams")
    is_vendor = models.BooleanField(default=False, help_text="An outside vendor; its owner in the team answers for it")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["tier__rank", "name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    first_name = None
    last_name = None
    full_name = models.CharField(max_length=120)
    email = models.EmailField(unique=True)
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    time_zone = TimeZoneField()
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    capacity = models.PositiveSmallIntegerField(
        default=6, help_text="Tickets held at once before routing looks elsewhere"
    )

    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta:
        ordering = ["full_name"]
        indexes = [GinIndex(PERSON_WORDS, name="person_words")]
        constraints = [
            models.CheckConstraint(name="user_full_name_given", condition=~Q(full_name="")),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0]

    @property
    def initials(self) -> str:
        parts = [part for part in self.full_name.split() if part]
        return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()

    @property
    def may_configure(self) -> bool:
        """Whether the administration is open to them: administrators, and process owners for the policy."""
        return self.can(Ability.ADMIN) or self.can(Ability.POLICY)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Django's permissions follow from abilities, so that roles are the only place where rights are given."""
        return self.has_module_perms(perm.partition(".")[0])

    def has_module_perms(self, app_label: str) -> bool:
        return self.can(Ability.ADMIN) or (app_label == "policies" and self.can(Ability.POLICY))

    def can(self, ability: Ability) -> bool:
        """Whether the role grants the ability. Nobody who left can do anything; a superuser can administer."""
        if not self.is_active:
            return False
        if self.is_superuser and ability in (Ability.ADMIN, Ability.READ):
            return True
        return self.role is not None and ability in self.role.abilities
