"""The generator of many tickets, and that the queue reads them in the order of an index: no sort, no whole table."""

import json
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.http import QueryDict

from escalations.models import Clock, Ticket
from escalations.selectors.counts import capped_counts
from escalations.selectors.queue import Queue
from journal import clock
from tests.bench import data

pytestmark = pytest.mark.django_db
OPEN, TOTAL = 600, 6000


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """One filling for all tests of this file, rolled back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        org = data.organisation()
        data.fill(connection, OPEN, TOTAL)
        yield org
        transaction.set_rollback(True)


def plan(org, query: str) -> list[str]:
    """The nodes of the plan by which a page's keys are found."""
    queue = Queue(org.people["l2_first"], QueryDict(query), now=clock.now(), zone=ZoneInfo("UTC"))
    keys = queue.ordered.order_by(*queue.sort.ordering).values_list("pk")[:51]
    with connection.cursor() as cursor:
        # The table is small here; on a large one the planner needs no such hint.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    nodes: list[str] = []

    def walk(node):
        nodes.append(f"{node['Node Type']} {node.get('Index Name', '')}".strip())
        for child in node.get("Plans", []):
            walk(child)

    walk(json.loads(keys.explain(format="json"))[0]["Plan"])
    return nodes


def test_generator_makes_what_it_says(filled):
    assert Ticket.objects.count() == TOTAL
    assert Ticket.objects.open().count() == OPEN
    assert Clock.objects.count() == 3 * OPEN
    assert Ticket.objects.filter(owner__isnull=False, team__isnull=False).values("team").distinct().count() == 4


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "ticket_queue"), ("team=integrations", "ticket_queue_team"), ("owner=me", "ticket_queue_owner"),
        ("priority=1", "ticket_queue_priority"), ("is_restricted=yes", "ticket_queue_restricted"),
        ("sort=newest", "ticket_open_opened"), ("sort=updated", "ticket_open_updated"),
        ("sort=waiting", "ticket_open_waiting"), ("state=any", "ticket_opened"), ("state=merged", "ticket_closed"),
        ("due=1h", "ticket_queue"), ("breached=yes", "ticket_queue"),
    ],
)  # fmt: skip
def test_page_is_read_in_the_order_of_an_index(filled, query, index):
    nodes = plan(filled, query)
    assert any(index in node for node in nodes), nodes
    assert not any(node.startswith(("Sort", "Incremental Sort")) for node in nodes), nodes


def test_counts_stop_at_their_cap(filled):
    seen = Ticket.objects.all().order_by("queue_key")
    assert capped_counts([seen, seen.open(), seen.none()], 100) == [101, 101, 0]
    assert capped_counts([seen.open()], 1000) == [OPEN]
    assert capped_counts([]) == []
