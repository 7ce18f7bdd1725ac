"""Tickets by the hundred thousand, for measurements: plain SQL over an organisation that is there already.

    organisation()                                      # once: roles, teams, people, policy, lists
    fill(connection, open_tickets=100_000, total=1_000_000)
    fill_events(connection, 10_000_000)

`connection` is Django's or psycopg's; its role must own the tables or may insert into them. The rows are the same
for the same arguments on the same organisation. They are not made by the services: no messages, hops or history.
"""

from typing import Any

from django.db import models

from accounts.models import Region, Team
from escalations.models import Clock, Contact, Customer, Escalation, Issue, Ticket
from tests.bench.wording import words_sql
from tests.factories import Organisation, UserFactory

SEED = 0.42
PEOPLE_PER_TEAM = {"L1": 20, "L2": 10, "L3": 6, "L4": 4}
TICKETS_PER_CUSTOMER = 50

# One random number per row picks by weight: CASE over its running sum.
PRIORITY = "CASE WHEN r1 < .05 THEN 1 WHEN r1 < .25 THEN 2 WHEN r1 < .75 THEN 3 ELSE 4 END"
OPEN_STATE = (
    "CASE WHEN r2 < .15 THEN 'new' WHEN r2 < .75 THEN 'open' WHEN r2 < .93 THEN 'waiting_customer'"
    " ELSE 'waiting_vendor' END"
)
HEAD_START = "(CASE priority WHEN 1 THEN 8 WHEN 2 THEN 4 WHEN 3 THEN 1 ELSE 0 END) * interval '1 hour'"
WORDS = (
    "webhook export login invoice sync timeout search import report gateway mobile session quota key certificate"
    " backup latency permission upload schedule"
)

TICKETS = f"""
WITH place AS (
    SELECT t.id AS team, t.tier_id AS tier, tier.code,
           array_agg(u.id ORDER BY u.id) AS people,
           row_number() OVER (PARTITION BY tier.id ORDER BY t.id) AS nth, count(*) OVER (PARTITION BY tier.id) AS of
    FROM accounts_team t JOIN accounts_tier tier ON tier.id = t.tier_id
    LEFT JOIN accounts_user u ON u.team_id = t.id AND u.is_active
    WHERE t.is_active GROUP BY t.id, tier.id
), dice AS (
    SELECT n, random() r1, random() r2, random() r3, random() r4, random() r5, random() r6, random() r7,
           n > %(total)s - 2 * %(open)s AND n %% 2 = 0 AS is_open
    FROM generate_series(1, %(total)s) n
), facts AS (
    SELECT *, {PRIORITY} AS priority,
           CASE WHEN is_open THEN {OPEN_STATE} WHEN r2 < .1 THEN 'resolved' ELSE 'closed' END AS state,
           CASE WHEN r3 < .6 THEN 'L1' WHEN r3 < .85 THEN 'L2' WHEN r3 < .95 THEN 'L3' ELSE 'L4' END AS code,
           %(now)s - (%(total)s - n) * (interval '1000 days' / %(total)s) AS opened
    FROM dice
), placed AS (
    SELECT f.*, p.team, p.tier,
           CASE WHEN r4 < .25 THEN NULL ELSE p.people[1 + floor(r5 * cardinality(p.people))::int] END AS owner,
           CASE WHEN f.state IN ('new', 'open') THEN %(now)s + (r6 * r6 * 120 - 4) * interval '1 hour' END AS due
    FROM facts f JOIN place p ON p.code = f.code AND p.nth = 1 + floor(r7 * p.of)::int
)
INSERT INTO escalations_ticket ({{columns}})
SELECT {{values}} FROM placed
"""


def any_of(rows: str) -> str:
    """SQL: any of these rows' values. The list is made once (a subquery that refers to nothing), the choice per row."""
    column, _, rest = rows.partition(" ")
    listed = f"(SELECT array_agg({column} ORDER BY {column}) {rest})"
    return f"{listed}[1 + floor(random() * cardinality({listed}))::int]"


def nth_of(rows: str, place: str) -> str:
    """SQL: the value of these rows at a place, counted from 0 and round again; the list is made once, too."""
    column, _, rest = rows.partition(" ")
    listed = f"(SELECT array_agg({column} ORDER BY {column}) {rest})"
    return f"{listed}[1 + ({place}) %% cardinality({listed})]"


def one_word(words: str) -> str:
    return f"(string_to_array('{words}', ' '))[1 + floor(random() * {len(words.split())})::int]"


PICKED = {
    "segment": "enterprise mid_market smb consumer",
    "category": "technical billing general",
    "channel": "email phone chat portal",
    "sentiment": "satisfied neutral frustrated upset",
}
TICKET_VALUES = {
    "source": "'bench'",
    "external_id": "'INC' || n",
    "subject": f"initcap({one_word(WORDS)}) || ' ' || {one_word(WORDS)} || ' fails after '"
    f" || {one_word(WORDS)} || ' ' || n",
    "description": f"'Since this morning the ' || {one_word(WORDS)} || ' answers late. ' || {words_sql('8 + n %% 8')}",
    # Round and round, so that one ticket in a hundred, with an issue, is of a customer who has had that issue before.
    "customer_id": nth_of("id FROM escalations_customer WHERE source = 'bench'", "n * 7919::bigint"),
    "issue_id": f"CASE WHEN n %% 100 = 0 THEN {nth_of('id FROM escalations_issue', 'n * 7919::bigint')} END",
    "state": "state",
    "priority": "priority",
    "tier_id": "tier",
    "team_id": "team",
    "owner_id": "owner",
    "is_vip": "random() < .1",
    "region_id": any_of("id FROM accounts_region"),
    "issue_type": any_of("code FROM policies_pickitem WHERE list = 'issue_type'"),
    "product_area": any_of("code FROM policies_pickitem WHERE list = 'product_area'"),
    "is_restricted": "random() < .001",
    "attempts": "floor(random() * random() * 7)::int",
    "reopen_count": "(random() < .04)::int",
    "churn_threat": "random() < .005",
    "revenue_at_risk": "CASE WHEN random() < .05 THEN round((random() * random() * 80000)::numeric, 2) END",
    "order_value": "CASE WHEN random() < .3 THEN round((random() * random() * 3000)::numeric, 2) END",
    "public_complaint": "CASE WHEN random() < .005 THEN 'social_media' ELSE '' END",
    "concern": "CASE WHEN random() < .005 THEN 'legal' ELSE '' END",
    "complexity": "CASE WHEN random() < .05 THEN 'high' ELSE 'low' END",
    "engineering_required": "random() < .02",
    "vendor": "CASE WHEN random() < .05 THEN 'Cloud host' ELSE '' END",
    "workaround_confirmed": "random() < .03",
    "opened_at": "opened",
    "created_at": "opened",
    "waiting_since": "CASE WHEN random() < .5 THEN opened END",
    "tier_since": "opened",
    "updated_at": "opened + (%(now)s - opened) * random()",
    "resolved_at": "CASE WHEN NOT is_open THEN opened + interval '1 day' END",
    "due_at": "due",
    "due_kind": "CASE WHEN due IS NULL THEN '' ELSE 'tier_resolution' END",
    "queue_key": f"COALESCE(due - {HEAD_START}, opened + interval '100 years')",
    "next_check_at": "due",
} | {name: one_word(words) for name, words in PICKED.items()}
CUSTOMERS = """
INSERT INTO escalations_customer ({columns})
SELECT {values} FROM generate_series(1, %(customers)s) n
"""

ISSUES = """
INSERT INTO escalations_issue ({columns}) SELECT {values} FROM generate_series(1, 2000) n
"""

# The tickets with an issue were escalated once, an hour after they were opened.
ESCALATIONS = """
INSERT INTO escalations_escalation ({columns})
SELECT {values} FROM escalations_ticket t
CROSS JOIN (SELECT id FROM policies_policyversion WHERE state = 'published') v
WHERE t.source = 'bench' AND t.issue_id IS NOT NULL
"""
ESCALATION_VALUES = {
    "ticket_id": "t.id",
    "state": "'withdrawn'",
    "reason": "'technical_complexity'",
    "policy_version_id": "v.id",
    "from_tier_id": "t.tier_id",
    "from_team_id": "t.team_id",
    "to_tier_id": "t.tier_id",
    "to_team_id": "t.team_id",
    "filed_at": "t.opened_at + interval '1 hour'",
    "ended_at": "t.opened_at + interval '2 hours'",
}

CLOCKS = """
INSERT INTO escalations_clock ({columns})
SELECT {values}
FROM escalations_ticket t
CROSS JOIN (VALUES ('tier_resolution', 0), ('time_at_tier', 2), ('contract_resolution', 20)) AS kinds (kind, later)
CROSS JOIN (SELECT id FROM policies_policyversion WHERE state = 'published') v
JOIN accounts_team team ON team.id = t.team_id
JOIN accounts_calendarrevision r ON r.calendar_id = team.calendar_id AND r.superseded_at IS NULL
WHERE t.source = 'bench' AND t.state IN ('new', 'open', 'waiting_customer', 'waiting_vendor')
"""
CLOCK_VALUES = {
    "ticket_id": "t.id",
    "kind": "kinds.kind",
    "tier_id": "CASE WHEN kinds.kind <> 'contract_resolution' THEN t.tier_id END",
    "state": "CASE WHEN t.due_at IS NULL THEN 'paused' ELSE 'running' END",
    "policy_version_id": "v.id",
    "calendar_revision_id": "r.id",
    "budget": "14400",
    "started_at": "t.opened_at",
    "due_at": "t.due_at + kinds.later * interval '1 hour'",
    "remaining": "CASE WHEN t.due_at IS NULL THEN 3600 END",
    "paused_at": "CASE WHEN t.due_at IS NULL THEN t.opened_at + interval '1 hour' END",
    "review_at": "CASE WHEN t.due_at IS NULL THEN t.opened_at + interval '9 days' END",
    "pause_reason": "CASE WHEN t.due_at IS NULL THEN 'Waiting for the log files' ELSE '' END",
}

EVENTS = """
INSERT INTO journal_event (subject_type, subject_id, kind, schema, occurred_at, recorded_at, data)
SELECT 'ticket', t.id, (ARRAY['ticket.changed', 'ticket.replied', 'ticket.noted', 'ticket.assigned'])[1 + n % 4], 1,
       t.opened_at + n * interval '1 minute', t.opened_at + n * interval '1 minute', '{}'
FROM escalations_ticket t CROSS JOIN generate_series(1, %(each)s) n WHERE t.source = 'bench'
"""


def organisation() -> Organisation:
    """The test organisation with as many people as four tiers of that load would have."""
    made = Organisation()
    for code in ("americas", "apac"):
        Region.objects.get_or_create(code=code, defaults={"name": code.title()})
    for team in Team.objects.select_related("tier"):
        role = made.people[f"{team.tier.code.lower()}_first"].role
        for number in range(3, PEOPLE_PER_TEAM[team.tier.code] + 1):
            UserFactory(username=f"{team.code}{number}", role=role, team=team, region=made.region)
    return made


def fill(connection: Any, open_tickets: int, total: int, *, now: Any = None) -> None:
    """Insert `total` tickets of which `open_tickets` are open, their customers, and the open ones' clocks.

    Needs an organisation with a published policy. `now` is the instant that they are due around (None: the clock's).
    """
    if not Team.objects.exists():
        raise ValueError("There is no team to hold the tickets: call organisation() first.")
    with connection.cursor() as cursor:
        if now is None:
            cursor.execute("SELECT clock_timestamp()")
            now = cursor.fetchone()[0]
        values = {
            "now": now, "open": open_tickets, "total": total,
            "customers": min(max(total // TICKETS_PER_CUSTOMER, 1), 20_000),
        }  # fmt: skip
        cursor.execute(f"SELECT setseed({SEED})")
        customer = {"name": "'Bench customer ' || n", "source": "'bench'", "external_id": "'C' || n"}
        _insert(cursor, CUSTOMERS, Customer, customer, values)
        _insert(cursor, ISSUES, Issue, {"title": "'Known problem ' || n", "opened_at": "%(now)s"}, values)
        _insert(cursor, TICKETS, Ticket, TICKET_VALUES, values)
        _insert(cursor, ESCALATIONS, Escalation, ESCALATION_VALUES, values)
        _insert(cursor, CLOCKS, Clock, CLOCK_VALUES, values)
        for model in (Customer, Contact, Issue, Ticket, Escalation, Clock):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def fill_events(connection: Any, count: int) -> None:
    """About `count` events on the filled tickets."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM escalations_ticket WHERE source = 'bench'")
        tickets = cursor.fetchone()[0]
        cursor.execute(EVENTS.replace("% 4", "%% 4"), {"each": max(1, count // max(1, tickets))})
        cursor.execute("ANALYZE journal_event")


def _insert(cursor: Any, statement: str, model: type[models.Model], given: dict[str, str], values: Any) -> None:
    columns = {field.column: _plain(field) for field in model._meta.concrete_fields if not _made_by_database(field)}
    columns |= given
    cursor.execute(statement.format(columns=", ".join(columns), values=", ".join(columns.values())), values)


def _made_by_database(field: Any) -> bool:
    return field.primary_key or field.generated or (field.has_db_default() and not field.has_default())


def _plain(field: Any) -> str:
    """What an ordinary row has there: the field's default, nothing, or the empty text."""
    if field.has_default():
        default = field.get_default()
        return f"'{default}'" if isinstance(default, str) else str(default).lower()
    return "NULL" if field.null else "''"
