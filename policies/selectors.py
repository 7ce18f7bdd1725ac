"""Which rules hold. Everything at run time reads a snapshot; draft rows are for those who edit them."""

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import QuerySet

from policies.choices import PickListName, PolicyState
from policies.domain.compiling import compile_trigger
from policies.domain.policy import Policy
from policies.domain.triggers import CompiledTrigger
from policies.models import PickItem, PolicyVersion


class NoPolicyInForce(Exception):
    """Nothing is published yet: `manage.py load_shipped` publishes the policy that Belay ships."""


@lru_cache(maxsize=64)
def _policy_of(version_id: int) -> Policy:
    # A published snapshot never changes (the database refuses it), so the id is key enough.
    return Policy.from_json(
        PolicyVersion.objects.exclude(state=PolicyState.DRAFT).values_list("snapshot", flat=True).get(pk=version_id)
    )


def policy_of(version_id: int) -> Policy:
    """The frozen policy of a published or retired version."""
    return _policy_of(version_id)


@lru_cache(maxsize=64)
def compiled_triggers(version_id: int) -> tuple[CompiledTrigger, ...]:
    """The triggers of a published or retired version, ready to be asked, in their order.

    Publishing has checked them. Raises InvalidRule for a snapshot that this program no longer understands.
    """
    return tuple(compile_trigger(trigger.rule) for trigger in policy_of(version_id).triggers)


def forget_policies() -> None:
    """Drop the caches: ids are used again when a test's transaction is rolled back."""
    _policy_of.cache_clear()
    compiled_triggers.cache_clear()


def version_in_force() -> PolicyVersion:
    """The one published version, without its snapshot loaded. Raises NoPolicyInForce."""
    try:
        return PolicyVersion.objects.defer("snapshot").get(state=PolicyState.PUBLISHED)
    except PolicyVersion.DoesNotExist:
        raise NoPolicyInForce("No policy is published yet.") from None


def policy_in_force() -> tuple[PolicyVersion, Policy]:
    version = version_in_force()
    return version, policy_of(version.pk)


def pick_items(name: PickListName) -> QuerySet[PickItem]:
    """What a list offers now, in its order."""
    return PickItem.objects.filter(list=name, is_active=True)


def pick_choices(name: PickListName) -> list[tuple[str, str]]:
    return list(pick_items(name).values_list("code", "label"))


@dataclass(frozen=True, slots=True)
class Picks:
    """Lists by their names: `labels` of every code, those out of use included since old records still name them;
    `offered` as pairs of code and label, what is in use, in its order."""

    labels: dict[str, dict[str, str]]
    offered: dict[str, list[tuple[str, str]]]


def picks(*names: PickListName) -> Picks:
    """One query."""
    found = Picks({str(name): {} for name in names}, {str(name): [] for name in names})
    rows = PickItem.objects.filter(list__in=names).values_list("list", "code", "label", "is_active")
    for name, code, label, is_active in rows:
        found.labels[name][code] = label
        if is_active:
            found.offered[name].append((code, label))
    return found


def pick_labels(*names: PickListName) -> dict[str, dict[str, str]]:
    """List → code → label, entries out of use included. One query."""
    return picks(*names).labels
