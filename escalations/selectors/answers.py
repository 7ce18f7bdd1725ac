"""Answers that were found in what was solved before, and what they were good for."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import QuerySet

from accounts.models import User
from escalations.models import SimilarUse, Ticket

MOST = 200


@dataclass(frozen=True, slots=True)
class Month:
    """A month in somebody's zone, [since, until)."""

    since: datetime
    until: datetime


def month_of(now: datetime, zone: tzinfo) -> Month:
    """The month that `now` lies in."""
    local = now.astimezone(zone)
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    year, month = divmod(since.year * 12 + since.month, 12)
    return Month(since, since.replace(year=year, month=month + 1))


def _found(month: Month, user: User) -> "QuerySet[SimilarUse]":
    return SimilarUse.objects.filter(
        at__gte=month.since, at__lt=month.until, ticket__in=Ticket.objects.visible_to(user)
    )  # fmt: skip


def prevented_in(month: Month, user: User) -> int:
    """Escalations prevented: tickets for which an answer was found in the month, resolved without escalating after it.

    Of what the person may see. One statement.
    """
    return _found(month, user).filter(prevented=True).values("ticket").distinct().count()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that was found; `source` is None where the person may not see the ticket it was found in."""

    use: SimilarUse
    source: Ticket | None

    @property
    def outcome(self) -> str:
        if self.use.prevented is None:
            return "Open"
        return "Resolved without escalating" if self.use.prevented else "Escalated after all"


@dataclass(frozen=True, slots=True)
class Answers:
    rows: list[Answer]
    prevented: int


def answers_of(month: Month, user: User) -> Answers:
    """What was found in the month, newest first. Three statements."""
    uses = list(
        _found(month, user).select_related("ticket", "ticket__team", "ticket__tier", "by").order_by("-at", "-pk")[:MOST]
    )
    seen = {row.pk: row for row in Ticket.objects.visible_to(user).filter(pk__in=[use.similar_id for use in uses])}
    return Answers([Answer(use, seen.get(use.similar_id)) for use in uses], prevented_in(month, user))
