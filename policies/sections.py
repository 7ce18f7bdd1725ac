"""The sections of a draft that are edited row by row: what they are called, and how their rows are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Model, QuerySet

from policies.models import (
    AuthorityRule,
    Commitment,
    ContractTarget,
    MessageTemplate,
    Overflow,
    PolicyTier,
    PolicyVersion,
    Pool,
    ResponseTarget,
    Severity,
    Trigger,
)


@dataclass(frozen=True, slots=True)
class Section:
    """`one` is a row in words; `fields` are what a form edits; `identity` tells the rows of a version apart and stays
    as it was made. `clauses` is how the keys of its clauses begin. `ordered` rows have a `position`."""

    key: str
    title: str
    one: str
    lead: str
    model: type[Model]
    fields: tuple[str, ...]
    identity: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    ordered: bool = False
    keyed: bool = False

    def rows(self, version: PolicyVersion) -> QuerySet[Model]:
        found = self.model._default_manager.filter(version=version)
        return found.select_related(*self.related) if self.related else found


SECTIONS = (
    Section(
        "tiers", "Tiers", "tier",
        "What each tier handles and how long it has. Times are working time of the team that holds the ticket.",
        PolicyTier,
        ("tier", "issue_types", "expertise", "ack_seconds", "time_limit_seconds", "resolution_seconds",
         "follow_up_seconds", "target_escalation_percent", "hourly_cost"),
        identity=("tier",), related=("tier",),
    ),
    Section(
        "severities", "Severity levels", "severity level",
        "When the first reply is due, where a ticket enters, and how much earlier than its due time it is sorted.",
        Severity,
        ("priority", "definition", "first_response_seconds", "entry_tier", "entry_team", "path",
         "runs_around_the_clock", "head_start_seconds"),
        identity=("priority",), related=("entry_tier", "entry_team"),
    ),
    Section(
        "responses", "Management response", "response target",
        "What management owes once it is called. These clocks run around the clock.",
        ResponseTarget, ("kind", "seconds"), identity=("kind",),
    ),
    Section(
        "contracts", "Contract targets", "contract target",
        "From opening to resolution, by priority and customer segment.",
        ContractTarget, ("priority", "segment", "resolution_seconds", "calendar"), identity=("priority", "segment"),
        related=("calendar",),
    ),
    Section(
        "authority", "Authority", "authority",
        "What each role may grant. No rule means no authority.",
        AuthorityRule, ("role", "action", "limit", "inclusive", "note"), identity=("role", "action"),
        related=("role",),
    ),
    Section(
        "triggers", "Triggers", "trigger",
        "If these conditions hold for an open ticket, this happens. Earlier ones are asked first.",
        Trigger,
        ("name", "kind", "is_active", "action", "to_tier", "to_team", "to_pool", "to_priority", "notify_role", "reason",
         "head_start_seconds", "note"),
        related=("to_tier", "to_team", "to_pool", "notify_role"), ordered=True, keyed=True,
    ),
    Section(
        "pools", "Specialist pools", "pool",
        "Those of a team who work alone in a skill. Routing triggers send work to them.",
        Pool, ("name", "team", "skill"), related=("team", "skill"), keyed=True,
    ),
    Section(
        "overflows", "Overflow", "overflow",
        "When a team has too much, new work of its tier goes to another team.",
        Overflow, ("team", "to_team", "open_tickets", "waiting_seconds"), identity=("team",),
        related=("team", "to_team"),
    ),
    Section(
        "templates", "Message templates", "message template",
        "Words for the customer, filled from the ticket.",
        MessageTemplate, ("kind", "name", "subject", "body"), ordered=True, keyed=True,
    ),
    Section(
        "commitments", "Prevention", "commitment",
        "What we undertake so that fewer tickets have to be escalated.",
        Commitment, ("text",), ordered=True, keyed=True,
    ),
)  # fmt: skip
BY_KEY: Mapping[str, Section] = {section.key: section for section in SECTIONS}


def section_of(row: Model) -> Section | None:
    """The section that a row belongs to; None for what has none, such as an accepted finding."""
    return next((section for section in SECTIONS if isinstance(row, section.model)), None)


def section_key(row: Model) -> str:
    """The section that a row is recorded under; others by what they are."""
    section = section_of(row)
    return section.key if section else row._meta.model_name or ""
