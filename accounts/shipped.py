"""The roles and tiers that Belay ships. An organisation renames and adds; codes stay."""

from accounts.choices import Ability
from accounts.models import Role, Tier

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


def load_roles_and_tiers() -> None:
    """Create what is missing; leave what an administrator has changed."""
    for code, name, rank, abilities in ROLES:
        Role.objects.get_or_create(code=code, defaults={"name": name, "rank": rank, "abilities": abilities})
    for code, name, rank in TIERS:
        Tier.objects.get_or_create(code=code, defaults={"name": name, "rank": rank})
