"""Asking for what one may not grant alone, and granting what one may: the ledger's only door.

See docs/decisions on credits for what counts before a request and why; `credit_holding` for the order of locks.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import Role, User
from escalations.access import parts_on_ticket
from escalations.choices import CreditState, TicketState
from escalations.errors import NotAllowed, Refused
from escalations.models import CreditRequest, Ticket
from escalations.selectors.approvers import Approver, approvers, attended
from escalations.services.credit_clocks import start_clock
from escalations.services.credit_holding import hold_people, spent_before
from escalations.services.credit_lines import issue_line, ledger_rules
from escalations.services.credit_notices import notify_approvers
from escalations.services.locking import Held, hold_ticket
from escalations.services.record import tell
from policies.choices import SERVICE_CREDIT
from policies.domain.authority import (
    AuthorityDecision,
    Grant,
    NotMoney,
    Request,
    Spent,
    Verdict,
    authority_decide,
    cents,
    grants_in,
)
from policies.domain.policy import Policy
from policies.models import PolicyVersion
from policies.selectors import policy_in_force

# What the columns hold; nobody grants more, whatever the policy says.
LARGEST = Decimal("9999999999.99")


def name_of(policy: Policy, action: str) -> str:
    """The action's name as the policy prints it; its code where no role may grant it any more."""
    return next((one.action_name for one in policy.authority if one.action == action), action.replace("_", " "))


def asked_for(action: str, amount: Decimal | None) -> Request:
    """What is asked for, checked. Raises Refused."""
    if action != SERVICE_CREDIT:
        if amount is not None:
            raise Refused("Only a service credit has an amount.", {"amount": "Leave this empty."})
        return Request(action)
    if amount is None:
        raise Refused("Say how much.", {"amount": "A credit needs an amount."})
    try:
        exact = cents(amount)
    except NotMoney as error:
        raise Refused(str(error), {"amount": str(error)}) from None
    if exact <= 0:
        raise Refused("A credit is more than nothing.", {"amount": "Give an amount above 0."})
    if exact > LARGEST:
        raise Refused("Nobody can grant that much.", {"amount": "Give a smaller amount."})
    return Request(action, exact)


def _may_ask(held: Held) -> None:
    if not parts_on_ticket(held.by, held.ticket):
        raise NotAllowed(
            f"{held.ticket.team} holds this ticket. Its people, its lead and managers can ask for credits."
        )
    if held.ticket.state == TicketState.MERGED:
        raise Refused("This ticket was merged into another. Ask there: their credits count together.")


def decision_for(
    *, policy: Policy, ticket: Ticket, by: User, asked: Request, spent: Spent, now: datetime
) -> tuple[AuthorityDecision, dict[str, list[Approver]]]:
    """What would come of asking now, and who could be asked, by role. Only one's own role issues directly:
    what is lent is for deciding what others ask for.
    """
    roles = [one.role for one in policy.authority if one.action == asked.action]
    found = approvers(roles, ticket=ticket, requester_id=by.pk, now=now)
    own = by.role.code if by.role else ""
    grants = grants_in(policy.authority, action=asked.action, role=own, attended=attended(found))
    return authority_decide(grants=grants, request=asked, spent=spent), found


def credit_request(
    *, ticket: Ticket, by: User, action: str, reason: str, amount: Decimal | None = None
) -> CreditRequest:
    """Grant it within one's own authority, else ask the lowest role that has enough and where somebody is there.

    The state of the answer says which: issued or approved, or requested. Raises Refused (no amount, no reason, nobody
    has authority), NotAllowed (not one's ticket), Overtaken.
    """
    asked = asked_for(action, amount)
    if not reason.strip():
        raise Refused("Say why.", {"reason": "Whoever decides reads this first."})
    with ledger_rules():
        hold_people(ticket.pk, by)
        held = hold_ticket(ticket.pk, by)
        _may_ask(held)
        version, policy = policy_in_force()
        now = held.now
        spent = spent_before(held.ticket.pk, held.ticket.customer_id, now) if asked.amount is not None else Spent()
        decision, found = decision_for(
            policy=policy, ticket=held.ticket, by=held.by, asked=asked, spent=spent, now=now
        )  # fmt: skip
        if decision.verdict == Verdict.NOBODY or decision.grant is None:
            raise Refused(" ".join(decision.reasons), {"action": "No role may grant this."})
        made = CreditRequest(
            ticket=held.ticket, customer=held.ticket.customer, action=action, amount=asked.amount,
            reason=reason.strip(), requested_by=held.by, requested_at=now, policy_version=version,
            clause=decision.clause, limit_in_force=decision.limit,
        )  # fmt: skip
        if decision.may_issue:
            return _grant_directly(held, made, decision.grant, policy)
        return _ask(held, made, decision, found, version, policy)


def _grant_directly(held: Held, made: CreditRequest, grant: Grant, policy: Policy) -> CreditRequest:
    made.state = CreditState.ISSUED if made.is_money else CreditState.APPROVED
    made.on_own_authority, made.ended_at, made.decided_as = True, held.now, held.by.role
    made.save()
    tell(held, f"credit.{made.state}", **facts_of(made, policy), own=True)
    if made.is_money:
        issue_line(request=made, by=held.by, role=held.by.role, grant=grant, at=held.now)
    return made


def _ask(
    held: Held, made: CreditRequest, decision: AuthorityDecision, found: dict[str, list[Approver]],
    version: PolicyVersion, policy: Policy,
) -> CreditRequest:  # fmt: skip
    assert decision.grant is not None
    made.routed_to = Role.objects.get(code=decision.grant.role)
    made.unanswered_at = held.now if decision.unattended else None
    made.clock = start_clock(held.ticket, version_id=version.pk, policy=policy, now=held.now)
    made.save()
    tell(held, "credit.requested", **facts_of(made, policy), to=made.routed_to.name, reasons=list(decision.reasons))
    notify_approvers(made, found.get(decision.grant.role, []), name=_mail_name(made, policy))
    return made


def _mail_name(request: CreditRequest, policy: Policy) -> str:
    return "" if request.is_money else name_of(policy, request.action)


def facts_of(request: CreditRequest, policy: Policy) -> dict[str, Any]:
    """What every event of a request carries. Reasons stay with the request: they may hold customers' words."""
    return {
        "credit": request.pk,
        "action": request.action,
        "name": name_of(policy, request.action),
        "amount": None if request.amount is None else str(request.amount),
        "clause": request.clause,
        "policy": policy.code,
        "limit": None if request.limit_in_force is None else str(request.limit_in_force),
    }
