"""Triggers, pools and the rest of a policy's practice, as a snapshot holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.domain.triggers import Condition, Group, TriggerRule


@dataclass(frozen=True, slots=True)
class PolicyTrigger:
    """A trigger and what it does. Tiers, teams, pools and roles by code; None where the action has no such target.

    An escalation or de-escalation without a tier goes one tier up or down.
    """

    key: str
    name: str
    kind: str
    join: str
    groups: tuple[Group, ...]
    action: str
    to_tier: str | None = None
    to_team: str | None = None
    to_pool: str | None = None
    to_priority: int | None = None
    notify_role: str | None = None
    reason: str = ""
    head_start_seconds: int = 0
    note: str = ""

    @property
    def rule(self) -> TriggerRule:
        """What `compile_trigger` understands."""
        return TriggerRule(self.key, self.name, self.join, self.groups)

    @property
    def clause(self) -> str:
        return f"trigger.{self.key}"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PolicyTrigger":
        groups = tuple(
            Group(group["join"], tuple(Condition(**row) for row in group["conditions"])) for group in data["groups"]
        )
        return cls(**{**data, "groups": groups})


@dataclass(frozen=True, slots=True)
class PoolRule:
    """The people of a team who work alone in a skill; the whole team without one."""

    key: str
    name: str
    team: str
    skill: str | None = None


@dataclass(frozen=True, slots=True)
class OverflowRule:
    """Past either limit, new work of the team goes to another. None: not limited that way."""

    team: str
    to_team: str
    open_tickets: int | None = None
    waiting_seconds: int | None = None

    @property
    def clause(self) -> str:
        return f"overflow.{self.team}"


@dataclass(frozen=True, slots=True)
class TemplateText:
    key: str
    kind: str
    name: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class CommitmentText:
    key: str
    text: str

    @property
    def clause(self) -> str:
        return f"prevention.{self.key}"


@dataclass(frozen=True, slots=True)
class AcceptedRisk:
    """A finding of the prover, by its id, that the organisation lives with."""

    finding: str
    reason: str
