import json
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from journal import clock
from policies.domain.prover import Finding, prove
from policies.models import PolicyVersion
from policies.proving import findings_of, organisation_at
from policies.selectors import NoPolicyInForce, version_in_force
from policies.sources import sources_policy


class Command(BaseCommand):
    help = "Look for what cannot work in a policy. Exit 1 while a finding is neither mended nor accepted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", nargs="?", help="Its code, e.g. 2025.2; without one, the version in force")
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument(
            "--sources", action="store_true", help="The policy as the two source documents state it, instead"
        )

    def handle(self, *, version: str | None, format: str, sources: bool, **options: object) -> None:
        found = prove(sources_policy(), organisation_at(clock.now())) if sources else findings_of(_version(version))
        if format == "json":
            self.stdout.write(json.dumps({"findings": [one.to_json() for one in found]}, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_line(one) for one in found) or "Nothing found.")
        if any(not one.accepted for one in found):
            sys.exit(1)


def _version(code: str | None) -> PolicyVersion:
    try:
        return PolicyVersion.objects.get(code=code) if code else version_in_force()
    except (PolicyVersion.DoesNotExist, NoPolicyInForce):
        raise CommandError(f"There is no policy {code}." if code else "No policy is in force.") from None


def _line(one: Finding) -> str:
    judged = f"accepted: {one.reason}" if one.accepted else "open"
    shown = ", ".join(f"{fact}={value}" for fact, value in one.counterexample.items())
    return f"{one.id}\n  {one.message}\n  {judged}" + (f"\n  e.g. {shown}" if shown else "")
