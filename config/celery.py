"""Celery: hints, never facts. Everything it does is done again by the next sweep if it is lost.

Without `CELERY_BROKER_URL` messages travel through files in `.belay/broker`: no server to install.
"""

import os
import warnings
from pathlib import Path
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import beat_init, celeryd_init, setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import processes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SWEEP_EVERY = 15.0  # seconds
OUTBOX_EVERY = 15.0  # seconds


def file_broker(folder: Path) -> dict[str, Any]:
    """The settings of a broker made of files in `folder`, which is made when it is first used."""
    messages, control = folder / "messages", folder / "control"
    for path in (messages, control):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.5,  # seconds
        "store_processed": False,
    }


def settings_for(broker_url: str, folder: Path) -> dict[str, Any]:
    """Celery's part of the Django settings. `folder` is used only without a broker of one's own."""
    return {
        "CELERY_BROKER_URL": broker_url or "filesystem://localhost//",
        "CELERY_BROKER_TRANSPORT_OPTIONS": (
            # Publishing must never hold up a request: an unreachable broker fails at once.
            {"socket_connect_timeout": 2, "socket_timeout": 5, "max_retries": 0} if broker_url else file_broker(folder)
        ),
        "CELERY_BROKER_CONNECTION_TIMEOUT": 2,
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        "CELERY_TASK_PUBLISH_RETRY": False,
        "CELERY_ACCEPT_CONTENT": ["json"],
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_TASK_ACKS_LATE": True,
        "CELERY_TASK_TIME_LIMIT": 300,
        "CELERY_TASK_SOFT_TIME_LIMIT": 240,
        "CELERY_WORKER_POOL": "prefork",
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_WORKER_HIJACK_ROOT_LOGGER": False,
        "CELERY_WORKER_SEND_TASK_EVENTS": False,
        "CELERY_TIMEZONE": "UTC",
        "CELERY_BEAT_SCHEDULE": {
            # A run that waits longer than its interval has been overtaken by the next one.
            "sweep": {
                "task": "escalations.tasks.sweep",
                "schedule": SWEEP_EVERY,
                "options": {"expires": SWEEP_EVERY},
            },
            "deliver-outbox": {
                "task": "journal.tasks.deliver_outbox",
                "schedule": OUTBOX_EVERY,
                "options": {"expires": OUTBOX_EVERY},
            },
        },
    }


@celeryd_init.connect
@beat_init.connect
def hold_database(**kwargs: Any) -> None:
    """A worker or beat keeps the embedded PostgreSQL running for as long as it lives."""
    processes.follow_supervisor()
    processes.hold_database()


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """The settings have set up logging; that somebody listens here keeps Celery from doing it again."""


# Celery warns when root runs it, because of pickled messages; only JSON is accepted here.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("belay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()
