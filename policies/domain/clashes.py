"""Conditions that can never be true together."""

from decimal import Decimal
from typing import Any

from policies.domain.facts import Kind, Operator
from policies.domain.triggers import Check, CompiledTrigger, Join, Problem, holds


def clash(first: Check, second: Check) -> bool:
    """Whether no value could satisfy both checks of one fact. Exact for pairs; never says so wrongly."""
    if first.fact.kind is Kind.WORDS:
        return _words_clash(first, second) or _words_clash(second, first)
    if Operator.UNKNOWN in (first.operator, second.operator):
        return first.operator is not second.operator
    if Operator.KNOWN in (first.operator, second.operator):
        return False
    finite = _finite(first)
    if finite is not None:
        return not any(holds(second, value) for value in finite)
    finite = _finite(second)
    if finite is not None:
        return not any(holds(first, value) for value in finite)
    return _apart(first, second) or _apart(second, first)


def _words_clash(wanted: Check, refused: Check) -> bool:
    if refused.operator is not Operator.CONTAINS_NONE:
        return False
    if wanted.operator is Operator.CONTAINS_ALL:
        return bool(wanted.value & refused.value)
    return wanted.operator is Operator.CONTAINS_ANY and wanted.value <= refused.value


def _finite(check: Check) -> frozenset[Any] | None:
    """All the values that satisfy the check, where they can be listed."""
    if check.operator is Operator.IS:
        return frozenset({check.value})
    return check.value if check.operator is Operator.ANY_OF else None


def _apart(low: Check, high: Check) -> bool:
    """Whether `low` asks for less than `high` demands at least."""
    if low.operator not in (Operator.LESS, Operator.AT_MOST) or high.operator not in (Operator.MORE, Operator.AT_LEAST):
        return False
    step = 0 if low.fact.kind is Kind.MONEY else 1  # whole values between two bounds that are both excluded
    if low.operator is Operator.AT_MOST and high.operator is Operator.AT_LEAST:
        return bool(high.value > low.value)
    if low.operator is Operator.LESS and high.operator is Operator.MORE:
        if step:
            return bool(high.value + 1 >= low.value)
        return bool(low.value - high.value <= Decimal("0.01"))
    return bool(high.value >= low.value)


def contradictions(trigger: CompiledTrigger) -> list[Problem]:
    """Pairs of conditions that must hold together and cannot. Each names its second row."""
    found: list[Problem] = []
    placed = [
        (place, row, check)
        for place, group in enumerate(trigger.groups)
        for row, check in enumerate(group.checks)
        if group.join is Join.ALL or len(group.checks) == 1
    ]
    for index, (place, _, check) in enumerate(placed):
        for other_place, other_row, other in placed[index + 1 :]:
            together = other_place == place or trigger.join is Join.ALL
            if together and other.fact is check.fact and clash(check, other):
                found.append(
                    Problem(f"“{other.words}” and “{check.words}” can never both be true.",
                            other_place, other_row, "value")
                )  # fmt: skip
    return found
