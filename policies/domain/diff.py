"""What changed between two versions of a policy, field by field, and clause by clause."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from policies.choices import ResponseKind, TemplateKind, TriggerAction, TriggerKind
from policies.domain.compiling import understood
from policies.domain.policy import Policy
from policies.domain.triggers import Names, trigger_words
from policies.domain.words import money_words, span_words


class How(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one row, `old` and `new` in words. A row that came or went is one change, with all its fields."""

    section: str
    key: str
    row: str
    how: How
    field: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class _Section:
    """How the rows of a section are told apart and called. `said` are fields that the rest of a row says already;
    in a `placed` section the order of the rows means something."""

    name: str
    title: str
    key: Callable[[Any], str]
    row: Callable[[Any, Names], str]
    said: frozenset[str] = frozenset()
    placed: bool = False


def _contract(row: Any, names: Names) -> str:
    return f"P{row.priority} {field_words('segment', row.segment, names) if row.segment else 'all others'}"


SECTIONS = (
    _Section("tiers", "Tiers", lambda one: one.code, lambda one, names: f"{one.code} {one.name}", frozenset({"name"})),
    _Section("severities", "Severity levels", lambda one: one.name, lambda one, names: one.name,
             frozenset({"priority"})),
    _Section("contracts", "Contract targets", lambda one: f"P{one.priority}.{one.segment}", _contract,
             frozenset({"priority", "segment"})),
    _Section("authority", "Authority", lambda one: one.clause, lambda one, names: f"{one.role_name}: {one.action_name}",
             frozenset({"role", "role_name", "action", "action_name", "inclusive"})),
    _Section("triggers", "Triggers", lambda one: one.key, lambda one, names: one.name,
             frozenset({"name"}), placed=True),
    _Section("pools", "Specialist pools", lambda one: one.key, lambda one, names: one.name, frozenset({"name"})),
    _Section("overflows", "Overflow", lambda one: one.team, lambda one, names: field_words("team", one.team, names),
             frozenset({"team"})),
    _Section("templates", "Message templates", lambda one: one.key, lambda one, names: one.name, frozenset({"name"}),
             placed=True),
    _Section("commitments", "Prevention", lambda one: one.key, lambda one, names: one.text, frozenset({"text"}),
             placed=True),
    _Section("accepted", "Accepted findings", lambda one: one.finding,
             lambda one, names: names.get("finding", {}).get(one.finding, one.finding), frozenset({"finding"})),
)  # fmt: skip
JOIN = "join"  # of a trigger's groups: told and compared with them
SAME_ALWAYS = frozenset({"key", "code", "rank", JOIN})
# Which list the codes of a field are from, for its names.
NAMED = {
    "entry_team": "team", "to_team": "team", "team": "team", "to_pool": "pool", "notify_role": "role", "role": "role",
    "skill": "skill", "segment": "segment", "reason": "reason", "action": "action", "kind": "kind",
}  # fmt: skip
CODES: Mapping[str, Mapping[str, str]] = {
    "action": dict(TriggerAction.choices),
    "kind": {**dict(TriggerKind.choices), **dict(TemplateKind.choices)},
}
LABELS = {
    "ack_seconds": "Acknowledges within",
    "time_limit_seconds": "Escalates after",
    "resolution_seconds": "Resolves within",
    "follow_up_seconds": "Contacts the customer within",
    "target_escalation_percent": "Escalates at most, in percent",
    "hourly_cost": "Cost of an hour",
    "issue_types": "Handles",
    "first_response_seconds": "First response within",
    "entry_tier": "Enters at tier",
    "entry_team": "Enters at team",
    "runs_around_the_clock": "Runs around the clock",
    "head_start_seconds": "Head start in the queue",
    "limit": "Up to",
    "inclusive": "Up to and including",
    "note": "Remark",
    "action": "What happens",
    "groups": "Conditions",
    "kind": "Section",
    "is_active": "In use",
    "to_tier": "To tier",
    "to_team": "To team",
    "to_pool": "To pool",
    "to_priority": "To priority",
    "notify_role": "Tells",
    "open_tickets": "More open tickets than",
    "waiting_seconds": "A handoff waits longer than",
    "seconds": "Within",
}


def field_words(field: str, value: Any, names: Names | None = None) -> str:
    """The value of a rule's field as people read it; "none" for no value."""
    names = names or {}
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "seconds" or field.endswith("_seconds"):
        return span_words(value)
    if field in ("limit", "hourly_cost"):
        return money_words(Decimal(value))
    if field in ("priority", "to_priority"):
        return f"P{value}"
    if field in NAMED and isinstance(value, str):
        source = NAMED[field]
        return str(CODES.get(source, names.get(source, {})).get(value, value))
    return str(value)


def field_label(field: str) -> str:
    """What a rule's field is called."""
    if field in LABELS:
        return LABELS[field]
    words = field.removesuffix("_seconds").replace("_", " ")
    return words[:1].upper() + words[1:]


def _words(row: Any, field: str, names: Names) -> str:
    """A field of a row in words."""
    if field == "groups":
        trigger = understood(row.rule)
        return trigger_words(trigger, names) if trigger else "conditions that cannot be understood"
    return field_words(field, getattr(row, field), names)


def _value(row: Any, field: str) -> Any:
    """What of a row is compared: how the groups of a trigger hold together goes with them."""
    value = getattr(row, field)
    return (row.join, value) if field == "groups" and len(value) > 1 else value


def _moves(section: _Section, old: list[Any], new: list[Any], names: Names) -> Iterator[Change]:
    """The fewest rows whose move explains the new order."""
    was, now = ([section.key(row) for row in rows] for rows in (old, new))
    was, now = [key for key in was if key in now], [key for key in now if key in was]
    kept = {key for block in SequenceMatcher(None, was, now, False).get_matching_blocks()
            for key in was[block.a : block.a + block.size]}  # fmt: skip
    called = {section.key(row): section.row(row, names) for row in new}
    for key in now:
        if key not in kept:
            yield Change(
                section.name, key, called[key], How.CHANGED, "Place", str(was.index(key) + 1), str(now.index(key) + 1)
            )


def _whole(row: Any, section: _Section, names: Names) -> str:
    given = (
        f"{field_label(one.name)}: {_words(row, one.name, names)}"
        for one in fields(row)
        if one.name not in SAME_ALWAYS | section.said and getattr(row, one.name) not in (None, "", 0, ())
    )
    return "; ".join(given)


def _rows(section: _Section, old: Iterable[Any], new: Iterable[Any], names: Names) -> Iterator[Change]:
    before = {section.key(row): row for row in old}
    after = {section.key(row): row for row in new}
    for key, row in after.items():
        called = section.row(row, names)
        if key not in before:
            yield Change(section.name, key, called, How.ADDED, new=_whole(row, section, names))
            continue
        for one in fields(row):
            was, now = _value(before[key], one.name), _value(row, one.name)
            if was != now and one.name != JOIN:
                yield Change(
                    section.name, key, called, How.CHANGED, field_label(one.name),
                    _words(before[key], one.name, names), _words(row, one.name, names),
                )  # fmt: skip
    for key, row in before.items():
        if key not in after:
            yield Change(section.name, key, section.row(row, names), How.REMOVED, old=_whole(row, section, names))
    if section.placed:
        yield from _moves(section, list(before.values()), list(after.values()), names)


def _responses(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[Change]:
    for kind in sorted(old.keys() | new.keys()):
        was, now = (span_words(rows[kind]) if kind in rows else "" for rows in (old, new))
        if was == now:
            continue
        how = How.ADDED if not was else How.REMOVED if not now else How.CHANGED
        called = ResponseKind(kind).label if kind in ResponseKind.values else field_label(kind)
        yield Change("responses", kind, called, how, "Within" if how is How.CHANGED else "", was, now)


TITLES = {section.name: section.title for section in SECTIONS} | {"responses": "Management response"}


def differences(old: Policy, new: Policy, names: Names | None = None) -> list[Change]:
    """Every field that differs, in the order of the document's sections. Code and title are the version's own."""
    found: list[Change] = []
    for section in SECTIONS:
        found += _rows(section, getattr(old, section.name), getattr(new, section.name), names or {})
        if section.name == "contracts":
            found += _responses(old.responses, new.responses)
    return found


def changed_clauses(old: Policy, new: Policy) -> dict[str, str]:
    """Clause key → the text it had in `old` ("" when it is new), for the clauses of `new` that read differently."""
    return {
        key: old.clauses[key].text if key in old.clauses else ""
        for key, clause in new.clauses.items()
        if key not in old.clauses or old.clauses[key].text != clause.text
    }
