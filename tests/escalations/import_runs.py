"""Imports from the upload to their end, and what they left behind."""

from django.core.files.base import ContentFile

from escalations.models import Clock, Contact, Customer, Hop, ImportRun, Pause, Ticket
from escalations.services.imports import (
    import_map,
    import_start,
    import_upload,
)
from escalations.services.imports_work import import_work
from journal.models import Event, OutboxMessage
from tests.escalations.import_tables import (
    INCIDENT_MAPPING,
    INCIDENT_ROWS,
    as_csv,
)

TABLES = (Ticket, Clock, Hop, Pause, Customer, Contact, Event, OutboxMessage)


def upload(org, data: bytes | None = None, name: str = "export.csv", mapping=INCIDENT_MAPPING) -> ImportRun:
    content = ContentFile(as_csv(INCIDENT_ROWS) if data is None else data)
    run = import_upload(by=org.administrator, file=content, name=name)
    return import_map(run=run, by=org.administrator, mapping=mapping)


def finish(run: ImportRun) -> ImportRun:
    while import_work(seconds=60):
        pass
    run.refresh_from_db()
    return run


def loaded(org, data: bytes | None = None, **kwargs) -> ImportRun:
    run = upload(org, data, **kwargs)
    import_start(run=run, by=org.administrator)
    return finish(run)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in TABLES}


def ticket(number: str) -> Ticket:
    return Ticket.objects.select_related("team", "tier").get(source="otherdesk", external_id=number)


def clocks(number: str) -> dict[str, tuple[str, bool]]:
    rows = Clock.objects.filter(ticket__external_id=number)
    return {row.kind: (row.state, row.is_late_record) for row in rows}
