"""A policy written as the rows of a draft: what the designer ends in, and how a snapshot is opened in the studio."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.errors import Refused
from accounts.models import Calendar, Role, Skill, Team, Tier, User
from journal import clock
from journal.services import event_append
from policies.domain.policy import Policy
from policies.domain.practice import PolicyTrigger
from policies.models import (
    AcceptedFinding,
    AuthorityRule,
    Commitment,
    ContractTarget,
    MessageTemplate,
    Overflow,
    PolicyTier,
    PolicyVersion,
    Pool,
    ResponseTarget,
    Severity,
    Trigger,
    TriggerCondition,
    TriggerGroup,
)
from policies.services.drafts import SUBJECT
from policies.services.versions import next_code

FEWEST_TIERS, MOST_TIERS = 2, 6


@dataclass
class _Known:
    """What the organisation has, by code, and what was asked for that it has not."""

    tiers: Mapping[str, Tier]
    teams: Mapping[str, Team]
    roles: Mapping[str, Role]
    skills: Mapping[str, Skill]
    calendars: Mapping[str, Calendar]
    missing: list[str] = field(default_factory=list)

    def find(self, kind: str, code: str | None, where: str) -> Any:
        """The row with this code; None, and a note, where there is none."""
        if code is None:
            return None
        found = getattr(self, f"{kind}s").get(code)
        if found is None:
            self.missing.append(f"{where}: there is no {kind} “{code}”.")
        return found


def _by_code(rows: Iterable[Any]) -> dict[str, Any]:
    return {row.code: row for row in rows}


def _known() -> _Known:
    return _Known(
        tiers=_by_code(Tier.objects.all()),
        teams=_by_code(Team.objects.all()),
        roles=_by_code(Role.objects.all()),
        skills=_by_code(Skill.objects.all()),
        calendars=_by_code(Calendar.objects.all()),
    )


def _create_tiers(policy: Policy) -> None:
    """The tiers that the organisation has not yet. Existing ones keep the name that the organisation gave them."""
    rows = _by_code(Tier.objects.all())
    ranks = {row.rank: row.code for row in rows.values()}
    problems = []
    for tier in policy.tiers:
        row = rows.get(tier.code)
        if row is not None and row.rank != tier.rank:
            problems.append(f"Tier {tier.code} has rank {row.rank} in the organisation, and {tier.rank} here.")
        elif row is None and tier.rank in ranks:
            problems.append(f"Tier {tier.code}: rank {tier.rank} is that of {ranks[tier.rank]}.")
    if problems:
        raise Refused("The draft was not made.", {"tiers": " ".join(problems)})
    Tier.objects.bulk_create(
        Tier(code=tier.code, name=tier.name, rank=tier.rank) for tier in policy.tiers if tier.code not in rows
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _write_numbers(version: PolicyVersion, policy: Policy, known: _Known) -> None:
    """Tiers, severities, response and contract targets."""
    PolicyTier.objects.bulk_create(
        PolicyTier(
            version=version, tier=known.tiers[one.code], expertise=one.expertise, issue_types=one.issue_types,
            ack_seconds=one.ack_seconds, time_limit_seconds=one.time_limit_seconds,
            resolution_seconds=one.resolution_seconds, follow_up_seconds=one.follow_up_seconds,
            target_escalation_percent=_decimal(one.target_escalation_percent), hourly_cost=Decimal(one.hourly_cost),
        )
        for one in policy.tiers
    )  # fmt: skip
    Severity.objects.bulk_create(
        Severity(
            version=version, priority=one.priority, definition=one.definition, path=one.path, entry_tier=entry,
            first_response_seconds=one.first_response_seconds, runs_around_the_clock=one.runs_around_the_clock,
            head_start_seconds=one.head_start_seconds, entry_team=known.find("team", one.entry_team, one.name),
        )
        for one in policy.severities
        if (entry := known.find("tier", one.entry_tier, one.name))
    )  # fmt: skip
    ResponseTarget.objects.bulk_create(
        ResponseTarget(version=version, kind=kind, seconds=seconds) for kind, seconds in policy.responses.items()
    )
    ContractTarget.objects.bulk_create(
        ContractTarget(
            version=version, priority=one.priority, segment=one.segment, resolution_seconds=one.resolution_seconds,
            calendar=known.find("calendar", one.calendar, f"Contract of P{one.priority}"),
        )
        for one in policy.contracts
    )  # fmt: skip


def _write_authority(version: PolicyVersion, policy: Policy, known: _Known) -> None:
    AuthorityRule.objects.bulk_create(
        AuthorityRule(
            version=version, role=role, action=one.action, limit=_decimal(one.limit), inclusive=one.inclusive,
            note=one.note,
        )
        for one in policy.authority
        if (role := known.find("role", one.role, f"Authority of {one.role_name}"))
    )  # fmt: skip


def _write_trigger(
    version: PolicyVersion, place: int, one: PolicyTrigger, known: _Known, pools: Mapping[str, Pool]
) -> None:  # fmt: skip
    where = f"Trigger “{one.name}”"
    pool = pools.get(one.to_pool) if one.to_pool else None
    if one.to_pool and pool is None:
        known.missing.append(f"{where}: there is no pool “{one.to_pool}”.")
    trigger = Trigger.objects.create(
        version=version, key=one.key, name=one.name, kind=one.kind, position=place, join=one.join, action=one.action,
        to_tier=known.find("tier", one.to_tier, where), to_team=known.find("team", one.to_team, where), to_pool=pool,
        to_priority=one.to_priority, notify_role=known.find("role", one.notify_role, where), reason=one.reason,
        head_start_seconds=one.head_start_seconds, note=one.note,
    )  # fmt: skip
    groups = TriggerGroup.objects.bulk_create(
        TriggerGroup(trigger=trigger, join=group.join, position=place) for place, group in enumerate(one.groups)
    )
    TriggerCondition.objects.bulk_create(
        TriggerCondition(
            group=row, fact=condition.fact, operator=condition.operator, value=condition.value, position=position
        )
        for row, group in zip(groups, one.groups, strict=True)
        for position, condition in enumerate(group.conditions)
    )  # fmt: skip


def _write_practice(version: PolicyVersion, policy: Policy, known: _Known) -> None:
    """Pools, triggers, overflow, templates, commitments and accepted findings."""
    made = Pool.objects.bulk_create(
        Pool(version=version, key=one.key, name=one.name, team=team, skill=known.find("skill", one.skill, one.name))
        for one in policy.pools
        if (team := known.find("team", one.team, f"Pool {one.name}"))
    )
    pools = {pool.key: pool for pool in made}
    for place, one in enumerate(policy.triggers):
        _write_trigger(version, place, one, known, pools)
    Overflow.objects.bulk_create(
        Overflow(
            version=version, team=team, to_team=other, open_tickets=one.open_tickets,
            waiting_seconds=one.waiting_seconds,
        )
        for one in policy.overflows
        if (team := known.find("team", one.team, "Overflow"))
        and (other := known.find("team", one.to_team, "Overflow"))
    )  # fmt: skip
    MessageTemplate.objects.bulk_create(
        MessageTemplate(
            version=version, key=one.key, kind=one.kind, name=one.name, subject=one.subject, body=one.body,
            position=place,
        )
        for place, one in enumerate(policy.templates)
    )  # fmt: skip
    Commitment.objects.bulk_create(
        Commitment(version=version, key=one.key, text=one.text, position=place)
        for place, one in enumerate(policy.commitments)
    )
    AcceptedFinding.objects.bulk_create(
        AcceptedFinding(version=version, finding=one.finding, reason=one.reason) for one in policy.accepted
    )


@transaction.atomic
def version_from_policy(
    *, policy: Policy, by: User, base: PolicyVersion | None, note: str, leave_out: bool = False
) -> PolicyVersion:  # fmt: skip
    """A draft with the policy's rules: the inverse of `policy_of_draft`, but for the code and the clauses.

    Tiers that the organisation has not yet are created; those it has keep their names. Raises Refused, and writes
    nothing, where a team, role, skill or calendar does not exist or a tier's rank is another's; with `leave_out` what
    does not exist is left out and the draft's note says so.
    """
    if not FEWEST_TIERS <= len(policy.tiers) <= MOST_TIERS:
        raise Refused("The draft was not made.", {"tiers": f"A policy has {FEWEST_TIERS} to {MOST_TIERS} tiers."})
    _create_tiers(policy)
    known = _known()
    code = next_code(base.code if base else policy.code)
    version = PolicyVersion.objects.create(code=code, title=policy.title, base=base, created_by=by, note=note)
    _write_numbers(version, policy, known)
    _write_authority(version, policy, known)
    _write_practice(version, policy, known)
    if known.missing and not leave_out:
        raise Refused("The draft was not made.", {"missing": " ".join(dict.fromkeys(known.missing))})
    if known.missing:
        version.note = "\n".join([note, "Left out:", *dict.fromkeys(known.missing)]).strip()
        version.save(update_fields=["note"])
    event_append(
        subject=(SUBJECT, version.pk), kind="policy.drafted", at=clock.now(), actor=by,
        data={"from": base.code if base else policy.code},
    )  # fmt: skip
    return version
