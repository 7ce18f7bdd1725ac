"""Triggers, pools, templates and commitments: from draft rows to the snapshot, and from a version to its copy."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet

from policies.choices import TriggerAction
from policies.domain.compiling import compile_trigger
from policies.domain.policy import Policy
from policies.domain.practice import (
    AcceptedRisk,
    CommitmentText,
    OverflowRule,
    PolicyTrigger,
    PoolRule,
    TemplateText,
)
from policies.domain.triggers import Condition, Group, InvalidRule
from policies.models import PolicyVersion, Pool, Trigger


def trigger_groups(row: Trigger) -> tuple[Group, ...]:
    """The groups of a row as the pure core reads them; prefetch `groups__conditions` where there are many."""
    return tuple(
        Group(group.join, tuple(Condition(one.fact, one.operator, one.value) for one in group.conditions.all()))
        for group in row.groups.all()
    )


def trigger_of(row: Trigger) -> PolicyTrigger:
    """What the row would publish."""
    return PolicyTrigger(
        key=row.key,
        name=row.name,
        kind=row.kind,
        join=row.join,
        groups=trigger_groups(row),
        action=row.action,
        to_tier=row.to_tier.code if row.to_tier else None,
        to_team=row.to_team.code if row.to_team else None,
        to_pool=row.to_pool.key if row.to_pool else None,
        to_priority=row.to_priority,
        notify_role=row.notify_role.code if row.notify_role else None,
        reason=row.reason,
        head_start_seconds=row.head_start_seconds,
        note=row.note,
    )


def draft_triggers(version: PolicyVersion) -> QuerySet[Trigger]:
    """The triggers of a draft with everything on them. Three statements."""
    return version.triggers.select_related("to_tier", "to_team", "to_pool", "notify_role").prefetch_related(
        "groups__conditions"
    )


def practice_of(version: PolicyVersion) -> dict[str, Any]:
    """The draft's triggers in use, pools, overflows, templates, commitments and accepted findings."""
    overflows = version.overflows.select_related("team", "to_team")
    return {
        "triggers": tuple(trigger_of(row) for row in draft_triggers(version) if row.is_active),
        "pools": tuple(
            PoolRule(row.key, row.name, row.team.code, row.skill.code if row.skill else None)
            for row in version.pools.select_related("team", "skill")
        ),
        "overflows": tuple(
            OverflowRule(row.team.code, row.to_team.code, row.open_tickets, row.waiting_seconds) for row in overflows
        ),
        "templates": tuple(
            TemplateText(row.key, row.kind, row.name, row.subject, row.body) for row in version.templates.all()
        ),
        "commitments": tuple(CommitmentText(row.key, row.text) for row in version.commitments.all()),
        "accepted": tuple(AcceptedRisk(row.finding, row.reason) for row in version.accepted_findings.all()),
    }


def trigger_problems(policy: Policy) -> list[str]:
    """What makes a trigger unfit to run: conditions that make no sense, an action without what it needs."""
    problems = []
    pools = {pool.key for pool in policy.pools}
    for trigger in policy.triggers:
        try:
            compile_trigger(trigger.rule)
        except InvalidRule as error:
            problems += [f"Trigger “{trigger.name}”: {problem}" for problem in error.problems]
        if trigger.action == TriggerAction.ROUTE and not (trigger.to_team or trigger.to_pool):
            problems.append(f"Trigger “{trigger.name}”: routing needs a team or a pool.")
        if trigger.action == TriggerAction.NOTIFY and not trigger.notify_role:
            problems.append(f"Trigger “{trigger.name}”: notifying needs a role.")
        if trigger.to_pool and trigger.to_pool not in pools:
            problems.append(f"Trigger “{trigger.name}”: there is no pool {trigger.to_pool}.")
    return problems


def copy_rows(rows: Iterable[Model], **changes: Any) -> list[Model]:
    """The same rows once more, with these fields changed."""
    copies = []
    for row in rows:
        row.pk, row._state.adding = None, True
        for name, value in changes.items():
            setattr(row, name, value)
        row.save()
        copies.append(row)
    return copies


def copy_practice(version: PolicyVersion, draft: PolicyVersion) -> None:
    """Give the draft the practice of the version. Accepted findings come along: their reasons still hold."""
    for rows in (version.overflows, version.templates, version.commitments, version.accepted_findings, version.pools):
        copy_rows(rows.all(), version=draft)
    pools = {pool.key: pool for pool in Pool.objects.filter(version=draft)}
    for trigger in list(draft_triggers(version)):
        groups = [(group, list(group.conditions.all())) for group in trigger.groups.all()]
        pool = pools[trigger.to_pool.key] if trigger.to_pool else None
        copy_rows([trigger], version=draft, to_pool=pool)
        for group, conditions in groups:
            copy_rows([group], trigger=trigger)
            copy_rows(conditions, group=group)
