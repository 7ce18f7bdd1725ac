"""The handoff form as data: what it asks, what is missing, and why the receiver needs it.

The fields are those of the source's "Escalation Handoff Form". Training grades the same object.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried. `minutes` is None while not given."""

    step: str
    result: str = ""
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class HandoffContent:
    """What the sender writes. Texts are empty and choices blank while missing; instants are ISO 8601 with offset."""

    customer_words: str = ""
    technical_description: str = ""
    business_impact: str = ""
    scope: str = ""
    urgency: str = ""
    steps: tuple[Step, ...] = ()
    reproduced: str = ""
    workaround: str = ""
    workaround_details: str = ""
    sentiment: str = ""
    last_contact_at: str = ""
    likely_cause: str = ""
    recommended_action: str = ""
    additional_context: str = ""
    customer_notified: str = ""
    notified_at: str = ""
    next_update_at: str = ""
    contact_method: str = ""
    update_frequency: str = ""
    relationship_notes: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "HandoffContent":
        """Unknown keys are ignored: a newer form's draft must not break an older page."""
        known = {field.name for field in fields(cls)} - {"steps"}
        steps = tuple(Step(**row) for row in data.get("steps", ()))
        return cls(steps=steps, **{key: value for key, value in data.items() if key in known})

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "steps": [asdict(step) for step in self.steps]}

    @property
    def minutes_spent(self) -> int:
        return sum(step.minutes or 0 for step in self.steps)

    def fingerprints(self) -> dict[str, str]:
        """Field → a short digest of its value: a form carries them to tell later which fields its author changed."""
        return {
            name: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
            for name, value in self.to_json().items()
        }


CONTENT_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(HandoffContent))


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of the form. `why` says what the receiver does with it; `{to}` is the receiving tier."""

    name: str
    label: str
    section: str
    why: str
    when: Callable[[HandoffContent], bool] = lambda _: True
    is_optional: bool = False


SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("target", "Ticket", "Where it comes from and who should have it."),
    ("issue", "Issue", "What is wrong, for whom, how badly."),
    ("steps", "Troubleshooting", "What you tried, so that nobody tries it twice."),
    ("status", "Current status", "How it stands right now."),
    ("hypothesis", "Hypothesis", "Your best guess saves the receiver the first hour."),
    ("communication", "Customer communication", "The receiver takes over your promises."),
)

ASKS: tuple[Ask, ...] = (
    Ask("reason", "Reason", "target", "It decides who is asked and what the month's figures say."),
    Ask("to", "To", "target", "Somebody has to answer for it."),
    Ask(
        "customer_words",
        "In the customer’s own words",
        "issue",
        "{to} hears the problem before the diagnosis.",
    ),
    Ask("technical_description", "Technical description", "issue", "{to} starts where you stopped."),
    Ask("business_impact", "Business impact", "issue", "{to} weighs it against everything else in the queue."),
    Ask("scope", "Scope", "issue", "One user or all of them: {to} looks in different places."),
    Ask("urgency", "Urgency", "issue", "{to} plans its day by it."),
    Ask("steps", "Troubleshooting steps", "steps", "Otherwise {to} tries the same things again."),
    Ask("results", "Result of each step", "steps", "A step without its result has to be repeated."),
    Ask(
        "minutes",
        "Minutes of each step",
        "steps",
        "The time spent so far is part of what the escalation costs.",
    ),
    Ask("reproduced", "Reproduced", "status", "{to} needs to know whether it can be seen again."),
    Ask("workaround", "Workaround given", "status", "{to} must know what the customer does meanwhile."),
    Ask(
        "workaround_details",
        "Workaround details",
        "status",
        "{to} must not break what the customer relies on.",
        when=lambda content: content.workaround == YES,
    ),
    Ask("sentiment", "Customer sentiment", "status", "{to} chooses the tone of the first contact by it."),
    Ask(
        "last_contact_at",
        "Last customer contact",
        "status",
        "{to} sees how long the customer has been waiting.",
    ),
    Ask("likely_cause", "Likely cause", "hypothesis", "Even a wrong guess narrows the search."),
    Ask("recommended_action", "Recommended action", "hypothesis", "{to} begins with it."),
    Ask("additional_context", "Additional context", "hypothesis", "", is_optional=True),
    Ask(
        "customer_notified",
        "Customer knows of the escalation",
        "communication",
        "Nobody likes to learn it by chance.",
    ),
    Ask(
        "notified_at",
        "Told at",
        "communication",
        "{to} counts the customer’s patience from it.",
        when=lambda content: content.customer_notified == YES,
    ),
    Ask(
        "next_update_at",
        "Next update promised for",
        "communication",
        "{to} keeps the promise, and a clock watches it.",
    ),
    Ask("contact_method", "Prefers", "communication", "{to} calls or writes, as the customer wishes."),
    Ask("update_frequency", "How often", "communication", "{to} sets the rhythm of updates by it."),
    Ask("relationship_notes", "Relationship notes", "communication", "", is_optional=True),
)


@dataclass(frozen=True, slots=True)
class Missing:
    name: str
    label: str
    section: str
    why: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what is asked is there. Never blocks a draft or a filing: the receiver may return it."""

    filled: int
    asked: int
    missing: tuple[Missing, ...]
    by_section: Mapping[str, tuple[int, int]]

    @property
    def is_complete(self) -> bool:
        return not self.missing


def _is_filled(name: str, content: HandoffContent, reason: str, to: str) -> bool:
    match name:
        case "reason":
            return bool(reason)
        case "to":
            return bool(to)
        case "steps":
            return any(step.step.strip() for step in content.steps)
        case "results":
            return bool(content.steps) and all(step.result.strip() for step in content.steps)
        case "minutes":
            return bool(content.steps) and all(step.minutes is not None for step in content.steps)
        case _:
            return bool(str(getattr(content, name)).strip())


def completeness(content: HandoffContent, *, reason: str, to: str) -> Completeness:
    """Count what is asked under these answers. `to` names the receiving tier, empty while not chosen."""
    receiver = to or "The receiver"
    missing: list[Missing] = []
    counts = {section: [0, 0] for section, _, _ in SECTIONS}
    for ask in ASKS:
        if ask.is_optional or not ask.when(content):
            continue
        counts[ask.section][1] += 1
        if _is_filled(ask.name, content, reason, to):
            counts[ask.section][0] += 1
        else:
            missing.append(Missing(ask.name, ask.label, ask.section, ask.why.format(to=receiver)))
    return Completeness(
        filled=sum(filled for filled, _ in counts.values()),
        asked=sum(asked for _, asked in counts.values()),
        missing=tuple(missing),
        by_section={section: (filled, asked) for section, (filled, asked) in counts.items()},
    )


def content_labels() -> dict[str, str]:
    """Field of the content → its label, in the form's order."""
    return {ask.name: ask.label for ask in ASKS if ask.name in CONTENT_FIELDS}
