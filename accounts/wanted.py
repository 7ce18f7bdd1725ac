"""Is a queued mail about duty still wanted? Asked just before it is sent: see `journal.outbox.register_check`."""

from collections.abc import Mapping
from typing import Any

from accounts.choices import SwapState
from accounts.models import DutySwap, User
from journal.models import OutboxMessage
from journal.outbox import register_check


def _is_here(message: OutboxMessage) -> bool:
    return User.objects.filter(email=message.recipient, is_active=True).exists()


def rota_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """While the person is here: what was done to their duty stays news."""
    return _is_here(message)


def swap_wanted(message: OutboxMessage, wanted: Mapping[str, Any]) -> bool:
    """A question only while it is open; an answer stays news."""
    if not _is_here(message):
        return False
    if wanted.get("about") != SwapState.ASKED:
        return True
    return DutySwap.objects.filter(pk=wanted["swap"], state=SwapState.ASKED).exists()


register_check("rota", rota_wanted)
register_check("swap", swap_wanted)
