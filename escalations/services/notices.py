"""What people are told by mail: one outbox row per event, person and channel, written with the event itself."""

from django.conf import settings
from django.urls import reverse

from accounts.choices import Ability
from accounts.models import User
from escalations.models import Escalation
from journal.models import OutboxMessage
from journal.services import outbox_put_many

_RECEIVER_WORDS = {
    "filed": "{sender} hands {ref} to {team}",
    "redirected": "{ref} is redirected to {team}",
    "expired": "{ref} waits again: acknowledged, not accepted",
    "overdue": "{ref} is not acknowledged in time",
    "withdrawn": "{sender} takes {ref} back",
}
_SENDER_WORDS = {
    "accepted": "{receiver} accepted {ref}",
    "returned": "{receiver} returned {ref}",
    "feedback": "{ref} is resolved: how your handoff was received",
}


def _receivers(escalation: Escalation) -> list[User]:
    """Who it is addressed to; of a team, those who work, but never the sender."""
    sender = [escalation.from_user_id] if escalation.from_user_id is not None else []
    people = User.objects.filter(is_active=True).exclude(pk__in=sender).only("pk", "email")
    if escalation.to_user_id is not None:
        return list(people.filter(pk=escalation.to_user_id))
    return list(people.filter(team=escalation.to_team_id, role__abilities__contains=[Ability.WORK]))


def _put(escalation: Escalation, people: list[User], words: str, about: str, receiver: object) -> None:
    ticket = escalation.ticket
    subject = words.format(
        sender=escalation.from_user or "Belay", ref=ticket.ref, team=escalation.to_team, receiver=receiver
    )
    link = settings.PUBLIC_URL + reverse("escalations:handoff_detail", args=[ticket.ref, escalation.pk])
    outbox_put_many(
        OutboxMessage(
            dedupe_key=f"escalation:{escalation.pk}:{escalation.version}:{about}:{person.pk}:email",
            recipient=person.email,
            subject=subject,
            body=f"{subject}.\n\n{ticket.subject}\n\n{link}\n",
            wanted_while={"escalation": escalation.pk, "about": about},
        )
        for person in people
    )


def notify_receivers(escalation: Escalation, *, about: str) -> None:
    """Tell those who have to answer. `about`: filed, redirected, expired, overdue or withdrawn."""
    _put(escalation, _receivers(escalation), _RECEIVER_WORDS[about], about, escalation.to_team)


def notify_sender(escalation: Escalation, *, about: str, by: User) -> None:
    """Tell the sender what became of the handoff. `about`: accepted, returned or feedback."""
    if escalation.from_user is not None and escalation.from_user.is_active:
        _put(escalation, [escalation.from_user], _SENDER_WORDS[about], about, by)
