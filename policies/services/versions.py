"""Publishing: the moment at which rows become rules."""

from django.db import transaction

from accounts.models import User
from journal import clock
from journal.models import Event
from journal.services import event_append
from policies.choices import PickListName, PolicyState, PublicationState
from policies.domain.clauses import number_clauses
from policies.domain.policy import AuthorityGrant, ContractRule, Policy, PolicyInvalid, SeverityRules, TierRules
from policies.models import AuthorityRule, ContractTarget, PolicyTier, PolicyVersion, ResponseTarget, Severity
from policies.offers import list_names
from policies.services.practice import copy_practice, copy_rows, practice_of, trigger_problems


def _tier_rules(row: PolicyTier) -> TierRules:
    percent = row.target_escalation_percent
    return TierRules(
        code=row.tier.code,
        name=row.tier.name,
        rank=row.tier.rank,
        expertise=row.expertise,
        issue_types=row.issue_types,
        ack_seconds=row.ack_seconds,
        time_limit_seconds=row.time_limit_seconds,
        resolution_seconds=row.resolution_seconds,
        target_escalation_percent=None if percent is None else str(percent),
        hourly_cost=str(row.hourly_cost),
        follow_up_seconds=row.follow_up_seconds,
    )


def _severity_rules(row: Severity) -> SeverityRules:
    return SeverityRules(
        priority=row.priority,
        definition=row.definition,
        first_response_seconds=row.first_response_seconds,
        entry_tier=row.entry_tier.code,
        entry_team=row.entry_team.code if row.entry_team else None,
        path=row.path,
        runs_around_the_clock=row.runs_around_the_clock,
        head_start_seconds=row.head_start_seconds,
    )


def _authority_grant(row: AuthorityRule, names: dict[str, str]) -> AuthorityGrant:
    return AuthorityGrant(
        role=row.role.code,
        role_name=row.role.name,
        rank=row.role.rank,
        action=row.action,
        action_name=names.get(row.action, ""),
        limit=None if row.limit is None else str(row.limit),
        inclusive=row.inclusive,
        note=row.note,
    )


def _authority(version: PolicyVersion, names: dict[str, str]) -> tuple[AuthorityGrant, ...]:
    """By rank, and within a role in the order of the list of authorities."""
    place = {code: position for position, code in enumerate(names)}
    rows = version.authority.select_related("role")
    grants = [_authority_grant(row, names) for row in rows]
    return tuple(sorted(grants, key=lambda one: (one.rank, one.role, place.get(one.action, len(place)), one.action)))


def policy_of_draft(version: PolicyVersion) -> Policy:
    """What the draft's rows would publish: the same object that a snapshot gives."""
    names = list_names()
    names["pool"] = dict(version.pools.values_list("key", "name"))
    policy = Policy(
        code=version.code,
        title=version.title,
        tiers=tuple(_tier_rules(row) for row in version.tiers.select_related("tier")),
        severities=tuple(_severity_rules(row) for row in version.severities.select_related("entry_tier", "entry_team")),
        contracts=tuple(
            ContractRule(
                priority=row.priority,
                segment=row.segment,
                resolution_seconds=row.resolution_seconds,
                calendar=row.calendar.code if row.calendar else None,
            )
            for row in version.contracts.select_related("calendar")
        ),
        responses={row.kind: row.seconds for row in version.responses.all()},
        clauses={},
        authority=_authority(version, names[PickListName.AUTHORITY]),
        **practice_of(version),
    )
    return number_clauses(policy, names)


def problems_of(policy: Policy) -> list[str]:
    """What makes a policy unfit to run, row by row. The prover's finer findings come before publishing too."""
    problems = []
    codes = {tier.code for tier in policy.tiers}
    if not codes:
        problems.append("Tiers: a policy needs at least one tier.")
    missing = {1, 2, 3, 4} - {severity.priority for severity in policy.severities}
    problems += [f"Severities: P{priority} is missing." for priority in sorted(missing)]
    problems += [
        f"Severity {severity.name}, entry tier: {severity.entry_tier} is not among the tiers."
        for severity in policy.severities
        if severity.entry_tier not in codes
    ]
    entry = min((tier.rank for tier in policy.tiers), default=0)
    problems += [
        f"Tier {tier.code}, acknowledgement: a tier that receives escalations needs a target."
        for tier in policy.tiers
        if tier.rank > entry and not tier.ack_seconds
    ]
    for tier in policy.tiers:
        if 0 in (tier.time_limit_seconds, tier.resolution_seconds, tier.follow_up_seconds):
            problems.append(f"Tier {tier.code}: a limit or target of 0 would ring at once.")
    problems += trigger_problems(policy)
    problems += [
        f"Authority of {grant.role_name}: {grant.action} is not among the authorities."
        for grant in policy.authority
        if not grant.action_name
    ]
    return problems


def second_person_problem(version: PolicyVersion, by: User) -> str:
    """Why somebody is not the second person that a publication needs; "" when they are.

    Nothing comes into force that only one person has seen: neither who drafted it publishes it, nor who changed it
    last.
    """
    if version.created_by_id == by.pk:
        return "A policy is published by a second person, not by the one who drafted it."
    last = (
        Event.objects.filter(subject_type="policy", subject_id=version.pk, kind="policy.edited")
        .order_by("-id")
        .values_list("actor", flat=True)
        .first()
    )
    if last == by.pk:
        return "You changed this draft last: somebody else publishes it."
    return ""


def publishing_problems(version: PolicyVersion, by: User) -> list[str]:
    """Everything that keeps this person from publishing the version now."""
    if version.state != PolicyState.DRAFT:
        return [f"Policy {version.code} is {version.get_state_display().lower()}, not a draft."]
    problem = second_person_problem(version, by)
    return [problem] if problem else problems_of(policy_of_draft(version))


@transaction.atomic
def version_publish(*, version: PolicyVersion, by: User, edit: int | None = None) -> PolicyVersion:
    """Freeze the draft and put it in force; the one before retires. The publisher is a second person.

    `edit` is the draft's count that the publisher has looked at (None: whatever it is now). Raises PolicyInvalid with
    every problem. That publisher and drafter differ is the database's matter too (policy_second_person).
    """
    version = PolicyVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    problems = publishing_problems(version, by)
    if edit is not None and edit != version.edit and version.state == PolicyState.DRAFT:
        problems.append("The draft was changed since you looked at it. Look at its changes again.")
    if problems:
        raise PolicyInvalid(problems)
    now = clock.now()
    PolicyVersion.objects.filter(state=PolicyState.PUBLISHED).update(state=PolicyState.RETIRED, retired_at=now)
    version.snapshot = policy_of_draft(version).to_json()
    version.state, version.published_by, version.published_at = PolicyState.PUBLISHED, by, now
    version.save()
    version.publications.filter(state=PublicationState.WAITING).update(state=PublicationState.DONE, settled_at=now)
    event_append(subject=("policy", version.pk), kind="policy.published", actor=by, at=now, data={"code": version.code})
    return version


def next_code(code: str) -> str:
    """`2025.1` → `2025.2`; the first number that is free."""
    year, _, number = code.partition(".")
    taken = set(PolicyVersion.objects.filter(code__startswith=f"{year}.").values_list("code", flat=True))
    count = int(number) if number.isdigit() else 0
    while (candidate := f"{year}.{count}") in taken or count == 0:
        count += 1
    return candidate


@transaction.atomic
def version_copy(*, version: PolicyVersion, by: User) -> PolicyVersion:
    """A new draft with the same rows, to go on from."""
    draft = PolicyVersion.objects.create(
        code=next_code(version.code), title=version.title, base=version, created_by=by, note=f"From {version.code}."
    )
    for rows in (PolicyTier, Severity, ResponseTarget, ContractTarget, AuthorityRule):
        copy_rows(rows._default_manager.filter(version=version), version=draft)
    copy_practice(version, draft)
    return draft
