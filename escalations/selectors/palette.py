"""What the palette finds of tickets, customers, people and views: each one statement that an index answers."""

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from accounts.models import User
from accounts.models.people import PERSON_WORDS
from escalations.access import views_for
from escalations.filtersets import ref_number
from escalations.models import Customer, SavedView, Ticket, TicketRead
from escalations.selectors.customers import customers_named

MOST = 6
FIELDS = ("ref", "subject", "priority", "state", "customer__name")
Found = namedtuple("Found", FIELDS)  # type: ignore[misc]
LAST_READ = 60  # of a person's newest reads those that they may still see are shown


def prefix_query(words: Sequence[str], config: str) -> SearchQuery:
    """All words, each as the beginning of one. Quoted, so that none can be read as an operator."""
    return SearchQuery(" & ".join(f"'{word}':*" for word in words), config=config, search_type="raw")


def tickets_found(user: User, text: str, words: Sequence[str]) -> list[Any]:
    """The ticket of this number, here or elsewhere; else open tickets with these words, the most urgent first.

    In the queue's order on purpose: it is an index, so that a common word ends as soon as enough are found.
    """
    seen = Ticket.objects.visible_to(user)
    number = ref_number(text)
    if number is not None:
        # Without an order: else the few are sought by reading all of them in it.
        found: QuerySet[Ticket] = seen.filter(Q(pk=number) | Q(external_id=text)).order_by()
    elif words:
        wanted = Q(search=prefix_query(words, "english"))
        if len(words) == 1 or any(letter.isdigit() for letter in text):
            wanted |= Q(external_id=text)
        found = seen.open().filter(wanted).order_by("queue_key", "pk")
    else:
        return []
    return list(found.values_list(*FIELDS, named=True)[:MOST])


def tickets_read(user: User) -> list[Any]:
    """The tickets that this person opened last. One statement."""
    newest = TicketRead.objects.filter(user=user).order_by("-read_at").values("pk")[:LAST_READ]
    rows = TicketRead.objects.filter(pk__in=newest, ticket__in=Ticket.objects.visible_to(user)).order_by("-read_at")
    named = rows.values_list(*(f"ticket__{name}" for name in FIELDS))[:MOST]
    return [Found(*row) for row in named]


def customers_found(text: str) -> list[Customer]:
    return list(customers_named(text).only("pk", "name", "segment")[:MOST])


def people_found(words: Sequence[str]) -> list[User]:
    """People at work whose names have words that begin with these."""
    if not words:
        return []
    people = User.objects.filter(is_active=True).annotate(words=PERSON_WORDS)
    found = people.filter(words=prefix_query(words, "simple")).select_related("team", "team__tier")
    return list(found.order_by(Lower("full_name"), "pk")[:MOST])


def views_found(user: User) -> list[SavedView]:
    """Every saved view of this person: there are few, and their names are matched where they are shown."""
    return list(views_for(user).order_by("name")[:200])
