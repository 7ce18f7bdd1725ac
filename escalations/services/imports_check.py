"""The dry run: what would become of some rows, without a ticket written."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from escalations.models import ImportRun
from escalations.services.imports_load import (
    OWNERS_LEFT_OUT,
    Job,
    Outcome,
    ReadRow,
    owner_of,
    several_customers,
    sort_out,
)
from escalations.services.imports_parties import find_parties

# One statement that remembers lines and says which line met each number first.
SEEN = """
WITH put AS (
    INSERT INTO escalations_importseen (run_id, external_id, number)
    SELECT %(run)s, * FROM unnest(%(ids)s::text[], %(numbers)s::int[])
    ON CONFLICT (run_id, external_id) DO NOTHING
    RETURNING external_id
)
SELECT s.external_id, s.number FROM escalations_importseen s
WHERE s.run_id = %(run)s AND s.external_id = ANY(%(ids)s::text[])
"""


def check_rows(rows: Sequence[ReadRow], *, job: Job) -> Outcome:
    """Counts and refusals as `load_rows` would give them; only the lines of the numbers are remembered."""
    outcome = Outcome()
    fresh = _first_lines(sort_out(rows, job=job, outcome=outcome), job, outcome)
    several = find_parties([row.facts for row in fresh], source=job.mapping.source).several
    for row in fresh:
        facts = row.facts
        if (facts.customer_id, facts.customer) in several:
            outcome.refuse(row, (job.names["customer"], several_customers(facts.customer)))
            continue
        outcome.created += 1
        outcome.notes.update(facts.notes)
        if facts.owner and owner_of(facts, job.books.teams[facts.team], job.books) is None:
            outcome.notes[OWNERS_LEFT_OUT] += 1
    return outcome


def _first_lines(rows: list[ReadRow], job: Job, outcome: Outcome) -> list[ReadRow]:
    """Those whose number no earlier line has."""
    first = _remember(job.run, rows)
    fresh = []
    for row in rows:
        line = first.get(row.facts.external_id, row.number)
        if line < row.number:
            outcome.refuse_repeat(row, job.names["external_id"], line)
        else:
            fresh.append(row)
    return fresh


def _remember(run: ImportRun, rows: Sequence[ReadRow]) -> dict[str, int]:
    """Number in the source → the line of an earlier chunk that has it."""
    values: dict[str, Any] = {
        "run": run.pk,
        "ids": [row.facts.external_id for row in rows],
        "numbers": [row.number for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(SEEN, values)
        return dict(cursor.fetchall())
