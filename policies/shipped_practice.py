"""The triggers, commitments and templates that Belay ships, each with the source that it is from."""

from typing import Any, NamedTuple

from accounts.models import Role, Tier
from policies.choices import TemplateKind, TriggerAction, TriggerJoin, TriggerKind
from policies.models import (
    AcceptedFinding,
    Commitment,
    MessageTemplate,
    PolicyVersion,
    Trigger,
    TriggerCondition,
    TriggerGroup,
)

HOUR = 3600
Conditions = tuple[tuple[str, str, Any], ...]


class Shipped(NamedTuple):
    """One trigger with one group, as most are."""

    key: str
    name: str
    kind: TriggerKind
    conditions: Conditions
    action: TriggerAction
    to_tier: str | None = None
    notify_role: str | None = None
    reason: str = ""
    join: TriggerJoin = TriggerJoin.ALL
    note: str = ""


# Source: "Automatic Triggers", and the technical path of "Escalation Policy Summary". Its time limits (2 h, 8 h) are
# the tiers' own. "Extremely Negative" is Upset, the worst that a form can say (product.md, Decisions).
TECHNICAL = (
    Shipped(
        "security_or_data_loss", "Data loss or security breach", TriggerKind.TECHNICAL,
        (("tier", "less", 3), ("issue_type", "any_of", ["data_loss", "security_breach"])),
        TriggerAction.ESCALATE, "L3", reason="technical_complexity",
    ),
    Shipped(
        "enterprise_waits", "Enterprise customer waits more than 2 hours", TriggerKind.TECHNICAL,
        (("tier", "less", 2), ("segment", "is", "enterprise"), ("wait_time", "more", 2 * HOUR)),
        TriggerAction.ESCALATE, "L2", reason="sla_risk",
    ),
    Shipped(
        "upset_after_attempts", "Upset after more than three attempts", TriggerKind.TECHNICAL,
        (("sentiment", "is", "upset"), ("attempts", "more", 3)),
        TriggerAction.ESCALATE, None, "support_manager", "customer_requested",
    ),
    Shipped(
        "complex_at_entry", "Too complex for the entry tier", TriggerKind.TECHNICAL,
        (("tier", "is", 1), ("complexity", "is", "high")), TriggerAction.ESCALATE, "L2", reason="technical_complexity",
    ),
    Shipped(
        "engineering_required", "Engineering is required", TriggerKind.TECHNICAL,
        (("tier", "at_most", 2), ("engineering_required", "is", True)),
        TriggerAction.ESCALATE, "L3", reason="technical_complexity",
    ),
    Shipped(
        "vendor_dependency", "A vendor or infrastructure provider has to act", TriggerKind.TECHNICAL,
        (("tier", "is", 3), ("vendor", "is", True)), TriggerAction.ESCALATE, "L4", reason="integration_issue",
    ),
)  # fmt: skip

# Source: "Management Escalation Triggers", all six.
MANAGEMENT = (
    Shipped(
        "enterprise_open_4h", "Enterprise customer with a P1 or P2 issue for more than 4 hours",
        TriggerKind.MANAGEMENT,
        (("segment", "is", "enterprise"), ("priority", "any_of", [1, 2]), ("age", "more", 4 * HOUR)),
        TriggerAction.MANAGEMENT, reason="sla_risk",
    ),
    Shipped(
        "churn_threat", "Churn threat", TriggerKind.MANAGEMENT, (("churn_threat", "is", True),),
        TriggerAction.MANAGEMENT, reason="customer_requested", note="Anybody who reads the ticket may report it",
    ),
    Shipped(
        "public_complaint", "Public complaint", TriggerKind.MANAGEMENT, (("public_complaint", "known", None),),
        TriggerAction.MANAGEMENT, reason="customer_requested", note="Social media, review site or press",
    ),
    Shipped(
        "revenue_at_risk", "More than $50,000 revenue at risk", TriggerKind.MANAGEMENT,
        (("revenue_at_risk", "more", "50000.00"),), TriggerAction.MANAGEMENT, reason="other",
    ),
    Shipped(
        "legal_concern", "Legal, compliance or security concern", TriggerKind.MANAGEMENT,
        (("concern", "known", None),), TriggerAction.MANAGEMENT, reason="other",
    ),
    Shipped(
        "same_issue_again", "Same issue escalated three or more times by the same customer", TriggerKind.MANAGEMENT,
        (("same_issue_90_days", "at_least", 3),), TriggerAction.MANAGEMENT, reason="other", note="In 90 days",
    ),
)  # fmt: skip

# Source: "Build in automatic de-escalation when appropriate" (Usage Instructions, 3).
CALMING = (
    Shipped(
        "workaround_satisfied", "Workaround confirmed and the customer satisfied", TriggerKind.CALMING,
        (("workaround_confirmed", "is", True), ("sentiment", "is", "satisfied"), ("tier", "more", 1)),
        TriggerAction.DE_ESCALATE, note="Back to the tier below",
    ),
)  # fmt: skip

# Source: "Escalation Prevention".
COMMITMENTS = (
    ("monthly_review", "Escalation trends are reviewed every month."),
    ("top_drivers", "The ten main drivers each have an owner and a remedy."),
    ("empowerment", "Agents are empowered to decide what does not need an escalation."),
    ("knowledge_gaps", "Knowledge gaps found in an escalation are closed."),
    ("product_feedback", "Product issues go back to engineering."),
)

# What the prover finds in the shipped policy and we ship all the same, by the finding's id.
ACCEPTED = (
    (
        "no_authority_between:l3_engineer",
        "Engineers decide about code, not money: requests go to the lowest role above that may.",
    ),
    (
        "no_authority_between:l4_engineer",
        "Engineers decide about code, not money: requests go to the lowest role above that may.",
    ),
    (
        "contract_before_target:P1:enterprise",
        "The tier's target is for its ordinary work; a P1 shows the contract's clock first.",
    ),
    (
        "contract_before_target:P1:mid_market",
        "The tier's target is for its ordinary work; a P1 shows the contract's clock first.",
    ),
    (
        "management_before_limit:enterprise_open_4h:L2",
        "Meant so: management is called beside the technical path, whose owner stays.",
    ),
    ("resolution_before_limit:L1", "Two clocks: the target is only marked when missed, the limit moves the ticket."),
    ("resolution_before_limit:L2", "Two clocks: the target is only marked when missed, the limit moves the ticket."),
    ("response_before_ack:P1:L3", "Both clocks run, and the tighter one is shown first."),
    (
        "hours_uncovered:P1:L3",
        "Outside its teams' hours the duty rota covers P1; where nobody is on duty, that is flagged.",
    ),
)

# Source: "Customer Communication", its four templates.
TEMPLATES = (
    (
        "acknowledged", TemplateKind.ACKNOWLEDGEMENT, "Escalation acknowledged", "{ref}: with our specialists",
        "Hello {contact},\n\nwe have handed your request “{subject}” to {team}, who know this area best. You need not"
        " repeat anything: they have everything you told us.\n\nYou hear from us by {next_update}.\n\n{agent}",
    ),
    (
        "timeline", TemplateKind.TIMELINE, "Expected timeline", "{ref}: what happens next",
        "Hello {contact},\n\n{team} is working on “{subject}”. We expect to have a solution by {estimate} and write"
        " to you by {next_update} in any case.\n\n{agent}",
    ),
    (
        "progress", TemplateKind.PROGRESS, "Progress update", "{ref}: where we are",
        "Hello {contact},\n\nan update on “{subject}”: \n\nThe next one follows by {next_update}.\n\n{agent}",
    ),
    (
        "resolution", TemplateKind.RESOLUTION, "Resolution", "{ref}: solved",
        "Hello {contact},\n\n“{subject}” is solved. What we did: \n\nIf anything is not as it should be, answer this"
        " message and we go on at once.\n\n{agent}",
    ),
)  # fmt: skip


def draft_triggers(version: PolicyVersion, shipped: tuple[Shipped, ...]) -> None:
    """Write triggers into a draft, in their order."""
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    roles = {role.code: role for role in Role.objects.all()}
    for position, one in enumerate(shipped):
        trigger = Trigger.objects.create(
            version=version, key=one.key, name=one.name, kind=one.kind, position=position, action=one.action,
            to_tier=tiers[one.to_tier] if one.to_tier else None,
            notify_role=roles[one.notify_role] if one.notify_role else None, reason=one.reason, note=one.note,
        )  # fmt: skip
        group = TriggerGroup.objects.create(trigger=trigger, join=one.join)
        TriggerCondition.objects.bulk_create(
            TriggerCondition(group=group, fact=fact, operator=operator, value=value, position=place)
            for place, (fact, operator, value) in enumerate(one.conditions)
        )


def draft_shipped_practice(version: PolicyVersion) -> None:
    """The shipped triggers, commitments, templates and accepted findings, into a draft."""
    AcceptedFinding.objects.bulk_create(
        AcceptedFinding(version=version, finding=finding, reason=reason) for finding, reason in ACCEPTED
    )
    draft_triggers(version, (*TECHNICAL, *MANAGEMENT, *CALMING))
    Commitment.objects.bulk_create(
        Commitment(version=version, key=key, text=text, position=place) for place, (key, text) in enumerate(COMMITMENTS)
    )
    MessageTemplate.objects.bulk_create(
        MessageTemplate(version=version, key=key, kind=kind, name=name, subject=subject, body=body)
        for key, kind, name, subject, body in TEMPLATES
    )
