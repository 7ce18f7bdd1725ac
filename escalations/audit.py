"""The nothing-lost queries about tickets, clocks and handoffs. 0 rows each, always; see docs/how-to/clock.md.

A breached clock that nobody stopped counts as live: something is still asked for. Clocks that were past due when
their ticket was imported are left out: nothing follows from them.
"""

from escalations.audit_bulk import BULK
from escalations.audit_credits import CREDITS
from journal.audit import Query, register

_LIVE = "(c.state IN ('running', 'paused') OR (c.state = 'breached' AND c.stopped_at IS NULL))"
_OPEN = "t.state IN ('new', 'open', 'waiting_customer', 'waiting_vendor')"

CLOCKS = (
    Query(
        "running and overdue by 2 min",
        """
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.state = 'running' AND NOT c.is_late_record AND c.due_at < %(now)s - interval '2 minutes'
        ORDER BY c.due_at
        """,
    ),
    Query(
        "running, and the sweep would look too late or never",
        f"""
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.state = 'running' AND NOT c.is_late_record AND {_OPEN}
            AND (t.next_check_at IS NULL OR t.next_check_at > greatest(c.due_at, %(now)s) + interval '1 second')
        """,
    ),
    Query(
        "paused without a review date",
        """
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.state = 'paused' AND c.review_at IS NULL
        """,
    ),
    Query(
        "paused though the ticket waits for nobody",
        """
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.state = 'paused'
            AND NOT EXISTS (SELECT 1 FROM escalations_pause w WHERE w.ticket_id = t.id AND w.ended_at IS NULL)
        """,
    ),
    Query(
        "review due for 2 min and not asked for",
        f"""
        SELECT t.ref || ' ' || w.wait FROM escalations_pause w JOIN escalations_ticket t ON t.id = w.ticket_id
        WHERE w.ended_at IS NULL AND w.review_asked_at IS NULL AND {_OPEN}
            AND w.review_at < %(now)s - interval '2 minutes'
        """,
    ),
    Query(
        "fired without an event",
        """
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.fired_at IS NOT NULL AND NOT c.is_late_record AND NOT EXISTS (
            SELECT 1 FROM journal_event e
            WHERE e.subject_type = 'ticket' AND e.subject_id = c.ticket_id AND e.kind = 'clock.breached'
                AND e.data ->> 'clock' = c.kind AND coalesce((e.data ->> 'round')::int, c.round) = c.round
        )
        """,
    ),
    Query(
        "fired twice",
        """
        SELECT t.ref || ' ' || (e.data ->> 'clock') FROM journal_event e
        JOIN escalations_ticket t ON t.id = e.subject_id
        WHERE e.kind = 'clock.breached' AND e.subject_type = 'ticket'
            AND e.data ? 'round'
        GROUP BY t.ref, e.data ->> 'clock', e.data ->> 'round' HAVING count(*) > 1
        """,
    ),
    Query(
        "met after its deadline",
        """
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.state = 'met' AND (c.stopped_at > c.due_at OR c.fired_at IS NOT NULL)
        """,
    ),
    Query(
        "met, though its breach was recorded",
        """
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        JOIN journal_event e ON e.subject_type = 'ticket' AND e.subject_id = c.ticket_id AND e.kind = 'clock.breached'
            AND e.data ->> 'clock' = c.kind AND (e.data ->> 'round')::int = c.round
        WHERE c.state = 'met'
        """,
    ),
    Query(
        "closed ticket with a running clock",
        f"""
        SELECT t.ref || ' ' || c.kind FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE {_LIVE} AND t.state IN ('resolved', 'closed', 'merged') AND c.kind <> 'credit_decision'
        """,
    ),
    Query(
        "clock on a calendar that was revised 10 min ago",
        """
        SELECT t.ref || ' ' || c.kind FROM accounts_calendarrevision r
        JOIN escalations_clock c ON c.calendar_revision_id = r.id AND c.state IN ('running', 'paused')
        JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE r.superseded_at < %(now)s - interval '10 minutes'
        """,
    ),
)

HANDOFFS = (
    Query(
        "pending escalation without an acknowledgement clock",
        f"""
        SELECT t.ref FROM escalations_escalation e
        JOIN escalations_ticket t ON t.id = e.ticket_id
        JOIN accounts_tier tier ON tier.id = e.to_tier_id
        JOIN policies_policyversion v ON v.id = e.policy_version_id
        WHERE e.state = 'pending'
            AND NOT EXISTS (
                SELECT 1 FROM escalations_clock c
                WHERE c.ticket_id = e.ticket_id AND c.escalation_id = e.id AND c.kind = 'acknowledgement' AND {_LIVE}
            )
            AND EXISTS (
                SELECT 1 FROM jsonb_array_elements(v.snapshot -> 'tiers') AS rule
                WHERE rule ->> 'code' = tier.code AND rule ->> 'ack_seconds' IS NOT NULL
            )
        """,
    ),
    Query(
        "acknowledged without an end, or 2 min past it",
        """
        SELECT t.ref FROM escalations_escalation e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.state = 'acknowledged'
            AND (e.ack_expires_at IS NULL OR e.ack_expires_at < %(now)s - interval '2 minutes')
        """,
    ),
    Query(
        "two handoffs pending on a ticket",
        """
        SELECT t.ref FROM escalations_escalation e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.state IN ('pending', 'acknowledged') GROUP BY t.ref, e.axis HAVING count(*) > 1
        """,
    ),
    Query(
        "two accepted escalations on a ticket",
        """
        SELECT t.ref FROM escalations_escalation e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.state = 'accepted' AND e.axis = 'functional' GROUP BY t.ref HAVING count(*) > 1
        """,
    ),
    Query(
        "pending handoff on a ticket that is not open",
        f"""
        SELECT t.ref FROM escalations_escalation e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.state IN ('pending', 'acknowledged') AND NOT {_OPEN}
        """,
    ),
    Query(
        "escalation without an event",
        """
        SELECT t.ref FROM escalations_escalation e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE NOT EXISTS (
            SELECT 1 FROM journal_event v
            WHERE v.subject_type = 'ticket' AND v.subject_id = e.ticket_id AND v.kind = 'handoff.filed'
                AND (v.data ->> 'escalation')::bigint = e.id
        )
        """,
    ),
    Query(
        "accepted by its own sender",
        """
        SELECT t.ref FROM escalations_escalation e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.accepted_by_id = e.from_user_id
        """,
    ),
)

HOPS = (
    Query(
        "open ticket without an open hop, or closed with one",
        f"""
        SELECT t.ref FROM escalations_ticket t
        WHERE {_OPEN} <> EXISTS (
            SELECT 1 FROM escalations_hop h WHERE h.ticket_id = t.id AND upper_inf(h.span)
        )
        """,
    ),
    Query(
        "holder of the open hop is not the owner",
        """
        SELECT t.ref FROM escalations_hop h JOIN escalations_ticket t ON t.id = h.ticket_id
        WHERE upper_inf(h.span)
            AND (h.holder_id IS DISTINCT FROM t.owner_id OR h.team_id <> t.team_id OR h.tier_id <> t.tier_id)
        """,
    ),
    Query(
        "hops overlap",
        """
        SELECT t.ref FROM escalations_hop a
        JOIN escalations_hop b ON b.ticket_id = a.ticket_id AND b.id > a.id AND b.span && a.span
        JOIN escalations_ticket t ON t.id = a.ticket_id
        """,
    ),
    Query(
        "ticket waits, but no pause says for whom",
        """
        SELECT t.ref FROM escalations_ticket t
        WHERE t.state IN ('waiting_customer', 'waiting_vendor') AND NOT EXISTS (
            SELECT 1 FROM escalations_pause w
            WHERE w.ticket_id = t.id AND w.ended_at IS NULL AND w.wait = t.state
        )
        """,
    ),
)

LINKS = (
    Query(
        "child of a child",
        """
        SELECT t.ref FROM escalations_ticket t JOIN escalations_ticket p ON p.id = t.parent_id
        WHERE p.parent_id IS NOT NULL
        """,
    ),
    Query(
        "open child whose open parent does not carry it, or carried by nobody",
        f"""
        SELECT t.ref FROM escalations_ticket t
        LEFT JOIN escalations_ticket p ON p.id = t.parent_id
        LEFT JOIN escalations_pause w ON w.ticket_id = t.id AND w.wait = 'with_parent' AND w.ended_at IS NULL
        WHERE (t.parent_id IS NOT NULL OR w.id IS NOT NULL)
            AND (w.id IS NOT NULL) <> (
                {_OPEN} AND coalesce(p.state IN ('new', 'open', 'waiting_customer', 'waiting_vendor'), false)
            )
        """,
    ),
    Query(
        "handoff pending on a child of an open parent",
        """
        SELECT t.ref FROM escalations_ticket t
        JOIN escalations_ticket p ON p.id = t.parent_id
            AND p.state IN ('new', 'open', 'waiting_customer', 'waiting_vendor')
        JOIN escalations_escalation e ON e.ticket_id = t.id AND e.axis = 'functional'
            AND e.state IN ('pending', 'acknowledged')
        """,
    ),
    Query(
        "merged in a circle",
        """
        WITH RECURSIVE chain AS (
            SELECT id, merged_into_id, 1 AS step FROM escalations_ticket WHERE merged_into_id IS NOT NULL
            UNION ALL
            SELECT chain.id, t.merged_into_id, step + 1
            FROM chain JOIN escalations_ticket t ON t.id = chain.merged_into_id
            WHERE t.merged_into_id IS NOT NULL AND step < 50
        )
        SELECT DISTINCT t.ref FROM chain JOIN escalations_ticket t ON t.id = chain.id
        WHERE chain.merged_into_id = chain.id
        """,
    ),
    Query(
        "merged without an event on its survivor",
        """
        SELECT t.ref FROM escalations_ticket t
        WHERE t.state = 'merged' AND NOT EXISTS (
            SELECT 1 FROM journal_event v
            WHERE v.subject_type = 'ticket' AND v.subject_id = t.merged_into_id AND v.kind = 'ticket.merged_in'
                AND (v.data ->> 'other')::bigint = t.id
        )
        """,
    ),
)

SWEEP = (
    Query(
        "no sweep for 90 s",
        """
        SELECT coalesce('last at ' || to_char(max(b.beat_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), 'never')
        FROM journal_heartbeat b WHERE b.name = 'sweep'
        HAVING max(b.beat_at) IS NULL OR max(b.beat_at) < %(now)s - interval '90 seconds'
        """,
    ),
    Query(
        "ticket that the sweep cannot work through",
        """
        SELECT t.ref || ' (' || p.attempts || ' attempts, ' || left(p.error, 120) || ')'
        FROM escalations_sweepproblem p JOIN escalations_ticket t ON t.id = p.ticket_id ORDER BY p.first_failed_at
        """,
        is_alarm=False,
    ),
)

AROUND = (
    Query(
        "accepted without its follow-up clock",
        """
        SELECT t.ref FROM escalations_escalation e
        JOIN escalations_ticket t ON t.id = e.ticket_id
        JOIN accounts_tier tier ON tier.id = e.to_tier_id
        JOIN escalations_clock stay ON stay.ticket_id = e.ticket_id AND stay.kind = 'tier_resolution'
            AND stay.started_at = e.accepted_at
        JOIN policies_policyversion v ON v.id = stay.policy_version_id
        WHERE e.state = 'accepted'
            AND NOT EXISTS (
                SELECT 1 FROM escalations_clock c WHERE c.escalation_id = e.id AND c.kind = 'follow_up'
            )
            AND EXISTS (
                SELECT 1 FROM jsonb_array_elements(v.snapshot -> 'tiers') AS rule
                WHERE rule ->> 'code' = tier.code AND rule ->> 'follow_up_seconds' IS NOT NULL
            )
        """,
    ),
    Query(
        "follow-up asked for that nobody owes",
        f"""
        SELECT t.ref FROM escalations_clock c
        JOIN escalations_ticket t ON t.id = c.ticket_id
        LEFT JOIN escalations_escalation e ON e.id = c.escalation_id
        WHERE c.kind = 'follow_up' AND {_LIVE} AND (
            e.state IS DISTINCT FROM 'accepted'
            OR EXISTS (SELECT 1 FROM escalations_followup f WHERE f.escalation_id = e.id)
        )
        """,
    ),
    Query(
        "accepted escalation on a ticket of another tier",
        f"""
        SELECT t.ref FROM escalations_escalation e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.state = 'accepted' AND e.axis = 'functional' AND e.to_tier_id <> t.tier_id AND {_OPEN}
        """,
    ),
    Query(
        "read-back answered by who gave it or took the ticket over",
        """
        SELECT t.ref FROM escalations_readback r
        JOIN escalations_escalation e ON e.id = r.escalation_id
        JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE r.answered_by_id IN (r.given_by_id, e.accepted_by_id)
        """,
    ),
    Query(
        "question that waits on a ticket that is over",
        f"""
        SELECT t.ref FROM escalations_consult c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.state = 'asked' AND NOT {_OPEN}
        """,
    ),
)

DESKS = (
    Query(
        "desk handed over without its record",
        """
        SELECT 'handover ' || h.id FROM escalations_deskhandover h
        WHERE NOT EXISTS (
            SELECT 1 FROM journal_event e
            WHERE e.subject_type = 'desk' AND e.subject_id = h.id AND e.kind = 'desk.handed_over'
        )
        """,
    ),
    Query(
        "ticket handed over with a desk without an event",
        """
        SELECT t.ref FROM escalations_deskhandoverline l JOIN escalations_ticket t ON t.id = l.ticket_id
        JOIN escalations_deskhandover h ON h.id = l.handover_id
        WHERE NOT EXISTS (
            SELECT 1 FROM journal_event e
            WHERE e.subject_type = 'ticket' AND e.subject_id = l.ticket_id AND e.occurred_at >= h.given_at
                AND e.kind IN ('ticket.handed_over', 'handoff.readdressed')
        )
        """,
    ),
    Query(
        "open ticket with somebody who left",
        f"""
        SELECT t.ref || ' (' || u.full_name || ')' FROM escalations_ticket t
        JOIN accounts_user u ON u.id = t.owner_id AND NOT u.is_active
        WHERE {_OPEN}
        """,
        is_alarm=False,
    ),
)

ANSWERS = (
    Query(
        "an answer was found, the ticket is over, and nobody knows what it was good for",
        """
        SELECT t.ref FROM escalations_similaruse u JOIN escalations_ticket t ON t.id = u.ticket_id
        WHERE u.prevented IS NULL AND t.state IN ('resolved', 'closed')
        """,
    ),
)

register(*ANSWERS, *CLOCKS, *HANDOFFS, *HOPS, *LINKS, *SWEEP, *AROUND, *DESKS, *CREDITS, *BULK)
