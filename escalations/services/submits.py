"""A form that is sent twice does its thing once, and its draft goes with the first of the two."""

import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction

from accounts.models import User
from escalations.models import Ticket
from journal.services import claim_submit, draft_discard, settle_submit


def form_key(name: str, ticket: Ticket) -> str:
    """The name under which the draft of a form on this ticket is kept, e.g. `reply:4182`."""
    return f"{name}:{ticket.pk}"


@transaction.atomic
def submit_once(*, ticket: Ticket, by: User, key: uuid.UUID, form: str, act: Callable[[], Any]) -> bool:
    """Run `act` for the first arrival of `key` and drop the draft of `form`; False for a later arrival.

    Whatever `act` raises undoes the claim, so that the corrected form can be sent with the same key.
    """
    claim, is_first = claim_submit(key=key, user=by, purpose=form_key(form, ticket))
    if not is_first:
        return False
    done = act()
    draft_discard(user=by, form=form_key(form, ticket))
    settle_submit(claim=claim, result={"id": done.pk})
    return True
