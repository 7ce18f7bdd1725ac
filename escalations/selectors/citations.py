"""What was judged under a version of the policy, or under one of its clauses: escalations, credit decisions, clocks.

Only of tickets that the person sees; credit decisions only for those who read the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Model, QuerySet
from django.urls import reverse

from accounts.models import User
from escalations.credit_access import reads_ledger
from escalations.models import Clock, CreditRequest, Escalation, Ticket
from escalations.selectors.counts import CAP, capped_counts, count_text
from policies.choices import PickListName
from policies.citing import Citation
from policies.models import PolicyVersion
from policies.selectors import pick_labels
from web.formats import counted, format_money


@dataclass(frozen=True, slots=True)
class Kind:
    """`by_clause`: counted beside each clause. Clocks are not: there are too many to be counted on every page."""

    key: str
    model: type[Model]
    one: str
    title: str
    when: str
    related: tuple[str, ...]
    by_clause: bool = True


KINDS = (
    Kind("escalations", Escalation, "escalation", "Escalations", "filed_at",
         ("from_tier", "to_tier", "to_team", "from_user")),
    Kind("credits", CreditRequest, "credit decision", "Credit decisions", "requested_at",
         ("requested_by", "decided_by")),
    Kind("clocks", Clock, "clock", "Clocks", "started_at", (), by_clause=False),
)  # fmt: skip


def kinds_for(user: User) -> list[Kind]:
    return [kind for kind in KINDS if kind.key != "credits" or reads_ledger(user)]


def citing(user: User, kind: Kind, version: int, clause: str = "") -> QuerySet[Any]:
    """The rows of a kind that cite the version, or the one clause of it."""
    rows = kind.model._default_manager.filter(policy_version=version, ticket__in=Ticket.objects.visible_to(user))
    return rows.filter(clause=clause) if clause else rows


def citations_url(code: str, kind: str, clause: str = "") -> str:
    query = urlencode({"kind": kind, **({"clause": clause} if clause else {})})
    return f"{reverse('escalations:citation_list', args=[code])}?{query}"


def _codes(versions: Sequence[int]) -> dict[int, str]:
    return dict(PolicyVersion.objects.filter(pk__in=versions).values_list("pk", "code"))


def citations(user: User, versions: Sequence[int]) -> Mapping[int, list[Citation]]:
    """Version → its citations, each count capped. Two statements, however many versions."""
    kinds, codes = kinds_for(user), _codes(versions)
    asked = [(pk, kind) for pk in versions for kind in kinds]
    numbers = capped_counts([citing(user, kind, pk).order_by() for pk, kind in asked])
    found: dict[int, list[Citation]] = {pk: [] for pk in versions}
    for (pk, kind), number in zip(asked, numbers, strict=True):
        words = f"{count_text(number, CAP)} {kind.one}{'' if number == 1 else 's'}"
        found[pk].append(Citation(number, words, citations_url(codes[pk], kind.key)))
    return found


def clause_citations(user: User, version: int) -> Mapping[str, list[Citation]]:
    """Clause → what cites it. A statement for each kind that is counted by clause, and one."""
    code, found = _codes([version])[version], {}
    for kind in kinds_for(user):
        if not kind.by_clause:
            continue
        rows = citing(user, kind, version).exclude(clause="").order_by()
        for clause, number in rows.values_list("clause").annotate(number=Count("pk")):
            citation = Citation(number, counted(number, kind.one), citations_url(code, kind.key, clause))
            found.setdefault(clause, []).append(citation)
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that cites: its ticket, what it is, where it stands, who began it, when, and the clause's key."""

    ticket: Ticket
    what: str
    state: str
    who: Any
    at: datetime
    clause: str


def lines_of(kind: Kind, rows: Sequence[Any]) -> list[Line]:
    """One statement of names where there are credits, else none."""
    names = pick_labels(PickListName.AUTHORITY)[PickListName.AUTHORITY] if kind.key == "credits" else {}
    return [_line(kind, row, names) for row in rows]


def _line(kind: Kind, row: Any, names: Mapping[str, str]) -> Line:
    match row:
        case Escalation():
            what, who = f"{row.from_tier} to {row.to_tier} {row.to_team}", row.from_user
        case CreditRequest():
            name = names.get(row.action, row.action)
            what = name if row.amount is None else f"{name}, {format_money(row.amount)}"
            who = row.requested_by
        case _:
            what, who = row.get_kind_display(), None
    return Line(row.ticket, what, row.get_state_display(), who, getattr(row, kind.when), row.clause)
