"""The organisation as the designer's presets see it, and the policy that a design starts from."""

from django.db.models import Count, Q

from accounts.choices import Ability
from accounts.models import Role, Skill, Team, Tier
from policies.choices import PickListName, PolicyState
from policies.domain.policy import Policy
from policies.domain.presets import Expertise, Seat, Setting, Squad
from policies.models import PolicyVersion
from policies.proving import rules_of
from policies.selectors import picks


def setting_now() -> Setting:
    """Tiers, teams in use with their people, the lists that a design speaks of. Five statements."""
    teams = list(
        Team.objects.filter(is_active=True)
        .select_related("tier")
        .annotate(people=Count("members", filter=Q(members__is_active=True)))
    )
    lists = picks(PickListName.ISSUE_TYPE, PickListName.SEGMENT)
    types = lists.offered[PickListName.ISSUE_TYPE]
    manager = Role.objects.filter(abilities__contains=[Ability.MANAGE]).order_by("rank", "code").first()
    return Setting(
        tiers=tuple(
            Seat(tier.code, tier.name, tier.rank, sum(one.people for one in teams if one.tier_id == tier.pk))
            for tier in Tier.objects.order_by("rank")
        ),
        teams=tuple(Squad(one.code, one.name, one.tier.code, one.people) for one in teams),
        issue_types=dict(types),
        known_types=frozenset(lists.labels[PickListName.ISSUE_TYPE]),
        segments=dict(lists.offered[PickListName.SEGMENT]),
        skills=tuple(
            Expertise(one.code, one.name, tuple(one.issue_types)) for one in Skill.objects.filter(is_active=True)
        ),
        manager_role=manager.code if manager else None,
    )


def design_base() -> tuple[PolicyVersion, Policy] | None:
    """The version in force with its rules, else the newest one; None where there is none yet."""
    rows = PolicyVersion.objects.defer("snapshot")
    version = rows.filter(state=PolicyState.PUBLISHED).first() or rows.order_by("-created_at", "-id").first()
    return (version, rules_of(version)) if version else None
