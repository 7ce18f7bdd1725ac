"""The mails about a ticket: one outbox row per event and person, written with what it tells of."""

from collections.abc import Iterable, Mapping

from django.conf import settings

from accounts.models import User
from escalations.models import Ticket
from journal.models import OutboxMessage
from journal.services import outbox_put_many


def mail(
    people: Iterable[User],
    subject: str,
    *,
    ticket: Ticket,
    key: str,
    path: str,
    wanted: Mapping[str, object],
    but: User | None = None,
) -> None:
    """One mail each to those who are still here; nobody is told what they did themselves (`but`).

    `key` names the event: a second mail of it to the same person is the same mail. `wanted`: see `escalations.wanted`.
    """
    named = {person.pk: person for person in people if person.is_active and person != but}
    outbox_put_many(
        OutboxMessage(
            dedupe_key=f"{key}:{person.pk}:email",
            recipient=person.email,
            subject=subject[:300],
            body=f"{subject}.\n\n{ticket.subject}\n\n{settings.PUBLIC_URL}{path}\n",
            wanted_while=dict(wanted),
        )
        for person in named.values()
    )
