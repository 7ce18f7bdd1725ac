"""A compiled trigger as a condition of a database: the same answer as `evaluate`, for a whole table at once."""

from collections.abc import Mapping
from functools import reduce
from operator import and_, or_
from typing import Any, Protocol

from django.db.models import Q

from policies.domain.facts import Operator
from policies.domain.triggers import Check, CompiledTrigger, Join


class FactColumn(Protocol):
    """How one fact is asked of rows. Unknown values satisfy nothing but `is not known`."""

    def condition(self, operator: Operator, value: Any) -> Q: ...


def plain_condition(name: str, operator: Operator, value: Any) -> Q:
    """The condition on a column whose unknown is NULL."""
    match operator:
        case Operator.KNOWN:
            return Q(**{f"{name}__isnull": False})
        case Operator.UNKNOWN:
            return Q(**{f"{name}__isnull": True})
        case Operator.IS:
            return Q(**{name: value})
        case Operator.IS_NOT:
            return ~Q(**{name: value}) & Q(**{f"{name}__isnull": False})
        case Operator.ANY_OF:
            return Q(**{f"{name}__in": sorted(value)})
        case Operator.NONE_OF:
            return ~Q(**{f"{name}__in": sorted(value)}) & Q(**{f"{name}__isnull": False})
        case Operator.MORE:
            return Q(**{f"{name}__gt": value})
        case Operator.AT_LEAST:
            return Q(**{f"{name}__gte": value})
        case Operator.LESS:
            return Q(**{f"{name}__lt": value})
        case Operator.AT_MOST:
            return Q(**{f"{name}__lte": value})
    raise ValueError(f"{operator} is asked of words only")


def _joined(join: Join, conditions: list[Q]) -> Q:
    return reduce(and_ if join is Join.ALL else or_, conditions)


def as_queryset(trigger: CompiledTrigger, facts: Mapping[str, FactColumn]) -> Q:
    """The rows on which the trigger fires. `facts`: name → its column. Raises KeyError for a fact without one."""

    def asked(check: Check) -> Q:
        return facts[check.fact.name].condition(check.operator, check.value)

    groups = [_joined(group.join, [asked(check) for check in group.checks]) for group in trigger.groups]
    return _joined(trigger.join, groups)
