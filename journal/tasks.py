"""Celery's part: a hint that there may be something to send. Losing one loses nothing."""

from celery import shared_task

from journal import outbox


@shared_task(name="journal.tasks.deliver_outbox")
def deliver_outbox() -> str:
    return str(outbox.deliver_due(seconds=60))
