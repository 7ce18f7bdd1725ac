"""Celery's part: the same sweep as `manage.py sweep`. Both at once are harmless, and losing one loses nothing."""

from celery import shared_task

from escalations.services import sweep as service


@shared_task(name="escalations.tasks.sweep")
def sweep() -> str:
    return str(service.sweep())
