"""The words and numbers of a policy's clauses, made from its rules so that they cannot disagree with them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from policies.choices import SERVICE_CREDIT, TriggerKind
from policies.domain.compiling import understood
from policies.domain.policy import AuthorityGrant, Clause, ContractRule, Policy, SeverityRules, TierRules
from policies.domain.practice import OverflowRule, PolicyTrigger
from policies.domain.triggers import Names, trigger_words, within_sentence
from policies.domain.words import money_words, span_words

RESPONSE_WORDS = {
    "management_ack": "Management acknowledges within {}.",
    "executive_notified": "An executive is notified within {} where an enterprise customer or revenue is affected.",
    "customer_contacted": "The customer is contacted within {} of a management escalation.",
    "resolution_plan": "A resolution plan is communicated within {}.",
    "status_update": "A status update follows every {} until the ticket is resolved.",
    "credit_decision": "A credit request is decided within {}, or moves up.",
}


def _severities(rows: Iterable[SeverityRules]) -> Iterator[tuple[str, str]]:
    for row in rows:
        hours = " Its clocks run around the clock." if row.runs_around_the_clock else ""
        yield (
            f"severity.{row.name}",
            f"{row.name}, {row.definition[:1].lower()}{row.definition[1:]}: first response within"
            f" {span_words(row.first_response_seconds)}; enters at {row.entry_tier}. Path: {row.path}.{hours}",
        )


def _limits(rows: Iterable[TierRules], above: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.time_limit_seconds is None:
            continue
        target = f" to {above[row.code]}" if row.code in above else ""
        yield (
            f"tier.{row.code}.time_limit",
            f"{row.code}{target} after {span_words(row.time_limit_seconds)} unresolved.",
        )


def _acknowledgements(rows: Iterable[TierRules]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.ack_seconds is not None:
            yield f"tier.{row.code}.ack", f"{row.code} acknowledges within {span_words(row.ack_seconds)}."


def _resolutions(rows: Iterable[TierRules]) -> Iterator[tuple[str, str]]:
    for row in rows:
        yield (
            f"tier.{row.code}.resolution",
            f"{row.code} resolves within {span_words(row.resolution_seconds)} of taking a ticket.",
        )


def _follow_ups(rows: Iterable[TierRules]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.follow_up_seconds is not None:
            yield (
                f"tier.{row.code}.follow_up",
                f"{row.code} contacts the customer within {span_words(row.follow_up_seconds)} of accepting.",
            )


def _contracts(rows: Iterable[ContractRule], segments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for row in rows:
        who = segments.get(row.segment, row.segment) if row.segment else "all other customers"
        yield (
            f"contract.P{row.priority}.{row.segment or 'other'}",
            f"P{row.priority} of {who}: resolved within {span_words(row.resolution_seconds)} of opening.",
        )


def reach_words(grant: AuthorityGrant) -> str:
    """`up to and including $5,000`, `below $5,000`, `without limit`; "" for an action without an amount."""
    if grant.action != SERVICE_CREDIT:
        return ""
    if grant.limit is None:
        return "without limit"
    return f"{'up to and including' if grant.inclusive else 'below'} {money_words(Decimal(grant.limit))}"


def _authority(rows: Iterable[AuthorityGrant]) -> Iterator[tuple[str, str]]:
    for row in rows:
        reach = reach_words(row)
        what = f"{row.action_name[:1].lower()}{row.action_name[1:]}{f' {reach}' if reach else ''}"
        note = f" {row.note.rstrip('.')}." if row.note else ""
        yield row.clause, f"{row.role_name}: {what}.{note}"


def action_words(trigger: PolicyTrigger, names: Names) -> str:
    """What happens when a trigger fires: `escalates to L3 and tells Support manager`."""
    tiers, teams = names.get("tier_code", {}), names.get("team", {})
    to = tiers.get(trigger.to_tier, trigger.to_tier)
    where = teams.get(trigger.to_team, trigger.to_team) or names.get("pool", {}).get(trigger.to_pool, trigger.to_pool)
    words = {
        "escalate": f"escalates to {to or 'the next tier'}",
        "management": "calls management",
        "notify": "",
        "priority": f"raises the priority to P{trigger.to_priority}",
        "route": f"goes to {where}",
        "de_escalate": f"goes back to {to or 'the tier below'}",
    }[trigger.action]
    told = f"tells {names.get('role', {}).get(trigger.notify_role, trigger.notify_role)}" if trigger.notify_role else ""
    express = f"is sorted {span_words(trigger.head_start_seconds)} earlier" if trigger.head_start_seconds else ""
    return " and ".join(part for part in (words, told, express) if part)


def _triggers(rows: Iterable[PolicyTrigger], kind: str, names: Names) -> Iterator[tuple[str, str]]:
    for row in rows:
        trigger = understood(row.rule) if row.kind == kind else None
        if trigger is not None:
            when = within_sentence(trigger_words(trigger, names))
            yield row.clause, f"{row.name}: when {when}, it {action_words(row, names)}."


def _overflows(rows: Iterable[OverflowRule], names: Names) -> Iterator[tuple[str, str]]:
    teams = names.get("team", {})
    for row in rows:
        limits = [f"more than {row.open_tickets} open tickets"] if row.open_tickets is not None else []
        if row.waiting_seconds is not None:
            limits.append(f"a handoff that has waited longer than {span_words(row.waiting_seconds)}")
        team, other = teams.get(row.team, row.team), teams.get(row.to_team, row.to_team)
        yield row.clause, f"{team} with {' or '.join(limits)}: new work goes to {other}."


def number_clauses(policy: Policy, names: Names) -> Policy:
    """The policy with its clauses written and numbered by section. `names`: list → code → label.

    A trigger that cannot be understood has no clause: `problems_of` names it.
    """
    segments = names.get("segment", {})
    ranks = sorted(policy.tiers, key=lambda tier: tier.rank)
    above = {lower.code: upper.code for lower, upper in zip(ranks, ranks[1:], strict=False)}
    responses = (
        (f"response.{kind}", RESPONSE_WORDS[kind].format(span_words(seconds)))
        for kind, seconds in policy.responses.items()
    )
    sections = [
        _severities(policy.severities),
        _limits(ranks, above),
        _acknowledgements(ranks),
        _resolutions(ranks),
        _contracts(policy.contracts, segments),
        responses,
        _follow_ups(ranks),
        _authority(policy.authority),
        *(_triggers(policy.triggers, kind, names) for kind in TriggerKind.values),
        _overflows(policy.overflows, names),
        ((one.clause, one.text) for one in policy.commitments),
    ]
    clauses = {
        key: Clause(key=key, number=f"{section}.{place}", text=text)
        for section, rows in enumerate(sections, start=1)
        for place, (key, text) in enumerate(rows, start=1)
    }
    return replace(policy, clauses=clauses)
