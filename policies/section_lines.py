"""The rows of a section as lines of a table: what the studio lists, each with the clause that it makes."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import Role
from policies.choices import SERVICE_CREDIT, PickListName, TriggerKind
from policies.domain.clauses import action_words
from policies.domain.words import money_words, span_words
from policies.models import PolicyVersion
from policies.offers import Names, list_names
from policies.sections import Section
from policies.selectors import pick_labels
from policies.services.authority import RoleAuthority, credit_words
from policies.services.practice import draft_triggers, trigger_of
from policies.services.rows import row_name
from policies.services.triggers import conditions_of, conditions_words


@dataclass(frozen=True, slots=True)
class Line:
    """`pk` is the row's, of authority the role's. `quiet`: not in use. `group`: what is ordered together."""

    pk: int
    name: str
    cells: tuple[str, ...]
    quiet: bool = False
    group: str = ""


def _span(seconds: int | None, none: str = "none") -> str:
    return none if seconds is None else span_words(seconds)


def _percent(share: Decimal | None) -> str:
    return "rarely" if share is None else f"{str(share).removesuffix('.0')} %"


def _segment(row: Any, names: Names) -> str:
    return names["segment"].get(row.segment, row.segment) if row.segment else "All others"


HEADS: dict[str, tuple[str, ...]] = {
    "tiers": ("Tier", "Handles", "Acknowledges", "Escalates after", "Resolves", "Share", "Hour"),
    "severities": ("Level", "Meaning", "First response", "Enters at", "Head start"),
    "responses": ("What", "Within"),
    "contracts": ("Level", "Customers", "Calendar", "Resolved within"),
    "authority": ("Role", "Service credits", "May grant"),
    "triggers": ("Trigger", "When", "What happens", "Section"),
    "pools": ("Pool", "Team", "Skill"),
    "overflows": ("Team", "When", "Goes to"),
    "templates": ("Message", "Sent for", "Subject"),
    "commitments": ("What we undertake",),
}
Cells = Callable[[Any, Names], tuple[str, ...]]


def _overflow(row: Any, names: Names) -> tuple[str, ...]:
    limits = [f"more than {row.open_tickets} open tickets"] if row.open_tickets is not None else []
    limits += [f"a handoff waits longer than {span_words(row.waiting_seconds)}"] if row.waiting_seconds else []
    return (" or ".join(limits), str(row.to_team))


CELLS: dict[str, Cells] = {
    "tiers": lambda row, names: (
        row.issue_types, _span(row.ack_seconds), _span(row.time_limit_seconds), _span(row.resolution_seconds),
        _percent(row.target_escalation_percent),
        money_words(row.hourly_cost),
    ),
    "severities": lambda row, names: (
        row.definition, span_words(row.first_response_seconds) + (", 24×7" if row.runs_around_the_clock else ""),
        f"{row.entry_tier}, {row.entry_team}" if row.entry_team else str(row.entry_tier),
        _span(row.head_start_seconds or None),
    ),
    "responses": lambda row, names: (span_words(row.seconds),),
    "contracts": lambda row, names: (
        _segment(row, names), str(row.calendar or "the customer’s own"), span_words(row.resolution_seconds)
    ),
    "pools": lambda row, names: (str(row.team), str(row.skill or "the whole team")),
    "overflows": _overflow,
    "templates": lambda row, names: (row.get_kind_display(), row.subject),
    "commitments": lambda row, names: (),
}  # fmt: skip


def _name(section: Section, row: Any) -> str:
    if section.key == "contracts":
        return f"P{row.priority}"
    return str(row.team) if section.key == "overflows" else row_name(row)


def _authority(version: PolicyVersion) -> list[Line]:
    """Every role, those without any authority too: that is how it is given."""
    labels = pick_labels(PickListName.AUTHORITY)[PickListName.AUTHORITY]
    by_role: dict[int, list[Any]] = {}
    for row in version.authority.all():
        by_role.setdefault(row.role_id, []).append(row)
    lines = []
    for role in Role.objects.all():
        rows = {row.action: row for row in by_role.get(role.pk, [])}
        credit = rows.pop(SERVICE_CREDIT, None)
        kind = "none" if credit is None else "unlimited" if credit.limit is None else "limited"
        authority = RoleAuthority(credit=kind, limit=credit and credit.limit, inclusive=not credit or credit.inclusive)
        actions = ", ".join(labels.get(action, action) for action in labels if action in rows)
        lines.append(Line(role.pk, role.name, (credit_words(authority), actions or "nothing"), not (rows or credit)))
    return lines


def _triggers(version: PolicyVersion) -> list[Line]:
    names = list_names()
    names["pool"] = dict(version.pools.values_list("key", "name"))
    lines = []
    for row in draft_triggers(version):
        kind = TriggerKind(row.kind).label
        acts = action_words(trigger_of(row), names)
        words = conditions_words(conditions_of(row), names)
        about = f"{kind}{'' if row.is_active else ', not in use'}"
        lines.append(Line(row.pk, row.name, (words, f"{acts[:1].upper()}{acts[1:]}", about), not row.is_active))
    return lines


def section_lines(section: Section, version: PolicyVersion) -> list[Line]:
    """The rows in their order. A constant number of statements."""
    if section.key == "authority":
        return _authority(version)
    if section.key == "triggers":
        return _triggers(version)
    names = list_names() if section.key == "contracts" else {}
    cells = CELLS[section.key]
    return [
        Line(row.pk, _name(section, row), cells(row, names), group=getattr(row, "kind", ""))
        for row in section.rows(version)
    ]
