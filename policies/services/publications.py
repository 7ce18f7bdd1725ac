"""Publishing later: a second person confirms a draft now, the sweep puts it in force when its time has come."""

from datetime import datetime

from django.db import transaction

from accounts.errors import Overtaken, Refused
from accounts.models import User
from journal import clock
from journal.services import event_append
from policies.choices import PublicationState
from policies.domain.policy import PolicyInvalid
from policies.models import PolicyVersion, Publication
from policies.services.drafts import SUBJECT, hold_draft
from policies.services.versions import publishing_problems, version_publish


@transaction.atomic
def publication_schedule(*, version: PolicyVersion, by: User, at: datetime, edit: int) -> Publication:
    """Confirm the draft as it is for `at`. Until then nobody edits it.

    Raises Refused for a time that is past, PolicyInvalid with every problem, Overtaken when the draft was changed
    since `edit`, is confirmed already or is none any more.
    """
    draft = hold_draft(version)
    now = clock.now()
    if at <= now:
        raise Refused("Not scheduled.", {"effective_at": "This is past. Leave it empty to publish now."})
    if draft.edit != edit:
        raise Overtaken("The draft was changed since you looked at it. Look at its changes again.")
    problems = publishing_problems(draft, by)
    if problems:
        raise PolicyInvalid(problems)
    row = Publication.objects.create(version=draft, by=by, decided_at=now, effective_at=at)
    event_append(
        subject=(SUBJECT, draft.pk), kind="policy.scheduled", at=now, actor=by, data={"effective_at": at.isoformat()}
    )
    return row


@transaction.atomic
def publication_cancel(*, version: PolicyVersion, by: User) -> None:
    """Call a waiting publication off: the draft can be edited again. Overtaken when none waits."""
    row = Publication.objects.select_for_update(no_key=True).filter(
        version=version, state=PublicationState.WAITING
    ).first()  # fmt: skip
    if row is None:
        raise Overtaken(f"No publication of {version.code} waits any more.")
    now = clock.now()
    row.state, row.settled_at, row.settled_by = PublicationState.CANCELLED, now, by
    row.save(update_fields=["state", "settled_at", "settled_by"])
    event_append(subject=(SUBJECT, version.pk), kind="policy.unscheduled", at=now, actor=by)


def publications_run() -> int:
    """Publish every confirmed draft whose time has come, in that order. Safe to run at once from several sweeps.

    One that cannot be published any more (a team or role that it names is gone) stays a draft and says why.
    """
    done = 0
    while _run_next():
        done += 1
    return done


@transaction.atomic
def _run_next() -> bool:
    now = clock.now()
    due = Publication.objects.filter(state=PublicationState.WAITING, effective_at__lte=now)
    found = due.order_by("effective_at", "id").first()
    if found is None:
        return False
    # The version first, as everybody who publishes does.
    PolicyVersion.objects.select_for_update(no_key=True).get(pk=found.version_id)
    row = due.select_for_update(no_key=True, of=("self",)).select_related("version", "by").filter(pk=found.pk).first()
    if row is None:
        return True  # settled by another sweep meanwhile
    try:
        version_publish(version=row.version, by=row.by)
    except PolicyInvalid as error:
        row.state, row.settled_at, row.problem = PublicationState.REFUSED, now, " ".join(error.problems)
        row.save(update_fields=["state", "settled_at", "problem"])
        event_append(
            subject=(SUBJECT, row.version_id), kind="policy.not_published", at=now, data={"problems": error.problems}
        )
    return True
