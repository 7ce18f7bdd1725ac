"""The search for resolved tickets like one that is being worked on: the database's part of `domain.similar`."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.choices import Ability
from accounts.models import User
from escalations.domain.similar import Candidate, Here, Plan, Word, at_least, plan, rank, rarest
from escalations.models import Ticket
from escalations.selectors.similar_shown import Solved, shown

# Candidates: of the strict and the loose question, of what was done, of the same issue; and those compared exactly.
STRICT, LOOSE, DONE, ISSUE, COMPARED_TICKETS = 300, 1_000, 300, 20, 40
TEXT = 8_000  # characters of what is typed that are looked at
WORD = re.compile(r"\S+")
MOST_WORDS = 400

# Every word with its lexemes and the share of tickets that have each. The planner's statistics know the commonest
# thousand or so of both texts; what is not among them is rarer than the rarest of those.
KNOWN = """
WITH said AS (
    SELECT l.lexeme, min(w.written) AS written, min(w.nth) AS nth
    FROM unnest(%(words)s::text[]) WITH ORDINALITY AS w (written, nth)
    CROSS JOIN unnest(tsvector_to_array(to_tsvector('english', w.written))) AS l (lexeme)
    GROUP BY l.lexeme
), statistics AS MATERIALIZED (
    SELECT s.tablename, s.most_common_elems::text::text[] AS lexemes, s.most_common_elem_freqs AS shares
    FROM pg_stats s
    WHERE s.schemaname = current_schema() AND s.attname = 'search'
        AND s.tablename IN ('escalations_ticket', 'escalations_resolution')
), elements AS MATERIALIZED (
    SELECT s.tablename, e.lexeme, e.share
    FROM statistics s CROSS JOIN unnest(s.lexemes, s.shares[:cardinality(s.lexemes)]) AS e (lexeme, share)
), sizes AS MATERIALIZED (
    SELECT c.relname, s.shares[cardinality(s.lexemes) + 1] AS floor,
           CASE WHEN c.reltuples < 0 THEN pg_relation_size(c.oid) / 1000 ELSE c.reltuples END AS total
    FROM pg_class c LEFT JOIN statistics s ON s.tablename = c.relname
    WHERE c.oid IN ('escalations_ticket'::regclass, 'escalations_resolution'::regclass)
)
SELECT said.lexeme, said.written, t.share, r.share, of_t.floor, of_r.floor, of_t.total, of_r.total
FROM said
JOIN sizes of_t ON of_t.relname = 'escalations_ticket'
JOIN sizes of_r ON of_r.relname = 'escalations_resolution'
LEFT JOIN elements t ON t.tablename = of_t.relname AND t.lexeme = said.lexeme
LEFT JOIN elements r ON r.tablename = of_r.relname AND r.lexeme = said.lexeme
ORDER BY said.nth
"""

# Each part of the search has its limit: that bounds what is read, also where thousands of tickets say the very same.
TICKETS = """
SELECT t.id FROM escalations_ticket t
WHERE t.search @@ %s::tsquery AND t.state = ANY(ARRAY['resolved', 'closed']) LIMIT %s
"""
RESOLUTIONS = "SELECT r.ticket_id FROM escalations_resolution r WHERE r.search @@ %s::tsquery LIMIT %s"
SAME_ISSUE = """
SELECT t.id FROM escalations_ticket t
WHERE t.issue_id = %s AND t.state = ANY(ARRAY['resolved', 'closed']) ORDER BY t.resolved_at DESC LIMIT %s
"""
WEIGH = """
WITH found AS ({parts}), weighed AS (
    SELECT t.id, r.id AS resolution,
           3 * ts_rank(t.search, %s::tsquery, 1) + ts_rank(t.search, %s::tsquery, 1)
           + 2 * ts_rank(r.search, %s::tsquery, 1) AS weight,
           coalesce(t.issue_id = %s, false) AS is_same_issue
    FROM found
    JOIN escalations_ticket t ON t.id = found.id
    CROSS JOIN LATERAL (
        SELECT r.id, r.search FROM escalations_resolution r WHERE r.ticket_id = t.id
        ORDER BY r.resolved_at DESC, r.id DESC LIMIT 1
    ) AS r
    WHERE t.id <> %s AND t.state = ANY(ARRAY['resolved', 'closed']) AND (NOT t.is_restricted OR EXISTS (
        SELECT 1 FROM escalations_ticketreader named WHERE named.ticket_id = t.id AND named.user_id = %s
    ))
    ORDER BY is_same_issue DESC, weight DESC, t.id DESC
    LIMIT %s
)
SELECT w.id, w.resolution, tsvector_to_array(t.search), tsvector_to_array(r.search), r.resolved_at, t.issue_id,
       t.issue_type, t.product_area, t.customer_id, r.satisfaction, r.escalation_id IS NOT NULL
FROM weighed w
JOIN escalations_ticket t ON t.id = w.id
JOIN escalations_resolution r ON r.id = w.resolution
"""


@dataclass(frozen=True, slots=True)
class Known:
    """The words of a text as the database knows them, in tickets and in what was done about them."""

    tickets: list[Word]
    resolutions: list[Word]
    total: int
    total_resolutions: int


def known_words(text: str) -> Known:
    """The words of a text with their shares. One statement; none for a text without a word."""
    written = [word for word in dict.fromkeys(WORD.findall(text[:TEXT])) if word.isprintable()][:MOST_WORDS]
    if not written:
        return Known([], [], 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"words": written})
        rows = cursor.fetchall()
    if not rows:
        return Known([], [], 0, 0)
    total, total_resolutions = int(rows[0][6]), int(rows[0][7])
    tickets = [Word(lexeme, plain(text), _share(share, floor)) for lexeme, text, share, _, floor, *_ in rows]
    resolutions = [Word(row[0], plain(row[1]), _share(row[3], row[5])) for row in rows]
    return Known(tickets, resolutions, total, total_resolutions)


def plain(written: str) -> str:
    """A word without the marks around it."""
    return written.strip("\"'“”‘’«»()[]{}<>.,;:!?…*_`") or written


def _share(share: float | None, floor: float | None) -> float | None:
    """Outside the statistics a word has anything between nothing and their smallest share."""
    if share is not None:
        return share
    return None if floor is None else floor / 2


@dataclass(frozen=True, slots=True)
class Similar:
    """What was found, the most alike first."""

    solved: list[Solved] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Equal for equal lists, so that what did not change is not sent again."""
        return ".".join(str(one.ticket.pk) for one in self.solved)


def similar_to(ticket: Ticket, user: User, *, now: datetime, typed: str = "") -> Similar:
    """Tickets solved before that are like this one, or like what somebody is writing about it just now.

    Only what the person may see, never the ticket itself; tickets of the same issue come first. Four statements, a
    fifth with something typed.
    """
    if not user.can(Ability.READ):
        return Similar()
    known = [known_words(f"{ticket.subject} {ticket.description}"), known_words(typed)]
    plans = [one for some in known if (one := plan(some.tickets, some.total)) is not None]
    done = [one for some in known if (one := plan(some.resolutions, some.total_resolutions)) is not None]
    if not plans and ticket.issue_id is None:
        return Similar()
    found = candidates(ticket, user, plans, done)
    here = Here(ticket.issue_id, ticket.issue_type, ticket.product_area, ticket.customer_id)
    words = rarest(word for one in plans for word in one.words)
    matches = rank(found, words, here, now)
    return Similar(shown(ticket, {found[match.candidate]: match for match in matches}))


def candidates(ticket: Ticket, user: User, plans: list[Plan], done: list[Plan]) -> dict[Candidate, int]:
    """What the searches find, each with the id of its latest resolution. One statement."""
    parts: list[tuple[str, tuple[Any, int]]] = []
    for one in plans:
        parts += [(TICKETS, (one.strict, STRICT)), (TICKETS, (one.loose, LOOSE))]
    parts += [(RESOLUTIONS, (one.strict, DONE)) for one in done]
    if ticket.issue_id is not None:
        parts.append((SAME_ISSUE, (ticket.issue_id, ISSUE)))
    asked = {word.lexeme for one in plans for word in one.asked}
    others = {word.lexeme for one in plans for word in one.words} - asked
    rare, usual = (at_least(1, sorted(lexemes)) for lexemes in (asked, others))
    values = [value for _, given in parts for value in given]
    values += [rare, usual, rare, ticket.issue_id, ticket.pk or 0, user.pk, COMPARED_TICKETS]
    with connection.cursor() as cursor:
        cursor.execute(WEIGH.format(parts=" UNION ".join(f"({part})" for part, _ in parts)), values)
        rows = cursor.fetchall()
    return {
        Candidate(pk, frozenset(text) | frozenset(told), *facts): resolution
        for pk, resolution, text, told, *facts in rows
    }  # fmt: skip
