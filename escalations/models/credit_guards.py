"""What the database itself says about credits, in SQL: sums, and what it refuses even of hand-written statements.

Functions are made by migrations, and the ledger's trigger, the services, the pages and the auditor all ask them, so
that there is one arithmetic:

- `credit_family(ticket)`: the ids of all tickets that count as one with it, because they were merged;
- `credit_spent(ticket, customer, as_of, ahead_of)`: what counts before the request `ahead_of` (null: all of it);
- `credit_lock(ticket, customer)`: locks the budget rows of the customers concerned, always in the same order;
- `credit_hold(request, person)`: locks and reads what a decision about a request rests on, the budget rows apart.

"Net of reversals" is by credit, not by line: a credit that was reversed does not count, whenever that was; else a
reversal today of a credit of last quarter would make room for a new one.
"""


def _refuse(condition: str, words: str) -> str:
    return f"IF {condition} THEN RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation'; END IF;\n"


def _authority(request: str, at: str, role: str, action: str) -> str:
    """Whoever decided had it: by their own role or by a delegation then in force, in the policy then in force.

    The arguments are SQL: the request, when, as which role, and for what action. Leaves `rule` and `lent` behind.
    """
    return (
        f"decider := CASE WHEN {request}.on_own_authority THEN {request}.requested_by_id"
        f" ELSE {request}.decided_by_id END;\n"
        + (
            _refuse("NEW.by_id IS DISTINCT FROM decider", "a credit is issued by who decides")
            if request != "NEW"
            else ""
        )
        + "holder := decider;\n"
        + "IF NEW.delegation_id IS NOT NULL THEN\n"
        + "SELECT * INTO lent FROM policies_delegation d WHERE d.id = NEW.delegation_id FOR SHARE;\n"
        + _refuse(
            f"{request}.on_own_authority OR lent.delegate_id <> decider"
            f" OR lent.delegator_id = {request}.requested_by_id OR {at} < lent.starts_at OR {at} >= lent.ends_at"
            f" OR {request}.delegation_id IS DISTINCT FROM lent.id"
            f" OR {request}.delegator_id IS DISTINCT FROM lent.delegator_id",
            "no such delegation was in force",
        )
        + "holder := lent.delegator_id; END IF;\n"
        + _refuse(
            "EXISTS (SELECT 1 FROM accounts_user u WHERE u.id IN (decider, holder) AND NOT u.is_active)",
            "somebody who left grants nothing",
        )
        + "SELECT r.* INTO held_role FROM accounts_user u JOIN accounts_role r ON r.id = u.role_id"
        " WHERE u.id = holder;\n" + "SELECT a.rule INTO rule FROM policies_policyversion v,"
        " jsonb_array_elements(coalesce(v.snapshot -> 'authority', '[]')) AS a (rule)"
        " WHERE v.id = NEW.policy_version_id AND v.state = 'published' AND a.rule ->> 'role' = held_role.code"
        f" AND a.rule ->> 'action' = {action};\n"
        + _refuse(f"rule IS NULL OR {role} <> held_role.id", "the policy in force gives no authority for this credit")
    )


# A line of the ledger: the request it carries out, the authority behind it as the policy in force says it, and what
# was spent before, counted here and now under the lock of the customer's budget row.
ENTRY_GUARD = (
    "SELECT * INTO req FROM escalations_creditrequest q WHERE q.id = NEW.request_id FOR UPDATE;\n"
    + _refuse(
        "(req.ticket_id, req.customer_id, req.amount, req.currency) IS DISTINCT FROM"
        " (NEW.ticket_id, NEW.customer_id, NEW.amount, NEW.currency)",
        "a ledger line repeats what was asked for",
    )
    + "PERFORM credit_lock(NEW.ticket_id, NEW.customer_id);\n"
    + "IF NEW.kind = 'reversal' THEN\n"
    + "SELECT * INTO was FROM escalations_creditentry e WHERE e.id = NEW.reverses_id;\n"
    + _refuse(
        "was.kind IS DISTINCT FROM 'issue' OR was.request_id <> NEW.request_id OR req.state <> 'reversed'",
        "a reversal takes back one issued credit",
    )
    + "RETURN NEW; END IF;\n"
    + _refuse("req.state <> 'issued'", "only an issued request has a ledger line")
    + _authority("req", "NEW.at", "NEW.role_id", "'service_credit'")
    + "allowed := least((rule ->> 'limit')::numeric, lent.limit);\n"
    + "is_below := NOT (rule ->> 'inclusive')::boolean"
    " AND (lent.limit IS NULL OR (rule ->> 'limit')::numeric <= lent.limit);\n"
    + _refuse("NEW.limit_in_force IS DISTINCT FROM allowed", "the limit in force is another")
    + "SELECT * INTO spent FROM credit_spent(NEW.ticket_id, NEW.customer_id, NEW.at, NEW.request_id);\n"
    + "NEW.spent_ticket := spent.ticket; NEW.waiting_ticket := spent.ticket_waiting;\n"
    + "NEW.spent_customer := spent.customer; NEW.waiting_customer := spent.customer_waiting;\n"
    + "total := NEW.amount"
    " + greatest(spent.ticket + spent.ticket_waiting, spent.customer + spent.customer_waiting);\n"
    + _refuse(
        "allowed IS NOT NULL AND (total > allowed OR (is_below AND total = allowed))",
        "the credits together are above the limit",
    )
    + "RETURN NEW;"
)

# What was asked for stays; once it has ended, so does the decision. A credit that was issued can only be reversed.
REQUEST_FROZEN = (
    _refuse(
        "(OLD.ticket_id, OLD.customer_id, OLD.action, OLD.amount, OLD.currency, OLD.reason, OLD.requested_by_id,"
        " OLD.requested_at, OLD.on_own_authority) IS DISTINCT FROM"
        " (NEW.ticket_id, NEW.customer_id, NEW.action, NEW.amount, NEW.currency, NEW.reason, NEW.requested_by_id,"
        " NEW.requested_at, NEW.on_own_authority)",
        "what was asked for does not change",
    )
    + _refuse(
        "OLD.ended_at IS NOT NULL AND (OLD.ended_at, OLD.decided_by_id, OLD.decided_as_id, OLD.delegation_id,"
        " OLD.delegator_id, OLD.note, OLD.policy_version_id, OLD.clause, OLD.limit_in_force) IS DISTINCT FROM"
        " (NEW.ended_at, NEW.decided_by_id, NEW.decided_as_id, NEW.delegation_id,"
        " NEW.delegator_id, NEW.note, NEW.policy_version_id, NEW.clause, NEW.limit_in_force)",
        "a decision does not change",
    )
    + "RETURN NEW;"
)

# At the end of the transaction: an issued credit has its line, a reversed one both.
ENTRY_OF_REQUEST = (
    _refuse(
        "NOT EXISTS (SELECT 1 FROM escalations_creditentry e WHERE e.request_id = NEW.id AND e.kind = 'issue')"
        " OR (NEW.state = 'reversed' AND NOT EXISTS (SELECT 1 FROM escalations_creditentry e"
        " WHERE e.request_id = NEW.id AND e.kind = 'reversal'))",
        "a credit is issued and reversed in the ledger",
    )
    + "RETURN NULL;"
)

# What has no amount has no ledger: who grants it had the authority, or the grant is refused.
GRANT_GUARD = _authority("NEW", "NEW.ended_at", "NEW.decided_as_id", "NEW.action") + "RETURN NEW;"
DECIDER = [
    ("lent", "policies_delegation"), ("decider", "bigint"), ("holder", "bigint"), ("held_role", "accounts_role"),
    ("rule", "jsonb"),
]  # fmt: skip
