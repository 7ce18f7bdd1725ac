"""A ticket on which conditions hold and others do not, if there is one.

Facts are independent of each other, so a branch of conditions is solved fact by fact: among the boundary values that
its conditions name, the values that forms can produce, and "not known". Exact; past `MOST_BRANCHES` it gives up.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, islice, product
from typing import Any

from policies.domain.facts import Fact, Kind
from policies.domain.triggers import Check, CompiledTrigger, Join, Names, check_words, holds

MOST_BRANCHES = 20_000
MOST_WORDS = 12
CENT = Decimal("0.01")
# Facts that every ticket has.
ALWAYS_KNOWN = frozenset({Kind.YES_NO, Kind.RANKED, Kind.NUMBER})


class TooManyBranches(Exception):
    """The conditions are too many to be sure about."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition that must hold, or must not."""

    check: Check
    wanted: bool

    def satisfied(self, value: Any) -> bool:
        return holds(self.check, value) is self.wanted


Branch = tuple[Literal, ...]


def branches(trigger: CompiledTrigger, *, wanted: bool) -> Iterator[Branch]:
    """The ways in which the trigger can fire (or, with `wanted` False, stay silent), each a conjunction."""

    def of_group(join: Join, literals: list[Literal]) -> list[Branch]:
        together = (join is Join.ALL) is wanted
        return [tuple(literals)] if together else [(one,) for one in literals]

    groups = [of_group(group.join, [Literal(check, wanted) for check in group.checks]) for group in trigger.groups]
    if (trigger.join is Join.ALL) is wanted:
        for choice in product(*groups):
            yield tuple(literal for branch in choice for literal in branch)
    else:
        for group in groups:
            yield from group


def _candidates(fact: Fact, literals: list[Literal], names: Names) -> list[Any]:
    """Values among which one satisfies the literals if any value does. A list limits a fact to what it holds."""
    unknown = [] if fact.kind in ALWAYS_KNOWN else [None]
    if fact.kind is Kind.YES_NO:
        return [True, False]
    if fact.kind is Kind.WORDS:
        return _word_sets(literals)
    if fact.source and fact.source in names:
        return [*names[fact.source], *unknown]
    named: set[Any] = set()
    for literal in literals:
        value = literal.check.value
        named |= value if isinstance(value, frozenset) else set() if value is None else {value}
    if fact.kind is Kind.CHOICE:
        return [*sorted(named), "another value", *unknown]
    step: Any = CENT if fact.kind is Kind.MONEY else 1
    around = sorted({value + shift for value in named for shift in (-step, 0 * step, step)})
    least: Any = None if fact.name == "contract_left" else 0
    return [*(value for value in around if least is None or value >= least), *unknown] or [0]


def _word_sets(literals: list[Literal]) -> list[frozenset[str]]:
    """Every set of the words named. Raises TooManyBranches where those are too many to try."""
    words = sorted({word for literal in literals for word in literal.check.value})
    if len(literals) == 1:
        # One condition alone: no word, one, all, or all but one decide it.
        every = frozenset(words)
        return [frozenset(), frozenset(words[:1]), every, every - set(words[:1])]
    if len(words) > MOST_WORDS:
        raise TooManyBranches
    return [frozenset(one) for size in range(len(words) + 1) for one in combinations(words, size)]


def solve(branch: Branch, names: Names, given: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Facts that satisfy every literal of the branch, with those `given` fixed; None when there are none."""
    by_fact: dict[str, list[Literal]] = {}
    for literal in branch:
        by_fact.setdefault(literal.check.fact.name, []).append(literal)
    found: dict[str, Any] = dict(given or {})
    for name, literals in by_fact.items():
        values = [found[name]] if name in found else _candidates(literals[0].check.fact, literals, names)
        fitting = [value for value in values if all(literal.satisfied(value) for literal in literals)]
        if not fitting:
            return None
        found[name] = fitting[0]
    return found


def _bounded(found: Iterable[Branch]) -> list[Branch]:
    taken = list(islice(found, MOST_BRANCHES + 1))
    if len(taken) > MOST_BRANCHES:
        raise TooManyBranches
    return taken


def witness(trigger: CompiledTrigger, names: Names, given: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """A ticket on which the trigger fires, None when there is none. Raises TooManyBranches."""
    for branch in _bounded(branches(trigger, wanted=True)):
        found = solve(branch, names, given)
        if found is not None:
            return found
    return None


def nearest(trigger: CompiledTrigger, names: Names) -> dict[str, Any]:
    """A ticket that satisfies as many conditions as can hold together, for a trigger on which none fires; the first
    condition that fails on it as `fails`. Raises TooManyBranches."""
    for branch in _bounded(branches(trigger, wanted=True)):
        kept: Branch = ()
        failing = None
        for literal in branch:
            if solve((*kept, literal), names) is not None:
                kept = (*kept, literal)
            elif failing is None:
                failing = literal
        if failing is not None:
            return {**(solve(kept, names) or {}), "fails": check_words(failing.check, names)}
    return {}


def fires_without(first: CompiledTrigger, second: CompiledTrigger, names: Names) -> dict[str, Any] | None:
    """A ticket on which the first fires and the second does not, None when the first implies the second.

    Raises TooManyBranches.
    """
    silent = _bounded(branches(second, wanted=False))
    firing = _bounded(branches(first, wanted=True))
    if len(silent) * len(firing) > MOST_BRANCHES:
        raise TooManyBranches
    for one in firing:
        for other in silent:
            found = solve(one + other, names)
            if found is not None:
                return found
    return None
