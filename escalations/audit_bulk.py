"""The nothing-lost queries about acts on many tickets: each begun one ends, each taken back one has its events."""

from journal.audit import Query

BULK = (
    Query(
        "act on many tickets stopped half-way 10 min ago",
        """
        SELECT u.full_name || ', ' || a.action || ', ' || count(*) || ' left' FROM escalations_bulkaction a
        JOIN accounts_user u ON u.id = a.by_id
        JOIN escalations_bulkline l ON l.action_id = a.id AND NOT l.is_done AND l.message = ''
        WHERE a.state = 'done' AND a.at < %(now)s - interval '10 minutes'
        GROUP BY a.id, u.full_name, a.action
        """,
        is_alarm=False,
    ),
    Query(
        "acknowledgement taken back without its event",
        """
        SELECT t.ref FROM escalations_bulkline l
        JOIN escalations_bulkaction a ON a.id = l.action_id AND a.action = 'acknowledge'
        JOIN escalations_ticket t ON t.id = l.ticket_id
        WHERE l.is_undone AND NOT EXISTS (
            SELECT 1 FROM journal_event e
            WHERE e.subject_type = 'ticket' AND e.subject_id = l.ticket_id AND e.kind = 'handoff.unacknowledged'
                AND e.id > (l.before ->> 'event')::bigint
        )
        """,
    ),
)
