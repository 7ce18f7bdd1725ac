from policies.models.authority import AuthorityRule, Delegation
from policies.models.lists import PickItem
from policies.models.practice import AcceptedFinding, Commitment, MessageTemplate, Pool
from policies.models.rules import ContractTarget, PolicyTier, ResponseTarget, Severity
from policies.models.triggers import Overflow, Trigger, TriggerCondition, TriggerGroup
from policies.models.versions import PolicyVersion, Publication

__all__ = [
    "AcceptedFinding",
    "AuthorityRule",
    "Commitment",
    "ContractTarget",
    "Delegation",
    "MessageTemplate",
    "Overflow",
    "PickItem",
    "PolicyTier",
    "PolicyVersion",
    "Pool",
    "Publication",
    "ResponseTarget",
    "Severity",
    "Trigger",
    "TriggerCondition",
    "TriggerGroup",
]
