"""What a decision about a credit locks and reads, in one call: the statements are planned once for each connection."""

from django.db import migrations

# Each statement begins when the locks before it are held, and so reads what is there then.
HOLD = """
CREATE FUNCTION credit_hold(
    of_request bigint, whom bigint, OUT request escalations_creditrequest, OUT ticket escalations_ticket,
    OUT clock escalations_clock, OUT requester accounts_user, OUT asked accounts_role, OUT person accounts_user,
    OUT role accounts_role
) LANGUAGE plpgsql AS $body$
#variable_conflict use_column
BEGIN
    SELECT t.* INTO ticket FROM escalations_ticket t
    WHERE t.id = (SELECT q.ticket_id FROM escalations_creditrequest q WHERE q.id = of_request) FOR NO KEY UPDATE;
    SELECT u.* INTO person FROM accounts_user u WHERE u.id = whom FOR SHARE;
    SELECT q.* INTO request FROM escalations_creditrequest q WHERE q.id = of_request FOR NO KEY UPDATE;
    SELECT c.* INTO clock FROM escalations_clock c WHERE c.id = request.clock_id;
    SELECT u.* INTO requester FROM accounts_user u WHERE u.id = request.requested_by_id;
    SELECT r.* INTO asked FROM accounts_role r WHERE r.id = request.routed_to_id;
    SELECT r.* INTO role FROM accounts_role r WHERE r.id = person.role_id;
END
$body$
"""
GONE = "DROP FUNCTION credit_hold(bigint, bigint)"


class Migration(migrations.Migration):
    dependencies = [("escalations", "0015_cited_clauses")]

    operations = [migrations.RunSQL(HOLD, GONE)]
