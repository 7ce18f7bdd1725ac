"""The customers and contacts that imported rows name: found, or created with the import's batch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from escalations.domain.import_rows import TicketFacts
from escalations.models import Contact, Customer, ImportRun
from escalations.services.copying import copy_create, next_ids
from escalations.services.import_books import Books

Key = tuple[str, str]
"""(the customer's own number in the source or "", its name)."""


@dataclass(slots=True)
class Found:
    """Customers that are there. `several`: names that more than one customer has, so that nobody can tell which."""

    customers: dict[Key, Customer] = field(default_factory=dict)
    several: set[Key] = field(default_factory=set)


def find_parties(rows: Iterable[TicketFacts], *, source: str) -> Found:
    """The customers that rows name, by their own number in the source, else by name. One statement."""
    keys = {(row.customer_id, row.customer) for row in rows}
    ids, names = {key[0] for key in keys if key[0]}, {key[1] for key in keys}
    by_id: dict[str, Customer] = {}
    by_name: dict[str, list[Customer]] = defaultdict(list)
    wanted = Q(name__in=names) | Q(source=source, external_id__in=ids)
    for customer in Customer.objects.filter(wanted).order_by("pk"):
        by_name[customer.name].append(customer)
        if customer.source == source and customer.external_id:
            by_id[customer.external_id] = customer
    found = Found()
    for key in keys:
        if key[0] in by_id:
            found.customers[key] = by_id[key[0]]
            continue
        # With a number of its own only a customer without any can be meant by name.
        same = [one for one in by_name[key[1]] if not (key[0] and one.external_id)]
        ours = [one for one in same if one.source == source]
        if len(same) == 1 or len(ours) == 1:
            found.customers[key] = (ours or same)[0]
        elif same:
            found.several.add(key)
    return found


class Parties:
    """Customers and contacts of some rows. Six statements at most, however many rows."""

    def __init__(self, rows: Sequence[TicketFacts], *, run: ImportRun, zone: str, books: Books) -> None:
        self._run, self._zone, self._books = run, zone, books
        self._source = run.mapping["source"]
        found = find_parties(rows, source=self._source)
        self._found, self._several = found.customers, found.several
        self._contacts: dict[tuple[int, str], Contact] = {}
        self._create_customers(rows)
        self._find_contacts(rows)
        self._create_contacts(rows)

    def customer(self, row: TicketFacts) -> Customer | None:
        """None when several customers have the name, so that nobody can tell which is meant."""
        return self._found.get((row.customer_id, row.customer))

    def contact(self, row: TicketFacts) -> Contact | None:
        customer = self.customer(row)
        return self._contacts.get((customer.pk, _contact_key(row))) if customer is not None else None

    def _create_customers(self, rows: Sequence[TicketFacts]) -> None:
        new: dict[Key, Customer] = {}
        by_number: dict[str, Customer] = {}
        for row in rows:
            key = (row.customer_id, row.customer)
            if key in self._found or key in self._several or key in new:
                continue
            if row.customer_id in by_number:  # one number under two names: the first name stands
                self._found[key] = by_number[row.customer_id]
                continue
            new[key] = Customer(
                name=row.customer, source=self._source, external_id=row.customer_id, segment=row.segment or "",
                is_vip=bool(row.is_vip), region=self._books.regions.get(row.region or ""), time_zone=self._zone,
                batch_id=self._run.batch_id,
            )  # fmt: skip
            if row.customer_id:
                by_number[row.customer_id] = new[key]
        for customer, pk in zip(new.values(), next_ids(Customer, len(new)), strict=True):
            customer.pk = pk
        if new:
            copy_create(Customer, new.values())
        self._found |= new

    def _find_contacts(self, rows: Sequence[TicketFacts]) -> None:
        named = [row for row in rows if _contact_key(row)]
        customers = {found.pk for row in named if (found := self.customer(row)) is not None}
        names = {row.contact for row in named} | {row.contact_email for row in named}
        for contact in Contact.objects.filter(customer__in=customers).filter(
            Q(name__in=names) | Q(email__in=names - {""})
        ):
            for word in (contact.email.lower(), contact.name):
                if word:
                    self._contacts.setdefault((contact.customer_id, word), contact)

    def _create_contacts(self, rows: Sequence[TicketFacts]) -> None:
        new: dict[tuple[int, str], Contact] = {}
        for row in rows:
            customer, word = self.customer(row), _contact_key(row)
            if customer is None or not word or (customer.pk, word) in self._contacts or (customer.pk, word) in new:
                continue
            new[customer.pk, word] = Contact(
                customer=customer, name=row.contact or row.contact_email[:120], email=row.contact_email,
                batch_id=self._run.batch_id,
            )  # fmt: skip
        for contact, pk in zip(new.values(), next_ids(Contact, len(new)), strict=True):
            contact.pk = pk
        if new:
            copy_create(Contact, new.values())
        self._contacts |= new


def _contact_key(row: TicketFacts) -> str:
    return row.contact_email.lower() or row.contact
