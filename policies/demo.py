"""The demo's draft: three changes that the process owner has in mind, one of which the prover objects to."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import Role, User
from journal import clock
from policies.domain.triggers import Condition, Group
from policies.models import PolicyVersion
from policies.sections import BY_KEY
from policies.services.authority import RoleAuthority, role_authority, role_authority_save
from policies.services.drafts import draft_create, draft_describe
from policies.services.practice import draft_triggers
from policies.services.rows import row_save, row_values
from policies.services.triggers import Conditions, trigger_save

NOTE = (
    "L2 decides more credits alone, a P2 is answered faster, and management is called for revenue only where the"
    " issue is grave too."
)


def load_draft(version: PolicyVersion, *, by: User, now: datetime) -> PolicyVersion:
    """A draft from the version, changed over the last two days as its history tells."""
    with clock.travel(now - timedelta(days=2)):
        draft = draft_create(version=version, by=by)
        draft_describe(version=draft, title=draft.title, note=NOTE, edit=0, by=by)
    with clock.travel(now - timedelta(hours=26)):
        role = Role.objects.get(code="l2_specialist")
        had = role_authority(draft, role)
        wanted = RoleAuthority(had.actions, "limited", Decimal("750.00"), True, "Raised from $500")
        role_authority_save(version=draft, role=role, wanted=wanted, edit=1, by=by)
    with clock.travel(now - timedelta(hours=25)):
        p2 = draft.severities.get(priority=2)
        row_save(
            version=draft, section="severities", pk=p2.pk, values={"first_response_seconds": 600}, edit=2, by=by
        )  # fmt: skip
    with clock.travel(now - timedelta(hours=3)):
        row = draft_triggers(draft).get(key="revenue_at_risk")
        values = row_values(row, BY_KEY["triggers"]) | {"name": "More than $75,000 revenue at risk in a P1 to P3"}
        rule = (Condition("revenue_at_risk", "more", "75000.00"), Condition("priority", "at_most", 3))
        trigger_save(
            version=draft, pk=row.pk, values=values, conditions=Conditions("all", (Group("all", rule),)), edit=3, by=by
        )
    return draft
