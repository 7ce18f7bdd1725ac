"""Celery's part: the same sweep as `manage.py sweep`. Both at once are harmless, and losing one loses nothing."""

from celery import shared_task

from escalations.services import sweep as service
from escalations.services.imports_work import import_work

IMPORT_SLICE = 120.0  # seconds, well inside the time limit of a task


@shared_task(name="escalations.tasks.sweep")
def sweep() -> str:
    return str(service.sweep())


@shared_task(name="escalations.tasks.work_imports")
def work_imports() -> None:
    """Go on with whatever import waits. The run's row says so; this only comes sooner than the sweep loop."""
    if import_work(seconds=IMPORT_SLICE):
        work_imports.delay()
