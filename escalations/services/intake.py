"""A ticket by hand: its customer, its contact and itself, all or nothing, and once however often it is sent."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import Region, Team, User
from escalations.models import Contact, Customer, Ticket
from escalations.services.customers import contact_create, customer_create
from escalations.services.tickets import ticket_create
from journal.services import claim_submit, draft_discard, settle_submit

PURPOSE = "ticket_create"


def intake_form_key(key: uuid.UUID) -> str:
    """The name of the draft of one form: somebody may write two tickets in two windows."""
    return f"{PURPOSE}:{key.hex}"


@dataclass(frozen=True, slots=True)
class NewCustomer:
    name: str
    segment: str = ""
    is_vip: bool = False
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class NewContact:
    name: str
    email: str = ""
    phone: str = ""


@transaction.atomic
def ticket_take_in(
    *,
    by: User,
    key: uuid.UUID,
    customer: Customer | NewCustomer,
    contact: Contact | NewContact | None,
    subject: str,
    description: str,
    priority: int,
    team: Team | None = None,
    is_restricted: bool = False,
    readers: Iterable[User] = (),
    **facts: Any,
) -> tuple[Ticket, bool]:
    """Open the ticket, entering who is new. (ticket, False) when this form was sent before: the first one's ticket.

    Raises what `ticket_create` and `customer_create` raise, and KeyOfAnother; then nothing is kept, the key neither.
    """
    claim, is_first = claim_submit(key=key, user=by, purpose=PURPOSE)
    if not is_first:
        return Ticket.objects.get(pk=(claim.result or {})["ticket"]), False
    if isinstance(customer, NewCustomer):
        customer = customer_create(
            by=by, name=customer.name, segment=customer.segment, is_vip=customer.is_vip, region=customer.region
        )
    if isinstance(contact, NewContact):
        contact = contact_create(
            by=by, customer=customer, name=contact.name, email=contact.email, phone=contact.phone
        )  # fmt: skip
    ticket = ticket_create(
        by=by, customer=customer, contact=contact, subject=subject, description=description, priority=priority,
        team=team, is_restricted=is_restricted, readers=readers, **facts,
    )  # fmt: skip
    draft_discard(user=by, form=intake_form_key(key))
    settle_submit(claim=claim, result={"ticket": ticket.pk})
    return ticket, True
