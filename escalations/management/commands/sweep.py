import signal
import threading
import time
from types import FrameType

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from escalations.services.imports_work import import_work
from escalations.services.sweep import sweep
from journal.outbox import deliver_due

log = structlog.get_logger(__name__)

EVERY = 5.0  # seconds
# Mail may be slow; deadlines are not kept waiting for it.
MAIL_SECONDS = 5.0
# An import that no worker has taken goes on in small slices between two rounds.
IMPORT_SECONDS = 2.0


class Command(BaseCommand):
    help = "Mark what fell due, record it and tell people. Once, or again and again until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or Ctrl-C, and send mail too")
        parser.add_argument("--every", type=float, default=EVERY, metavar="SECONDS", help="between rounds of a loop")

    def handle(self, *, loop: bool, every: float, **options: object) -> None:
        if not loop:
            self.stdout.write(str(sweep()))
            return
        self._loop(every)

    def _loop(self, every: float) -> None:
        stopped = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self.is_away = False  # the database
        while not stopped.is_set():
            began = time.monotonic()
            self._round(stopped)
            stopped.wait(max(0.0, every - (time.monotonic() - began)))

    def _round(self, stopped: threading.Event) -> None:
        """One round of both. Without a database there is nothing to do but to come back."""
        try:
            close_old_connections()
            report = sweep(should_stop=stopped.is_set)
            if report.breached or report.expired or report.reviews or report.problems:
                log.info("sweep", done=str(report))
            deliver_due(seconds=MAIL_SECONDS, should_stop=stopped.is_set)
            import_work(seconds=IMPORT_SECONDS)
        except (OperationalError, InterfaceError) as error:
            if not self.is_away:
                log.error("sweep_without_database", error=str(error))
            self.is_away = True
            connection.close()
        else:
            if self.is_away:
                log.warning("sweep_has_database_again")
            self.is_away = False
