"""Whom a handoff tells by mail of what."""

from django.urls import reverse

from accounts.choices import Ability
from accounts.models import User
from accounts.querysets import able
from escalations.models import Escalation
from escalations.services.mails import mail

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
    people = User.objects.exclude(pk__in=sender).only("pk", "email", "is_active")
    if escalation.to_user_id is not None:
        return list(people.filter(pk=escalation.to_user_id))
    return list(people.filter(able(Ability.WORK), team=escalation.to_team_id))


def _put(escalation: Escalation, people: list[User], words: str, about: str, receiver: object) -> None:
    ticket = escalation.ticket
    subject = words.format(
        sender=escalation.from_user or "Belay", ref=ticket.ref, team=escalation.to_team, receiver=receiver
    )
    mail(
        people, subject, ticket=ticket, key=f"escalation:{escalation.pk}:{escalation.version}:{about}",
        path=reverse("escalations:handoff_detail", args=[ticket.ref, escalation.pk]),
        wanted={"escalation": escalation.pk, "about": about},
    )  # fmt: skip


def notify_receivers(escalation: Escalation, *, about: str) -> None:
    """Tell those who have to answer. `about`: filed, redirected, expired, overdue or withdrawn."""
    _put(escalation, _receivers(escalation), _RECEIVER_WORDS[about], about, escalation.to_team)


def notify_sender(escalation: Escalation, *, about: str, by: User) -> None:
    """Tell the sender what became of the handoff. `about`: accepted, returned or feedback."""
    if escalation.from_user is not None:
        _put(escalation, [escalation.from_user], _SENDER_WORDS[about], about, by)
