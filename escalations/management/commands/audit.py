import sys

from django.core.management.base import BaseCommand

from journal import audit, clock


class Command(BaseCommand):
    help = "Look for anything lost or done twice: a line for each query, exit 1 if one of them has rows."

    def handle(self, **options: object) -> None:
        findings = audit.run(clock.now())
        for finding in findings:
            self.stdout.write(str(finding))
        if any(finding.alarms for finding in findings):
            sys.exit(1)
