"""A policy as sections, tables and clauses, made from its rules: what the page prints is what the clocks run by."""

from dataclasses import dataclass, field

from policies.choices import PickListName, ResponseKind, TriggerKind
from policies.domain.clauses import reach_words
from policies.domain.policy import AuthorityGrant, Clause, Policy
from policies.domain.words import span_words
from policies.selectors import pick_labels

TRIGGER_SECTIONS = (
    (TriggerKind.TECHNICAL, "9", "Any one of these moves a ticket up. A tier below the ticket's own changes nothing."),
    (TriggerKind.MANAGEMENT, "10", "Any one of these calls management. The technical owner stays."),
    (TriggerKind.ROUTING, "11", "Where work goes within a tier."),
    (TriggerKind.CALMING, "12", "When the higher tier is no longer needed."),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table. `key` is the clause behind it, and the address that citations lead to."""

    key: str
    number: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses of one role under its name."""

    key: str
    title: str
    clauses: list[Clause]


@dataclass(frozen=True, slots=True)
class Section:
    """`heads` are the column heads of `rows` (the last one holds figures); a section of prose has clauses instead, or
    groups of them."""

    key: str
    number: str
    title: str
    lead: str = ""
    heads: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    @property
    def grouped(self) -> list[Clause]:
        return [clause for group in self.groups for clause in group.clauses]


def document_of(policy: Policy) -> list[Section]:
    """The sections in the order in which clauses are numbered. One statement: the names of segments."""
    segments = pick_labels(PickListName.SEGMENT)[PickListName.SEGMENT]
    made = [
        _tiers(policy),
        _severities(policy),
        _prose(
            policy, "path", "2", "Technical path", ".time_limit",
            "A ticket moves to a more technical tier when its time runs out there or when the work needs other hands. "
            "The receiver owns it only after accepting.",
        ),
        _prose(
            policy, "acknowledgement", "3", "Acknowledgement", ".ack",
            "Whoever receives a handoff says that they have seen it, and then accepts or returns it within the same "
            "time again.",
        ),
        _prose(
            policy, "resolution", "4", "Resolution at a tier", ".resolution",
            "A missed target is marked; the ticket stays where it is.",
        ),
        _contracts(policy, segments),
        _responses(policy),
        _prose(
            policy, "follow_up", "7", "Follow-up with the customer", ".follow_up",
            "Whoever accepts a handoff tells the customer so: a reply, or a contact made elsewhere and recorded.",
        ),
        _authority(policy),
        *(
            Section(kind, number, TriggerKind(kind).label, lead, clauses=_clauses(policy, kind))
            for kind, number, lead in TRIGGER_SECTIONS
        ),
        Section("overflow", "13", "Overflow", "When a team has too much, others help.",
                clauses=[policy.clause(one.clause) for one in policy.overflows]),
        Section("prevention", "14", "Prevention", "What we undertake so that fewer tickets have to be escalated.",
                clauses=[policy.clause(one.clause) for one in policy.commitments]),
    ]  # fmt: skip
    return made


def _clauses(policy: Policy, kind: str) -> list[Clause]:
    found = (policy.clause(one.clause) for one in policy.triggers if one.kind == kind)
    return [clause for clause in found if clause.number]


def _percent(text: str | None) -> str:
    return "rarely" if text is None else f"{text.removesuffix('.0')} %"


def _tiers(policy: Policy) -> Section:
    rows = [
        Row(f"tier.{tier.code}", "", [f"{tier.code} {tier.name}", tier.issue_types, tier.expertise,
                                     _percent(tier.target_escalation_percent)])
        for tier in sorted(policy.tiers, key=lambda tier: tier.rank)
    ]  # fmt: skip
    return Section("tiers", "", "Tiers", heads=["Tier", "Handles", "Expertise", "Escalates"], rows=rows)


def _severities(policy: Policy) -> Section:
    rows = []
    for severity in policy.severities:
        key = f"severity.{severity.name}"
        hours = ", 24×7" if severity.runs_around_the_clock else ""
        cells = [
            severity.name, severity.definition, severity.entry_tier, severity.path,
            span_words(severity.first_response_seconds) + hours,
        ]  # fmt: skip
        rows.append(Row(key, policy.clause(key).number, cells))
    heads = ["No.", "Level", "Meaning", "Enters at", "Path", "First reply"]
    lead = "Clocks count business hours; those marked 24×7 run around the clock."
    return Section("severity", "1", "Severity levels", lead, heads, rows)


def _prose(policy: Policy, key: str, number: str, title: str, ending: str, lead: str) -> Section:
    clauses = [clause for clause in policy.clauses.values() if clause.key.startswith("tier.")]
    return Section(key, number, title, lead, clauses=[one for one in clauses if one.key.endswith(ending)])


def _contracts(policy: Policy, segments: dict[str, str]) -> Section:
    rows = []
    for rule in policy.contracts:
        key = f"contract.P{rule.priority}.{rule.segment or 'other'}"
        who = segments.get(rule.segment, rule.segment) if rule.segment else "All others"
        calendar = "the customer’s own" if rule.calendar is None else rule.calendar
        cells = [f"P{rule.priority}", who, calendar, span_words(rule.resolution_seconds)]
        rows.append(Row(key, policy.clause(key).number, cells))
    lead = "From opening to resolution, without the time spent waiting for the customer or a vendor."
    heads = ["No.", "Level", "Customers", "Calendar", "Resolved in"]
    return Section("contract", "5", "Contract targets", lead, heads, rows)


def _responses(policy: Policy) -> Section:
    rows = []
    for kind, seconds in policy.responses.items():
        key = f"response.{kind}"
        clause = policy.clause(key)
        label = ResponseKind(kind).label if kind in ResponseKind.values else kind
        rows.append(Row(key, clause.number, [label, clause.text, span_words(seconds)]))
    rows.sort(key=lambda row: [int(part) for part in row.number.split(".") if part])
    lead = "What management owes once it is called. These clocks run around the clock."
    return Section("response", "6", "Management response", lead, ["No.", "What", "Clause", "Within"], rows)


def _grant_words(grant: AuthorityGrant) -> str:
    """`Service credit up to and including $500. Confirm the amount.`; an action without an amount by its name."""
    words = " ".join(part for part in (grant.action_name, reach_words(grant)) if part)
    return f"{words}. {grant.note.rstrip('.')}." if grant.note else words


def _authority(policy: Policy) -> Section:
    """By role: what each may grant, every grant with the number and address of its clause."""
    groups: dict[str, Group] = {}
    for grant in policy.authority:
        group = groups.setdefault(grant.role, Group(f"authority.{grant.role}", grant.role_name, []))
        group.clauses.append(Clause(grant.clause, policy.clause(grant.clause).number, _grant_words(grant)))
    lead = (
        "No rule means no authority. Credits count together: everything issued and waiting on the ticket, and for the "
        "customer in the last 30×24 h, by anybody, the new one included. What somebody may not grant is asked of the "
        "lowest role that may; nobody approves what they asked for."
    )
    return Section("authority", "8", "Authority", lead, groups=list(groups.values()))
