"""Conditions as one short text, so that an address can carry them; and back."""

import json
from decimal import Decimal
from typing import Any

from policies.domain.compiling import compile_trigger
from policies.domain.triggers import CompiledTrigger, Condition, Group, InvalidRule, Problem, TriggerRule

LONGEST = 4_000  # characters
UNREADABLE = "These conditions cannot be read. Try the trigger again in the studio."


def conditions_text(rule: TriggerRule) -> str:
    """`["all", [["all", [["segment", "is", "enterprise"]]]]]`: join, groups, conditions."""
    groups = [[group.join, [[one.fact, one.operator, _plain(one.value)] for one in group.conditions]]
              for group in rule.groups]  # fmt: skip
    return json.dumps([rule.join, groups], ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def trigger_of_text(text: str) -> CompiledTrigger:
    """The conditions, understood. Raises InvalidRule for whatever else an address may hold."""
    try:
        if len(text) > LONGEST or "\\u" in text:  # an escaped sign is one that no text of ours holds
            raise ValueError
        join, groups = json.loads(text)
        rule = TriggerRule("", "", join, tuple(
            Group(of, tuple(Condition(fact, operator, value) for fact, operator, value in rows)) for of, rows in groups
        ))  # fmt: skip
        return compile_trigger(rule)
    except (ValueError, TypeError, RecursionError):
        raise InvalidRule([Problem(UNREADABLE)]) from None
