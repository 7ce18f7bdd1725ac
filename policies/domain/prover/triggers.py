"""Triggers that cannot work: values no form produces, conditions that never hold, targets that change nothing."""

from collections.abc import Iterator
from typing import Any

from policies.choices import TriggerAction
from policies.domain.compiling import understood
from policies.domain.policy import Policy
from policies.domain.practice import PolicyTrigger
from policies.domain.prover.findings import Finding, Organisation
from policies.domain.prover.witness import TooManyBranches, fires_without, nearest, witness
from policies.domain.triggers import Check, CompiledTrigger

Pair = tuple[PolicyTrigger, CompiledTrigger]


def _missing(check: Check, organisation: Organisation) -> list[Any]:
    """The values of a condition that its list does not hold."""
    known = organisation.names.get(check.fact.source)
    if not check.fact.source or known is None or check.value is None:
        return []
    asked = check.value if isinstance(check.value, frozenset) else {check.value}
    return sorted(value for value in asked if value not in known)


def _values(rule: PolicyTrigger, trigger: CompiledTrigger, organisation: Organisation) -> Iterator[Finding]:
    for group in trigger.groups:
        for check in group.checks:
            for value in _missing(check, organisation):
                known = organisation.names[check.fact.source]
                yield Finding(
                    id=f"value:{rule.key}:{check.fact.name}:{value}",
                    kind="value_no_form_produces",
                    clauses=(rule.clause,),
                    message=(
                        f"“{rule.name}” asks whether {check.fact.label.lower()} is {value}, which no form can say:"
                        f" what there is to choose from is {', '.join(str(name) for name in known.values())}."
                    ),
                    counterexample={check.fact.name: next(iter(known), None)},
                )


def _never(rule: PolicyTrigger, trigger: CompiledTrigger, organisation: Organisation) -> Iterator[Finding]:
    if witness(trigger, organisation.names) is None:
        yield Finding(
            id=f"never:{rule.key}",
            kind="trigger_never_fires",
            clauses=(rule.clause,),
            message=f"“{rule.name}” can never fire: no ticket that forms can produce satisfies its conditions.",
            counterexample=nearest(trigger, organisation.names),
        )


def _below(rule: PolicyTrigger, trigger: CompiledTrigger, policy: Policy, names: Organisation) -> Iterator[Finding]:
    """A trigger never moves a ticket down unless its action is to de-escalate (product.md, Decisions)."""
    ranks = {tier.code: tier.rank for tier in policy.tiers}
    if rule.action != TriggerAction.ESCALATE or rule.to_tier not in ranks:
        return
    if witness(trigger, names.names) is None:
        return
    target = ranks[rule.to_tier]
    useful = [tier for tier in policy.tiers if tier.rank < target]
    if not any(witness(trigger, names.names, {"tier": tier.rank}) is not None for tier in useful):
        yield Finding(
            id=f"moves_nothing:{rule.key}",
            kind="trigger_moves_nothing",
            clauses=(rule.clause,),
            message=f"“{rule.name}” escalates to {rule.to_tier}, but fires only on tickets that are there already.",
            counterexample=witness(trigger, names.names, {"tier": target}) or witness(trigger, names.names) or {},
        )
        return
    for severity in policy.severities:
        entry = ranks.get(severity.entry_tier, 0)
        if entry <= target:
            continue
        found = witness(trigger, names.names, {"priority": severity.priority, "tier": entry})
        if found is not None:
            yield Finding(
                id=f"below_entry:{rule.key}:{severity.name}",
                kind="trigger_names_lower_tier",
                clauses=(rule.clause, f"severity.{severity.name}"),
                message=(
                    f"“{rule.name}” escalates to {rule.to_tier}, but {severity.name} enters at {severity.entry_tier}:"
                    " there it does nothing."
                ),
                counterexample=found,
            )


def _reach(rule: PolicyTrigger, policy: Policy) -> tuple[str, int] | None:
    """What a trigger does, as something that can be compared: the kind of act and how far it goes."""
    ranks = {tier.code: tier.rank for tier in policy.tiers}
    match rule.action:
        case TriggerAction.ESCALATE:
            return (rule.action, ranks.get(rule.to_tier or "", 0)) if rule.to_tier else None
        case TriggerAction.MANAGEMENT:
            return (rule.action, 0)
        case TriggerAction.PRIORITY:
            return (rule.action, -(rule.to_priority or 0))
    return None


def _shadowed(pairs: list[Pair], policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """Later triggers that fire only where an earlier one has done as much."""
    for place, (rule, trigger) in enumerate(pairs):
        reach = _reach(rule, policy)
        if reach is None or rule.notify_role:
            continue
        for earlier, other in pairs[:place]:
            found = _reach(earlier, policy)
            if found is None or found[0] != reach[0] or found[1] < reach[1]:
                continue
            shown = _covered(trigger, other, organisation)
            if shown is not None:
                yield Finding(
                    id=f"shadowed:{rule.key}:{earlier.key}",
                    kind="trigger_shadowed",
                    clauses=(rule.clause, earlier.clause),
                    message=f"“{rule.name}” changes nothing: wherever it fires, “{earlier.name}” has done as much.",
                    counterexample=shown,
                )
                break


def _covered(trigger: CompiledTrigger, other: CompiledTrigger, organisation: Organisation) -> dict[str, Any] | None:
    """A ticket on which a trigger fires, if the other fires wherever it does; None also where that cannot be known."""
    try:
        if fires_without(trigger, other, organisation.names) is not None:
            return None
        return witness(trigger, organisation.names)
    except TooManyBranches:
        return None


def trigger_findings(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """Everything about triggers. One that cannot be understood is `problems_of`'s matter and skipped here."""
    pairs: list[Pair] = []
    for rule in policy.triggers:
        trigger = understood(rule.rule)
        if trigger is None:
            continue
        pairs.append((rule, trigger))
        missing = list(_values(rule, trigger, organisation))
        yield from missing
        try:
            if not missing:
                yield from _never(rule, trigger, organisation)
            yield from _below(rule, trigger, policy, organisation)
        except TooManyBranches:
            continue
    yield from _shadowed(pairs, policy, organisation)
