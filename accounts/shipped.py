"""The roles, tiers and skills that Belay ships. An organisation renames and adds; codes stay."""

from accounts.choices import Ability, Dimension, Level
from accounts.models import Role, Skill, SkillTarget, Tier

WORKER = [Ability.READ, Ability.WORK]
DECIDER = [*WORKER, Ability.MANAGE]

ROLES: tuple[tuple[str, str, int, list[Ability]], ...] = (
    ("l1_agent", "L1 agent", 10, WORKER),
    ("l2_specialist", "L2 specialist", 20, WORKER),
    ("l3_engineer", "L3 engineer", 30, WORKER),
    ("l4_engineer", "L4 product engineer", 35, WORKER),
    ("success_manager", "Customer success manager", 40, [Ability.READ]),
    ("trainer", "Trainer", 40, [Ability.READ, Ability.TRAIN]),
    ("process_owner", "Process owner", 45, [Ability.READ, Ability.POLICY]),
    ("support_manager", "Support manager", 50, [*DECIDER, Ability.IMPORT]),
    ("vp_support", "VP support", 60, [*DECIDER, Ability.POLICY]),
    ("c_level", "C-level", 70, DECIDER),
    ("administrator", "Administrator", 5, [Ability.READ, Ability.IMPORT, Ability.ADMIN]),
)

TIERS: tuple[tuple[str, str, int], ...] = (
    ("L1", "General support", 1),
    ("L2", "Technical support", 2),
    ("L3", "Senior engineers", 3),
    ("L4", "Engineering and product", 4),
)

# code, name, issue types, product areas: codes of the shipped pick lists.
SKILLS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("api", "API and integrations", ("integration",), ("api_integration",)),
    ("webhooks", "Webhooks", ("integration", "bug"), ("webhooks",)),
    ("identity", "Sign-in and identity", ("access",), ("identity",)),
    ("data", "Data and exports", ("data_loss", "bug"), ("data_export", "dashboard")),
    ("performance", "Performance and outages", ("outage", "performance"), ("platform",)),
    ("security", "Security", ("security_breach",), ()),
    ("billing", "Billing", ("billing",), ("billing",)),
    ("mobile", "Mobile app", ("bug",), ("mobile",)),
    ("onboarding", "Set-up and configuration", ("configuration", "question"), ()),
)

_SOLVING = (Dimension.TECHNICAL, Dimension.KNOWLEDGE)
# tier, skill, dimensions, level, people
SKILL_TARGETS: tuple[tuple[str, str, tuple[Dimension, ...], Level, int], ...] = (
    ("L1", "onboarding", _SOLVING, Level.ALONE, 6),
    ("L1", "billing", (Dimension.KNOWLEDGE, Dimension.COMMUNICATION), Level.ALONE, 3),
    ("L1", "identity", (Dimension.TECHNICAL,), Level.WITH_HELP, 4),
    ("L2", "webhooks", _SOLVING, Level.ALONE, 2),
    ("L2", "api", _SOLVING, Level.ALONE, 3),
    ("L2", "data", (Dimension.TECHNICAL,), Level.ALONE, 2),
    ("L2", "identity", (Dimension.TECHNICAL, Dimension.AUTHORITY), Level.ALONE, 2),
    ("L3", "performance", _SOLVING, Level.ALONE, 2),
    ("L3", "data", (Dimension.TECHNICAL,), Level.TEACHES, 1),
    ("L3", "security", (Dimension.TECHNICAL, Dimension.AUTHORITY), Level.ALONE, 2),
    ("L4", "security", (Dimension.TECHNICAL,), Level.TEACHES, 1),
    ("L4", "mobile", (Dimension.TECHNICAL,), Level.ALONE, 1),
)


def load_skills() -> None:
    """Create what is missing; leave what an administrator has changed. Needs the tiers."""
    for position, (code, name, issue_types, product_areas) in enumerate(SKILLS):
        lists = {"issue_types": list(issue_types), "product_areas": list(product_areas)}
        Skill.objects.get_or_create(code=code, defaults={"name": name, "position": position, **lists})
    if SkillTarget.objects.exists():
        return
    skills = {skill.code: skill for skill in Skill.objects.all()}
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    SkillTarget.objects.bulk_create(
        SkillTarget(tier=tiers[tier], skill=skills[skill], dimension=dimension, level=level, people=people)
        for tier, skill, dimensions, level, people in SKILL_TARGETS
        for dimension in dimensions
    )


def load_roles_and_tiers() -> None:
    """Create what is missing; leave what an administrator has changed."""
    for code, name, rank, abilities in ROLES:
        Role.objects.get_or_create(code=code, defaults={"name": name, "rank": rank, "abilities": abilities})
    for code, name, rank in TIERS:
        Tier.objects.get_or_create(code=code, defaults={"name": name, "rank": rank})
