"""Deciding what was asked for: approve, deny, route up, take back, reverse. One winner, never above a limit."""

from django.db import transaction

from accounts.models import Role, User
from escalations.choices import CreditState, EntryKind
from escalations.credit_access import able_grants, asked_rank
from escalations.domain.lifecycle import CREDIT_TRANSITIONS, Part
from escalations.errors import NotAllowed, Refused
from escalations.models import CreditEntry, CreditMove, CreditRequest
from escalations.selectors.approvers import approvers, attended
from escalations.services.credit_clocks import end_clock, start_clock
from escalations.services.credit_holding import HeldRequest, decide_for, held_grants, hold_request
from escalations.services.credit_lines import issue_line, ledger_rules, reversal_line
from escalations.services.credit_notices import notify_approvers, notify_requester
from escalations.services.credits import facts_of, name_of
from escalations.services.locking import Held, next_state
from escalations.services.record import tell
from journal.services import event_append
from policies.domain.authority import Grant, Spent, authority_decide, grants_in

DECISION = [
    "state", "ended_at", "decided_by", "decided_as", "delegation", "delegator", "note", "policy_version", "clause",
    "limit_in_force", "unanswered_at", "version",
]  # fmt: skip


def ended_words(request: CreditRequest) -> str:
    """What happened to it meanwhile, for somebody who comes second."""
    who = request.decided_by or (request.requested_by if request.on_own_authority else None)
    state = request.get_state_display().lower()
    return f"{who} was first: this request is {state}." if who else f"This request is {state} by now."


def _told(held: HeldRequest) -> Held:
    return Held(held.ticket, held.by, held.now)


def _check_open(held: HeldRequest, action: str, part: Part = Part.APPROVER) -> str:
    said = f"{ended_words(held.request)} Nothing was changed."
    return next_state(CREDIT_TRANSITIONS, held.request.state, action, frozenset({part}), said=said)


def _not_the_requester(held: HeldRequest) -> None:
    if held.request.requested_by_id == held.by.pk:
        raise NotAllowed("You asked for this. Somebody else decides.")


def _able(held: HeldRequest, grants: list[Grant]) -> list[Grant]:
    """In which of `grants` the person may answer the request. Raises NotAllowed without any."""
    able = able_grants(held.request, grants)
    if not able and any(one.held for one in grants):
        raise NotAllowed(f"This waits for {held.request.routed_to}.")
    if not able:
        raise NotAllowed("You have no authority for this. Those who have find it among their approvals.")
    return able


def _role_of(grant: Grant) -> Role:
    return Role.objects.get(code=grant.role)


def credit_approve(*, request: CreditRequest, by: User, note: str = "") -> CreditRequest:
    """Grant what was asked for, under one's own authority or a delegation; money is issued with it.

    Everything is read anew under the locks: the person's role, their delegations, the rules in force, the sums.
    Raises Overtaken (decided already), NotAllowed (the requester; no authority), Refused (above one's limit).
    """
    with ledger_rules():
        held = hold_request(request, by)
        current = held.request
        current.state = _check_open(held, "issue" if current.is_money else "approve")
        _not_the_requester(held)
        grants = held_grants(held)
        decision = decide_for(held, _able(held, grants))
        grant = decision.grant
        if grant is None or not decision.may_issue:
            raise _above(held, grants)
        role = held.by.role if grant.lent is None else _role_of(grant)
        _settle(held, role, note)
        current.policy_version_id, current.clause, current.limit_in_force = held.version_id, grant.clause, grant.limit
        if grant.lent is not None:
            current.delegation_id, current.delegator_id = grant.lent.id, grant.lent.delegator
        current.save(update_fields=DECISION)
        end_clock(current.clock, now=held.now)
        tell(
            _told(held), f"credit.{current.state}", **facts_of(current, held.policy), own=False,
            asked_by=current.requested_by, lent_by=grant.lent.delegator_name if grant.lent else "",
        )  # fmt: skip
        notify_requester(current, about=current.state, by=held.by, name=_name(held))
        if current.is_money:
            issue_line(request=current, by=held.by, role=role, grant=grant, at=held.now)
        return current


def _above(held: HeldRequest, grants: list[Grant]) -> Refused:
    """Why not, and who instead."""
    decision = decide_for(held, [one for one in grants if one.lent is None or one.held])
    return Refused("Above your limit. " + " ".join(decision.reasons))


def _settle(held: HeldRequest, role: Role | None, note: str) -> None:
    current = held.request
    current.ended_at, current.decided_by, current.decided_as = held.now, held.by, role
    current.note = note.strip()
    current.unanswered_at = None
    current.version += 1


def _name(held: HeldRequest) -> str:
    return "" if held.request.is_money else name_of(held.policy, held.request.action)


@transaction.atomic
def credit_deny(*, request: CreditRequest, by: User, reason: str) -> CreditRequest:
    """Say no, with a reason. By whoever may answer it, whatever the amount."""
    held = hold_request(request, by)
    current = held.request
    current.state = _check_open(held, "deny")
    _not_the_requester(held)
    if not reason.strip():
        raise Refused("Say why.", {"reason": "Whoever asked reads this first."})
    able = _able(held, held_grants(held))
    lent = able[0] if all(one.lent is not None for one in able) else None
    _settle(held, held.by.role if lent is None else _role_of(lent), reason)
    if lent is not None and lent.lent is not None:
        current.delegation_id, current.delegator_id = lent.lent.id, lent.lent.delegator
    current.save()
    end_clock(current.clock, now=held.now)
    tell(_told(held), "credit.denied", **facts_of(current, held.policy), asked_by=current.requested_by)
    notify_requester(current, about="denied", by=held.by, name=_name(held))
    return current


@transaction.atomic
def credit_route_up(*, request: CreditRequest, by: User, reason: str) -> CreditRequest:
    """Pass it to the next role that has enough. A further round of its clock starts. Raises Refused at the top."""
    held = hold_request(request, by)
    _check_open(held, "deny")
    _not_the_requester(held)
    if not reason.strip():
        raise Refused("Say why.", {"reason": "Whoever decides reads this."})
    own = max(one.rank for one in _able(held, held_grants(held)))
    if own < asked_rank(held.request):
        raise NotAllowed(f"It waits for {held.request.routed_to} by now. They can route it up.")
    target, is_attended = next_role(held, above=own)
    if target is None:
        raise Refused("Nobody above can be asked. Approve or deny it.")
    move_up(held, target, by=held.by, reason=reason.strip(), is_attended=is_attended)
    return held.request


def next_role(held: HeldRequest, *, above: int) -> tuple[Role | None, bool]:
    """The lowest role above this rank that has enough, and where somebody is there if there is such a one.

    And whether somebody is. (None, False) from the top.
    """
    request = held.request
    rules = [one for one in held.policy.authority if one.action == request.action and one.rank > above]
    found = approvers(
        [one.role for one in rules], ticket=request.ticket, requester_id=request.requested_by_id, now=held.now
    )
    peopled = [one for one in rules if found[one.role]]
    grants = grants_in(peopled, action=request.action, attended=attended(found))
    decision = decide_for(held, grants)
    if decision.grant is None:
        return None, False
    return _role_of(decision.grant), not decision.unattended


def move_up(held: HeldRequest, target: Role, *, by: User | None, reason: str, is_attended: bool) -> None:
    """Ask another role: move, clock, event, mails. `by` None: the request's clock rang."""
    request, now = held.request, held.now
    source = request.routed_to
    assert source is not None
    CreditMove.objects.create(request=request, at=now, by=by, from_role=source, to_role=target, reason=reason)
    end_clock(request.clock, now=now)
    request.clock = start_clock(request.ticket, version_id=held.version_id, policy=held.policy, now=now)
    request.routed_to = target
    request.unanswered_at = None if is_attended else now
    request.policy_version_id, request.clause = held.version_id, f"authority.{target.code}.{request.action}"
    limit = next((one.limit for one in grants_in(held.policy.authority, action=request.action)
                  if one.role == target.code), None)  # fmt: skip
    request.limit_in_force = limit
    request.version += 1
    request.save()
    event_append(
        subject=("ticket", request.ticket_id), kind="credit.routed_up", actor=by, at=now,
        data=facts_of(request, held.policy) | {"from": source.name, "to": target.name, "rang": by is None},
    )  # fmt: skip
    found = approvers([target.code], ticket=request.ticket, requester_id=request.requested_by_id, now=now)
    notify_approvers(request, found[target.code], name=_name(held), moved=True)


@transaction.atomic
def credit_take_back(*, request: CreditRequest, by: User) -> CreditRequest:
    """The requester no longer asks: it ends without a decision. (An amount is never edited: take back, ask anew.)"""
    held = hold_request(request, by)
    if held.request.requested_by_id != held.by.pk:
        raise NotAllowed(f"{held.request.requested_by} asked for this and can take it back.")
    held.request.state = _check_open(held, "expire", Part.REQUESTER)
    expire(held, note="Taken back by the requester.")
    tell(_told(held), "credit.taken_back", **facts_of(held.request, held.policy))
    return held.request


def expire(held: HeldRequest, *, note: str) -> None:
    """Ended without a decision; the caller tells."""
    request = held.request
    request.state, request.ended_at, request.note = CreditState.EXPIRED, held.now, note
    request.unanswered_at = None
    request.version += 1
    request.save()
    end_clock(request.clock, now=held.now, cancel=True)


def credit_reverse(*, request: CreditRequest, by: User, reason: str) -> CreditRequest:
    """Take an issued credit back, whole: a line of its own in the ledger. What it used of any limit is free again.

    By whoever issued it, or whoever could issue that amount. Raises Overtaken, NotAllowed, Refused.
    """
    with ledger_rules():
        held = hold_request(request, by)
        current = held.request
        current.state = _check_open(held, "reverse")
        if not reason.strip():
            raise Refused("Say why.", {"reason": "The ledger keeps this."})
        issue = CreditEntry.objects.select_related("role").get(request=current, kind=EntryKind.ISSUE)
        if not _may_reverse(held, issue):
            raise NotAllowed(f"{issue.by} issued this. They, or whoever may grant that amount, can reverse it.")
        current.version += 1
        current.save()
        tell(_told(held), "credit.reversed", **facts_of(current, held.policy), issued_by=issue.by)
        notify_requester(current, about="reversed", by=held.by, name="")
        reversal_line(issue=issue, by=held.by, at=held.now, version_id=held.version_id, reason=reason.strip())
        return current


def _may_reverse(held: HeldRequest, issue: CreditEntry) -> bool:
    if issue.by_id == held.by.pk:
        return True
    held_now = [one for one in held_grants(held) if one.held]
    return authority_decide(grants=held_now, request=held.asked, spent=Spent()).may_issue
