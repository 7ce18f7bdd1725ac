"""What an import may say of a ticket, and how the columns of somebody else's export come to say it.

A `Mapping` is data: people make it on a page, keep it as JSON (docs/imports.md) and use it again. No column name,
priority or state of any product is known here.
"""

import re
from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from escalations.domain.import_dates import DateOrder

SCHEMA = 1
OWN_SOURCE = "belay"


class Kind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    PERSON = "person"
    YES_NO = "yes_no"
    INSTANT = "instant"
    COUNT = "count"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a row may say. `limit` counts characters; `required` means that every row must end up with a value."""

    key: str
    label: str
    kind: Kind
    group: str
    required: bool = False
    limit: int = 0
    hint: str = ""

    @property
    def takes_pattern(self) -> bool:
        return self.kind in (Kind.TEXT, Kind.LONG)

    @property
    def takes_values(self) -> bool:
        return self.kind in (Kind.CHOICE, Kind.PERSON)


GROUPS = {
    "identity": ("Identity", "What makes a row this ticket and no other."),
    "subject": ("What it is about", "Text, and how it is sorted."),
    "customer": ("Customer", "Who waits for an answer."),
    "place": ("Where it stands", "State, priority, and who holds it."),
    "time": ("Times", "When things happened in the other system."),
    "more": ("More facts", "Whatever else the file knows."),
}

FIELDS: tuple[Field, ...] = (
    Field("external_id", "Number in the source", Kind.TEXT, "identity", required=True, limit=120,
          hint="A second import of the same number creates nothing."),
    Field("subject", "Subject", Kind.TEXT, "subject", required=True, limit=300),
    Field("description", "Description", Kind.LONG, "subject", limit=100_000),
    Field("category", "Category", Kind.CHOICE, "subject"),
    Field("issue_type", "Issue type", Kind.CHOICE, "subject"),
    Field("product_area", "Product area", Kind.CHOICE, "subject"),
    Field("channel", "Channel", Kind.CHOICE, "subject"),
    Field("customer", "Customer", Kind.TEXT, "customer", required=True, limit=160,
          hint="Found by name, or created."),
    Field("customer_id", "Customer’s number in the source", Kind.TEXT, "customer", limit=120),
    Field("contact", "Contact", Kind.TEXT, "customer", limit=120),
    Field("contact_email", "Contact’s e-mail", Kind.TEXT, "customer", limit=254),
    Field("segment", "Segment", Kind.CHOICE, "customer"),
    Field("is_vip", "VIP", Kind.YES_NO, "customer"),
    Field("region", "Region", Kind.CHOICE, "customer"),
    Field("sentiment", "Sentiment", Kind.CHOICE, "customer"),
    Field("state", "State", Kind.CHOICE, "place", required=True),
    Field("priority", "Priority", Kind.CHOICE, "place", required=True),
    Field("team", "Team", Kind.CHOICE, "place", required=True, hint="The team’s tier is the ticket’s."),
    Field("owner", "Owner", Kind.PERSON, "place",
          hint="Somebody of the team; other names are kept in the description."),
    Field("opened_at", "Opened", Kind.INSTANT, "time", hint="Without it: the moment of the import."),
    Field("last_contact_at", "Last update or contact", Kind.INSTANT, "time"),
    Field("first_replied_at", "First reply", Kind.INSTANT, "time",
          hint="Shows whether the first response was in time."),
    Field("resolved_at", "Resolved", Kind.INSTANT, "time"),
    Field("closed_at", "Closed", Kind.INSTANT, "time"),
    Field("attempts", "Replies to the customer", Kind.COUNT, "more"),
    Field("reopen_count", "Times reopened", Kind.COUNT, "more"),
    Field("vendor", "Vendor", Kind.TEXT, "more", limit=80),
    Field("vendor_reference", "Vendor’s reference", Kind.TEXT, "more", limit=80),
    Field("complexity", "Complexity", Kind.CHOICE, "more"),
    Field("engineering_required", "Engineering required", Kind.YES_NO, "more"),
    Field("workaround_confirmed", "Workaround confirmed", Kind.YES_NO, "more"),
    Field("churn_threat", "Churn threat", Kind.YES_NO, "more"),
    Field("public_complaint", "Public complaint", Kind.CHOICE, "more"),
    Field("concern", "Legal, compliance or security concern", Kind.CHOICE, "more"),
    Field("revenue_at_risk", "Revenue at risk", Kind.MONEY, "more"),
    Field("order_value", "Order value", Kind.MONEY, "more"),
)  # fmt: skip
FIELD: dict[str, Field] = {one.key: one for one in FIELDS}

UNKNOWN_WORDS = ("?", "-", "n/a", "na", "none", "null", "unknown")
YES_WORDS = ("yes", "true", "y", "1", "x")
NO_WORDS = ("no", "false", "n", "0")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Choices = Lookup[str, Lookup[str, str]]
"""Field key → code → label: what the value of a choice may become."""


class MappingInvalid(Exception):
    """A mapping that cannot be used. `problems` are (field key or "", message)."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{key}: {text}" if key else text for key, text in problems))
        self.problems = list(problems)


def fold(text: str) -> str:
    """How values are compared: without case and surplus space."""
    return " ".join(text.split()).casefold()


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one field's value comes from.

    `column`, or `pattern` over several ("{category}: {symptom}"); `default` where the cell says nothing. Of choices:
    `values` says what a word of the file means, `others` what every word not listed means (None: the row is refused).
    """

    column: str = ""
    pattern: str = ""
    default: str = ""
    values: Lookup[str, str] = field(default_factory=dict)
    others: str | None = None

    def columns(self) -> list[str]:
        return PLACEHOLDER.findall(self.pattern) if self.pattern else [self.column] if self.column else []


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a table becomes tickets. `zone` is an IANA name; the words are compared folded."""

    source: str
    rules: Lookup[str, Rule]
    dates: DateOrder = DateOrder.YMD
    zone: str = "UTC"
    unknown: tuple[str, ...] = UNKNOWN_WORDS
    yes: tuple[str, ...] = YES_WORDS
    no: tuple[str, ...] = NO_WORDS
    file: Lookup[str, str] = field(default_factory=dict)

    def rule(self, key: str) -> Rule:
        return self.rules.get(key) or Rule()

    def to_json(self) -> dict[str, Any]:
        """As docs/imports.md shows it; what is empty is left out."""
        return {
            "schema": SCHEMA,
            "source": self.source,
            **({"file": dict(self.file)} if self.file else {}),
            "dates": {"order": str(self.dates), "zone": self.zone},
            "unknown": list(self.unknown),
            "yes": list(self.yes),
            "no": list(self.no),
            "fields": {
                one.key: _rule_to_json(self.rules[one.key])
                for one in FIELDS
                if one.key in self.rules and self.rules[one.key] != Rule()
            },
        }


def _rule_to_json(rule: Rule) -> dict[str, Any]:
    plain: dict[str, Any] = {"column": rule.column, "pattern": rule.pattern, "default": rule.default}
    kept = {key: value for key, value in plain.items() if value}
    if rule.values:
        kept["values"] = dict(rule.values)
    if rule.others is not None:
        kept["others"] = rule.others
    return kept


def mapping_from_json(data: Any) -> Mapping:
    """Read what `to_json` wrote, or a person. Raises MappingInvalid naming every part that has the wrong shape."""
    reader = _Reader()
    root = reader.table(data, "")
    if root.get("schema", SCHEMA) != SCHEMA:
        reader.problems.append(("", f"Schema {root.get('schema')!r} is not known; this is schema {SCHEMA}."))
    dates = reader.table(root.get("dates", {}), "dates")
    order = reader.text(dates.get("order", "ymd"), "dates.order")
    if order not in list(DateOrder):
        reader.problems.append(("", f"dates.order is one of {', '.join(DateOrder)}, not “{order}”."))
        order = DateOrder.YMD
    rules = {}
    for key, rule in reader.table(root.get("fields", {}), "fields").items():
        if key not in FIELD:
            reader.problems.append(("", f"“{key}” is no field of a ticket. There are: {', '.join(FIELD)}."))
            continue
        rules[key] = reader.rule(rule, f"fields.{key}")
    mapping = Mapping(
        source=reader.text(root.get("source", ""), "source"),
        rules=rules,
        dates=DateOrder(order),
        zone=reader.text(dates.get("zone", "UTC"), "dates.zone"),
        unknown=reader.words(root.get("unknown", UNKNOWN_WORDS), "unknown"),
        yes=reader.words(root.get("yes", YES_WORDS), "yes"),
        no=reader.words(root.get("no", NO_WORDS), "no"),
        file={
            key: reader.text(value, f"file.{key}") for key, value in reader.table(root.get("file", {}), "file").items()
        },
    )
    if reader.problems:
        raise MappingInvalid(reader.problems)
    return mapping


class _Reader:
    """Takes JSON apart and notes what has the wrong shape."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def table(self, value: Any, where: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return {str(key): item for key, item in value.items()}
        self.problems.append(("", f"{where or 'The mapping'} is an object, such as {{…}}."))
        return {}

    def text(self, value: Any, where: str) -> str:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        self.problems.append(("", f"{where} is text."))
        return ""

    def words(self, value: Any, where: str) -> tuple[str, ...]:
        if isinstance(value, list | tuple):
            return tuple(self.text(item, where) for item in value)
        self.problems.append(("", f"{where} is a list of words."))
        return ()

    def rule(self, value: Any, where: str) -> Rule:
        parts = self.table(value, where)
        strange = set(parts) - {"column", "pattern", "default", "values", "others"}
        if strange:
            self.problems.append(("", f"{where} has no “{sorted(strange)[0]}”."))
        others = parts.get("others")
        return Rule(
            column=self.text(parts.get("column", ""), f"{where}.column"),
            pattern=self.text(parts.get("pattern", ""), f"{where}.pattern"),
            default=self.text(parts.get("default", ""), f"{where}.default"),
            values={
                key: self.text(item, f"{where}.values")
                for key, item in self.table(parts.get("values", {}), f"{where}.values").items()
            },
            others=None if others is None else self.text(others, f"{where}.others"),
        )


def check_mapping(mapping: Mapping, *, columns: Sequence[str], choices: Choices) -> None:
    """Raise MappingInvalid for what this file, or this organisation, does not have."""
    problems: list[tuple[str, str]] = []
    if not mapping.source.strip():
        problems.append(("source", "Name where the tickets come from, such as the product’s name."))
    elif fold(mapping.source) == OWN_SOURCE or len(mapping.source) > 40:
        problems.append(("source", "Choose another name of at most 40 characters; “belay” is for tickets opened here."))
    try:
        ZoneInfo(mapping.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.append(("zone", f"“{mapping.zone}” is no time zone such as Europe/Berlin."))
    for one in FIELDS:
        rule = mapping.rule(one.key)
        problems += [(one.key, text) for text in _rule_problems(one, rule, columns, choices.get(one.key, {}))]
    if problems:
        raise MappingInvalid(problems)


def _rule_problems(one: Field, rule: Rule, columns: Sequence[str], codes: Lookup[str, str]) -> list[str]:
    found = []
    missing = [name for name in rule.columns() if name not in columns]
    if missing:
        near = ", ".join(columns[:12]) + (" …" if len(columns) > 12 else "")
        found.append(f"The file has no column “{missing[0]}”. It has: {near}.")
    if rule.pattern and not one.takes_pattern:
        found.append("Only texts can be built from several columns.")
    if rule.pattern and not PLACEHOLDER.search(rule.pattern):
        found.append("Name at least one column in braces, such as {category}.")
    if one.required and not rule.columns() and not rule.pattern and not rule.default:
        found.append("Every ticket needs this: choose a column, or a value for all rows.")
    if one.key == "external_id" and rule.default:
        found.append("One number for all rows would make them one ticket. Choose a column.")
    if one.kind == Kind.CHOICE:
        targets = [*rule.values.values(), *([rule.default] if rule.default else []), *filter(None, [rule.others])]
        strange = [target for target in targets if target and target not in codes]
        if strange:
            offered = ", ".join(list(codes)[:20]) or "nothing"
            found.append(f"“{strange[0]}” is not offered here. There are: {offered}.")
        if one.required and (rule.others == "" or "" in rule.values.values()) and not rule.default:
            found.append("This cannot be left empty: say what each value means.")
    return found
