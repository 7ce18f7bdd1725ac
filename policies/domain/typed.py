"""Conditions as people type them in an editor, and back: what a row's value looks like in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from policies.domain.facts import FACTS, MANY, NOTHING, Fact, Kind, Operator
from policies.domain.triggers import Condition, Group, Problem
from policies.domain.words import Mistyped, parse_money, parse_span, span_words

YES, NO = "yes", "no"
# What is left of a contract can be less than nothing: overdue.
SIGNED = frozenset({"contract_left"})


class Widget(StrEnum):
    """How a value is given."""

    NONE = "none"
    CHOICE = "choice"
    MANY = "many"
    NUMBER = "number"
    MONEY = "money"
    SPAN = "span"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class TypedRow:
    """One row of the editor; `texts` are the values as typed or chosen."""

    fact: str = ""
    operator: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypedGroup:
    join: str = "all"
    rows: tuple[TypedRow, ...] = (TypedRow(),)


def fitting(row: TypedRow) -> TypedRow:
    """The row with a question that fits its fact, for an editor to show."""
    fact = FACTS.get(row.fact)
    if fact is None:
        return TypedRow(row.fact, "", row.texts)
    operator = row.operator if row.operator in fact.operators else fact.operators[0]
    return TypedRow(row.fact, operator, row.texts)


def widget_of(fact: Fact | None, operator: str) -> Widget:
    """What a value is given with, for a fact and a question."""
    if fact is None or operator in NOTHING:
        return Widget.NONE
    match fact.kind:
        case Kind.WORDS:
            return Widget.WORDS
        case Kind.CHOICE | Kind.RANKED:
            return Widget.MANY if operator in MANY else Widget.CHOICE
        case Kind.YES_NO:
            return Widget.CHOICE
    return Widget(fact.kind.value)


def _one(fact: Fact, text: str) -> Any:
    text = text.strip()
    match fact.kind:
        case Kind.SPAN:
            return parse_span(text, signed=fact.name in SIGNED)
        case Kind.MONEY:
            return str(parse_money(text))
        case Kind.YES_NO:
            if text not in (YES, NO):
                raise Mistyped("Choose yes or no.")
            return text == YES
        case Kind.NUMBER | Kind.RANKED:
            digits = text.removeprefix("-")
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
                raise Mistyped("Give a whole number." if fact.kind is Kind.NUMBER else "Choose a value.")
            return int(text)
    if not text:
        raise Mistyped("Choose a value.")
    return text


def _value(fact: Fact, operator: str, texts: Sequence[str]) -> Any:
    if operator in NOTHING:
        return None
    if fact.kind is Kind.WORDS:
        words = [" ".join(word.split()) for text in texts for word in text.replace("\n", ",").split(",")]
        found = list(dict.fromkeys(word for word in words if word))
        if not found:
            raise Mistyped("Give words or phrases, parted by commas.")
        return found
    if operator in MANY:
        if not texts:
            raise Mistyped("Choose at least one value.")
        return [_one(fact, text) for text in dict.fromkeys(texts)]
    return _one(fact, texts[0] if texts else "")


def understood_groups(groups: Sequence[TypedGroup]) -> tuple[tuple[Group, ...], tuple[Problem, ...]]:
    """The groups as rules store them, and what could not be read, each with its group, row and field."""
    made, problems = [], []
    for place, group in enumerate(groups):
        rows = []
        for number, row in enumerate(group.rows):
            fact = FACTS.get(row.fact)
            if fact is None:
                problems.append(Problem("Choose what is asked about.", place, number, "fact"))
                continue
            if row.operator not in list(Operator):
                problems.append(Problem("Choose a question.", place, number, "operator"))
                continue
            try:
                rows.append(Condition(row.fact, row.operator, _value(fact, row.operator, row.texts)))
            except Mistyped as error:
                problems.append(Problem(str(error), place, number, "value"))
        made.append(Group(group.join, tuple(rows)))
    return tuple(made), tuple(problems)


def _text(fact: Fact, value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if fact.kind is Kind.SPAN and isinstance(value, int):
        return span_words(value) if value >= 0 else f"-{span_words(-value)}"
    return str(value)


def typed_groups(groups: Sequence[Group]) -> tuple[TypedGroup, ...]:
    """Stored groups as an editor shows them."""
    made = []
    for group in groups:
        rows = []
        for one in group.conditions:
            fact = FACTS.get(one.fact)
            values = (
                [] if one.value is None else list(one.value) if isinstance(one.value, list | tuple) else [one.value]
            )
            given = [value for value in values if value is not None]
            texts = tuple(str(value) if fact is None else _text(fact, value) for value in given)
            if fact is not None and fact.kind is Kind.WORDS:
                texts = (", ".join(texts),)
            rows.append(TypedRow(one.fact, one.operator, texts))
        made.append(TypedGroup(group.join, tuple(rows)))
    return tuple(made)
