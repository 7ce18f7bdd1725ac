"""What is wrong with one row of a draft, in words at its fields: the same for pages, admin and services."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from policies.choices import SERVICE_CREDIT, PickListName, TriggerAction
from policies.domain.compiling import compile_trigger
from policies.domain.diff import field_words
from policies.domain.templates import template_problems
from policies.domain.triggers import Group, InvalidRule, Problem, TriggerRule
from policies.models import (
    AuthorityRule,
    ContractTarget,
    MessageTemplate,
    Overflow,
    PolicyTier,
    ResponseTarget,
    Severity,
    Trigger,
)
from policies.offers import list_names
from policies.sections import section_of
from policies.selectors import pick_labels

AT_ONCE = "A time of 0 would ring at once."
# Fields that a page does not show: their problems belong to the whole row.
UNSEEN = ("version", "position", "key")
Problems = dict[str, str]


def _spans(row: Model, *fields: str) -> Problems:
    return {field: AT_ONCE for field in fields if getattr(row, field) == 0}


def _tier(row: PolicyTier) -> Problems:
    return _spans(row, "ack_seconds", "time_limit_seconds", "resolution_seconds", "follow_up_seconds")


def _severity(row: Severity) -> Problems:
    found = _spans(row, "first_response_seconds")
    if row.entry_tier_id and not row.version.tiers.filter(tier=row.entry_tier_id).exists():
        found["entry_tier"] = f"{row.entry_tier} is not among the tiers of this draft."
    elif row.entry_team and row.entry_team.tier_id != row.entry_tier_id:
        found["entry_team"] = f"{row.entry_team} is a team of {row.entry_team.tier}."
    return found


def _listed(name: PickListName, code: str, field: str) -> Problems:
    if code and code not in pick_labels(name)[name]:
        return {field: f"{code} is not in the list."}
    return {}


def _contract(row: ContractTarget) -> Problems:
    return _spans(row, "resolution_seconds") | _listed(PickListName.SEGMENT, row.segment, "segment")


def _response(row: ResponseTarget) -> Problems:
    return _spans(row, "seconds")


def _authority(row: AuthorityRule) -> Problems:
    found = _listed(PickListName.AUTHORITY, row.action, "action")
    if row.limit is not None and row.action != SERVICE_CREDIT:
        found["limit"] = "Only service credits have a limit."
    elif row.limit is not None and row.limit <= 0:
        found["limit"] = "A limit is more than nothing. Without authority, there is no rule."
    return found


def _overflow(row: Overflow) -> Problems:
    found = _spans(row, "waiting_seconds")
    if row.team_id and row.team_id == row.to_team_id:
        found["to_team"] = "Work overflows to another team."
    if row.open_tickets is None and row.waiting_seconds is None:
        found["open_tickets"] = "Say from how many open tickets, or after how long a wait."
    return found


def _template(row: MessageTemplate) -> Problems:
    checked = {field: template_problems(getattr(row, field)) for field in ("subject", "body")}
    return {field: " ".join(problems) for field, problems in checked.items() if problems}


# What an action needs: field → what is said where it is missing.
NEEDS = {
    TriggerAction.NOTIFY: ("notify_role", "Say who is told."),
    TriggerAction.PRIORITY: ("to_priority", "Say which priority."),
}
# Which targets fit an action. Telling a role, the reason and an express lane fit all.
TARGETS: dict[str, tuple[str, ...]] = {
    TriggerAction.ESCALATE: ("to_tier",),
    TriggerAction.MANAGEMENT: (),
    TriggerAction.NOTIFY: (),
    TriggerAction.PRIORITY: ("to_priority",),
    TriggerAction.ROUTE: ("to_team", "to_pool"),
    TriggerAction.DE_ESCALATE: ("to_tier",),
}


def _trigger(row: Trigger) -> Problems:
    found = _listed(PickListName.REASON, row.reason, "reason")
    for field in {"to_tier", "to_team", "to_pool", "to_priority"} - set(TARGETS.get(row.action, ())):
        if getattr(row, field) is not None:
            found[field] = f"“{TriggerAction(row.action).label}” has no such target."
    needed = NEEDS.get(TriggerAction(row.action)) if row.action in TriggerAction.values else None
    if needed and getattr(row, needed[0]) is None:
        found[needed[0]] = needed[1]
    if row.action == TriggerAction.ROUTE and row.to_team is None and row.to_pool is None:
        found["to_team"] = "Routing needs a team or a pool."
    if row.to_pool is not None and row.to_pool.version_id != row.version_id:
        found["to_pool"] = "This pool belongs to another version."
    if row.to_tier_id and not row.version.tiers.filter(tier=row.to_tier_id).exists():
        found["to_tier"] = f"{row.to_tier} is not among the tiers of this draft."
    return found


CHECKS: dict[type[Model], Any] = {
    PolicyTier: _tier, Severity: _severity, ContractTarget: _contract, ResponseTarget: _response,
    AuthorityRule: _authority, Overflow: _overflow, MessageTemplate: _template, Trigger: _trigger,
}  # fmt: skip


def _taken(row: Model) -> Problems:
    """Another row of the version that says the same."""
    section = section_of(row)
    if section is None or not section.identity:
        return {}
    same = {field: getattr(row, field) for field in section.identity}
    rows = section.model._default_manager.filter(version=row.version, **same)  # type: ignore[attr-defined]
    if not rows.exclude(pk=row.pk).exists():
        return {}
    field = section.identity[-1]
    return {field: f"This draft has a {section.one} for {_called(same)} already."}


def _called(values: dict[str, Any]) -> str:
    return ", ".join(
        "all others" if value == "" else field_words(name, value if isinstance(value, str | int) else str(value))
        for name, value in values.items()
    )


def _constraints(row: Model) -> Problems:
    """What the database would refuse and nothing above has words for."""
    try:
        row.validate_constraints()
    except ValidationError as error:
        return {NON_FIELD_ERRORS: " ".join(error.messages)}
    return {}


def row_problems(row: Model) -> Problems:
    """Field → what is wrong with it; NON_FIELD_ERRORS for what is about the whole row. Nothing: it may be saved."""
    found: Problems = {}
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            name = NON_FIELD_ERRORS if field in UNSEEN else field
            found[name] = " ".join([found.get(name, ""), *texts]).strip()
    check = CHECKS.get(type(row))
    if check is not None and not found:
        found = check(row)
    return found or _taken(row) or _constraints(row)


def conditions_problems(join: str, groups: tuple[Group, ...]) -> tuple[Problem, ...]:
    """What is wrong with a trigger's conditions, each with its group, row and field. Values must be on offer now."""
    try:
        compile_trigger(TriggerRule("", "", join, groups), list_names(in_use=True))
    except InvalidRule as error:
        return error.problems
    return ()
