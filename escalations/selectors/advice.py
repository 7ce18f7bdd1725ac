"""Should this ticket be escalated: which rules fire on it, what this person may grant alone, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from escalations.choices import WAITING_FOR_RECEIVER, Axis
from escalations.models import Escalation, Ticket
from escalations.selectors.facts import ticket_facts
from escalations.services.families import carrying_parent
from policies.choices import TriggerAction
from policies.domain.assessment import QUESTIONS, Advice, advise, target_of
from policies.domain.policy import Clause, Policy
from policies.domain.practice import PolicyTrigger
from policies.domain.triggers import Match, Names, evaluate, reason_words
from policies.offers import list_names
from policies.selectors import compiled_triggers, policy_in_force


@dataclass(frozen=True, slots=True)
class Criterion:
    """A trigger that fires on the ticket now, and what it asks for; `moot` says why it changes nothing."""

    name: str
    clause: Clause
    reasons: tuple[str, ...]
    asks: str
    moot: str = ""


@dataclass(frozen=True, slots=True)
class Power:
    """Something that this person may do without asking, with the clause, and where it is granted and noted."""

    name: str
    clause: Clause
    url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its options: code, label, chosen."""

    key: str
    label: str
    options: list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Counsel:
    """What the panel shows."""

    criteria: list[Criterion]
    powers: list[Power]
    questions: list[Asked]
    advice: Advice
    is_assessed: bool
    handoff_url: str
    blocked: str
    version: str


def answers_in(values: Mapping[str, str]) -> dict[str, str]:
    """The answers among the values of a URL; anything that is no answer is left out."""
    given = {}
    for question in QUESTIONS:
        code = values.get(question.key, "")
        if any(option.code == code for option in question.options):
            given[question.key] = code
    return given


def _matches(ticket: Ticket, policy: Policy, version_id: int, now: datetime) -> list[tuple[PolicyTrigger, Match]]:
    compiled = compiled_triggers(version_id)
    words = frozenset(word for trigger in compiled for word in trigger.watched_words)
    facts = ticket_facts(ticket, now=now, words=words)
    found = ((rule, evaluate(trigger, facts)) for rule, trigger in zip(policy.triggers, compiled, strict=True))
    return [(rule, match) for rule, match in found if match is not None]


def _asks(rule: PolicyTrigger, policy: Policy, ticket: Ticket, names: Names) -> tuple[str, str]:
    """(what the trigger asks for, why that changes nothing here)."""
    at = policy.tier(ticket.tier.code)
    match rule.action:
        case TriggerAction.ESCALATE:
            target = target_of(rule, policy, at)
            wanted = rule.to_tier or "the next tier"
            return f"Escalate to {target.code if target else wanted}", "" if target else f"It is at {at.code} already"
        case TriggerAction.MANAGEMENT:
            return "Call management", ""
        case TriggerAction.PRIORITY:
            moot = f"It is P{ticket.priority}" if ticket.priority <= (rule.to_priority or 0) else ""
            return f"Raise the priority to P{rule.to_priority}", moot
        case TriggerAction.DE_ESCALATE:
            lowest = min(tier.rank for tier in policy.tiers)
            return "De-escalate", "" if at.rank > lowest else "There is no tier below"
        case TriggerAction.ROUTE:
            where = names.get("team", {}).get(rule.to_team, rule.to_team) or rule.to_pool
            return f"Route to {where}", ""
    return f"Tell {names.get('role', {}).get(rule.notify_role, rule.notify_role)}", ""


def _powers(user: User, ticket: Ticket, policy: Policy) -> list[Power]:
    role = user.role.code if user.role else ""
    credit = reverse("escalations:credit_create", args=[ticket.ref])
    return [
        Power(grant.action_name, policy.clause(grant.clause), f"{credit}?{urlencode({'action': grant.action})}")
        for grant in policy.authority
        if grant.role == role
    ]


def _handoff_url(ticket: Ticket, policy: Policy, advice: Advice, matched: list[PolicyTrigger]) -> str:
    """The handoff form, filled with what the advice says: the tier, and the reason of a rule that leads there."""
    if advice.tier is None:
        return ""
    at = policy.tier(ticket.tier.code)
    reason = next((rule.reason for rule in matched if rule.reason and target_of(rule, policy, at) == advice.tier), "")
    values = {"tier": advice.tier.code, "reason": reason or "technical_complexity"}
    return f"{reverse('escalations:handoff_create', args=[ticket.ref])}?{urlencode(values)}"


def _blocked(ticket: Ticket) -> str:
    """Why it cannot be escalated now, whatever the advice."""
    if not ticket.is_open:
        return f"The ticket is {ticket.get_state_display().lower()}."
    if carrying_parent(ticket) is not None:
        return "Its parent carries the escalation."
    waiting = Escalation.objects.filter(ticket=ticket, axis=Axis.FUNCTIONAL, state__in=WAITING_FOR_RECEIVER)
    return "A handoff waits for its receiver already." if waiting.exists() else ""


def counsel(ticket: Ticket, user: User, *, answers: Mapping[str, str], now: datetime) -> Counsel:
    """Everything the panel says, by the policy in force at `now`. At most fifteen statements, none of them per rule."""
    version, policy = policy_in_force()
    names: Names = list_names()
    matches = _matches(ticket, policy, version.pk, now)
    criteria = []
    for rule, match in matches:
        asks, moot = _asks(rule, policy, ticket, names)
        reasons = tuple(reason_words(one, names) for one in match.reasons)
        criteria.append(Criterion(rule.name, policy.clause(rule.clause), reasons, asks, moot))
    matched = [rule for rule, _ in matches]
    advice = advise(policy=policy, tier=ticket.tier.code, answers=answers, matched=matched)
    questions = [
        Asked(one.key, one.label, [(opt.code, opt.label, answers.get(one.key) == opt.code) for opt in one.options])
        for one in QUESTIONS
    ]
    blocked = _blocked(ticket)
    return Counsel(
        criteria=criteria,
        powers=_powers(user, ticket, policy),
        questions=questions,
        advice=advice,
        is_assessed=bool(answers),
        handoff_url="" if blocked else _handoff_url(ticket, policy, advice, matched),
        blocked=blocked,
        version=policy.code,
    )
