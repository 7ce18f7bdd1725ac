"""What each entry point (manage.py, gunicorn, Celery) does before it works: role, embedded database."""

import contextlib
import ctypes
import os
import signal
from collections.abc import Sequence

from django.conf import settings

from config import embedded

# Commands that define the database. Every other command logs in as the role that owns nothing.
AS_OWNER = frozenset({"migrate"})
WITHOUT_DATABASE = frozenset({"help", "version", "--help", "-h", "--version", "collectstatic", "findstatic"})

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def hold_database() -> None:
    """Start the embedded PostgreSQL if it is the configured one, and keep it until this process ends."""
    if settings.EMBEDDED_DATABASE:
        embedded.locate(settings.BASE_DIR).hold()


def follow_supervisor() -> None:
    """Have the kernel end this process when the demo's supervisor is killed, so that no orphan keeps the port.

    Asked for by BELAY_SUPERVISED; only Linux can do it. A supervisor that ends in order needs no such help.
    """
    if os.environ.get("BELAY_SUPERVISED"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def prepare_command(argv: Sequence[str]) -> None:
    """Choose the database role for a `manage.py` command line and make sure that there is a database."""
    follow_supervisor()
    command = argv[1] if len(argv) > 1 else "help"
    if command in AS_OWNER:
        os.environ["BELAY_DATABASE_AS_OWNER"] = "true"
    if command == "runserver":
        os.environ.setdefault("BELAY_PROCESS", "web")
    if command not in WITHOUT_DATABASE:
        hold_database()
    if command == "dbshell" and settings.EMBEDDED_DATABASE:
        programs = embedded.locate(settings.BASE_DIR).programs
        os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
