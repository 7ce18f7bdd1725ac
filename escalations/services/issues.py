"""Issues: what is wrong, apart from who reports it. Tickets of one cause are linked to one."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.choices import Ability
from accounts.models import User
from escalations.errors import NotAllowed, Overtaken, Refused
from escalations.models import Issue, Ticket
from escalations.services.families import hold_family
from escalations.services.locking import check_ticket_part, hold_ticket
from escalations.services.parents import issue_to_children
from escalations.services.record import plain, tell
from journal import clock
from journal.services import event_append

FACTS = ("title", "description", "product_area")
# Text that people wrote at length stays out of the events: it must remain erasable.
UNTOLD = ("description",)


def _person(by: User) -> User:
    """The person as the database knows them now. Raises NotAllowed for those who work no tickets."""
    person = User.objects.select_related("role", "team").get(pk=by.pk)
    if not person.can(Ability.WORK) and not person.can(Ability.MANAGE):
        raise NotAllowed("Issues are kept by the people who work tickets.")
    return person


def _tell(issue: Issue, kind: str, by: User, **data: Any) -> None:
    event_append(subject=("issue", issue.pk), kind=kind, at=clock.now(), actor=by, data=data)


@transaction.atomic
def issue_create(*, by: User, title: str, description: str = "", product_area: str = "") -> Issue:
    """Enter what is wrong. Raises Refused when an open one has this title already; NotAllowed."""
    person = _person(by)
    known = Issue.objects.filter(title__iexact=title.strip(), closed_at__isnull=True).first()
    if known is not None:
        raise Refused(f"“{known.title}” is open already. Link to it.", {"title": "This issue exists."})
    issue = Issue.objects.create(
        title=title.strip(), description=description, product_area=product_area, opened_at=clock.now()
    )
    _tell(issue, "issue.opened", person)
    return issue


def _hold(issue: Issue, by: User) -> tuple[Issue, User]:
    current = Issue.objects.select_for_update(no_key=True).get(pk=issue.pk)
    return current, _person(by)


@transaction.atomic
def issue_change(*, issue: Issue, by: User, version: int, changes: Mapping[str, Any]) -> Issue:
    """Change what is known of it; `version` is the one the form was made from. Raises Overtaken, NotAllowed."""
    current, person = _hold(issue, by)
    if current.version != version:
        raise Overtaken("Somebody else changed this issue meanwhile. What you typed is kept.")
    unknown = set(changes) - set(FACTS)
    if unknown:
        raise TypeError(f"not facts of an issue: {sorted(unknown)}")
    changed = {name: (getattr(current, name), new) for name, new in changes.items() if getattr(current, name) != new}
    if not changed:
        return current
    for name, (_, new) in changed.items():
        setattr(current, name, new)
    current.version += 1
    current.full_clean()
    current.save()
    told = {name: [plain(old), plain(new)] for name, (old, new) in changed.items() if name not in UNTOLD}
    _tell(current, "issue.changed", person, changes=told, rewritten=[name for name in changed if name in UNTOLD])
    return current


@transaction.atomic
def issue_close(*, issue: Issue, by: User) -> Issue:
    """It is put right. Its tickets stay linked; open ones stay open. Raises Overtaken, NotAllowed."""
    current, person = _hold(issue, by)
    if current.closed_at is not None:
        raise Overtaken("Somebody closed this issue already.")
    current.closed_at = clock.now()
    current.version += 1
    current.save()
    _tell(current, "issue.closed", person)
    return current


@transaction.atomic
def issue_reopen(*, issue: Issue, by: User) -> Issue:
    """It is there again. Raises Overtaken, NotAllowed."""
    current, person = _hold(issue, by)
    if current.closed_at is None:
        raise Overtaken("This issue is open already.")
    current.closed_at = None
    current.version += 1
    current.save()
    _tell(current, "issue.reopened", person)
    return current


@transaction.atomic
def ticket_link_issue(*, ticket: Ticket, issue: Issue, by: User) -> int:
    """Say what the ticket is about. Its open children without an issue get it too: how many.

    Linking to another issue takes the place of the first. Raises Refused for a closed issue, NotAllowed.
    """
    held, family = hold_family(ticket.pk, by)
    check_ticket_part(held)
    current = held.ticket
    if current.issue_id == issue.pk:
        return 0
    if Issue.objects.filter(pk=issue.pk, closed_at__isnull=False).exists():
        raise Refused(f"“{issue.title}” is closed.", {"issue": "Reopen it first, or choose another."})
    before = current.issue
    current.issue = issue
    current.version += 1
    current.updated_at = current.next_check_at = held.now
    current.save()
    tell(
        held, "ticket.issue_linked", issue=issue.pk, title=issue.title, before=before.pk if before else None,
        before_title=before.title if before else "",
    )  # fmt: skip
    return issue_to_children(family, current, issue)


@transaction.atomic
def ticket_unlink_issue(*, ticket: Ticket, by: User) -> Ticket:
    """The ticket is about something else. Nothing happens to one without an issue. Raises NotAllowed."""
    held = hold_ticket(ticket.pk, by)
    check_ticket_part(held)
    current = held.ticket
    issue = current.issue
    if issue is None:
        return current
    current.issue = None
    current.version += 1
    current.updated_at = current.next_check_at = held.now
    current.save()
    tell(held, "ticket.issue_unlinked", issue=issue.pk, title=issue.title)
    return current
