"""What triggers may speak of: every fact's name, kind, the operators that fit it, and the page that captures it.

How a fact is read off a ticket, and how a database compares it, is registered by the app that holds tickets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What sort of value a fact has, and so what can be asked of it."""

    CHOICE = "choice"  # a code from a list; "" while nobody has said
    RANKED = "ranked"  # a whole number with an order and names, such as P1–P4
    YES_NO = "yes_no"
    NUMBER = "number"
    MONEY = "money"  # a Decimal in the organisation's currency
    SPAN = "span"  # whole seconds
    WORDS = "words"  # the watched words found in the subject and the messages


class Operator(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    ANY_OF = "any_of"
    NONE_OF = "none_of"
    MORE = "more"
    AT_LEAST = "at_least"
    LESS = "less"
    AT_MOST = "at_most"
    KNOWN = "known"
    UNKNOWN = "unknown"
    CONTAINS_ANY = "contains_any"
    CONTAINS_ALL = "contains_all"
    CONTAINS_NONE = "contains_none"


_SETS = (Operator.IS, Operator.IS_NOT, Operator.ANY_OF, Operator.NONE_OF)
_ORDER = (Operator.MORE, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST)
_GIVEN = (Operator.KNOWN, Operator.UNKNOWN)

OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    Kind.CHOICE: (*_SETS, *_GIVEN),
    Kind.RANKED: (*_SETS, *_ORDER),
    Kind.YES_NO: (Operator.IS,),
    Kind.NUMBER: (Operator.IS, *_ORDER),
    Kind.MONEY: (*_ORDER, *_GIVEN),
    Kind.SPAN: (*_ORDER, *_GIVEN),
    Kind.WORDS: (Operator.CONTAINS_ANY, Operator.CONTAINS_ALL, Operator.CONTAINS_NONE),
}
# Operators that take a list, and those that take nothing.
MANY = frozenset({
    Operator.ANY_OF, Operator.NONE_OF, Operator.CONTAINS_ANY, Operator.CONTAINS_ALL, Operator.CONTAINS_NONE,
})  # fmt: skip
NOTHING = frozenset(_GIVEN)

WORDS: Mapping[Operator, str] = {
    Operator.IS: "is",
    Operator.IS_NOT: "is not",
    Operator.ANY_OF: "is any of",
    Operator.NONE_OF: "is none of",
    Operator.MORE: "is more than",
    Operator.AT_LEAST: "is at least",
    Operator.LESS: "is less than",
    Operator.AT_MOST: "is at most",
    Operator.KNOWN: "is known",
    Operator.UNKNOWN: "is not known",
    Operator.CONTAINS_ANY: "contains any of",
    Operator.CONTAINS_ALL: "contains all of",
    Operator.CONTAINS_NONE: "contains none of",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a ticket.

    `source` names the list or table that its values come from ("" for none); `captured` says where people enter it;
    `by_clock` says that it changes with time alone, so that a condition on it can turn true without a write.
    """

    name: str
    label: str
    kind: Kind
    captured: str
    source: str = ""
    by_clock: bool = False
    words: Mapping[Operator, str] = field(default_factory=dict)

    @property
    def operators(self) -> tuple[Operator, ...]:
        return OPERATORS[self.kind]

    def says(self, operator: Operator) -> str:
        return self.words.get(operator, WORDS[operator])


_GRAVITY = {
    Operator.LESS: "is graver than",
    Operator.AT_MOST: "is at least as grave as",
    Operator.MORE: "is less grave than",
    Operator.AT_LEAST: "is at most as grave as",
}
_HEIGHT = {
    Operator.LESS: "is below",
    Operator.AT_MOST: "is at or below",
    Operator.MORE: "is above",
    Operator.AT_LEAST: "is at or above",
}

_FACTS = (
    Fact("segment", "Customer segment", Kind.CHOICE, "the customer's page", "segment"),
    Fact("is_vip", "VIP", Kind.YES_NO, "the customer's page"),
    Fact("region", "Region", Kind.CHOICE, "the customer's page", "region"),
    Fact("churn_threat", "Churn threat", Kind.YES_NO, "the ticket's facts"),
    Fact("revenue_at_risk", "Revenue at risk", Kind.MONEY, "the ticket's facts"),
    Fact("order_value", "Order value", Kind.MONEY, "the ticket's facts"),
    Fact("priority", "Priority", Kind.RANKED, "intake and the ticket's menu", "priority", words=_GRAVITY),
    Fact("category", "Category", Kind.CHOICE, "the ticket's facts", "category"),
    Fact("issue_type", "Issue type", Kind.CHOICE, "the ticket's facts", "issue_type"),
    Fact("product_area", "Product area", Kind.CHOICE, "the ticket's facts", "product_area"),
    Fact("channel", "Channel", Kind.CHOICE, "intake", "channel"),
    Fact("public_complaint", "Public complaint", Kind.CHOICE, "the ticket's facts", "public_complaint"),
    Fact("concern", "Legal, compliance or security concern", Kind.CHOICE, "the ticket's facts", "concern"),
    Fact("complexity", "Complexity", Kind.CHOICE, "the ticket's facts", "complexity"),
    Fact("engineering_required", "Engineering required", Kind.YES_NO, "the ticket's facts"),
    Fact("vendor", "Vendor dependency", Kind.YES_NO, "the ticket's facts"),
    Fact("sentiment", "Sentiment", Kind.CHOICE, "the ticket's facts and the handoff form", "sentiment"),
    Fact("words", "Words in subject and messages", Kind.WORDS, "what is said on the ticket"),
    Fact("attempts", "Attempts", Kind.NUMBER, "replies to the customer"),
    Fact("reopen_count", "Times reopened", Kind.NUMBER, "reopening"),
    Fact("same_issue_90_days", "Same issue escalated in 90 days", Kind.NUMBER, "tickets linked to one issue"),
    Fact("tier", "Tier", Kind.RANKED, "where the ticket is", "tier", words=_HEIGHT),
    Fact("team", "Team", Kind.CHOICE, "where the ticket is", "team"),
    Fact("has_owner", "Has an owner", Kind.YES_NO, "who took the ticket"),
    Fact("age", "Age", Kind.SPAN, "when it was opened", by_clock=True),
    Fact("wait_time", "Waiting time", Kind.SPAN, "the customer's oldest unanswered message", by_clock=True),
    Fact("time_at_tier", "Time at tier", Kind.SPAN, "when it came to its tier", by_clock=True),
    Fact("contract_left", "Remaining contract time", Kind.SPAN, "the contract's clock", by_clock=True),
    Fact("unacknowledged_for", "Unacknowledged for", Kind.SPAN, "the pending handoff", by_clock=True),
    Fact("workaround_confirmed", "Workaround confirmed", Kind.YES_NO, "the ticket's facts"),
)
FACTS: Mapping[str, Fact] = {fact.name: fact for fact in _FACTS}
