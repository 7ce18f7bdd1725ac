"""The nothing-lost queries about credits: money, who decided, and the clocks of what waits. 0 rows each, always."""

from journal.audit import Query

_LIVE = "(c.state IN ('running', 'paused') OR (c.state = 'breached' AND c.stopped_at IS NULL))"

CREDITS = (
    Query(
        "credit request that waits without a clock",
        f"""
        SELECT t.ref || ' request ' || q.id FROM escalations_creditrequest q
        JOIN escalations_ticket t ON t.id = q.ticket_id
        LEFT JOIN escalations_clock c ON c.id = q.clock_id
        WHERE q.state = 'requested' AND (c.id IS NULL OR NOT {_LIVE})
        """,
    ),
    Query(
        "credit clock that runs for no request",
        f"""
        SELECT t.ref FROM escalations_clock c JOIN escalations_ticket t ON t.id = c.ticket_id
        WHERE c.kind = 'credit_decision' AND {_LIVE} AND NOT EXISTS (
            SELECT 1 FROM escalations_creditrequest q WHERE q.clock_id = c.id AND q.state = 'requested'
        )
        """,
    ),
    Query(
        "credit request 2 min past its time, neither moved up nor said to be unanswered",
        """
        SELECT t.ref || ' request ' || q.id FROM escalations_creditrequest q
        JOIN escalations_clock c ON c.id = q.clock_id JOIN escalations_ticket t ON t.id = q.ticket_id
        WHERE q.state = 'requested' AND c.due_at < %(now)s - interval '2 minutes'
            AND (q.unanswered_at IS NULL OR q.unanswered_at < c.due_at)
        """,
    ),
    Query(
        "credit granted without exactly one ledger line, or a line without a credit",
        """
        SELECT t.ref || ' request ' || q.id FROM escalations_creditrequest q
        JOIN escalations_ticket t ON t.id = q.ticket_id
        LEFT JOIN escalations_creditentry e ON e.request_id = q.id
        GROUP BY t.ref, q.id
        HAVING count(e.id) FILTER (WHERE e.kind = 'issue') <> (q.state IN ('issued', 'reversed'))::int
            OR count(e.id) FILTER (WHERE e.kind = 'reversal') <> (q.state = 'reversed')::int
        """,
    ),
    Query(
        "ledger line that is not what was asked for",
        """
        SELECT t.ref || ' line ' || e.id FROM escalations_creditentry e
        JOIN escalations_creditrequest q ON q.id = e.request_id JOIN escalations_ticket t ON t.id = e.ticket_id
        LEFT JOIN escalations_creditentry i ON i.id = e.reverses_id
        WHERE (e.amount, e.ticket_id, e.customer_id, e.currency)
            IS DISTINCT FROM (q.amount, q.ticket_id, q.customer_id, q.currency)
            OR (e.kind = 'reversal' AND (i.id IS NULL OR i.request_id <> e.request_id OR i.amount <> e.amount))
        """,
    ),
    Query(
        "ledger line whose spent-before is not what the ledger sums to",
        """
        SELECT t.ref || ' line ' || e.id FROM escalations_creditentry e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.kind = 'issue' AND e.spent_customer <> (
            SELECT coalesce(sum(i.amount), 0) FROM escalations_creditentry i
            WHERE i.kind = 'issue' AND i.customer_id = e.customer_id AND i.id < e.id
                AND i.at > e.at - interval '720 hours'
                AND NOT EXISTS (SELECT 1 FROM escalations_creditentry r WHERE r.reverses_id = i.id AND r.id < e.id)
        )
        """,
    ),
    Query(
        "credits together above the authority they were given under",
        """
        SELECT t.ref || ' line ' || e.id FROM escalations_creditentry e JOIN escalations_ticket t ON t.id = e.ticket_id
        WHERE e.kind = 'issue' AND e.limit_in_force IS NOT NULL AND e.amount + greatest(
            e.spent_ticket + e.waiting_ticket, e.spent_customer + e.waiting_customer
        ) > e.limit_in_force
        """,
    ),
    Query(
        "limit in force that the cited policy does not give",
        """
        SELECT t.ref || ' line ' || e.id FROM escalations_creditentry e JOIN escalations_ticket t ON t.id = e.ticket_id
        JOIN policies_policyversion v ON v.id = e.policy_version_id JOIN accounts_role r ON r.id = e.role_id
        LEFT JOIN policies_delegation d ON d.id = e.delegation_id
        WHERE e.kind = 'issue' AND NOT EXISTS (
            SELECT 1 FROM jsonb_array_elements(v.snapshot -> 'authority') AS rule
            WHERE rule ->> 'role' = r.code AND rule ->> 'action' = 'service_credit'
                AND least((rule ->> 'limit')::numeric, d.limit) IS NOT DISTINCT FROM e.limit_in_force
        )
        """,
    ),
    Query(
        "approver or delegator is the requester",
        """
        SELECT t.ref || ' request ' || q.id FROM escalations_creditrequest q
        JOIN escalations_ticket t ON t.id = q.ticket_id
        WHERE q.requested_by_id IN (q.decided_by_id, q.delegator_id)
        """,
    ),
    Query(
        "decided under a delegation that was not in force",
        """
        SELECT t.ref || ' request ' || q.id FROM escalations_creditrequest q
        JOIN escalations_ticket t ON t.id = q.ticket_id JOIN policies_delegation d ON d.id = q.delegation_id
        WHERE q.ended_at < d.starts_at OR q.ended_at >= d.ends_at OR d.delegate_id <> q.decided_by_id
            OR d.delegator_id <> q.delegator_id
        """,
    ),
    Query(
        "credit request without an event",
        """
        SELECT t.ref || ' request ' || q.id FROM escalations_creditrequest q
        JOIN escalations_ticket t ON t.id = q.ticket_id
        WHERE NOT EXISTS (
            SELECT 1 FROM journal_event v
            WHERE v.subject_type = 'ticket' AND v.subject_id = q.ticket_id AND v.kind LIKE 'credit.%%'
                AND (v.data ->> 'credit')::bigint = q.id
        )
        """,
    ),
    Query(
        "credit request that nobody above can decide",
        """
        SELECT t.ref || ' request ' || q.id FROM escalations_creditrequest q
        JOIN escalations_ticket t ON t.id = q.ticket_id
        WHERE q.state = 'requested' AND q.unanswered_at IS NOT NULL
        """,
        is_alarm=False,
    ),
)
