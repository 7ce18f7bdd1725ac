"""Customers and the people there, and how a change of theirs reaches the open tickets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.choices import Ability
from accounts.models import Region, User
from escalations.errors import NotAllowed, Refused
from escalations.models import Contact, Customer, Ticket
from escalations.services.record import plain
from journal import clock
from journal.models import Event
from journal.services import event_append

FACTS = (
    "name", "segment", "is_vip", "region", "time_zone", "calendar", "success_manager", "contact_method",
    "update_frequency", "renewal_on", "relationship_notes",
)  # fmt: skip
# What a ticket holds of its customer, as it was for that ticket.
ON_TICKETS = ("segment", "is_vip", "region")
# Text that people wrote stays out of the events: it must remain erasable.
UNTOLD = ("relationship_notes",)


@dataclass(frozen=True, slots=True)
class CustomerConflict(Exception):
    """Somebody changed the customer meanwhile: {field: (theirs, mine)} for the fields in which the two differ."""

    customer: Customer
    fields: Mapping[str, tuple[Any, Any]]


def _person(by: User) -> User:
    """The person as the database knows them now: the page may be hours old."""
    return User.objects.select_related("role").get(pk=by.pk)


def _check_takes_in(by: User) -> None:
    if not by.can(Ability.WORK) and not by.can(Ability.MANAGE):
        raise NotAllowed("Customers are entered by the people who work tickets.")


@transaction.atomic
def customer_create(
    *, by: User, name: str, segment: str = "", is_vip: bool = False, region: Region | None = None, time_zone: str = ""
) -> Customer:
    """Enter a customer. Raises NotAllowed; Refused when one of that name is there already."""
    person = _person(by)
    _check_takes_in(person)
    if Customer.objects.filter(name__iexact=name).exists():
        raise Refused(f"{name} is there already. Choose it from the list.", {"new_name": "This customer exists."})
    customer = Customer.objects.create(
        name=name, segment=segment, is_vip=is_vip, region=region, time_zone=time_zone or person.time_zone
    )
    event_append(subject=("customer", customer.pk), kind="customer.created", at=clock.now(), actor=person)
    return customer


@transaction.atomic
def contact_create(*, by: User, customer: Customer, name: str, email: str = "", phone: str = "") -> Contact:
    """Enter somebody at the customer. Raises NotAllowed."""
    person = _person(by)
    _check_takes_in(person)
    contact = Contact.objects.create(customer=customer, name=name, email=email, phone=phone)
    event_append(
        subject=("customer", customer.pk), kind="customer.contact_added", at=clock.now(), actor=person,
        data={"contact": contact.pk},
    )  # fmt: skip
    return contact


@transaction.atomic
def customer_change(*, by: User, customer: Customer, version: int, changes: Mapping[str, Any]) -> Customer:
    """Change what is known of a customer; `version` is the one the form was made from, `changes` what it changed.

    Segment, VIP and region are carried to the open tickets, which are marked due for the sweep: triggers may speak
    of them. Running clocks keep the targets they started with. Raises NotAllowed, CustomerConflict.
    """
    person = _person(by)
    if not (person.can(Ability.MANAGE) or person.can(Ability.ADMIN)):
        raise NotAllowed("Managers and administrators change customers.")
    # Tickets are locked before anything that hangs on them, always, or two writers could wait for each other.
    held = list(Ticket.objects.select_for_update(no_key=True).open().filter(customer=customer).order_by("pk"))
    current = Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=customer.pk)
    now = clock.now()
    unknown = set(changes) - set(FACTS)
    if unknown:
        raise TypeError(f"not facts of a customer: {sorted(unknown)}")
    changed = {name: (getattr(current, name), new) for name, new in changes.items() if getattr(current, name) != new}
    if not changed:
        return current
    if current.version != version:
        raise CustomerConflict(current, changed)
    for name, (_, new) in changed.items():
        setattr(current, name, new)
    current.version += 1
    current.full_clean(exclude=["source", "external_id"])
    current.save()
    told = {name: [plain(old), plain(new)] for name, (old, new) in changed.items() if name not in UNTOLD}
    event_append(
        subject=("customer", current.pk), kind="customer.changed", at=now, actor=person,
        data={"changes": told, "rewritten": [name for name in changed if name in UNTOLD]},
    )  # fmt: skip
    _carry_to_tickets(held, current, [name for name in changed if name in ON_TICKETS], person, now)
    return current


def _carry_to_tickets(held: list[Ticket], customer: Customer, names: list[str], by: User, now: Any) -> None:
    """Write the customer's facts to its open tickets, say so on each timeline, and have the sweep look at them."""
    if not names:
        return
    events = []
    for ticket in held:
        changes = {name: (getattr(ticket, name), getattr(customer, name)) for name in names}
        told = {name: [plain(old), plain(new)] for name, (old, new) in changes.items() if old != new}
        if told:
            events.append(
                Event(
                    subject_type="ticket", subject_id=ticket.pk, kind="ticket.changed", actor=by, occurred_at=now,
                    data={"changes": told, "because": "customer"},
                )
            )  # fmt: skip
    values = {name: getattr(customer, name) for name in names}
    touched = [event.subject_id for event in events]
    Ticket.objects.filter(pk__in=touched).update(**values, updated_at=now, next_check_at=now)
    Event.objects.bulk_create(events, batch_size=500)
