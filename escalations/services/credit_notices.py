"""Mails about credit requests: to those who can decide, and to whoever asked."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from escalations.models import CreditRequest
from escalations.selectors.approvers import Approver
from journal.models import OutboxMessage
from journal.services import outbox_put_many
from policies.domain.words import money_words

_ANSWERS = {
    "issued": "{by} approved {what} on {ref}",
    "approved": "{by} approved {what} on {ref}",
    "denied": "{by} denied {what} on {ref}",
    "reversed": "{by} reversed {what} on {ref}",
    "expired": "{what} on {ref}: nobody decided in 30 days",
}


def what_words(request: CreditRequest, name: str = "") -> str:
    """`a credit of $1,850`, or the action's name."""
    return name or (f"a credit of {money_words(request.amount)}" if request.amount is not None else request.action)


def _messages(request: CreditRequest, people: Iterable[User], about: str, subject: str, note: str) -> None:
    link = settings.PUBLIC_URL + reverse("escalations:credit_detail", args=[request.pk])
    body = f"{subject}.\n\n{note}\n\n{link}\n" if note else f"{subject}.\n\n{link}\n"
    outbox_put_many(
        OutboxMessage(
            dedupe_key=f"credit:{request.pk}:{request.version}:{about}:{person.pk}:email",
            recipient=person.email,
            subject=subject[:300],
            body=body,
            wanted_while={"credit": request.pk, "about": about},
        )
        for person in {person.pk: person for person in people}.values()
    )


def notify_approvers(request: CreditRequest, found: Iterable[Approver], *, name: str, moved: bool = False) -> None:
    """Ask those who can decide: who is there, and near the ticket where there are such; else all of the role."""
    people = list(found)
    there = [one for one in people if one.is_there] or people
    region = request.ticket.team.region_id
    near = [one for one in there if region is not None and one.user.region_id == region] or there
    what = what_words(request, name)
    again = " It moved up to you" if moved else ""
    subject = f"{request.requested_by} asks for {what} on {request.ticket.ref}.{again}".rstrip(".")
    _messages(request, (one.user for one in near), "asked", subject, request.reason)


def notify_requester(request: CreditRequest, *, about: str, by: User | None, name: str) -> None:
    """Tell whoever asked what became of it. `about`: issued, approved, denied, reversed or expired."""
    person = request.requested_by
    if not person.is_active or (by is not None and by.pk == person.pk):
        return
    subject = _ANSWERS[about].format(by=by, what=what_words(request, name), ref=request.ticket.ref)
    _messages(request, [person], about, subject[:1].upper() + subject[1:], request.note)
