"""A published policy as the rest of Belay reads it: frozen, from its snapshot, never from draft rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from policies.domain.practice import (
    AcceptedRisk,
    CommitmentText,
    OverflowRule,
    PolicyTrigger,
    PoolRule,
    TemplateText,
)


class PolicyInvalid(Exception):
    """A draft that cannot be published. `problems` names the row, the field and what is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class NoSuchRule(Exception):
    """The policy has no rule for what was asked, e.g. a tier that it does not name."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What is cited. `key` never changes meaning between versions; `number` is where this version prints it."""

    key: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class TierRules:
    """Durations are whole seconds of the receiving team's business time."""

    code: str
    name: str
    rank: int
    expertise: str
    issue_types: str
    ack_seconds: int | None
    time_limit_seconds: int | None
    resolution_seconds: int
    target_escalation_percent: str | None
    hourly_cost: str
    follow_up_seconds: int | None = None  # versions published before it was a rule say nothing of it


@dataclass(frozen=True, slots=True)
class SeverityRules:
    priority: int
    definition: str
    first_response_seconds: int
    entry_tier: str
    entry_team: str | None
    path: str
    runs_around_the_clock: bool
    head_start_seconds: int

    @property
    def name(self) -> str:
        return f"P{self.priority}"


@dataclass(frozen=True, slots=True)
class ContractRule:
    """`calendar` is a calendar's code, or None for the customer's own."""

    priority: int
    segment: str
    resolution_seconds: int
    calendar: str | None


@dataclass(frozen=True, slots=True)
class AuthorityGrant:
    """What a role may grant. `limit` is an amount as text, None without limit or for an action without an amount."""

    role: str
    role_name: str
    rank: int
    action: str
    action_name: str
    limit: str | None
    inclusive: bool
    note: str = ""

    @property
    def clause(self) -> str:
        return f"authority.{self.role}.{self.action}"


@dataclass(frozen=True, slots=True)
class Policy:
    code: str
    title: str
    tiers: tuple[TierRules, ...]
    severities: tuple[SeverityRules, ...]
    contracts: tuple[ContractRule, ...]
    responses: Mapping[str, int]
    clauses: Mapping[str, Clause]
    authority: tuple[AuthorityGrant, ...] = ()
    triggers: tuple[PolicyTrigger, ...] = ()
    pools: tuple[PoolRule, ...] = ()
    overflows: tuple[OverflowRule, ...] = ()
    templates: tuple[TemplateText, ...] = ()
    commitments: tuple[CommitmentText, ...] = ()
    accepted: tuple[AcceptedRisk, ...] = ()

    def tier(self, code: str) -> TierRules:
        for tier in self.tiers:
            if tier.code == code:
                return tier
        raise NoSuchRule(f"Policy {self.code} has no tier {code}")

    def severity(self, priority: int) -> SeverityRules:
        for severity in self.severities:
            if severity.priority == priority:
                return severity
        raise NoSuchRule(f"Policy {self.code} has no severity P{priority}")

    def tier_above(self, code: str) -> TierRules | None:
        """The next tier up, None from the top."""
        rank = self.tier(code).rank
        above = [tier for tier in self.tiers if tier.rank > rank]
        return min(above, key=lambda tier: tier.rank) if above else None

    def contract(self, priority: int, segment: str) -> ContractRule | None:
        """The rule for this segment, else the one for all others, else None: no contract target."""
        rules = {rule.segment: rule for rule in self.contracts if rule.priority == priority}
        return rules.get(segment) or rules.get("")

    def clause(self, key: str) -> Clause:
        """The clause behind a key; one with an empty number when this version does not print it."""
        return self.clauses.get(key) or Clause(key, "", "")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Policy":
        """The policy of a snapshot. Responses come in the order of their clauses: JSON in a database keeps none."""
        clauses = {row["key"]: Clause(**row) for row in data["clauses"]}
        place = {key: position for position, key in enumerate(clauses)}
        responses = sorted(data["responses"].items(), key=lambda item: place.get(f"response.{item[0]}", 0))
        return cls(
            code=data["code"],
            title=data["title"],
            tiers=tuple(TierRules(**row) for row in data["tiers"]),
            severities=tuple(SeverityRules(**row) for row in data["severities"]),
            contracts=tuple(ContractRule(**row) for row in data["contracts"]),
            responses=dict(responses),
            clauses=clauses,
            authority=tuple(AuthorityGrant(**row) for row in data.get("authority", ())),
            triggers=tuple(PolicyTrigger.from_json(row) for row in data.get("triggers", ())),
            pools=tuple(PoolRule(**row) for row in data.get("pools", ())),
            overflows=tuple(OverflowRule(**row) for row in data.get("overflows", ())),
            templates=tuple(TemplateText(**row) for row in data.get("templates", ())),
            commitments=tuple(CommitmentText(**row) for row in data.get("commitments", ())),
            accepted=tuple(AcceptedRisk(**row) for row in data.get("accepted", ())),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "code": self.code,
            "title": self.title,
            "tiers": [asdict(tier) for tier in self.tiers],
            "severities": [asdict(severity) for severity in self.severities],
            "contracts": [asdict(contract) for contract in self.contracts],
            "responses": dict(self.responses),
            "clauses": [asdict(clause) for clause in self.clauses.values()],
            **{
                name: [asdict(one) for one in getattr(self, name)]
                for name in ("authority", "triggers", "pools", "overflows", "templates", "commitments", "accepted")
            },
        }
