"""Which rules hold. Everything at run time reads a snapshot; draft rows are for those who edit them."""

from functools import lru_cache

from django.db.models import QuerySet

from policies.choices import PickListName, PolicyState
from policies.domain.policy import Policy
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


def forget_policies() -> None:
    """Drop the cache: ids are used again when a test's transaction is rolled back."""
    _policy_of.cache_clear()


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


def pick_labels(*names: PickListName) -> dict[str, dict[str, str]]:
    """List → code → label, entries out of use included: old records still name them. One query."""
    labels: dict[str, dict[str, str]] = {str(name): {} for name in names}
    for name, code, label in PickItem.objects.filter(list__in=names).values_list("list", "code", "label"):
        labels[name][code] = label
    return labels
