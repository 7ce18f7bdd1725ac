"""The prover on what is in the database: a version, and the organisation that would carry it out."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db.models import Count, Q

from accounts.calendars import current_revisions, working_calendar
from accounts.models import Team
from journal import clock
from policies.choices import PolicyState
from policies.domain.policy import Policy
from policies.domain.prover import Finding, Lent, Organisation, TeamAtWork, prove
from policies.models import Delegation, PolicyVersion
from policies.offers import list_names
from policies.selectors import policy_of
from policies.services.versions import policy_of_draft

_holders: list[Callable[[], Mapping[str, str]]] = []


def register_holdings(source: Callable[[], Mapping[str, str]]) -> None:
    """Say what tiers hold: code → in words ("14 open tickets"), only those that hold anything. The apps above know."""
    if source not in _holders:
        _holders.append(source)


def _held() -> dict[str, str]:
    return {code: words for source in _holders for code, words in source().items()}


def organisation_at(at: datetime) -> Organisation:
    """Teams in use with their hours and people, what forms offer, what tiers hold, and the delegations that are not
    over at `at`."""
    teams = list(
        Team.objects.filter(is_active=True)
        .select_related("tier")
        .annotate(people=Count("members", filter=Q(members__is_active=True)))
    )
    revisions = current_revisions({team.calendar_id for team in teams})
    lent = Delegation.objects.filter(ends_at__gt=at).select_related("delegator", "delegate")
    monday = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=at.weekday())
    return Organisation(
        names=list_names(in_use=True),
        teams=tuple(
            TeamAtWork(
                team.code,
                team.name,
                team.tier.code,
                working_calendar(revisions.get(team.calendar_id)),
                team.people,
                team.is_vendor,
            )
            for team in teams
        ),
        week=monday,
        delegations=tuple(
            Lent(one.delegator.username, one.delegate.username, one.starts_at, one.ends_at) for one in lent
        ),
        held=_held(),
    )


def rules_of(version: PolicyVersion) -> Policy:
    """The policy of a version: what a draft's rows would publish, or the snapshot."""
    return policy_of_draft(version) if version.state == PolicyState.DRAFT else policy_of(version.pk)


def findings_of(version: PolicyVersion) -> list[Finding]:
    """What the prover says of a version today, open findings first."""
    return prove(rules_of(version), organisation_at(clock.now()))
