"""The kill scenes, short in the suite and long in the battery: workers die at work, nothing is lost or doubled."""

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from unittest import mock

from django.db import transaction

from escalations.choices import ClockState
from escalations.models import Clock, Ticket
from escalations.services import sweep as sweep_service
from escalations.services.sweep import SweepReport, sweep
from journal import clock, outbox
from journal.models import OutboxMessage
from journal.outbox import deliver_due
from journal.services import outbox_put_many
from tests.bed.deadlines import many_tickets
from tests.bed.mailbox import arrivals
from tests.bed.racing import kill_again_and_again
from tests.factories import Organisation

BATCH = 20
LONGEST = 0.06  # seconds that a process may live


def sweep_until_done() -> None:
    while Clock.objects.filter(state=ClockState.RUNNING, ticket__next_check_at__isnull=False).exists():
        sweep(limit=BATCH)


def kill_sweepers(org: Organisation, *, deadlines: int, kills: int) -> int:
    """Kill the sweep again and again while deadlines fall due one after the other: how often it died at work."""
    spread = timedelta(seconds=kills * LONGEST)
    many_tickets(org, deadlines, first_due=clock.now() + timedelta(seconds=0.1), every=spread / deadlines)
    return kill_again_and_again(sweep_until_done, kills=kills, longest=LONGEST, more=lambda: True)


def claim_commit_act(limit: int) -> tuple[int, SweepReport]:
    """What the sweep must not be: take tickets off the list, commit, then do the work."""
    with transaction.atomic():
        found = sweep_service.pick(now=clock.now(), limit=limit)
        Ticket.objects.filter(pk__in=[pk for pk, _ in found]).update(next_check_at=None)
    time.sleep(0.004)
    now = clock.now()
    for pk, _ in found:
        sweep_service._work([pk], now, now)
    return len(found), SweepReport()


def kill_careless_sweepers(org: Organisation, *, deadlines: int, kills: int) -> int:
    """The control: how many deadlines a sweep loses that claims before it acts."""
    with mock.patch.object(sweep_service, "_batch", claim_commit_act):
        kill_sweepers(org, deadlines=deadlines, kills=kills)
    return Clock.objects.filter(state=ClockState.RUNNING).count()


# --- the outbox ---------------------------------------------------------------------------------------

LEASE = timedelta(milliseconds=200)


def fill_outbox(count: int) -> None:
    outbox_put_many(
        OutboxMessage(
            dedupe_key=f"event:{n}:ada@belay.example:email", recipient="ada@belay.example", subject=f"Message {n}",
            body="Text.\n",
        )
        for n in range(count)
    )  # fmt: skip


def deliver_until_done() -> None:
    while OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING).exists():
        deliver_due()
        time.sleep(0.01)


def kill_senders(folder: Path, *, messages: int, kills: int) -> tuple[int, Counter[str]]:
    """Kill the sender again and again: how often it died at work, and what arrived how often."""
    fill_outbox(messages)
    with mock.patch.object(outbox, "LEASE", LEASE):
        killed = kill_again_and_again(deliver_until_done, kills=kills, longest=LONGEST, more=lambda: True)
    return killed, arrivals(folder)


def mark_then_send(message, mailer, done) -> bool:
    """What sending must not be: note it as sent, then send."""
    outbox._settle(message, state=OutboxMessage.State.SENT, sent_at=clock.now())
    time.sleep(0.004)
    mailer.send_messages([outbox.build_mail(message)])
    return True


def kill_careless_senders(folder: Path, *, messages: int, kills: int) -> int:
    """The control: how many messages are lost by a sender that marks before it sends."""
    with mock.patch.object(outbox, "_deliver", mark_then_send):
        _, arrived = kill_senders(folder, messages=messages, kills=kills)
    return messages - len(arrived)
