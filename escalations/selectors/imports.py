"""What the pages of an import show: the first rows as tickets, how far it is, what an undo would take."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from escalations.choices import TicketState
from escalations.domain.import_rows import RowError, RowReader, RowRefused, TicketFacts
from escalations.domain.importing import Choices, mapping_from_json
from escalations.models import ImportRow, ImportRun, Ticket
from escalations.services.import_files import TableFormat, open_table
from escalations.services.import_profile import storable
from escalations.services.imports_undo import WORKED_ON

PREVIEW = 12  # rows
SHOWN_ERRORS = 50
SHOWN_TICKETS = 20


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row as the ticket that it would become, or why it would not."""

    number: int
    facts: TicketFacts | None
    place: str
    owner: str
    state: str
    errors: list[RowError]


def preview_rows(run: ImportRun, *, choices: Choices, now: datetime) -> list[PreviewRow]:
    """The first rows of the file, read by its mapping. Raises TableRefused."""
    mapping = mapping_from_json(run.mapping)
    reader = RowReader(mapping, columns=run.columns, choices=choices, now=now)
    found = []
    with run.file.open("rb") as stored, open_table(stored.file, TableFormat.from_json(run.format)) as table:
        for row, _ in zip(table.rows, range(PREVIEW), strict=False):
            try:
                found.append(_shown(row.number, reader.read(row.cells), choices))
            except RowRefused as error:
                said = [(column, storable(text)) for column, text in error.errors]
                found.append(PreviewRow(row.number, None, "", "", "", said))
    return found


def _shown(number: int, facts: TicketFacts, choices: Choices) -> PreviewRow:
    owner = choices["owner"].get(facts.owner, "")
    return PreviewRow(
        number, facts, choices["team"].get(facts.team, facts.team), owner, str(TicketState(facts.state).label), []
    )


def share_done(run: ImportRun) -> int:
    """Percent of the rows that the running task has read."""
    if run.task == ImportRun.Task.UNDO:
        state = run.report.get("undo", {})
        return round(100 * (state.get("removed", 0) + state.get("kept", 0)) / max(run.rows_created, 1))
    return min(99, round(100 * run.rows_read / max(run.rows_total, 1)))


def undo_outlook(run: ImportRun) -> dict[str, int]:
    """{"there", "kept"}: tickets of the import, and those that an undo would leave. Two statements."""
    ids = list(Ticket.objects.filter(batch=run.batch_id).values_list("pk", flat=True)) if run.batch_id else []
    with connection.cursor() as cursor:
        cursor.execute(WORKED_ON, {"ids": ids})
        return {"there": len(ids), "kept": len(cursor.fetchall())}


def tickets_of(run: ImportRun, user: User) -> QuerySet[Ticket]:
    """Its tickets that this person may see, as they stand."""
    tickets = Ticket.objects.visible_to(user).filter(batch=run.batch_id) if run.batch_id else Ticket.objects.none()
    return tickets.select_related("customer", "tier", "team").order_by("pk")


def status_context(run: ImportRun, user: User) -> dict[str, Any]:
    """For `_import_status.html`. A handful of statements, whatever the size of the file."""
    stands = run.state in ("done", "undone", "failed") and run.batch_id is not None and not run.task
    return {
        "run": run,
        "percent": share_done(run),
        "problems": list(run.row_errors.all()[:SHOWN_ERRORS]) if run.rows_refused else [],
        "notes": sorted(run.report.get("notes", {}).items()),
        "reasons": sorted(run.report.get("reasons", {}).items(), key=lambda item: -item[1]),
        "undone": run.report.get("undo", {}),
        "tickets": list(tickets_of(run, user)[:SHOWN_TICKETS]) if stands else [],
    }


def error_rows(run: ImportRun) -> QuerySet[ImportRow]:
    return run.row_errors.all()
