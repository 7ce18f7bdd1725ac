"""What one role may grant in a draft, set as a whole: its rules are rows, its page is one form."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction

from accounts.errors import Refused
from accounts.models import Role, User
from policies.choices import SERVICE_CREDIT, PickListName
from policies.domain.words import money_words
from policies.models import AuthorityRule, PolicyVersion
from policies.selectors import pick_labels
from policies.services.clean import row_problems
from policies.services.drafts import check_not_overtaken, draft_note, hold_draft
from policies.services.rows import NOT_SAVED


@dataclass(frozen=True, slots=True)
class RoleAuthority:
    """`actions` without service credits; `credit`: "none", "limited" or "unlimited"."""

    actions: frozenset[str] = field(default_factory=frozenset)
    credit: str = "none"
    limit: Decimal | None = None
    inclusive: bool = True
    note: str = ""


def role_authority(version: PolicyVersion, role: Role) -> RoleAuthority:
    """What the draft lets a role grant. One statement."""
    rows = {row.action: row for row in version.authority.filter(role=role)}
    credit = rows.pop(SERVICE_CREDIT, None)
    if credit is None:
        return RoleAuthority(frozenset(rows))
    kind = "unlimited" if credit.limit is None else "limited"
    return RoleAuthority(frozenset(rows), kind, credit.limit, credit.inclusive, credit.note)


def credit_words(authority: RoleAuthority) -> str:
    if authority.credit != "limited" or authority.limit is None:
        return {"unlimited": "without limit"}.get(authority.credit, "none")
    return f"{'up to and including' if authority.inclusive else 'below'} {money_words(authority.limit)}"


def _changes(old: RoleAuthority, new: RoleAuthority, names: dict[str, str]) -> list[tuple[str, str, str]]:
    found = [
        (names.get(action, action), "may" if action in old.actions else "may not",
         "may" if action in new.actions else "may not")
        for action in sorted(old.actions ^ new.actions)
    ]  # fmt: skip
    if credit_words(old) != credit_words(new):
        found.append(("Service credit", credit_words(old), credit_words(new)))
    if old.note != new.note:
        found.append(("Remark on service credit", old.note or "none", new.note or "none"))
    return found


@transaction.atomic
def role_authority_save(
    *, version: PolicyVersion, role: Role, wanted: RoleAuthority, edit: int, by: User
) -> PolicyVersion:
    """Make the role's rules say what is wanted. Raises Refused at `limit` or `actions`, EditConflict, Overtaken."""
    draft = hold_draft(version)
    current = role_authority(draft, role)
    shown = {name: getattr(current, name) for name in RoleAuthority.__dataclass_fields__}
    check_not_overtaken(draft, edit=edit, section="authority", row=role.pk, by=by, current=shown)
    if wanted.credit == "limited" and wanted.limit is None:
        raise Refused(NOT_SAVED, {"limit": "Say up to which amount."})
    draft.authority.filter(role=role).exclude(action__in=[*wanted.actions, SERVICE_CREDIT]).delete()
    for action in sorted(wanted.actions - current.actions):
        _put(AuthorityRule(version=draft, role=role, action=action), "actions")
    _put_credit(draft, role, wanted)
    changes = _changes(current, wanted, pick_labels(PickListName.AUTHORITY)[PickListName.AUTHORITY])
    if changes:
        draft_note(
            version=draft, by=by, section="authority", row=role.pk, name=role.name, how="changed", changes=changes
        )
    return draft


def _put(row: AuthorityRule, field_name: str) -> None:
    problems = row_problems(row)
    if problems:
        raise Refused(NOT_SAVED, {field_name: " ".join(problems.values())})
    row.save()


def _put_credit(draft: PolicyVersion, role: Role, wanted: RoleAuthority) -> None:
    row = draft.authority.filter(role=role, action=SERVICE_CREDIT).first()
    if wanted.credit == "none":
        if row is not None:
            row.delete()
        return
    row = row or AuthorityRule(version=draft, role=role, action=SERVICE_CREDIT)
    row.version = draft
    row.limit = wanted.limit if wanted.credit == "limited" else None
    row.inclusive, row.note = wanted.inclusive, wanted.note
    _put(row, "limit")
