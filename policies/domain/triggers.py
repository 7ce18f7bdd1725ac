"""Triggers as data: conditions in all/any groups, evaluated against a ticket's facts with reasons.

A value nobody has given is no value: every comparison with it is false, `is not` and `is none of` included, except
`is known` and `is not known`. `policies.querying` asks a database the same question, and a property test holds both
to one answer.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from policies.domain.facts import Fact, Kind, Operator
from policies.domain.words import money_words, span_words


class Join(StrEnum):
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Condition:
    """One row as it is stored. `value`: text, a whole number, true/false, a list of text, or None for no value."""

    fact: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Group:
    join: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class TriggerRule:
    """What an organisation wrote. `join` says how its groups go together."""

    key: str
    name: str
    join: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: group and row count from 0, None for the whole trigger or group."""

    message: str
    group: int | None = None
    row: int | None = None
    field: str = ""

    def __str__(self) -> str:
        place = [f"group {self.group + 1}"] if self.group is not None else []
        place += [f"row {self.row + 1}"] if self.row is not None else []
        return f"{', '.join(place).capitalize()}: {self.message}" if place else self.message


class InvalidRule(Exception):
    """A trigger that cannot be run. `problems` names every row and field."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that was understood: `value` has the type of its fact."""

    fact: Fact
    operator: Operator
    value: Any

    @property
    def words(self) -> str:
        return check_words(self)


@dataclass(frozen=True, slots=True)
class CompiledGroup:
    join: Join
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    rule: TriggerRule
    join: Join
    groups: tuple[CompiledGroup, ...]

    @property
    def facts(self) -> frozenset[str]:
        """The names of the facts it asks for."""
        return frozenset(check.fact.name for group in self.groups for check in group.checks)

    @property
    def watched_words(self) -> frozenset[str]:
        checks = (check for group in self.groups for check in group.checks)
        return frozenset(word for check in checks if check.fact.kind is Kind.WORDS for word in check.value)


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition that held, and the value that the ticket had."""

    check: Check
    had: Any

    @property
    def fact(self) -> str:
        return self.check.fact.name

    @property
    def words(self) -> str:
        return check_words(self.check)


@dataclass(frozen=True, slots=True)
class Match:
    trigger: CompiledTrigger
    reasons: tuple[Reason, ...]


Names = Mapping[str, Mapping[Any, str]]
"""List name → value → what people call it."""


def value_words(fact: Fact, value: Any, names: Names | None = None) -> str:
    """A value as people read it: `names` for codes and ranks, which otherwise stay as they are."""
    if value is None:
        return ""
    known = (names or {}).get(fact.source, {})
    if isinstance(value, frozenset):
        return " or ".join(str(known.get(one, one)) for one in sorted(value))
    match fact.kind:
        case Kind.SPAN:
            return span_words(value) if value >= 0 else f"−{span_words(-value)}"
        case Kind.MONEY:
            return money_words(value)
        case Kind.YES_NO:
            return "yes" if value else "no"
    return str(known.get(value, value))


def check_words(check: Check, names: Names | None = None) -> str:
    """`Waiting time is more than 2 h`."""
    shown = value_words(check.fact, check.value, names)
    return f"{check.fact.label} {check.fact.says(check.operator)} {shown}".rstrip()


def reason_words(reason: Reason, names: Names | None = None) -> str:
    """`Waiting time is more than 2 h: 3 h 10 min`; the value only where the condition does not say it itself."""
    said = check_words(reason.check, names)
    if reason.check.operator is Operator.IS or reason.had is None:
        return said
    return f"{said}: {value_words(reason.check.fact, reason.had, names)}"


def within_sentence(words: str) -> str:
    """With a small first letter, unless the first word is an abbreviation: `VIP is yes` stays."""
    first = words.startswith("(")
    return words if words[first + 1 : first + 2].isupper() else f"{words[: first + 1].lower()}{words[first + 1 :]}"


def trigger_words(trigger: CompiledTrigger, names: Names | None = None) -> str:
    """All conditions as one sentence; groups in brackets where there are several."""
    groups = []
    for group in trigger.groups:
        words = (" and " if group.join is Join.ALL else " or ").join(
            within_sentence(check_words(one, names)) for one in group.checks
        )
        groups.append(f"({words})" if len(trigger.groups) > 1 and len(group.checks) > 1 else words)
    sentence = (" and " if trigger.join is Join.ALL else " or ").join(groups)
    first = sentence.startswith("(")
    return f"{sentence[: first + 1].upper()}{sentence[first + 1 :]}"


Facts = Mapping[str, Any]


def holds(check: Check, had: Any) -> bool:
    known = had is not None and had != ""
    if check.fact.kind is Kind.WORDS:
        return _words_hold(check, had or frozenset())
    match check.operator:
        case Operator.KNOWN:
            return known
        case Operator.UNKNOWN:
            return not known
    if not known:
        return False
    match check.operator:
        case Operator.IS:
            return bool(had == check.value)
        case Operator.IS_NOT:
            return bool(had != check.value)
        case Operator.ANY_OF:
            return had in check.value
        case Operator.NONE_OF:
            return had not in check.value
        case Operator.MORE:
            return bool(had > check.value)
        case Operator.AT_LEAST:
            return bool(had >= check.value)
        case Operator.LESS:
            return bool(had < check.value)
        case Operator.AT_MOST:
            return bool(had <= check.value)
    raise AssertionError(check.operator)


def _words_hold(check: Check, found: Collection[str]) -> bool:
    match check.operator:
        case Operator.CONTAINS_ALL:
            return all(word in found for word in check.value)
        case Operator.CONTAINS_NONE:
            return not any(word in found for word in check.value)
    return any(word in found for word in check.value)


def _group_reasons(group: CompiledGroup, facts: Facts) -> tuple[Reason, ...] | None:
    """The conditions of the group that hold, None when the group does not."""
    held = [check for check in group.checks if holds(check, facts.get(check.fact.name))]
    if not held or (group.join is Join.ALL and len(held) < len(group.checks)):
        return None
    return tuple(Reason(check, facts.get(check.fact.name)) for check in held)


def evaluate(trigger: CompiledTrigger, facts: Facts) -> Match | None:
    """Whether the trigger fires on a ticket with these facts, and why: each condition that held, with its value.

    `facts`: name → value of the fact's kind; a fact that is missing, None or "" is not known. `words` is the set of
    watched words that were found.
    """
    found = [_group_reasons(group, facts) for group in trigger.groups]
    held = [reasons for reasons in found if reasons is not None]
    if not held or (trigger.join is Join.ALL and len(held) < len(found)):
        return None
    return Match(trigger, tuple(reason for reasons in held for reason in reasons))
