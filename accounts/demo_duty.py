"""Duty and expertise of the demo: rotas of every team around today, a gap, a swap, absences; everybody rated."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.choices import Dimension, DutyRole, Level
from accounts.domain.rotation import Hours, Pattern
from accounts.models import DutyShift, Skill, SkillRating, Team, User
from accounts.services.absences import absence_create
from accounts.services.rota import shift_create, shift_delete
from accounts.services.rota_patterns import rota_write
from accounts.services.skills import skill_rate
from accounts.services.swaps import swap_ask
from accounts.shipped import load_skills
from journal import clock

BEHIND, AHEAD = timedelta(weeks=3), timedelta(weeks=6)
# Around the clock by weekly turns; the others in their office hours, one region after the other.
AROUND_THE_CLOCK = ("integrations", "platform")
# What a person of a tier is sure of; the others they know less of.
HOME: dict[str, tuple[str, ...]] = {
    "delta": ("onboarding", "billing", "identity"),
    "harbor": ("onboarding", "billing", "mobile"),
    "tide": ("onboarding", "identity", "mobile"),
    "integrations": ("api", "identity"),
    "data": ("data", "api"),
    "platform": ("performance", "data", "webhooks"),
    "product": ("security", "mobile", "api"),
}
HEIGHT = {"L1": 0, "L2": 1, "L3": 2, "L4": 2}


def load_duty(teams: dict[str, Team], seed: int) -> None:
    """Three weeks back to six ahead, by the services, so that every shift has its history."""
    now = clock.now()
    monday = (now - timedelta(days=now.weekday())).date()
    with clock.travel(now - BEHIND - timedelta(days=7)):
        for team in teams.values():
            people = _people(team)
            _write(team, people, monday - BEHIND, monday + AHEAD, DutyRole.PRIMARY)
            _write(team, people[2:] + people[:2], monday - BEHIND, monday + AHEAD, DutyRole.BACKUP)
        _weekends(teams, monday)
    _happenings(teams, now)
    _ratings(teams, random.Random(seed), now - timedelta(days=40))


def _people(team: Team) -> list[User]:
    """Those who take turns: the lead plans."""
    return list(User.objects.filter(team=team, is_active=True).exclude(pk=team.lead_id).order_by("pk")[:5])


def _write(team: Team, people: list[User], first: date, until: date, role: str) -> None:
    rows = list(team.calendar.hours.all())
    hours = None
    if team.code not in AROUND_THE_CLOCK and rows:
        hours = Hours(rows[0].opens, rows[0].closes, frozenset(row.weekday for row in rows))
    pattern = Pattern(
        people=tuple(person.pk for person in people), first=first, until=until,
        zone=team.calendar.time_zone, handover=time(9), hours=hours, role=role,
    )  # fmt: skip
    rota_write(team=team, by=team.lead, pattern=pattern, replace=False, zone=ZoneInfo(team.calendar.time_zone))


def _weekends(teams: dict[str, Team], monday: date) -> None:
    """Weekend cover of the entry tier: one region's day after the other's."""
    for code in ("tide", "delta", "harbor"):
        team = teams[code]
        people = _people(team)
        pattern = Pattern(
            people=tuple(person.pk for person in people), first=monday - BEHIND, until=monday + AHEAD,
            zone=team.calendar.time_zone, hours=Hours(time(9), time(17), frozenset({5, 6})),
        )  # fmt: skip
        rota_write(team=team, by=team.lead, pattern=pattern, replace=False, zone=ZoneInfo(team.calendar.time_zone))


def _next(team: Team, now: datetime, *, of: User | None = None, role: str = DutyRole.PRIMARY) -> DutyShift | None:
    coming = DutyShift.objects.filter(team=team, role=role, starts_at__gt=now + timedelta(hours=12))
    return (coming.filter(user=of) if of else coming).order_by("starts_at").first()


def _happenings(teams: dict[str, Team], now: datetime) -> None:
    """A gap in Product, a swap asked of the documented L2 login, an absence with cover and one without."""
    hole = _next(teams["product"], now)
    if hole is not None:
        for row in DutyShift.objects.filter(team=hole.team, starts_at__lt=hole.ends_at, ends_at__gt=hole.starts_at):
            shift_delete(shift=row, by=hole.team.lead)
    people = {person.username: person for person in User.objects.select_related("team")}
    asker = people["sam"]
    offered = _next(teams["integrations"], now, of=asker)
    if offered is None:
        starts_at = (now + timedelta(days=AHEAD.days + 7)).replace(hour=7, minute=0, second=0, microsecond=0)
        offered = shift_create(
            team=teams["integrations"], by=teams["integrations"].lead, user=asker, starts_at=starts_at,
            ends_at=starts_at + timedelta(days=1),
        )  # fmt: skip
    swap_ask(shift=offered, by=asker, offered_to=people["ines"], note="My sister gets married that week.")
    _absences(teams, people, now)


def _absences(teams: dict[str, Team], people: dict[str, User], now: datetime) -> None:
    began = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=20)
    absence_create(
        user=people["elif"], by=people["elif"], starts_at=began, ends_at=began + timedelta(days=5),
        covered_by=people["henrik"], note="Leave",
    )  # fmt: skip
    turn = _next(teams["data"], now)
    if turn is not None:
        absence_create(
            user=turn.user, by=teams["data"].lead, starts_at=turn.starts_at - timedelta(hours=4),
            ends_at=turn.starts_at + timedelta(days=2), note="Training",
        )  # fmt: skip


def _ratings(teams: dict[str, Team], rng: random.Random, at: datetime) -> None:
    """Everybody in most skills, by what their team does; one rating changed since, so that there is a history."""
    load_skills()
    skills = list(Skill.objects.all())
    rows = []
    for team in teams.values():
        lead = team.lead
        for person in User.objects.filter(team=team).order_by("pk"):
            for skill in skills:
                base = HEIGHT[team.tier.code] + (2 if skill.code in HOME[team.code] else 0)
                if base == 0 and rng.random() < 0.4:
                    continue
                for dimension in Dimension:
                    level = min(max(base + rng.choice((-1, 0, 0, 0, 1)), 0), Level.TEACHES)
                    row = SkillRating(user=person, skill=skill, dimension=dimension, level=level)
                    row.rated_by, row.rated_at = lead, at
                    rows.append(row)
    SkillRating.objects.bulk_create(rows)
    _webhooks(teams["integrations"], skills)


def _webhooks(team: Team, skills: list[Skill]) -> None:
    """L2 has one person who does webhooks alone, and needs two."""
    webhooks = next(skill for skill in skills if skill.code == "webhooks")
    below = SkillRating.objects.filter(skill=webhooks, user__team__tier=team.tier)
    below.filter(level__gt=Level.WITH_HELP).update(level=Level.WITH_HELP)
    best = User.objects.filter(team=team).exclude(pk=team.lead_id).order_by("pk").first()
    if best is not None:
        skill_rate(
            user=best, skill=webhooks, by=team.lead,
            levels={Dimension.TECHNICAL: Level.ALONE, Dimension.KNOWLEDGE: Level.ALONE},
        )  # fmt: skip
