"""`manage.py` commands as processes of their own, on this test's database."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection


class Command(subprocess.Popen[bytes]):
    """`manage.py …` at work; its mail arrives in the folder `mailbox`."""

    def __init__(self, *arguments: str, mailbox: Path) -> None:
        database = {name: connection.settings_dict[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
        # A file: a pipe that nobody reads would stop the command once it is full.
        self.output = tempfile.TemporaryFile()  # noqa: SIM115
        super().__init__(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.bed.child_settings",
                "BELAY_TEST_DATABASE": json.dumps(database),
                "BELAY_TEST_MAILBOX": str(mailbox),
            },
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def said(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Tell it to stop: (exit code, what it said). One that does not is killed."""
        self.send_signal(number)
        return self.end()

    def end(self) -> tuple[int, str]:
        """Wait for its end."""
        try:
            code = self.wait(timeout=60)
        finally:
            self.kill()
        return code, self.said()


def run(*arguments: str, mailbox: Path) -> tuple[int, str]:
    """Run a command to its end: (exit code, what it said)."""
    return Command(*arguments, mailbox=mailbox).end()
