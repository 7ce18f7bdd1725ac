"""Load the demo organisation: people, policy, a past since March 2025 and a queue that is alive now."""

from datetime import timedelta
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts.demo import PASSWORD, documented_logins, load_organisation
from accounts.demo_duty import load_duty
from accounts.models import User
from escalations.demo.answers import load_answers
from escalations.demo.around import tell_around
from escalations.demo.history import BEGIN, write_history
from escalations.demo.live import tell_present
from escalations.demo.ringing import ring
from escalations.demo.views import load_views
from escalations.demo.world import World
from escalations.services.sweep import sweep
from journal import clock
from journal.models import OutboxMessage
from policies.demo import load_draft
from policies.demo_designer import load_interview
from policies.selectors import forget_policies
from policies.shipped import load_lists, publish_shipped_policy

SEED = 20250301


class Command(BaseCommand):
    help = "Load the demo organisation (does nothing where people exist already) and print its logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED, help="the same seed tells the same past")

    def handle(self, *args: Any, seed: int, **options: Any) -> None:
        if User.objects.exists():
            self.stdout.write("People exist already; nothing loaded.")
        else:
            began = monotonic()
            past, present = self.load(seed)
            self.ring()
            self.stdout.write(f"Loaded {past:,} finished and {present} running tickets in {monotonic() - began:.1f} s.")
        self.stdout.write(f"\nLogins (password for all: {PASSWORD})")
        for role, username, person in documented_logins():
            self.stdout.write(f"  {username:<8} {role:<26} {person}")

    @transaction.atomic
    def load(self, seed: int) -> tuple[int, int]:
        """Everything or nothing: a demo that broke off half-way would look like one that is there."""
        forget_policies()
        load_lists()
        teams = load_organisation()
        people = {user.username: user for user in User.objects.all()}
        with clock.travel(BEGIN - timedelta(days=5)):
            policy = publish_shipped_policy(code="2025.1", drafted_by=people["aiko"], by=people["rosa"])
        world = World.build(teams, seed)
        now = clock.now()
        load_duty(teams, seed)
        past = write_history(world, now - timedelta(days=2))
        present = tell_present(world, now)
        present += tell_around(world, now)
        load_draft(policy, by=people["aiko"], now=now)
        load_interview(by=people["aiko"], now=now)
        load_views(now)
        load_answers(now)
        return past, present

    def ring(self) -> None:
        """Let what is still running ring, and the sweep come by once more."""
        ring(until=clock.now())
        sweep()
        # The past's mails were read long ago; only what happens from now on is sent.
        OutboxMessage.objects.update(state=OutboxMessage.State.CANCELLED)
