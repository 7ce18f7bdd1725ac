"""`manage.py` commands as processes of their own, on this test's database."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection


def start(*arguments: str, mailbox: Path) -> subprocess.Popen[str]:
    """Start `manage.py …`; its mail arrives in the folder `mailbox`."""
    database = {name: connection.settings_dict[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.bed.child_settings",
            "BELAY_TEST_DATABASE": json.dumps(database),
            "BELAY_TEST_MAILBOX": str(mailbox),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str, mailbox: Path) -> tuple[int, str]:
    """Run a command to its end: (exit code, what it said)."""
    process = start(*arguments, mailbox=mailbox)
    said, _ = process.communicate(timeout=60)
    return process.returncode, said
