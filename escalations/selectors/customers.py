"""Customers: found by the beginnings of their names' words, and what their page shows."""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet

from escalations.models import Customer
from escalations.models.customers import CUSTOMER_WORDS

WORD = re.compile(r"\w+")
MOST_WORDS = 8


def customers_named(words: str) -> QuerySet[Customer]:
    """Customers whose name has words that begin with all of these: "pell fr" finds Pellworth Freight."""
    found = [word.lower() for word in WORD.findall(words)][:MOST_WORDS]
    if not found:
        return Customer.objects.none()
    # Quoted, so that no word can be read as an operator.
    prefixes = " & ".join(f"'{word}':*" for word in found)
    query = SearchQuery(prefixes, config="simple", search_type="raw")
    return Customer.objects.annotate(words=CUSTOMER_WORDS).filter(words=query)
