"""The sweep's statements: each works through a whole batch of locked tickets, events and mails included.

Every mail goes to people who are active and may see the ticket. Of those a clock is about (the owner; of an
acknowledgement its receivers) nobody being there, the team's lead is told.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse

from accounts.choices import Ability
from escalations.services.breaches import BREACH_WORDS, EXPIRED_WORDS, LATE_AFTER, REVIEW_WORDS

# `%(limit)s` tickets that are due, the longest waiting first; those that somebody holds are left for the next round.
PICK = """
SELECT t.id, t.next_check_at
FROM escalations_ticket t
WHERE t.next_check_at <= %(now)s
    AND NOT EXISTS (
        SELECT 1 FROM escalations_sweepproblem p WHERE p.ticket_id = t.id AND p.next_try_at > %(now)s
    )
ORDER BY t.next_check_at, t.id
LIMIT %(limit)s
FOR NO KEY UPDATE OF t SKIP LOCKED
"""

# Needs a relation `due` (n, ticket_id, escalation_id, words, key, wanted, about_at): n gives the order. An escalation
# that waits means its receivers; without one, or once it is accepted, the ticket's own people. Yields `mailed`.
MAIL = """
mailed AS (
    INSERT INTO journal_outboxmessage (
        dedupe_key, channel, recipient, subject, body, wanted_while, state, next_attempt_at, attempts, last_error
    )
    SELECT
        due.key || ':' || person.id || ':email',
        'email',
        person.email,
        left(text.subject, 300),
        text.subject || E'.\\n\\n' || t.subject || E'\\n\\nDue '
            || to_char(due.about_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || E' UTC.\\n\\n' || text.link || E'\\n',
        due.wanted,
        'pending',
        %(now)s,
        0,
        ''
    FROM due
    JOIN escalations_ticket t ON t.id = due.ticket_id
    JOIN accounts_tier tier ON tier.id = t.tier_id
    LEFT JOIN escalations_escalation e ON e.id = due.escalation_id AND e.state IN ('pending', 'acknowledged')
    CROSS JOIN LATERAL (
        SELECT
            replace(replace(due.words, '{ref}', t.ref), '{tier}', tier.code) AS subject,
            CASE WHEN e.id IS NULL THEN replace(%(ticket_link)s, '{ref}', t.ref)
                 ELSE replace(replace(%(handoff_link)s, '{ref}', t.ref), '{pk}', e.id::text) END AS link
    ) AS text
    CROSS JOIN LATERAL (
        SELECT found.id, found.email
        FROM (
            SELECT u.id, u.email, rank() OVER (ORDER BY asked.turn) AS place
            FROM (
                SELECT t.owner_id AS id, 1 AS turn WHERE e.id IS NULL AND t.owner_id IS NOT NULL
                UNION ALL
                SELECT e.to_user_id, 1 WHERE e.to_user_id IS NOT NULL
                UNION ALL
                SELECT member.id, 1
                FROM accounts_user member
                JOIN accounts_role role ON role.id = member.role_id
                WHERE e.to_user_id IS NULL AND member.team_id = e.to_team_id AND %(work)s = ANY(role.abilities)
                    AND member.id IS DISTINCT FROM e.from_user_id
                UNION ALL
                SELECT team.lead_id, 2 FROM accounts_team team
                WHERE team.id = coalesce(e.to_team_id, t.team_id) AND team.lead_id IS NOT NULL
            ) AS asked
            JOIN accounts_user u ON u.id = asked.id AND u.is_active
            WHERE NOT t.is_restricted
                OR EXISTS (
                    SELECT 1 FROM escalations_ticketreader reader
                    WHERE reader.ticket_id = t.id AND reader.user_id = u.id
                )
        ) AS found
        WHERE found.place = 1
    ) AS person
    ORDER BY due.n, person.id
    ON CONFLICT (dedupe_key) DO NOTHING
    RETURNING id
)
"""

FIRE = f"""
WITH fired AS (
    UPDATE escalations_clock c
    SET state = 'breached', fired_at = %(now)s
    WHERE c.ticket_id = ANY(%(ids)s::bigint[]) AND c.state = 'running' AND c.due_at < %(until)s
        AND NOT c.is_late_record
    RETURNING c.id, c.ticket_id, c.escalation_id, c.kind, c.round, c.clause, c.due_at
), due AS (
    SELECT
        row_number() OVER (ORDER BY fired.due_at, fired.id) AS n,
        fired.*,
        ceil(extract(epoch FROM %(now)s - fired.due_at))::bigint AS seconds_late,
        %(now)s - fired.due_at > %(late_after)s AS late,
        words.words,
        'clock:' || fired.id || ':breached' AS key,
        jsonb_build_object('clock', fired.id) AS wanted,
        fired.due_at AS about_at
    FROM fired
    JOIN jsonb_each_text(%(words)s::jsonb) AS words (kind, words) ON words.kind = fired.kind
), told AS (
    INSERT INTO journal_event (subject_type, subject_id, kind, schema, data, occurred_at, batch_id)
    SELECT
        'ticket', ticket_id, 'clock.breached', 1,
        jsonb_build_object(
            'clock', kind, 'round', round, 'escalation', escalation_id, 'clause', clause, 'due_at', due_at,
            'seconds_late', seconds_late, 'late', late
        ),
        due_at,
        -- Nobody's doing: it goes with the ticket when the import that brought it is taken back.
        (SELECT t.batch_id FROM escalations_ticket t WHERE t.id = due.ticket_id)
    FROM due
    ORDER BY n
    RETURNING id
), {MAIL}
SELECT
    (SELECT array_agg(DISTINCT ticket_id) FROM fired), (SELECT count(*) FROM fired),
    (SELECT count(*) FROM due WHERE late), (SELECT count(*) FROM mailed)
"""

REVIEW = f"""
WITH asked AS (
    UPDATE escalations_pause w
    SET review_asked_at = %(now)s
    WHERE w.ticket_id = ANY(%(ids)s::bigint[]) AND w.ended_at IS NULL AND w.review_asked_at IS NULL
        AND w.review_at <= %(until)s
    RETURNING w.id, w.ticket_id, w.wait, w.review_at
), due AS (
    SELECT
        row_number() OVER (ORDER BY asked.review_at, asked.id) AS n,
        asked.*,
        NULL::bigint AS escalation_id,
        %(words)s AS words,
        'pause:' || asked.id || ':review' AS key,
        jsonb_build_object('pause', asked.id) AS wanted,
        asked.review_at AS about_at
    FROM asked
), told AS (
    INSERT INTO journal_event (subject_type, subject_id, kind, schema, data, occurred_at, batch_id)
    SELECT
        'ticket', ticket_id, 'pause.review_due', 1,
        jsonb_build_object(
            'pause', id, 'wait', wait, 'review_at', review_at, 'late', %(now)s - review_at > %(late_after)s
        ),
        review_at,
        (SELECT t.batch_id FROM escalations_ticket t WHERE t.id = due.ticket_id)
    FROM due
    ORDER BY n
    RETURNING id
), {MAIL}
SELECT
    (SELECT array_agg(DISTINCT ticket_id) FROM asked), (SELECT count(*) FROM asked), 0, (SELECT count(*) FROM mailed)
"""

MAIL_EXPIRED = f"""
WITH due AS (
    SELECT
        row_number() OVER (ORDER BY given.expired_at, e.id) AS n,
        e.ticket_id,
        e.id AS escalation_id,
        %(words)s AS words,
        'escalation:' || e.id || ':' || e.version || ':expired' AS key,
        jsonb_build_object('escalation', e.id, 'about', 'expired') AS wanted,
        given.expired_at AS about_at
    FROM unnest(%(ids)s::bigint[], %(expired)s::timestamptz[]) AS given (id, expired_at)
    JOIN escalations_escalation e ON e.id = given.id
), {MAIL}
SELECT NULL, 0, 0, (SELECT count(*) FROM mailed)
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What one statement did: to which tickets, how many times, how many of them late, and how many mails follow."""

    tickets: tuple[int, ...] = ()
    count: int = 0
    late: int = 0
    mails: int = 0


def _links() -> dict[str, str]:
    """Addresses with {ref} and {pk} in them, made from the URLs themselves."""
    ticket = reverse("escalations:ticket_detail", args=["BLY-0"])
    handoff = reverse("escalations:handoff_detail", args=["BLY-0", 987654321])
    return {
        "ticket_link": settings.PUBLIC_URL + ticket.replace("BLY-0", "{ref}"),
        "handoff_link": settings.PUBLIC_URL + handoff.replace("BLY-0", "{ref}").replace("987654321", "{pk}"),
    }


def _run(statement: str, now: datetime, **values: Any) -> Done:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"now": now, "work": Ability.WORK.value, **_links(), **values})
        tickets, count, late, mails = cursor.fetchone()
    return Done(tuple(tickets or ()), count, late, mails)


def pick(*, now: datetime, limit: int) -> list[tuple[int, datetime]]:
    """Lock up to `limit` tickets that are due and that nobody holds: (id, when it was to be looked at), in order."""
    with connection.cursor() as cursor:
        cursor.execute(PICK, {"now": now, "limit": limit})
        rows: list[tuple[int, datetime]] = cursor.fetchall()
    return rows


def fire_clocks(ids: list[int], *, now: datetime, until: datetime) -> Done:
    """Mark the running clocks whose deadline lies before `until`; in due order: event, then mail. One statement."""
    return _run(FIRE, now, ids=ids, until=until, late_after=LATE_AFTER, words=json.dumps(BREACH_WORDS))


def ask_reviews(ids: list[int], *, now: datetime, until: datetime) -> Done:
    """Ask once about each wait whose review date has come by `until`. One statement."""
    return _run(REVIEW, now, ids=ids, until=until, late_after=LATE_AFTER, words=REVIEW_WORDS)


def mail_expired(expired: Iterable[tuple[int, datetime]], *, now: datetime) -> Done:
    """Tell the receivers of these escalations (id, when the acknowledgement ended) that they wait again."""
    ids, ends = zip(*expired, strict=True)
    return _run(MAIL_EXPIRED, now, ids=list(ids), expired=list(ends), words=EXPIRED_WORDS)
