"""Findings of the prover that an organisation decides to live with, and why."""

from django.db import transaction

from accounts.errors import Refused
from accounts.models import User
from policies.models import AcceptedFinding, PolicyVersion
from policies.services.drafts import draft_note, hold_draft

LONGEST_REASON = 400


@transaction.atomic
def finding_accept(*, version: PolicyVersion, finding: str, message: str, reason: str, by: User) -> AcceptedFinding:
    """Accept a finding of the draft, with a reason. Accepting it again changes the reason. Raises Refused."""
    reason = reason.strip()
    if not reason:
        raise Refused("Not accepted.", {"reason": "Say why you live with it: it stands beside the finding."})
    if len(reason) > LONGEST_REASON:
        raise Refused("Not accepted.", {"reason": f"A reason has at most {LONGEST_REASON} characters."})
    draft = hold_draft(version)
    row = draft.accepted_findings.filter(finding=finding).first() or AcceptedFinding(version=draft, finding=finding)
    was = row.reason if row.pk else "open"
    if was != reason:
        row.reason = reason
        row.save()
        changes = [(message, was, reason)]
        draft_note(version=draft, by=by, section="findings", row=row.pk, name=finding, how="accepted", changes=changes)
    return row


@transaction.atomic
def finding_take_back(*, version: PolicyVersion, finding: str, by: User) -> None:
    """The finding is open again. Nothing happens where it was not accepted."""
    draft = hold_draft(version)
    row = draft.accepted_findings.filter(finding=finding).first()
    if row is None:
        return
    pk, reason = row.pk, row.reason
    row.delete()
    changes = [("Accepted", reason, "open")]
    draft_note(version=draft, by=by, section="findings", row=pk, name=finding, how="taken back", changes=changes)
