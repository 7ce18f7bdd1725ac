"""Clocks that contradict each other: what must be kept sooner than something before it is due."""

from collections.abc import Iterator

from policies.choices import TriggerAction
from policies.domain.compiling import understood
from policies.domain.facts import Operator
from policies.domain.policy import Policy
from policies.domain.prover.findings import Finding, Organisation
from policies.domain.prover.witness import TooManyBranches, witness
from policies.domain.words import span_words


def _responses(policy: Policy) -> Iterator[Finding]:
    """The first response is due before the tier that a severity enters has to have seen the ticket."""
    tiers = {tier.code: tier for tier in policy.tiers}
    entry = min((tier.rank for tier in policy.tiers), default=0)
    for severity in policy.severities:
        tier = tiers.get(severity.entry_tier)
        if tier is None or tier.rank == entry or tier.ack_seconds is None:
            continue
        if severity.first_response_seconds < tier.ack_seconds:
            yield Finding(
                id=f"response_before_ack:{severity.name}:{tier.code}",
                kind="clock_contradiction",
                clauses=(f"severity.{severity.name}", f"tier.{tier.code}.ack"),
                message=(
                    f"{severity.name} is answered within {span_words(severity.first_response_seconds)}, but"
                    f" {tier.code}, where it enters, need only acknowledge within {span_words(tier.ack_seconds)}."
                ),
                counterexample={"priority": severity.priority, "tier": tier.rank, "age": tier.ack_seconds},
            )


def _limits(policy: Policy) -> Iterator[Finding]:
    """A target that is missed long before the limit at which anything happens."""
    for tier in policy.tiers:
        limit = tier.time_limit_seconds
        if limit is not None and tier.resolution_seconds < limit:
            yield Finding(
                id=f"resolution_before_limit:{tier.code}",
                kind="clock_contradiction",
                clauses=(f"tier.{tier.code}.resolution", f"tier.{tier.code}.time_limit"),
                message=(
                    f"{tier.code} resolves within {span_words(tier.resolution_seconds)}, but keeps a ticket for"
                    f" {span_words(limit)}: between the two its target is missed and nothing happens."
                ),
                counterexample={"tier": tier.rank, "time_at_tier": tier.resolution_seconds + 1},
            )


def _contracts(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """A contract that ends before the entry tier's own target does."""
    tiers = {tier.code: tier for tier in policy.tiers}
    for rule in policy.contracts:
        severity = next((one for one in policy.severities if one.priority == rule.priority), None)
        tier = tiers.get(severity.entry_tier) if severity else None
        if tier is None or rule.resolution_seconds >= tier.resolution_seconds:
            continue
        segment = rule.segment or "other"
        called = organisation.names.get("segment", {}).get(segment, segment)
        yield Finding(
            id=f"contract_before_target:P{rule.priority}:{segment}",
            kind="clock_contradiction",
            clauses=(f"contract.P{rule.priority}.{segment}", f"tier.{tier.code}.resolution"),
            message=(
                f"The contract resolves P{rule.priority} of {called} customers within"
                f" {span_words(rule.resolution_seconds)}, but {tier.code}, where it enters, has"
                f" {span_words(tier.resolution_seconds)}."
            ),
            counterexample={"priority": rule.priority, "segment": rule.segment, "tier": tier.rank},
        )


def _early_management(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """A trigger that calls management by age before the tier that holds the ticket has used its time."""
    for rule in policy.triggers:
        trigger = understood(rule.rule)
        if trigger is None or rule.action != TriggerAction.MANAGEMENT:
            continue
        ages = [
            check.value
            for group in trigger.groups
            for check in group.checks
            if check.fact.name == "age" and check.operator in (Operator.MORE, Operator.AT_LEAST)
        ]
        for tier in policy.tiers:
            limit = tier.time_limit_seconds
            if not ages or limit is None or min(ages) >= limit:
                continue
            try:
                found = witness(trigger, organisation.names, {"tier": tier.rank})
            except TooManyBranches:
                continue
            if found is not None:
                yield Finding(
                    id=f"management_before_limit:{rule.key}:{tier.code}",
                    kind="clock_contradiction",
                    clauses=(rule.clause, f"tier.{tier.code}.time_limit"),
                    message=(
                        f"“{rule.name}” calls management after {span_words(min(ages))}, while {tier.code} still has"
                        f" until {span_words(limit)} before its ticket moves up."
                    ),
                    counterexample={**found, "time_at_tier": min(ages)},
                )


def clock_findings(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """Everything about clocks."""
    yield from _responses(policy)
    yield from _limits(policy)
    yield from _contracts(policy, organisation)
    yield from _early_management(policy, organisation)
