"""Who is told by mail of what happens around an acceptance."""

from datetime import datetime

from django.urls import reverse

from accounts.choices import Ability
from accounts.models import Team, User
from accounts.querysets import able
from accounts.selectors import absences_now
from escalations.models import Consult, Escalation, ReadBack, Ticket
from escalations.services.mails import mail


def workers_of(team: Team) -> list[User]:
    return list(User.objects.filter(able(Ability.WORK), team=team))


def in_place_of(person: User, at: datetime) -> list[User]:
    """The person, with who covers for them while they are away."""
    away = absences_now(at).get(person.pk)
    return [person, away.cover] if away is not None and away.cover is not None else [person]


def for_the_sender(escalation: Escalation, at: datetime) -> list[User]:
    """Who speaks for the sender: they and their cover; once they have left, their team's lead, else the team."""
    sender = escalation.from_user
    if sender is not None and sender.is_active:
        return in_place_of(sender, at)
    lead = escalation.from_team.lead
    return [lead] if lead is not None and lead.is_active else workers_of(escalation.from_team)


def _handoff(escalation: Escalation) -> str:
    return reverse("escalations:handoff_detail", args=[escalation.ticket.ref, escalation.pk])


# --- read-back and warm transfer ------------------------------------------------------------------------


def notify_read_back(escalation: Escalation, row: ReadBack, *, at: datetime, accepted: bool = False) -> None:
    """The sender has to say whether it is right. `accepted`: it came with the acceptance, and one mail says both."""
    ref = escalation.ticket.ref
    words = "{} accepted {} and reads it back: confirm or correct it" if accepted else "{} reads {} back once more"
    mail(
        for_the_sender(escalation, at), words.format(row.given_by, ref), ticket=escalation.ticket, but=row.given_by,
        key=f"read_back:{row.pk}:given", path=_handoff(escalation),
        wanted={"escalation": escalation.pk, "about": "read_back"},
    )  # fmt: skip


def notify_corrected(escalation: Escalation, row: ReadBack) -> None:
    """Whoever holds the ticket restates."""
    holder = escalation.ticket.owner or row.given_by
    mail(
        [holder], f"{row.answered_by} corrects your read-back of {escalation.ticket.ref}", ticket=escalation.ticket,
        key=f"read_back:{row.pk}:corrected", path=_handoff(escalation), but=row.answered_by,
        wanted={"escalation": escalation.pk, "about": "corrected"},
    )  # fmt: skip


def notify_released(escalation: Escalation, *, by: User) -> None:
    if escalation.from_user is None:
        return
    mail(
        [escalation.from_user], f"{by} releases you from {escalation.ticket.ref}", ticket=escalation.ticket, but=by,
        key=f"escalation:{escalation.pk}:released", path=_handoff(escalation),
        wanted={"escalation": escalation.pk, "about": "released"},
    )  # fmt: skip


# --- consult --------------------------------------------------------------------------------------------


def asked_people(consult: Consult, at: datetime) -> list[User]:
    """Who may answer the question and is told of it: the person with their cover, else the team's people."""
    if consult.to_user is not None:
        return in_place_of(consult.to_user, at)
    return workers_of(consult.to_team)


def _consult(consult: Consult) -> str:
    return reverse("escalations:consult_detail", args=[consult.ticket.ref, consult.pk])


def notify_consulted(consult: Consult, *, at: datetime) -> None:
    mail(
        asked_people(consult, at), f"{consult.asked_by} asks you about {consult.ticket.ref}", ticket=consult.ticket,
        key=f"consult:{consult.pk}:asked", path=_consult(consult), but=consult.asked_by,
        wanted={"consult": consult.pk, "about": "asked"},
    )  # fmt: skip


def notify_answered(consult: Consult) -> None:
    """Who asked, and who holds the ticket by now."""
    people = [person for person in (consult.asked_by, consult.ticket.owner) if person is not None]
    mail(
        people, f"{consult.answered_by} answers your question on {consult.ticket.ref}", ticket=consult.ticket,
        key=f"consult:{consult.pk}:answered", path=_consult(consult), but=consult.answered_by,
        wanted={"consult": consult.pk, "about": "answered"},
    )  # fmt: skip


# --- a new holder ---------------------------------------------------------------------------------------


def notify_holder(ticket: Ticket, subject: str, *, key: str, but: User | None) -> None:
    """The ticket is with somebody else now: its owner is told, without one the people of its team."""
    people = [ticket.owner] if ticket.owner is not None else workers_of(ticket.team)
    mail(
        people, subject, ticket=ticket, but=but, key=key, path=ticket.get_absolute_url(),
        wanted={"holder": ticket.pk, "team": ticket.team_id, "owner": ticket.owner_id},
    )  # fmt: skip
