from django.core.management.base import BaseCommand, CommandParser

from journal import clock, outbox


class Command(BaseCommand):
    help = "Send what waits in the outbox, once. `sweep --loop` and Celery do the same all the time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry-dead", action="store_true", help="first put back what was given up")

    def handle(self, *, retry_dead: bool, **options: object) -> None:
        if retry_dead:
            self.stdout.write(f"{outbox.retry_dead(now=clock.now())} messages put back in line")
        self.stdout.write(str(outbox.deliver_due()))
