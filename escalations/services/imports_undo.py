"""Taking an import back: the tickets that nobody has worked on since go, the others stay and are named."""

from datetime import datetime
from typing import Any

from django.db import connection

from escalations.models import ImportRun

CHUNK = 1_000  # tickets

# The next tickets of the batch, locked first: whether somebody worked on them is asked after the lock.
HOLD = """
SELECT id FROM escalations_ticket
WHERE batch_id = %(batch)s AND id > %(after)s
ORDER BY id LIMIT %(limit)s
FOR UPDATE
"""

# Why a ticket stays. What the import itself and the sweep wrote carries the batch, or is named here as not work.
WORKED_ON = """
SELECT t.id FROM escalations_ticket t
WHERE t.id = ANY(%(ids)s::bigint[]) AND (
    EXISTS (
        SELECT 1 FROM journal_event e
        WHERE e.subject_type = 'ticket' AND e.subject_id = t.id AND e.batch_id IS DISTINCT FROM t.batch_id
    )
    OR EXISTS (SELECT 1 FROM escalations_message m WHERE m.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM escalations_attachment a WHERE a.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM escalations_escalation e WHERE e.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM escalations_resolution r WHERE r.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM escalations_effort f WHERE f.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM escalations_ticketreader n WHERE n.ticket_id = t.id)
    OR EXISTS (SELECT 1 FROM escalations_ticket o WHERE o.parent_id = t.id OR o.merged_into_id = t.id)
)
"""

# In the order that the foreign keys want.
REMOVE = (
    "DELETE FROM journal_event WHERE batch_id = %(batch)s AND subject_type = 'ticket'"
    " AND subject_id = ANY(%(ids)s::bigint[])",
    "DELETE FROM escalations_clock WHERE ticket_id = ANY(%(ids)s::bigint[])",
    "DELETE FROM escalations_hop WHERE ticket_id = ANY(%(ids)s::bigint[])",
    "DELETE FROM escalations_pause WHERE ticket_id = ANY(%(ids)s::bigint[])",
    "DELETE FROM escalations_sweepproblem WHERE ticket_id = ANY(%(ids)s::bigint[])",
    "DELETE FROM escalations_ticketread WHERE ticket_id = ANY(%(ids)s::bigint[])",
    "DELETE FROM escalations_ticket WHERE id = ANY(%(ids)s::bigint[])",
)

# Whoever the import brought and nobody needs: a customer that has no ticket and was not changed since.
REMOVE_PARTIES = (
    """DELETE FROM escalations_contact c WHERE c.batch_id = %(batch)s
       AND NOT EXISTS (SELECT 1 FROM escalations_ticket t WHERE t.contact_id = c.id)
       AND NOT EXISTS (SELECT 1 FROM escalations_ticket t WHERE t.customer_id = c.customer_id)""",
    """DELETE FROM escalations_customer c WHERE c.batch_id = %(batch)s AND c.version = 1
       AND NOT EXISTS (SELECT 1 FROM escalations_ticket t WHERE t.customer_id = c.id)
       AND NOT EXISTS (SELECT 1 FROM escalations_contact k WHERE k.customer_id = c.id)
       AND NOT EXISTS (SELECT 1 FROM journal_event e WHERE e.subject_type = 'customer' AND e.subject_id = c.id)""",
)


def undo_some(run: ImportRun, now: datetime) -> bool:
    """Take the next tickets of the run's batch back, in the caller's transaction; False once none was left to look at.

    `run.report["undo"]` counts {"removed", "kept", "customers", "after"}; its batch must be marked as being undone.
    """
    state: dict[str, Any] = run.report.get("undo") or {"removed": 0, "kept": 0, "customers": 0, "after": 0}
    values: dict[str, Any] = {"batch": run.batch_id, "after": state["after"], "limit": CHUNK}
    with connection.cursor() as cursor:
        cursor.execute(HOLD, values)
        ids = [pk for (pk,) in cursor.fetchall()]
        if ids:
            cursor.execute(WORKED_ON, {"ids": ids})
            kept = {pk for (pk,) in cursor.fetchall()}
            gone = [pk for pk in ids if pk not in kept]
            for statement in REMOVE:
                cursor.execute(statement, {"ids": gone, "batch": run.batch_id})
            state |= {"removed": state["removed"] + len(gone), "kept": state["kept"] + len(kept), "after": ids[-1]}
        else:
            for statement in REMOVE_PARTIES:
                cursor.execute(statement, {"batch": run.batch_id})
            state["customers"] = cursor.rowcount
    run.report = run.report | {"undo": state}
    return bool(ids)
