"""The desk's one statement among many tickets: every part finds its rows by an index, and reads little besides."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from escalations.models import Ticket
from escalations.selectors.desk_sources import _statement
from tests.bench import data

pytestmark = pytest.mark.django_db
OPEN, TOTAL = 3000, 12_000


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        org = data.organisation()
        data.fill(connection, OPEN, TOTAL)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield org
        transaction.set_rollback(True)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def plan_of(user) -> list[dict[str, Any]]:
    sql, params = _statement(user, [user.pk])
    with connection.cursor() as cursor:
        # The tables are small here; on large ones the planner needs no such hint.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT json) {sql}", params)
        found = cursor.fetchone()[0]
    return list(nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]))


def test_no_table_is_read_as_a_whole(filled):
    for user in (filled.people["l2_first"], filled.people["l1_second"], filled.manager):
        whole = {node["Relation Name"] for node in plan_of(user) if node["Node Type"] == "Seq Scan"}
        assert whole <= {"accounts_team", "accounts_user", "accounts_dutyshift", "accounts_dutyswap"}


def test_no_scan_reads_much_more_than_the_person_holds(filled):
    user = filled.people["l2_first"]
    held = Ticket.objects.open().filter(owner=user).count()
    assert held > 50
    for node in plan_of(user):
        if "Relation Name" in node:
            read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            assert read <= 4 * held + 200, node
