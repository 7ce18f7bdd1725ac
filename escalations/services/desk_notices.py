"""The mail that says whose desk came to whom: one for each new holder, whatever the number of tickets."""

from django.conf import settings
from django.urls import reverse

from escalations.models import DeskHandover, DeskHandoverLine
from journal.models import OutboxMessage
from journal.services import outbox_put_many

LISTED = 20


def notify_new_holders(handover: DeskHandover) -> None:
    """Tell everybody who got tickets. Subjects of tickets only: their notes are read on the desk."""
    lines = DeskHandoverLine.objects.filter(handover=handover, to_user__isnull=False)
    by_person: dict[int, list[DeskHandoverLine]] = {}
    for line in lines.select_related("ticket", "to_user").order_by("pk"):
        if line.to_user_id is not None:
            by_person.setdefault(line.to_user_id, []).append(line)
    link = settings.PUBLIC_URL + reverse("escalations:home")
    messages = []
    for got in by_person.values():
        person = got[0].to_user
        if person is None:
            continue
        number = "a ticket" if len(got) == 1 else f"{len(got)} tickets"
        subject = f"{handover.from_user} hands you {number}"
        named = "\n".join(f"{line.ticket.ref} {line.ticket.subject}" for line in got[:LISTED])
        messages.append(
            OutboxMessage(
                dedupe_key=f"desk:{handover.pk}:{person.pk}:email",
                recipient=person.email,
                subject=subject,
                body=f"{subject}.\n\n{named}\n\n{link}\n",
                wanted_while={"desk": handover.pk},
            )
        )
    outbox_put_many(messages)
