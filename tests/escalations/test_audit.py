"""Each nothing-lost query finds what it is for: every violation, planted past all guards, alarms."""

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from escalations.domain.clocks import Wait
from escalations.models import Ticket
from escalations.services.answers import handoff_acknowledge
from escalations.services.credit_decisions import credit_approve
from escalations.services.credits import credit_request
from escalations.services.resolutions import ticket_resolve
from escalations.services.sweep import sweep
from escalations.services.tickets import ticket_wait
from journal import audit, clock
from policies.services.delegations import delegation_create
from tests.factories import Organisation, accept, in_hours

HANDOVER = (
    "INSERT INTO escalations_deskhandover (from_user_id, by_id, team_id, reason, note, given_at)"
    " SELECT min(u.id), min(u.id), min(u.team_id), 'other', '', now() FROM accounts_user u"
)

# name of the query → statements that plant what it looks for. {running}, {pending} … are ids of the scene below.
PLANTS: dict[str, list[str]] = {
    "an answer was found, the ticket is over, and nobody knows what it was good for": [
        "INSERT INTO escalations_similaruse (ticket_id, similar_id, stage, by_id, at)"
        " SELECT t.id, o.id, 'ticket', (SELECT min(id) FROM accounts_user), now() FROM escalations_ticket t"
        " JOIN escalations_ticket o ON o.id <> t.id WHERE t.state = 'resolved' LIMIT 1"
    ],
    "acknowledgement taken back without its event": [
        "INSERT INTO escalations_bulkaction (key, action, values, by_id, at, state)"
        " SELECT gen_random_uuid(), 'acknowledge', '{{}}', min(id), now(), 'undone' FROM accounts_user",
        "INSERT INTO escalations_bulkline (action_id, ticket_id, is_done, message, before, is_undone, undo_message)"
        " SELECT max(id), {running}, true, '', '{{\"event\": 0}}', true, '' FROM escalations_bulkaction",
    ],
    "outbox unsent for 5 min": [
        "UPDATE journal_outboxmessage SET created_at = now() - interval '6 minutes' WHERE state = 'pending'"
    ],
    "sent without a time, or dead without a reason": [
        "ALTER TABLE journal_outboxmessage DROP CONSTRAINT outbox_sent_has_time",
        "UPDATE journal_outboxmessage SET state = 'sent', sent_at = NULL",
    ],
    "running and overdue by 2 min": [
        "UPDATE escalations_clock SET due_at = now() - interval '3 minutes'"
        " WHERE ticket_id = {running} AND state = 'running'"
    ],
    "running, and the sweep would look too late or never": [
        "UPDATE escalations_ticket SET next_check_at = NULL WHERE id = {running}"
    ],
    "paused without a review date": [
        "ALTER TABLE escalations_clock DROP CONSTRAINT clock_paused_has_review",
        "UPDATE escalations_clock SET review_at = NULL WHERE state = 'paused'",
    ],
    "paused though the ticket waits for nobody": ["DELETE FROM escalations_pause WHERE ticket_id = {waiting}"],
    "review due for 2 min and not asked for": [
        "UPDATE escalations_pause SET review_at = now() - interval '3 minutes' WHERE ticket_id = {waiting}"
    ],
    "fired without an event": ["DELETE FROM journal_event WHERE kind = 'clock.breached'"],
    "fired twice": [
        "INSERT INTO journal_event (subject_type, subject_id, kind, schema, data, occurred_at)"
        " SELECT subject_type, subject_id, kind, schema, data, occurred_at FROM journal_event"
        " WHERE kind = 'clock.breached'"
    ],
    "met after its deadline": [
        "ALTER TABLE escalations_clock DROP CONSTRAINT clock_met_in_time",
        "UPDATE escalations_clock SET stopped_at = due_at + interval '1 second' WHERE state = 'met'",
    ],
    "met, though its breach was recorded": [
        "UPDATE escalations_clock SET state = 'met', fired_at = NULL, stopped_at = due_at WHERE state = 'breached'"
    ],
    "closed ticket with a running clock": [
        "UPDATE escalations_ticket SET state = 'closed', resolved_at = now(), closed_at = now() WHERE id = {running}"
    ],
    "clock on a calendar that was revised 10 min ago": [
        "UPDATE accounts_calendarrevision SET superseded_at = now() - interval '11 minutes'",
        "UPDATE escalations_clock SET calendar_revision_id = (SELECT min(id) FROM accounts_calendarrevision)",
    ],
    "pending escalation without an acknowledgement clock": [
        "DELETE FROM escalations_clock WHERE kind = 'acknowledgement' AND ticket_id = {pending}"
    ],
    "acknowledged without an end, or 2 min past it": [
        "UPDATE escalations_escalation SET ack_expires_at = now() - interval '3 minutes' WHERE state = 'acknowledged'"
    ],
    "two handoffs pending on a ticket": [
        "DROP INDEX escalation_one_pending",
        "UPDATE escalations_escalation SET ticket_id = {pending} WHERE state = 'acknowledged'",
    ],
    "two accepted escalations on a ticket": [
        "DROP INDEX escalation_one_pending",
        "ALTER TABLE escalations_escalation DROP CONSTRAINT escalation_accepted_by",
        "UPDATE escalations_escalation SET state = 'accepted', ticket_id = {accepted}",
    ],
    "pending handoff on a ticket that is not open": [
        "UPDATE escalations_ticket SET state = 'resolved', resolved_at = now() WHERE id = {pending}"
    ],
    "escalation without an event": ["DELETE FROM journal_event WHERE kind = 'handoff.filed'"],
    "accepted by its own sender": [
        "ALTER TABLE escalations_escalation DROP CONSTRAINT escalation_receiver_is_not_sender",
        "UPDATE escalations_escalation SET accepted_by_id = from_user_id WHERE state = 'accepted'",
    ],
    "open ticket without an open hop, or closed with one": ["DELETE FROM escalations_hop WHERE ticket_id = {running}"],
    "holder of the open hop is not the owner": ["UPDATE escalations_ticket SET owner_id = NULL WHERE id = {accepted}"],
    "hops overlap": [
        "ALTER TABLE escalations_hop DROP CONSTRAINT hop_no_overlap",
        "UPDATE escalations_hop SET span = tstzrange(lower(span) - interval '1 hour', upper(span))",
    ],
    "ticket waits, but no pause says for whom": [
        "UPDATE escalations_pause SET wait = 'waiting_vendor' WHERE ticket_id = {waiting}"
    ],
    "child of a child": [
        "UPDATE escalations_ticket SET parent_id = {resolved} WHERE id = {pending}",
        "UPDATE escalations_ticket SET parent_id = {pending} WHERE id = {running}",
    ],
    "open child whose open parent does not carry it, or carried by nobody": [
        "UPDATE escalations_ticket SET parent_id = {waiting} WHERE id = {running}"
    ],
    "handoff pending on a child of an open parent": [
        "UPDATE escalations_ticket SET parent_id = {running} WHERE id = {pending}"
    ],
    "merged in a circle": [
        "UPDATE escalations_ticket SET merged_into_id = {pending} WHERE id = {running}",
        "UPDATE escalations_ticket SET merged_into_id = {running} WHERE id = {pending}",
    ],
    "merged without an event on its survivor": [
        "UPDATE escalations_ticket SET state = 'merged', merged_into_id = {pending} WHERE id = {running}"
    ],
    "accepted without its follow-up clock": ["DELETE FROM escalations_clock WHERE kind = 'follow_up'"],
    "follow-up asked for that nobody owes": [
        "INSERT INTO escalations_followup (escalation_id, contacted_at, channel, note, recorded_by_id, recorded_at)"
        " SELECT id, now(), '', '', accepted_by_id, now() FROM escalations_escalation WHERE state = 'accepted'"
    ],
    "accepted escalation on a ticket of another tier": [
        "UPDATE escalations_ticket SET tier_id = (SELECT id FROM accounts_tier WHERE code = 'L2') WHERE id = {accepted}"
    ],
    "read-back answered by who gave it or took the ticket over": [
        "INSERT INTO escalations_readback (escalation_id, round, problem, next_action, given_by_id, given_at, state,"
        " correction, answered_by_id, answered_at) SELECT id, 2, '', '', accepted_by_id, now(), 'confirmed', '',"
        " accepted_by_id, now() FROM escalations_escalation WHERE state = 'accepted'"
    ],
    "question that waits on a ticket that is over": [
        "INSERT INTO escalations_consult (ticket_id, state, question, asked_by_id, asked_at, from_team_id, to_team_id,"
        " answer) SELECT id, 'asked', 'Known?', created_by_id, now(), team_id, team_id, '' FROM escalations_ticket"
        " WHERE id = {resolved}"
    ],
    "desk handed over without its record": [HANDOVER],
    "ticket handed over with a desk without an event": [
        HANDOVER,
        "INSERT INTO escalations_deskhandoverline (handover_id, ticket_id, note)"
        " SELECT max(id), {running}, '' FROM escalations_deskhandover",
    ],
    "no sweep for 90 s": ["UPDATE journal_heartbeat SET beat_at = now() - interval '91 seconds'"],
    "credit request that waits without a clock": [
        "UPDATE escalations_creditrequest SET clock_id = NULL WHERE ticket_id = {credited} AND state = 'requested'"
    ],
    "credit clock that runs for no request": [
        "UPDATE escalations_creditrequest SET state = 'expired', ended_at = now()"
        " WHERE ticket_id = {credited} AND state = 'requested'"
    ],
    "credit request 2 min past its time, neither moved up nor said to be unanswered": [
        "UPDATE escalations_clock SET due_at = now() - interval '3 minutes', state = 'breached', fired_at = now()"
        " WHERE ticket_id = {credited} AND kind = 'credit_decision' AND state = 'running'"
    ],
    "credit granted without exactly one ledger line, or a line without a credit": [
        "DELETE FROM escalations_creditentry WHERE ticket_id = {credited}"
    ],
    "ledger line that is not what was asked for": [
        "UPDATE escalations_creditentry SET currency = 'EUR' WHERE ticket_id = {credited}"
    ],
    "ledger line whose spent-before is not what the ledger sums to": [
        "UPDATE escalations_creditentry SET spent_customer = 1 WHERE ticket_id = {credited}"
    ],
    "credits together above the authority they were given under": [
        "ALTER TABLE escalations_creditentry DROP CONSTRAINT credit_entry_within_limit",
        "UPDATE escalations_creditentry SET waiting_ticket = 5000 WHERE ticket_id = {credited}",
    ],
    "limit in force that the cited policy does not give": [
        "UPDATE escalations_creditentry SET limit_in_force = 5001 WHERE ticket_id = {credited}"
    ],
    "approver or delegator is the requester": [
        "ALTER TABLE escalations_creditrequest DROP CONSTRAINT credit_not_by_its_requester",
        "UPDATE escalations_creditrequest SET decided_by_id = requested_by_id WHERE delegation_id IS NOT NULL",
    ],
    "decided under a delegation that was not in force": [
        "UPDATE escalations_creditrequest SET ended_at = now() + interval '1 day' WHERE delegation_id IS NOT NULL"
    ],
    "credit request without an event": [
        "DELETE FROM journal_event WHERE kind LIKE 'credit.%' AND subject_id = {credited}"
    ],
}


@pytest.fixture
def scene(transactional_db) -> dict[str, int]:
    """Tickets in every state that the plants spoil: ids by what they are."""
    org = Organisation()
    start = clock.now()
    with clock.travel(start - timedelta(hours=2)) as traveller:
        made = {
            name: org.ticket(priority=1)
            for name in ("running", "waiting", "pending", "acknowledged", "accepted", "resolved")
        }
        traveller.forward(timedelta(minutes=20))  # past the first response of a P1
        assert sweep().breached == 6
        traveller.to(start)
        by = org.people["l3_first"]
        receiver = org.people["l4_first"]
        ticket_wait(
            ticket=made["waiting"], by=org.manager, wait=Wait.CUSTOMER, reason="Log file", review_at=in_hours(8)
        )
        org.handoff(made["pending"], by=by, to="L4")
        handoff_acknowledge(escalation=org.handoff(made["acknowledged"], by=by, to="L4"), by=receiver)
        accepted = org.handoff(made["accepted"], by=by, to="L4")
        traveller.forward(timedelta(seconds=1))
        accept(accepted, receiver)
        ticket_resolve(ticket=made["resolved"], by=by, root_cause="configuration", what_was_done="Put right.")
        made["credited"] = credited(org)
        sweep()
    return {name: ticket.pk for name, ticket in made.items()}


def credited(org: Organisation) -> Ticket:
    """A ticket with a credit on own authority, one decided by a delegate, and one that waits."""
    ticket = org.ticket(team=org.teams["L1"])
    delegate = org.people["l3_second"]
    delegation_create(by=org.manager, delegate=delegate, ends_at=in_hours(8), reason="Leave")
    for by, amount in ((org.manager, 300), (org.agent, 700), (org.agent, 3000)):
        made = credit_request(
            ticket=ticket, by=by, action="service_credit", amount=Decimal(amount), reason="The contract promises it."
        )
        if amount == 700:
            credit_approve(request=made, by=delegate)
    return ticket


def alarms(connection: psycopg.Connection) -> set[str]:
    """The names of the queries that find something, asked on this very connection."""
    now = connection.execute("SELECT clock_timestamp() + interval '2 seconds'").fetchone()[0]
    return {
        query.name
        for query in audit.queries()
        if query.is_alarm and connection.execute(query.sql, {"now": now}).fetchone()
    }


def test_every_violation_alarms(scene, superuser_connection):
    assert alarms(superuser_connection) == set()
    silent = []
    for name, statements in PLANTS.items():
        with superuser_connection.transaction(force_rollback=True):
            superuser_connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                superuser_connection.execute(statement.format(**scene))
            if name not in alarms(superuser_connection):
                silent.append(name)
    assert silent == []
    assert alarms(superuser_connection) == set()


def test_no_query_goes_unproved():
    assert {query.name for query in audit.queries() if query.is_alarm} == set(PLANTS)
