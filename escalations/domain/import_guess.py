"""Suggestions for a mapping, from the names of columns and the words in them. A person confirms or changes each."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Lookup
from datetime import UTC

from escalations.choices import TicketState
from escalations.domain.import_dates import DateOrder, DateReader, DateUnreadable
from escalations.domain.importing import FIELDS, Choices, Field, Kind, Rule, fold

# Words that exports of many products use, the likeliest first. Compared without case, signs and prefixes.
HEADERS: dict[str, tuple[str, ...]] = {
    "external_id": ("ticket id", "number", "ticket number", "case number", "issue key", "key", "id", "ref",
                    "reference"),
    "subject": ("subject", "short description", "title", "summary", "issue", "topic", "headline"),
    "description": ("description", "body", "details", "message", "text", "comments"),
    "category": ("category", "ticket category", "type"),
    "issue_type": ("issue type", "ticket type", "request type", "problem type", "subcategory"),
    "product_area": ("product area", "product", "component", "module", "service", "business service", "area"),
    "channel": ("channel", "contact type", "via", "origin", "ticket channel"),
    "customer": ("customer", "customer name", "company", "company name", "account", "account name", "organization",
                 "organisation", "organization name", "client"),
    "customer_id": ("customer id", "account id", "company id", "organization id", "customer number"),
    "contact": ("contact", "contact name", "caller", "requester", "requester name", "reporter", "requested by", "user"),
    "contact_email": ("contact email", "requester email", "customer email", "email", "e mail", "from"),
    "segment": ("segment", "customer segment", "tier of customer", "plan", "account tier"),
    "is_vip": ("vip", "is vip", "vip customer"),
    "region": ("region", "sales region", "territory"),
    "sentiment": ("sentiment", "customer sentiment", "mood"),
    "state": ("state", "status", "ticket status", "incident state", "issue status"),
    "priority": ("priority", "severity", "urgency", "impact"),
    "team": ("team", "assignment group", "group", "assigned group", "queue", "support group", "assignee group"),
    "owner": ("owner", "assigned to", "assignee", "agent", "assignee name", "resolver"),
    "opened_at": ("opened", "opened at", "created", "created at", "created on", "open date", "date created",
                  "created date", "creation date", "submitted", "reported", "raised", "raised at"),
    "last_contact_at": ("last contact", "last contact at", "updated", "updated at", "last update", "last updated",
                        "modified", "last modified", "update date", "last activity"),
    "first_replied_at": ("first reply", "first response", "first responded at", "first reply at", "first response at"),
    "resolved_at": ("resolved", "resolved at", "resolution date", "solved at", "resolved on"),
    "closed_at": ("closed", "closed at", "closed on", "close date", "date closed"),
    "attempts": ("replies", "agent replies", "number of replies", "reply count", "comment count"),
    "reopen_count": ("reopen count", "reopens", "reopened", "times reopened"),
    "vendor": ("vendor", "supplier", "third party"),
    "vendor_reference": ("vendor reference", "vendor ticket", "vendor ref", "supplier reference"),
    "churn_threat": ("churn threat", "churn risk"),
    "revenue_at_risk": ("revenue at risk", "arr at risk"),
    "order_value": ("order value", "order total", "order amount"),
    "complexity": ("complexity",),
}  # fmt: skip

NO_SUBJECT = "No subject"
_PREFIX = re.compile(r"^(u|sys|custom|cf|field) ")
_SIGNS = re.compile(r"[^0-9a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

PRIORITY_WORDS = {
    "1": ("critical", "urgent", "blocker", "emergency", "highest", "severe"),
    "2": ("high", "major", "important"),
    "3": ("medium", "moderate", "normal", "average", "standard", "default"),
    "4": ("low", "lowest", "minor", "planning", "trivial", "enhancement"),
}
_FOR_VENDOR = re.compile(r"vendor|supplier|third.?party|partner|provider|manufacturer")
_FOR_CUSTOMER = re.compile(r"user|customer|caller|client|requester|requestor|reporter|contact|info|evidence|feedback")
_WAITS = re.compile(r"await|wait|pending|hold|suspend|stalled|paused")


def plain_header(name: str) -> str:
    """A column's name as it is compared: "sys_updatedAt" is "updated at"."""
    words = _SIGNS.sub(" ", _CAMEL.sub(" ", name).lower()).strip()
    return _PREFIX.sub("", words)


def guess_columns(columns: Sequence[str]) -> dict[str, str]:
    """Field key → column, each column at most once; a field without a likely column is left out."""
    plain = {name: plain_header(name) for name in columns}
    scored = []
    for key, words in HEADERS.items():
        for name, header in plain.items():
            score = _likeness(header, words)
            if score:
                scored.append((-score, columns.index(name), key, name))
    found: dict[str, str] = {}
    for _, _, key, name in sorted(scored):
        if key not in found and name not in found.values():
            found[key] = name
    return found


def _likeness(header: str, words: Sequence[str]) -> int:
    for place, word in enumerate(words):
        if header == word:
            return 100 - place
    for place, word in enumerate(words):
        if header in (f"{word} id", f"{word} name", f"ticket {word}", f"{word} date", f"{word} time"):
            return 60 - place
    return 0


def guess_values(one: Field, words: Iterable[str], codes: Lookup[str, str]) -> dict[str, str]:
    """Word of the file → code, for the words that say it plainly."""
    by_name = {fold(label): code for code, label in codes.items()} | {fold(code): code for code in codes}
    by_sign = {_SIGNS.sub("", name): code for name, code in by_name.items()}
    found = {}
    for word in words:
        code = by_name.get(fold(word)) or by_sign.get(_SIGNS.sub("", fold(word)))
        if code is None and one.key == "priority":
            code = _priority(word)
        if code is None and one.key == "state":
            code = _state(word)
        if code is not None and (not codes or code in codes):
            found[word] = code
    return found


def _priority(word: str) -> str | None:
    text = fold(word)
    numbered = re.match(r"^(?:p|prio|priority|sev|severity|s)?[\s-]*([1-5])\b", text)
    if numbered:
        return str(min(int(numbered[1]), 4))
    parts = set(_SIGNS.sub(" ", text).split())
    return next((code for code, names in PRIORITY_WORDS.items() if parts & set(names)), None)


def _state(word: str) -> str | None:
    text = fold(word)
    if _WAITS.search(text):
        if _FOR_VENDOR.search(text):
            return TicketState.WAITING_VENDOR.value
        return TicketState.WAITING_CUSTOMER.value if _FOR_CUSTOMER.search(text) else TicketState.OPEN.value
    for pattern, state in (
        (r"\breopen", TicketState.OPEN),
        (r"clos|cancel|archiv|reject", TicketState.CLOSED),
        (r"resolv|solved|fixed|done|complete", TicketState.RESOLVED),
        (r"\bnew\b|unassigned|untriaged|submitted", TicketState.NEW),
        (r"open|active|progress|assign|work|investigat|escalat", TicketState.OPEN),
    ):
        if re.search(pattern, text):
            return state.value
    return None


def date_samples(examples: Lookup[str, Sequence[str]], rules: Lookup[str, Rule]) -> list[str]:
    """Texts by which the order of dates can be told: of the columns mapped to times, else whatever reads as a date."""
    mapped = [rules[one.key].column for one in FIELDS if one.kind == Kind.INSTANT and one.key in rules]
    found = [text for column in mapped for text in examples.get(column, ())]
    return found or [text for texts in examples.values() for text in texts if _reads(text)]


def _reads(text: str) -> bool:
    for order in (DateOrder.DMY, DateOrder.MDY):
        try:
            DateReader(order, UTC)(text)
        except DateUnreadable:
            continue
        return True
    return False


def guess_rules(columns: Sequence[str], words: Lookup[str, Lookup[str, int]], choices: Choices) -> dict[str, Rule]:
    """A first rule for each field that a column seems to hold. `words`: column → word → how often."""
    rules = {}
    for key, column in guess_columns(columns).items():
        one = next(field for field in FIELDS if field.key == key)
        if not one.takes_values:
            rules[key] = Rule(column=column, default=NO_SUBJECT if key == "subject" else "")
            continue
        values = guess_values(one, words.get(column, {}), choices.get(key, {}))
        # A list that says nothing about a ticket's course may stay empty; people are kept by name.
        rules[key] = Rule(column=column, values=values, others=None if one.required else "")
    for one in FIELDS:
        if one.key == "state" and one.key not in rules and one.kind == Kind.CHOICE:
            rules[one.key] = Rule(default=TicketState.OPEN.value)
    return rules
