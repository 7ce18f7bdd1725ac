"""Tiers and hours that nobody covers, tiers without rules, and teams that no tier holds."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from accounts.domain.calendar_errors import CalendarError
from accounts.domain.calendars import closes_at, next_open, open_at
from policies.domain.policy import Policy
from policies.domain.prover.findings import Finding, Organisation, TeamAtWork

LOOKED_AT = timedelta(days=14)
MOST_STEPS = 500


def _staff(organisation: Organisation, tier: str) -> list[TeamAtWork]:
    return [team for team in organisation.teams if team.tier == tier and (team.people or team.is_vendor)]


def _nobody(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    for tier in policy.tiers:
        if not _staff(organisation, tier.code):
            yield Finding(
                id=f"nobody_staffs:{tier.code}",
                kind="tier_nobody_staffs",
                clauses=(f"tier.{tier.code}.resolution",),
                message=f"{tier.code} {tier.name}: no team in use with people works at this tier.",
                counterexample={"tier": tier.rank},
            )


def _uncovered(teams: list[TeamAtWork], start: datetime, end: datetime) -> datetime | None:
    """The first instant in [start, end) at which none of the teams works."""
    at = start
    for _ in range(MOST_STEPS):
        if at >= end:
            return None
        working = [team for team in teams if open_at(at, team.calendar)]
        if not working:
            return at
        closings = [closes_at(at, team.calendar) for team in working]
        if None in closings:
            return None
        at = max(one for one in closings if one is not None)
    return None


def _opens_again(teams: list[TeamAtWork], at: datetime) -> datetime | None:
    found = []
    for team in teams:
        try:
            found.append(next_open(at, team.calendar))
        except CalendarError:
            continue
    return min(found, default=None)


def _hours(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """A severity whose clocks run 24×7, entering at a tier that does not work around the clock."""
    for severity in policy.severities:
        teams = _staff(organisation, severity.entry_tier)
        if not severity.runs_around_the_clock or not teams:
            continue
        at = _uncovered(teams, organisation.week, organisation.week + LOOKED_AT)
        if at is None:
            continue
        again = _opens_again(teams, at)
        until = f" until {again:%A %H:%M} UTC" if again else ""
        yield Finding(
            id=f"hours_uncovered:{severity.name}:{severity.entry_tier}",
            kind="hours_nobody_covers",
            clauses=(f"severity.{severity.name}",),
            message=(
                f"{severity.name} runs around the clock and enters at {severity.entry_tier}, where nobody works from"
                f" {at:%A %H:%M} UTC{until}."
            ),
            counterexample={"priority": severity.priority, "opened_at": at.isoformat()},
        )


def _unknown_teams(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    known = {team.code: team for team in organisation.teams}
    tiers = {tier.code for tier in policy.tiers}
    for severity in policy.severities:
        if severity.entry_team is None:
            continue
        team = known.get(severity.entry_team)
        if team is None or team.tier not in tiers or team.tier != severity.entry_tier:
            held = "no tier holds it" if team is None else f"it works at {team.tier}, not at {severity.entry_tier}"
            yield Finding(
                id=f"team_of_no_tier:{severity.name}",
                kind="team_no_tier_holds",
                clauses=(f"severity.{severity.name}",),
                message=f"{severity.name} goes to “{severity.entry_team}”, but {held}.",
                counterexample={"priority": severity.priority},
            )


def _without_rules(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """A tier that people or open tickets stand at, and that the policy does not have."""
    known = {tier.code for tier in policy.tiers}
    ranks = {code: rank for rank, code in organisation.names.get("tier", {}).items()}
    working: dict[str, list[str]] = {}
    for team in organisation.teams:
        working.setdefault(team.tier, []).append(team.name)
    for code in sorted({*working, *organisation.held} - known, key=lambda code: ranks.get(code, 0)):
        teams, held = ", ".join(working.get(code, ())), organisation.held.get(code, "")
        standing = (f"{teams} work at it" if teams else "", f"it holds {held}" if held else "")
        there = " and ".join(part for part in standing if part)
        shown = {"tier": ranks.get(code), "team": teams, "holds": held}
        yield Finding(
            id=f"tier_without_rules:{code}",
            kind="tier_without_rules",
            clauses=(),
            message=f"{code} has no rules here, but {there}: no clock of a ticket there could be started.",
            counterexample={name: value for name, value in shown.items() if value},
        )


def staffing_findings(policy: Policy, organisation: Organisation) -> Iterator[Finding]:
    """Everything about who is there."""
    yield from _nobody(policy, organisation)
    yield from _without_rules(policy, organisation)
    yield from _unknown_teams(policy, organisation)
    yield from _hours(policy, organisation)
