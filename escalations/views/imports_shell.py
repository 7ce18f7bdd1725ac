"""What the pages of an import share: their tabs, and the push that gets the work going."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerError

from escalations.choices import ImportState
from escalations.domain.importing import MappingInvalid
from escalations.errors import Refused
from escalations.models import ImportRun
from escalations.services.imports import OPEN_TO_CHANGE
from escalations.services.imports_work import import_work
from escalations.tasks import work_imports

AT_ONCE = 1.5  # seconds that a request may spend on it: most files are done then

log = structlog.get_logger(__name__)


def tabs_for(run: ImportRun, current: str) -> list[dict[str, object]]:
    """The steps. Columns and values are closed once the import has begun."""
    steps = [("detail", "Result")]
    if run.state in OPEN_TO_CHANGE and not run.task:
        steps = [("columns", "Columns"), ("values", "Values"), ("preview", "Preview"), ("detail", "Check and import")]
        if run.state == ImportState.UPLOADED:
            steps = steps[:1]
    return [
        {"label": label, "url": reverse(f"escalations:import_{name}", args=[run.pk]), "current": name == current}
        for name, label in steps
    ]


def go_on(run: ImportRun) -> None:
    """Begin at once, so that a small file is done when the page comes; then hint that the rest waits.

    The run's row is the fact: without a broker the sweep loop, or `manage.py import_tickets --pending`, finds it.
    """
    if not import_work(run_id=run.pk, seconds=AT_ONCE):
        return
    try:
        work_imports.delay()
    except (BrokerError, OSError) as error:
        log.warning("import_hint_not_sent", run=run.pk, error=str(error))


@contextmanager
def ready_form() -> Iterator[None]:
    """A mapping that no longer fits, because a team has gone since, is a refusal like any other."""
    try:
        yield
    except MappingInvalid as error:
        raise Refused(f"The mapping no longer fits. {error}") from error
