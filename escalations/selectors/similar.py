"""The search for resolved tickets like one that is being worked on: the database's part of `domain.similar`."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.choices import Ability
from accounts.models import User
from escalations.domain.similar import MOST_SHOWN, Candidate, Here, Plan, Word, at_least, plan, rank, rarest
from escalations.models import Ticket
from escalations.selectors.similar_shown import Solved, shown

# Candidates: of the strict and the loose question, of what was done, of the same issue; and those compared exactly.
STRICT, LOOSE, DONE, ISSUE, COMPARED_TICKETS = 200, 600, 200, 20, 40
TEXT = 8_000  # characters of what is typed that are looked at
WORD = re.compile(r"\S+")
MOST_WORDS = 400

# Every word with its lexemes and the share of tickets that have each. The planner's statistics know the commonest
# thousand or so of both texts; what is not among them is rarer than the rarest of those.
KNOWN = """
WITH said AS MATERIALIZED (
    SELECT l.lexeme, (array_agg(w.written ORDER BY w.nth))[1] AS written, min(w.nth) AS nth
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
    WHERE e.lexeme IN (SELECT lexeme FROM said)
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

SAMPLE, FEW = 2_000, 50
SAMPLED = """
SELECT word, ndoc, (SELECT count(*) FROM (SELECT FROM {table} LIMIT {size}) AS counted)
FROM ts_stat('SELECT search FROM {table} ORDER BY id DESC LIMIT {size}') WHERE word = ANY(%s)
"""

# Each part of the search has its limit: that bounds what is read, also where thousands of tickets say the very same.
TICKETS = """
SELECT t.id FROM escalations_ticket t
WHERE t.search @@ %s::tsquery AND t.state = ANY(ARRAY['resolved', 'closed'])
"""
# Asked only where the limit cut the loose question short: whatever the strict one finds is among the loose one's.
MORE = "{tickets} AND (SELECT count(*) FROM loose{number}) = %s LIMIT %s"
RESOLUTIONS = "SELECT r.ticket_id FROM escalations_resolution r WHERE r.search @@ %s::tsquery LIMIT %s"
SAME_ISSUE = """
SELECT t.id FROM escalations_ticket t
WHERE t.issue_id = %s AND t.state = ANY(ARRAY['resolved', 'closed']) ORDER BY t.resolved_at DESC LIMIT %s
"""
WEIGH = """
WITH {loose}found AS ({parts}), weighed AS (
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
    said = map(plain, WORD.findall(text[:TEXT]))
    written = [word for word in dict.fromkeys(said) if word.isprintable()][:MOST_WORDS]
    if not written:
        return Known([], [], 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"words": written})
        rows = cursor.fetchall()
    if not rows:
        return Known([], [], 0, 0)
    _, _, _, _, floor, floor_done, total, total_done = rows[0]
    texts = {row[0]: row[1] for row in rows}
    shares = _shares("escalations_ticket", {row[0]: row[2] for row in rows}, floor, total)
    done = _shares("escalations_resolution", {row[0]: row[3] for row in rows}, floor_done, total_done)
    return Known(
        [Word(lexeme, text, shares[lexeme]) for lexeme, text in texts.items()],
        [Word(lexeme, text, done[lexeme]) for lexeme, text in texts.items()],
        int(total), int(total_done),
    )  # fmt: skip


def _shares(table: str, known: dict[str, float | None], floor: float | None, total: float) -> dict[str, float]:
    """Lexeme → share of rows. `floor` is the smallest share that the statistics name, None where there are none."""
    if floor is None:
        return _sampled(table, list(known))
    # Outside the statistics a word has anything between nothing and their smallest share.
    return {lexeme: smoothed((share or floor / 2) * total, total) for lexeme, share in known.items()}


def _sampled(table: str, lexemes: list[str]) -> dict[str, float]:
    """Shares counted on the newest rows, where there are no statistics yet (in the first minutes of a database)."""
    with connection.cursor() as cursor:
        cursor.execute(SAMPLED.format(table=table, size=SAMPLE), [lexemes])
        found = cursor.fetchall()
    counted = {lexeme: count for lexeme, count, _ in found}
    return {lexeme: smoothed(counted.get(lexeme, 0), found[0][2] if found else 0) for lexeme in lexemes}


def smoothed(having: float, of: float) -> float:
    """A share that means something among a handful of tickets too, where each word stands in a third of them."""
    return (having + 0.5) / (of + FEW)


def plain(written: str) -> str:
    """A word without the marks around it: PostgreSQL takes typographic ones for letters."""
    return written.strip("\"'“”‘’«»()[]{}<>.,;:!?…*_`") or written


@dataclass(frozen=True, slots=True)
class Similar:
    """What was found, the most alike first."""

    solved: list[Solved] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Equal for equal lists, so that what did not change is not sent again."""
        return ".".join(str(one.ticket.pk) for one in self.solved)


def similar_to(ticket: Ticket, user: User, *, now: datetime, typed: str = "", most: int = MOST_SHOWN) -> Similar:
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
    matches = rank(found, words, here, now, most=most)
    return Similar(shown(ticket, {found[match.candidate]: match for match in matches}))


def candidates(ticket: Ticket, user: User, plans: list[Plan], done: list[Plan]) -> dict[Candidate, int]:
    """What the searches find, each with the id of its latest resolution. One statement."""
    loose: list[str] = []
    parts: list[str] = []
    values: list[Any] = []
    for number, one in enumerate(plans):
        loose.append(f"loose{number} AS MATERIALIZED ({TICKETS} LIMIT %s), ")
        values += [one.loose, LOOSE]
    for number, one in enumerate(plans):
        parts += [f"SELECT id FROM loose{number}", MORE.format(tickets=TICKETS, number=number)]
        values += [one.strict, LOOSE, STRICT]
    # What is typed speaks of causes and remedies, so it is sought among them loosely too.
    for query in [*(one.strict for one in done), *(one.loose for one in done[1:])]:
        parts.append(RESOLUTIONS)
        values += [query, DONE]
    if ticket.issue_id is not None:
        parts.append(SAME_ISSUE)
        values += [ticket.issue_id, ISSUE]
    asked = {word.lexeme for one in plans for word in one.asked}
    others = {word.lexeme for one in plans for word in one.words} - asked
    rare, usual = (at_least(1, sorted(lexemes)) for lexemes in (asked, others))
    values += [rare, usual, rare, ticket.issue_id, ticket.pk or 0, user.pk, COMPARED_TICKETS]
    found = " UNION ".join(f"({part})" for part in parts)
    with connection.cursor() as cursor:
        cursor.execute(WEIGH.format(loose="".join(loose), parts=found), values)
        rows = cursor.fetchall()
    return {
        Candidate(pk, frozenset(text) | frozenset(told), *facts): resolution
        for pk, resolution, text, told, *facts in rows
    }  # fmt: skip
