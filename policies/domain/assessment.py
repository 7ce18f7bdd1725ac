"""Should this ticket be escalated? The manual guidelines of the source as four questions, beside the triggers.

Impact, technical complexity, business risk, time sensitivity (product.md F5): each answer says what it asks for, so
that the advice can say why. Nothing is added up: one strong reason is enough, and weak ones never make a strong one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policies.choices import TriggerAction
from policies.domain.policy import Policy, TierRules
from policies.domain.practice import PolicyTrigger

# Source: "Tier 3, senior engineers"; where there are fewer tiers, the highest.
ENGINEERS = 3


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its answers, the mildest first."""

    key: str
    label: str
    options: tuple[Option, ...]


QUESTIONS = (
    Question("impact", "Who is affected?", (
        Option("one", "One person"), Option("team", "One team of the customer"),
        Option("customer", "The whole customer"), Option("several", "Several customers"),
    )),
    Question("complexity", "What would it take?", (
        Option("known", "I know the solution"), Option("investigate", "I have to look into it, and can"),
        Option("skills", "Skills or access that I do not have"), Option("engineering", "A change of the product"),
    )),
    Question("risk", "What is at stake for us?", (
        Option("none", "Nothing out of the ordinary"), Option("annoyed", "An annoyed customer"),
        Option("contract", "A contract, a renewal or revenue"), Option("public", "Law, security or public opinion"),
    )),
    Question("time", "How long can it wait?", (
        Option("days", "Days"), Option("today", "Until the end of the day"), Option("hours", "An hour or two"),
        Option("now", "Not at all"),
    )),
)  # fmt: skip
WIDE = frozenset({"customer", "several"})
URGENT = frozenset({"hours", "now"})
AT_STAKE = frozenset({"contract", "public"})


@dataclass(frozen=True, slots=True)
class Advice:
    """`tier`: where to escalate to, None to keep the ticket. `calls_manager` comes beside either."""

    tier: TierRules | None
    calls_manager: bool
    reasons: tuple[str, ...]

    @property
    def keeps(self) -> bool:
        return self.tier is None and not self.calls_manager


def answer_label(key: str, code: str) -> str:
    """What the person chose, in the words of the question; "" for what is no answer to it."""
    options = next((question.options for question in QUESTIONS if question.key == key), ())
    return next((option.label for option in options if option.code == code), "")


def target_of(trigger: PolicyTrigger, policy: Policy, at: TierRules) -> TierRules | None:
    """The tier to which an escalating trigger moves a ticket at `at`; None when it is not above (it does nothing)."""
    if trigger.action != TriggerAction.ESCALATE:
        return None
    if trigger.to_tier is None:
        return policy.tier_above(at.code)
    found = next((tier for tier in policy.tiers if tier.code == trigger.to_tier), None)
    return found if found is not None and found.rank > at.rank else None


def _by_triggers(
    matched: Iterable[PolicyTrigger], policy: Policy, at: TierRules
) -> tuple[list[tuple[TierRules, str]], list[str]]:
    ups, calls = [], []
    for trigger in matched:
        target = target_of(trigger, policy, at)
        if target is not None:
            ups.append((target, f"{trigger.name}: the policy says {target.code}."))
        if trigger.action == TriggerAction.MANAGEMENT:
            calls.append(f"{trigger.name}: the policy calls management.")
    return ups, calls


def _by_answers(
    answers: Mapping[str, str], policy: Policy, at: TierRules
) -> tuple[list[tuple[TierRules, str]], list[str]]:
    ups: list[tuple[TierRules, str]] = []
    calls = []
    tiers = sorted(policy.tiers, key=lambda tier: tier.rank)
    above = [tier for tier in tiers if tier.rank > at.rank]
    complexity = answers.get("complexity", "")
    if above and complexity == "skills":
        ups.append((above[0], f"It takes skills or access of {above[0].code}."))
    if above and complexity == "engineering":
        engineers = next((tier for tier in above if tier in tiers[ENGINEERS - 1 :]), above[-1])
        ups.append((engineers, f"It takes a change of the product: {engineers.code}."))
    if above and answers.get("impact") in WIDE and answers.get("time") in URGENT and complexity != "known":
        ups.append((above[0], "Many are affected, it cannot wait, and the solution is not known."))
    if answers.get("risk") in AT_STAKE:
        calls.append(f"At stake: {answer_label('risk', answers['risk']).lower()}.")
    return ups, calls


def advise(*, policy: Policy, tier: str, answers: Mapping[str, str], matched: Iterable[PolicyTrigger] = ()) -> Advice:
    """Keep, escalate to the highest tier that anything asks for, or call a manager; with every reason.

    `tier` is where the ticket is, `matched` the triggers that fire on it now. Raises NoSuchRule for an unknown tier.
    """
    at = policy.tier(tier)
    by_policy, called = _by_triggers(matched, policy, at)
    by_person, asked = _by_answers(answers, policy, at)
    ups = [*by_policy, *by_person]
    calls = [*called, *asked]
    target = max((one for one, _ in ups), key=lambda one: one.rank, default=None)
    reasons = [why for _, why in ups] + calls
    if not reasons:
        reasons = ["Nothing asks for more than this tier can do."]
        if answers.get("complexity") in ("skills", "engineering"):
            reasons = ["No higher tier could do more. Ask a colleague, or consult another team."]
    return Advice(target, bool(calls), tuple(reasons))
