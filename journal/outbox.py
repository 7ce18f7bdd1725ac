"""Sending what the outbox holds: at least once, each message with its key, and only while it is still wanted.

A message is claimed for a while (the lease), then sent, then marked. Whoever dies in between leaves a message whose
lease runs out and which is sent again with the same key: exactly-once ends at the database's edge. See
docs/decisions/0007.
"""

import hashlib
import smtplib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import transaction

from journal import clock
from journal.models import OutboxMessage
from journal.services import heartbeat

State = OutboxMessage.State
Wanted = Callable[[OutboxMessage, Mapping[str, Any]], bool]

HEARTBEAT = "outbox"
# Longer than a mail server may take over one message: connecting, sending, closing, each with its own timeout.
LEASE = timedelta(seconds=90)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
ATTEMPTS = 10  # the last one about twelve hours after the first

log = structlog.get_logger(__name__)

_checks: dict[str, Wanted] = {}


def register_check(name: str, is_wanted: Wanted) -> None:
    """Ask `is_wanted(message, wanted_while)` before sending a message whose `wanted_while` has the key `name`."""
    _checks[name] = is_wanted


@dataclass(slots=True)
class Delivery:
    """What a run did, in messages."""

    sent: int = 0
    cancelled: int = 0
    postponed: int = 0
    dead: int = 0

    def __str__(self) -> str:
        said = [
            (self.cancelled, "no longer wanted"),
            (self.postponed, "postponed"),
            (self.dead, "given up"),
        ]
        return ", ".join([f"{self.sent} messages sent"] + [f"{n} {what}" for n, what in said if n])


class Undeliverable(Exception):
    """The message can never be sent as it stands."""


def _never() -> bool:
    return False


def deliver_due(
    *, limit: int | None = None, seconds: float | None = None, should_stop: Callable[[], bool] = _never
) -> Delivery:
    """Send what is due, the longest waiting first: at most `limit` messages, beginning none after `seconds`.

    Run as many as you like at once. A mail server that does not answer ends the run: the others wait for the next.
    """
    done, began = Delivery(), time.monotonic()
    mailer = get_connection()
    try:
        while not should_stop() and (limit is None or sum_of(done) < limit):
            if seconds is not None and time.monotonic() - began > seconds:
                break
            message = _claim()
            if message is None or not _deliver(message, mailer, done):
                break
    finally:
        mailer.close()
    heartbeat(HEARTBEAT, notes=[str(done)])
    return done


def sum_of(done: Delivery) -> int:
    return done.sent + done.cancelled + done.postponed + done.dead


@transaction.atomic
def _claim() -> OutboxMessage | None:
    """Take one message for the time of the lease. What others have taken is not waited for."""
    now = clock.now()
    message = (
        OutboxMessage.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(state=State.PENDING, next_attempt_at__lte=now)
        .order_by("next_attempt_at", "pk")
        .first()
    )
    if message is None:
        return None
    # Moving the next attempt behind the lease keeps claimed messages out of the index range that others read.
    message.lease_until = message.next_attempt_at = now + LEASE
    message.attempts += 1
    message.save(update_fields=["lease_until", "next_attempt_at", "attempts"])
    return message


def _deliver(message: OutboxMessage, mailer: BaseEmailBackend, done: Delivery) -> bool:
    """Send a claimed message or say why not. False when the mail server cannot be reached at all."""
    if not is_wanted(message):
        done.cancelled += 1
        return _settle(message, state=State.CANCELLED)
    try:
        mail = build_mail(message)
    except Undeliverable as error:
        done.dead += 1
        return _settle(message, state=State.DEAD, last_error=str(error))
    try:
        mailer.open()
    except OSError as error:  # smtplib's errors are OSErrors too
        _postpone(message, error, done)
        return False
    try:
        mailer.send_messages([mail])
    except (OSError, ValueError) as error:
        mailer.close()
        _postpone(message, error, done)
        return True
    done.sent += 1
    return _settle(message, state=State.SENT, sent_at=clock.now(), last_error="")


def is_wanted(message: OutboxMessage) -> bool:
    """Whether every registered check that the message names still says so."""
    return all(check(message, message.wanted_while) for name, check in _checks.items() if name in message.wanted_while)


def _settle(message: OutboxMessage, **values: Any) -> bool:
    """Write the outcome, unless the lease ran out and somebody else has the message by now."""
    mine = OutboxMessage.objects.filter(pk=message.pk, state=State.PENDING, lease_until=message.lease_until)
    mine.update(lease_until=None, **values)
    return True


def _postpone(message: OutboxMessage, error: Exception, done: Delivery) -> None:
    """Try again later, ever more slowly; give up after `ATTEMPTS`, or at once when the server says never."""
    said = f"{type(error).__name__}: {error}".replace("\0", "")[:2000]
    log.warning("outbox_send_failed", message=message.pk, attempts=message.attempts, error=said)
    if message.attempts >= ATTEMPTS or _is_final(error):
        done.dead += 1
        _settle(message, state=State.DEAD, last_error=said)
        return
    done.postponed += 1
    wait = min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
    _settle(message, next_attempt_at=clock.now() + wait, last_error=said)


def _is_final(error: Exception) -> bool:
    """A message that cannot be written, or 5xx from the server about this recipient or message."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused):
        return error.smtp_code >= 500
    return isinstance(error, ValueError)


# --- the mail itself ---------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """Text for a header: control characters and line breaks become spaces, so nobody can add a header of theirs."""
    return " ".join("".join(" " if not char.isprintable() else char for char in text).split())


def message_id(key: str) -> str:
    """The same for the same key, whenever and however often it is sent: what a provider can tell doubles by."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def build_mail(message: OutboxMessage) -> EmailMessage:
    """The mail with its key in `X-Belay-Key` and `Message-ID`. Raises Undeliverable."""
    if message.channel != "email":
        raise Undeliverable(f"nothing here sends by {message.channel}")
    try:
        validate_email(message.recipient)
    except ValidationError:
        raise Undeliverable("the recipient is not one e-mail address") from None
    return EmailMessage(
        subject=one_line(message.subject),
        body=message.body,
        to=[message.recipient],
        headers={"Message-ID": message_id(message.dedupe_key), "X-Belay-Key": one_line(message.dedupe_key)},
    )


# --- for operators -----------------------------------------------------------------------------------


def retry_dead(*, now: datetime) -> int:
    """Put what was given up back in line; how many."""
    dead = OutboxMessage.objects.filter(state=State.DEAD)
    return dead.update(state=State.PENDING, attempts=0, next_attempt_at=now, lease_until=None)
