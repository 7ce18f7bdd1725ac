"""The policy and the lists that Belay ships: the source documents' numbers, and decisions where they are silent."""

from decimal import Decimal

from django.db import transaction

from accounts.models import Role, Tier, User
from policies.choices import SERVICE_CREDIT, PickListName, PolicyState, ResponseKind
from policies.models import (
    AuthorityRule,
    ContractTarget,
    PickItem,
    PolicyTier,
    PolicyVersion,
    ResponseTarget,
    Severity,
)
from policies.services.versions import version_publish
from policies.shipped_practice import draft_shipped_practice

MINUTE, HOUR = 60, 3600

# Source: "Tier Definitions" and "Escalation Policy Summary". ack, time limit, resolution, share, hourly cost.
TIERS: tuple[tuple[str, str, str, int | None, int | None, int, str | None, str], ...] = (
    ("L1", "General support", "Password, billing, basic questions", None, 2 * HOUR, HOUR, "20.0", "32.00"),
    (
        "L2",
        "Technical support",
        "Configuration, integrations",
        15 * MINUTE,
        8 * HOUR,
        4 * HOUR,
        "10.0",
        "48.00",
    ),
    (
        "L3",
        "Senior engineers",
        "Bugs, complex technical issues",
        30 * MINUTE,
        None,
        24 * HOUR,
        "5.0",
        "72.00",
    ),
    (
        "L4",
        "Engineering, product and vendors",
        "Critical bugs, features",
        HOUR,
        None,
        48 * HOUR,
        None,
        "90.00",
    ),
)

# No source gives them (product.md H8 asks for the follow-up): settings to confirm at set-up.
FOLLOW_UPS: dict[str, int] = {"L2": HOUR, "L3": HOUR, "L4": 4 * HOUR}

# Source: "Severity Levels". The head start is ours: it is how much earlier than its due time a ticket is sorted.
SEVERITIES: tuple[tuple[int, str, int, str, str, bool, int], ...] = (
    (1, "Service down, multiple users", 15 * MINUTE, "L3", "Direct to L3", True, 8 * HOUR),
    (2, "Major feature broken", 2 * HOUR, "L2", "L2, then L3", False, 4 * HOUR),
    (3, "Minor feature issue", 8 * HOUR, "L1", "Standard path", False, HOUR),
    (4, "Enhancement request", 48 * HOUR, "L4", "Product team", False, 0),
)

# Source: "Escalation Response SLA"; the credit decision is product.md M5.
RESPONSES: tuple[tuple[ResponseKind, int], ...] = (
    (ResponseKind.MANAGEMENT_ACK, 30 * MINUTE),
    (ResponseKind.CREDIT_DECISION, 30 * MINUTE),
    (ResponseKind.EXECUTIVE_NOTIFIED, HOUR),
    (ResponseKind.CUSTOMER_CONTACTED, 2 * HOUR),
    (ResponseKind.RESOLUTION_PLAN, 4 * HOUR),
    (ResponseKind.STATUS_UPDATE, 24 * HOUR),
)

# No source gives contract times; these are settings to confirm at set-up.
CONTRACTS: tuple[tuple[int, str, int], ...] = (
    (1, "enterprise", 4 * HOUR),
    (1, "mid_market", 8 * HOUR),
    (1, "", 24 * HOUR),
    (2, "enterprise", 8 * HOUR),
    (2, "mid_market", 16 * HOUR),
    (2, "", 40 * HOUR),
    (3, "enterprise", 40 * HOUR),
    (3, "mid_market", 80 * HOUR),
)

# Source: "Escalation Authority". What a role may do the technical roles above it may do too, and a VP what a support
# manager may; credits and discounts are as the source grants them, so engineers have none. "Unlimited authority" of
# C-level is every entry of the list.
_L1 = ("self_service", "known_workaround", "basic_troubleshooting")
_L2 = (*_L1, "advanced_troubleshooting", "configuration_change")
_L3 = (*_L2, "code_investigation", "hotfix", "engineering_workaround")
_MANAGER = ("discount", "contract_modification", "executive_engagement")
_VP = (*_MANAGER, "terms_exception", "board_escalation")
AUTHORITY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("l1_agent", _L1),
    ("l2_specialist", (*_L2, "discount")),
    ("l3_engineer", _L3),
    ("l4_engineer", _L3),
    ("support_manager", _MANAGER),
    ("vp_support", _VP),
    ("c_level", (*_L3, *_VP, "strategic_relationship")),
)
TO_CONFIRM = "The source says “limited”: confirm the amount at set-up"
# Role, limit (None: without), remark. Inclusive (product.md, Decisions).
CREDIT_LIMITS: tuple[tuple[str, str | None, str], ...] = (
    ("l2_specialist", "500.00", TO_CONFIRM),
    ("support_manager", "5000.00", ""),
    ("vp_support", "25000.00", ""),
    ("c_level", None, ""),
)

LISTS: dict[PickListName, tuple[tuple[str, str], ...]] = {
    PickListName.REASON: (
        ("technical_complexity", "Technical complexity"),
        ("sla_risk", "SLA breach risk"),
        ("customer_requested", "Customer requested"),
        ("product_bug", "Product bug"),
        ("integration_issue", "Integration issue"),
        ("other", "Other"),
    ),
    PickListName.RETURN_REASON: (
        ("no_next_step", "No next step given"),
        ("steps_missing", "Troubleshooting steps missing"),
        ("impact_unclear", "Impact or urgency unclear"),
        ("wrong_team", "Belongs to another team"),
        ("within_tier", "Can be solved at the sending tier"),
        ("other", "Other"),
    ),
    PickListName.BARRIER: (
        ("knowledge_gap", "Knowledge gap"),
        ("tool_limitation", "Tool limitation"),
        ("authority_limit", "Authority limit"),
        ("missing_information", "Missing information"),
        ("product_defect", "Product defect"),
    ),
    PickListName.CATEGORY: (("technical", "Technical"), ("billing", "Billing"), ("general", "General")),
    PickListName.ISSUE_TYPE: (
        ("question", "Question"),
        ("configuration", "Configuration"),
        ("integration", "Integration"),
        ("bug", "Bug"),
        ("outage", "Outage"),
        ("performance", "Performance"),
        ("billing", "Billing"),
        ("access", "Access and passwords"),
        ("data_loss", "Data loss"),
        ("security_breach", "Security breach"),
        ("feature_request", "Feature request"),
    ),
    PickListName.PRODUCT_AREA: (
        ("api_integration", "API integration"),
        ("webhooks", "Webhooks"),
        ("identity", "Sign-in and identity"),
        ("data_export", "Data export"),
        ("billing", "Billing"),
        ("dashboard", "Dashboards"),
        ("mobile", "Mobile app"),
        ("platform", "Platform"),
    ),
    PickListName.CHANNEL: (
        ("email", "E-mail"),
        ("phone", "Phone"),
        ("chat", "Chat"),
        ("portal", "Portal"),
        ("social", "Social media"),
    ),
    PickListName.SEGMENT: (
        ("enterprise", "Enterprise"),
        ("mid_market", "Mid-market"),
        ("smb", "SMB"),
        ("consumer", "Consumer"),
    ),
    PickListName.SCOPE: (
        ("one_user", "One user"),
        ("team", "Several users of one customer"),
        ("one_customer", "All users of one customer"),
        ("many_customers", "Several customers"),
        ("everyone", "Everybody"),
    ),
    PickListName.URGENCY: (
        ("now", "Now"),
        ("today", "Today"),
        ("this_week", "This week"),
        ("whenever", "When convenient"),
    ),
    PickListName.CONTACT_METHOD: (
        ("email", "E-mail"),
        ("phone", "Phone"),
        ("chat", "Chat"),
        ("portal", "Portal"),
    ),
    PickListName.UPDATE_FREQUENCY: (
        ("hourly", "Every hour"),
        ("two_hours", "Every 2 h"),
        ("four_hours", "Every 4 h"),
        ("daily", "Every day"),
        ("on_change", "When something changes"),
    ),
    PickListName.CONCERN: (("legal", "Legal"), ("compliance", "Compliance"), ("security", "Security")),
    PickListName.PUBLIC_COMPLAINT: (
        ("social", "Social media"),
        ("review", "Review site"),
        ("press", "Press"),
    ),
    PickListName.AUTHORITY: (
        (SERVICE_CREDIT, "Service credit"),
        ("discount", "Discount"),
        ("self_service", "Self-service direction"),
        ("known_workaround", "Known workaround"),
        ("basic_troubleshooting", "Basic troubleshooting"),
        ("advanced_troubleshooting", "Advanced troubleshooting"),
        ("configuration_change", "Configuration change"),
        ("code_investigation", "Code-level investigation"),
        ("hotfix", "Hotfix"),
        ("engineering_workaround", "Engineering workaround"),
        ("contract_modification", "Contract modification"),
        ("executive_engagement", "Executive engagement"),
        ("terms_exception", "Contract terms exception"),
        ("board_escalation", "Board escalation"),
        ("strategic_relationship", "Strategic relationship management"),
    ),
    PickListName.ROOT_CAUSE: (
        ("product_defect", "Product defect"),
        ("configuration", "Configuration error"),
        ("integration", "Partner or integration"),
        ("infrastructure", "Infrastructure"),
        ("knowledge", "Missing or wrong documentation"),
        ("user_error", "Use other than intended"),
        ("billing_error", "Billing error"),
        ("vendor", "Vendor"),
        ("unknown", "Not found"),
    ),
    PickListName.DE_ESCALATION: (
        ("workaround_confirmed", "Workaround confirmed"),
        ("solution_known", "The solution is known; the rest is routine"),
        ("within_tier", "Can be solved at the lower tier"),
        ("less_urgent", "Less grave than thought"),
        ("customer_waits", "Only the customer is waited for"),
        ("other", "Other"),
    ),
}
FREQUENCY_MINUTES = {"hourly": 60, "two_hours": 120, "four_hours": 240, "daily": 1440}


def load_lists() -> None:
    """Create the entries that are missing; labels that an administrator changed stay."""
    PickItem.objects.bulk_create(
        [
            PickItem(
                list=name, code=code, label=label, position=position,
                minutes=FREQUENCY_MINUTES.get(code) if name == PickListName.UPDATE_FREQUENCY else None,
            )
            for name, items in LISTS.items()
            for position, (code, label) in enumerate(items)
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def draft_shipped_policy(*, code: str, by: User | None) -> PolicyVersion:
    """The shipped policy as a draft, for a set-up to look through before it is published."""
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    version = PolicyVersion.objects.create(
        code=code, title="Escalation policy", created_by=by, note="As shipped with Belay."
    )
    PolicyTier.objects.bulk_create(
        PolicyTier(
            version=version, tier=tiers[tier], expertise=expertise, issue_types=types, ack_seconds=ack,
            time_limit_seconds=limit, resolution_seconds=resolution,
            target_escalation_percent=Decimal(share) if share else None, hourly_cost=Decimal(cost),
            follow_up_seconds=FOLLOW_UPS.get(tier),
        )
        for tier, expertise, types, ack, limit, resolution, share, cost in TIERS
    )  # fmt: skip
    Severity.objects.bulk_create(
        Severity(
            version=version, priority=priority, definition=definition, first_response_seconds=response,
            entry_tier=tiers[entry], path=path, runs_around_the_clock=always, head_start_seconds=head_start,
        )
        for priority, definition, response, entry, path, always, head_start in SEVERITIES
    )  # fmt: skip
    ResponseTarget.objects.bulk_create(
        ResponseTarget(version=version, kind=kind, seconds=seconds) for kind, seconds in RESPONSES
    )
    ContractTarget.objects.bulk_create(
        ContractTarget(version=version, priority=priority, segment=segment, resolution_seconds=seconds)
        for priority, segment, seconds in CONTRACTS
    )
    _draft_authority(version)
    draft_shipped_practice(version)
    return version


def _draft_authority(version: PolicyVersion) -> None:
    roles = {role.code: role for role in Role.objects.all()}
    rows = [
        AuthorityRule(version=version, role=roles[role], action=code) for role, codes in AUTHORITY for code in codes
    ]
    rows += [
        AuthorityRule(
            version=version, role=roles[role], action=SERVICE_CREDIT, limit=Decimal(limit) if limit else None, note=note
        )
        for role, limit, note in CREDIT_LIMITS
    ]
    AuthorityRule.objects.bulk_create(rows)


@transaction.atomic
def publish_shipped_policy(*, code: str, drafted_by: User | None, by: User) -> PolicyVersion:
    """Put the shipped policy in force, once: later calls return what is in force."""
    in_force = PolicyVersion.objects.filter(state=PolicyState.PUBLISHED).first()
    if in_force is not None:
        return in_force
    return version_publish(version=draft_shipped_policy(code=code, by=drafted_by), by=by)
