import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("escalations", "0011_read_newest"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="creditrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="credit_grant_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"state\" = 'approved')",
                    declare="DECLARE lent policies_delegation; decider bigint; holder bigint; held_role accounts_role; rule jsonb;",
                    func="decider := CASE WHEN NEW.on_own_authority THEN NEW.requested_by_id ELSE NEW.decided_by_id END;\nholder := decider;\nIF NEW.delegation_id IS NOT NULL THEN\nSELECT * INTO lent FROM policies_delegation d WHERE d.id = NEW.delegation_id FOR SHARE;\nIF NEW.on_own_authority OR lent.delegate_id <> decider OR lent.delegator_id = NEW.requested_by_id OR NEW.ended_at < lent.starts_at OR NEW.ended_at >= lent.ends_at OR NEW.delegation_id IS DISTINCT FROM lent.id OR NEW.delegator_id IS DISTINCT FROM lent.delegator_id THEN RAISE EXCEPTION 'no such delegation was in force' USING ERRCODE = 'check_violation'; END IF;\nholder := lent.delegator_id; END IF;\nIF EXISTS (SELECT 1 FROM accounts_user u WHERE u.id IN (decider, holder) AND NOT u.is_active) THEN RAISE EXCEPTION 'somebody who left grants nothing' USING ERRCODE = 'check_violation'; END IF;\nSELECT r.* INTO held_role FROM accounts_user u JOIN accounts_role r ON r.id = u.role_id WHERE u.id = holder;\nSELECT a.rule INTO rule FROM policies_policyversion v, jsonb_array_elements(coalesce(v.snapshot -> 'authority', '[]')) AS a (rule) WHERE v.id = NEW.policy_version_id AND v.state = 'published' AND a.rule ->> 'role' = held_role.code AND a.rule ->> 'action' = NEW.action;\nIF rule IS NULL OR NEW.decided_as_id <> held_role.id THEN RAISE EXCEPTION 'the policy in force gives no authority for this credit' USING ERRCODE = 'check_violation'; END IF;\nRETURN NEW;",
                    hash="5f3f0e6c1db1ffb7c894a7abac594e413f129eaa",
                    operation='INSERT OR UPDATE OF "state"',
                    pgid="pgtrigger_credit_grant_guard_4eea6",
                    table="escalations_creditrequest",
                    when="BEFORE",
                ),
            ),
        ),
    ]
