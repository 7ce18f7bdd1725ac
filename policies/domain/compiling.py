"""From a trigger as somebody wrote it to one that can be run: every row understood, or every mistake named."""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from policies.domain.clashes import contradictions
from policies.domain.facts import FACTS, MANY, NOTHING, Fact, Kind, Operator
from policies.domain.triggers import (
    Check,
    CompiledGroup,
    CompiledTrigger,
    Condition,
    Group,
    InvalidRule,
    Join,
    Problem,
    TriggerRule,
)

MOST_GROUPS, MOST_CONDITIONS, MOST_VALUES = 8, 12, 60
LONGEST_WORD = 60
LARGEST = Decimal("999999999999.99")
LARGEST_WHOLE = 2_147_483_647


class _Misfit(Exception):
    """A value that does not fit; the text says what would."""


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _Misfit("Give a whole number.")
    try:
        number = int(value)
    except ValueError:
        raise _Misfit("Give a whole number.") from None
    if abs(number) > LARGEST_WHOLE:
        raise _Misfit("That number is too large.")
    return number


def _money(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise _Misfit("Give an amount such as 50000 or 49.90.")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise _Misfit("Give an amount such as 50000 or 49.90.") from None
    if not amount.is_finite() or amount < 0:
        raise _Misfit("An amount is zero or more.")
    if amount > LARGEST or amount != amount.quantize(Decimal("0.01")):
        raise _Misfit("Give an amount with at most two decimals.")
    return amount


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Misfit("Choose yes or no.")
    return value


def _code(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _Misfit("Choose a value.")
    return value


def _word(value: Any) -> str:
    """A watched word or phrase: letters and digits with single spaces, small letters."""
    if not isinstance(value, str):
        raise _Misfit("Give words or phrases.")
    word = " ".join(value.split()).lower()
    if not any(letter.isalnum() for letter in word):
        raise _Misfit("A word has at least one letter or digit.")
    if len(word) > LONGEST_WORD:
        raise _Misfit(f"A phrase has at most {LONGEST_WORD} characters.")
    return word


_PARSERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.CHOICE: _code,
    Kind.RANKED: _number,
    Kind.YES_NO: _yes_no,
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.SPAN: _number,
    Kind.WORDS: _word,
}
Options = Mapping[str, Collection[Any]]


def _value(fact: Fact, operator: Operator, value: Any, options: Options) -> Any:
    if operator in NOTHING:
        if value not in (None, ""):
            raise _Misfit("This question takes no value.")
        return None
    parse = _PARSERS[fact.kind]
    if operator in MANY:
        if not isinstance(value, list | tuple | set | frozenset) or not value:
            raise _Misfit("Give at least one value.")
        if len(value) > MOST_VALUES:
            raise _Misfit(f"Give at most {MOST_VALUES} values.")
        parsed = frozenset(parse(one) for one in value)
    else:
        parsed = parse(value)
    offered = options.get(fact.source) if fact.source else None
    if offered is not None:
        asked = parsed if isinstance(parsed, frozenset) else {parsed}
        unknown = sorted(str(one) for one in asked if one not in offered)
        if unknown:
            raise _Misfit(f"{fact.label} has no value {', '.join(unknown)}.")
    return parsed


def _check(condition: Condition, options: Options, group: int, row: int) -> Check:
    """Raises InvalidRule with the one thing that is wrong with the row."""
    fact = FACTS.get(condition.fact)
    if fact is None:
        raise InvalidRule([Problem(f"There is no fact {condition.fact!r}.", group, row, "fact")])
    try:
        operator = Operator(condition.operator)
    except ValueError:
        raise InvalidRule([Problem(f"There is no question {condition.operator!r}.", group, row, "operator")]) from None
    if operator not in fact.operators:
        raise InvalidRule([Problem(f"{fact.label} cannot be asked whether it {fact.says(operator)} something.",
                                   group, row, "operator")])  # fmt: skip
    try:
        return Check(fact, operator, _value(fact, operator, condition.value, options))
    except _Misfit as error:
        raise InvalidRule([Problem(str(error), group, row, "value")]) from None


def _join(value: str, what: str, group: int | None) -> Join:
    try:
        return Join(value)
    except ValueError:
        raise InvalidRule([Problem(f"{what} hold together by all or by any.", group, None, "join")]) from None


def _compile_group(group: Group, place: int, options: Options) -> CompiledGroup:
    """Raises InvalidRule with everything that is wrong with the group."""
    join = _join(group.join, "The rows of a group", place)
    if not group.conditions:
        raise InvalidRule([Problem("A group needs at least one condition.", place)])
    if len(group.conditions) > MOST_CONDITIONS:
        raise InvalidRule([Problem(f"A group has at most {MOST_CONDITIONS} conditions.", place)])
    checks: list[Check] = []
    problems: list[Problem] = []
    for row, condition in enumerate(group.conditions):
        try:
            checks.append(_check(condition, options, place, row))
        except InvalidRule as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidRule(problems)
    return CompiledGroup(join, tuple(checks))


def compile_trigger(rule: TriggerRule, options: Options | None = None) -> CompiledTrigger:
    """The trigger, understood. `options`: list name → the values that exist in it; a list not named is not checked.

    Raises InvalidRule naming every row and field that is wrong: an unknown fact, a question that does not fit it, a
    value that does not exist, an empty group, conditions that contradict each other.
    """
    join = _join(rule.join, "Groups", None)
    if not rule.groups:
        raise InvalidRule([Problem("A trigger needs at least one group of conditions.")])
    if len(rule.groups) > MOST_GROUPS:
        raise InvalidRule([Problem(f"A trigger has at most {MOST_GROUPS} groups.")])
    groups: list[CompiledGroup] = []
    problems: list[Problem] = []
    for place, group in enumerate(rule.groups):
        try:
            groups.append(_compile_group(group, place, options or {}))
        except InvalidRule as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidRule(problems)
    compiled = CompiledTrigger(rule, join, tuple(groups))
    problems.extend(contradictions(compiled))
    if problems:
        raise InvalidRule(problems)
    return compiled


def understood(rule: TriggerRule) -> CompiledTrigger | None:
    """The compiled trigger, None when it cannot be understood."""
    try:
        return compile_trigger(rule)
    except InvalidRule:
        return None
