"""What each entry point (manage.py, gunicorn, Celery) does before it works: role, embedded database."""

import os
from collections.abc import Sequence

from django.conf import settings

from config import embedded

# Commands that define the database. Every other command logs in as the role that owns nothing.
AS_OWNER = frozenset({"migrate"})
WITHOUT_DATABASE = frozenset({"help", "version", "--help", "-h", "--version", "collectstatic", "findstatic"})


def hold_database() -> None:
    """Start the embedded PostgreSQL if it is the configured one, and keep it until this process ends."""
    if settings.EMBEDDED_DATABASE:
        embedded.locate(settings.BASE_DIR).hold()


def prepare_command(argv: Sequence[str]) -> None:
    """Choose the database role for a `manage.py` command line and make sure that there is a database."""
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
