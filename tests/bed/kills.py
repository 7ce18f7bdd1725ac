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
from tests.bed.racing import beat, kill_again_and_again
from tests.factories import Organisation

BATCH = 20
GAP = 0.02  # seconds between the two halves of what the controls do in the wrong order
LONGEST = 0.05  # seconds that a process may live once it works


def is_left() -> bool:
    return Clock.objects.filter(state=ClockState.RUNNING, ticket__next_check_at__isnull=False).exists()


def sweep_until_done() -> None:
    while is_left():
        beat()
        sweep(limit=BATCH)


def kill_sweepers(org: Organisation, *, deadlines: int, kills: int) -> int:
    """Kill the sweep again and again while deadlines fall due one after the other: how often it died at work."""
    spread = timedelta(seconds=kills * LONGEST)
    many_tickets(org, deadlines, first_due=clock.now(), every=spread / deadlines)
    return kill_again_and_again(sweep_until_done, kills=kills, longest=LONGEST)


def claim_commit_act(limit: int) -> tuple[int, SweepReport]:
    """What the sweep must not be: take tickets off the list, commit, then do the work."""
    with transaction.atomic():
        found = sweep_service.pick(now=clock.now(), limit=limit)
        Ticket.objects.filter(pk__in=[pk for pk, _ in found]).update(next_check_at=None)
    if found:
        beat()
        time.sleep(GAP)
    now = clock.now()
    for pk, _ in found:
        sweep_service._work([pk], now, now)
    return len(found), SweepReport()


def sweep_carelessly() -> None:
    with mock.patch.object(sweep_service, "_batch", claim_commit_act):
        while is_left():
            sweep(limit=BATCH)


def kill_careless_sweepers(org: Organisation, *, deadlines: int, kills: int) -> int:
    """The control: how many deadlines a sweep loses that claims before it acts."""
    many_tickets(org, deadlines, first_due=clock.now() - timedelta(minutes=1), every=timedelta())
    kill_again_and_again(sweep_carelessly, kills=kills, longest=GAP / 2)
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
        beat()
        deliver_due()
        time.sleep(0.01)


def kill_senders(folder: Path, *, messages: int, kills: int) -> tuple[int, Counter[str]]:
    """Kill the sender again and again: how often it died at work, and what arrived how often."""
    fill_outbox(messages)
    with mock.patch.object(outbox, "LEASE", LEASE):
        killed = kill_again_and_again(deliver_until_done, kills=kills, longest=LONGEST)
    return killed, arrivals(folder)


def mark_then_send(message, mailer, done) -> bool:
    """What sending must not be: note it as sent, then send."""
    outbox._settle(message, state=OutboxMessage.State.SENT, sent_at=clock.now())
    beat()
    time.sleep(GAP)
    mailer.send_messages([outbox.build_mail(message)])
    return True


def kill_careless_senders(folder: Path, *, messages: int, kills: int) -> int:
    """The control: how many messages are lost by a sender that marks before it sends."""
    fill_outbox(messages)
    with mock.patch.object(outbox, "_deliver", mark_then_send):
        kill_again_and_again(deliver_due, kills=kills, longest=GAP / 2)
    return messages - len(arrivals(folder))
