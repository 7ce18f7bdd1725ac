"""What the conditions of a trigger can be about: every list's values and their names.

Lists that only a later app knows (how a customer feels, how complex a ticket is) are registered by it when it starts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from accounts.models import Region, Role, Skill, Team, Tier
from policies.choices import PickListName
from policies.models import PickItem

PRIORITIES = {priority: f"P{priority}" for priority in range(1, 5)}
Names = dict[str, dict[Any, str]]
_registered: dict[str, Callable[[], Mapping[Any, str]]] = {}


def register_list(source: str, values: Callable[[], Mapping[Any, str]]) -> None:
    """Say which values, by name, the facts with this source have."""
    _registered[source] = values


def list_names(*, in_use: bool = False) -> Names:
    """List → value → name; with `in_use` only what can still be chosen. Five statements."""
    items = PickItem.objects.filter(is_active=True) if in_use else PickItem.objects.all()
    names: Names = {str(name): {} for name in PickListName}
    for name, code, label in items.values_list("list", "code", "label"):
        names[name][code] = label
    tiers = list(Tier.objects.values_list("rank", "code"))
    names["tier"] = dict(tiers)
    names["tier_code"] = {code: code for _, code in tiers}
    names["region"] = dict(Region.objects.values_list("code", "name"))
    teams = Team.objects.filter(is_active=True) if in_use else Team.objects.all()
    names["team"] = dict(teams.values_list("code", "name"))
    names["role"] = dict(Role.objects.values_list("code", "name"))
    names["skill"] = dict(Skill.objects.values_list("code", "name"))
    names["priority"] = PRIORITIES
    return names | {source: dict(values()) for source, values in _registered.items()}
