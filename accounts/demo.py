"""The demo organisation: four tiers, seven teams over three regions, about fifty people, a login for each role."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time

from django.contrib.auth.hashers import make_password

from accounts.choices import ExceptionKind
from accounts.domain.calendar_values import CalendarValues, SpecialDay
from accounts.models import Calendar, CalendarException, CalendarHours, Region, Role, Team, Tier, User
from accounts.services.calendars import calendar_create, calendar_revise, calendar_save, calendar_values
from accounts.shipped import load_roles_and_tiers

PASSWORD = "belay on belay"
DOMAIN = "northline.example"

REGIONS = (("emea", "EMEA"), ("amer", "Americas"), ("apac", "Asia-Pacific"))

# code, name, zone, country, subdivision, opens, closes, days
CALENDARS = (
    ("berlin", "Berlin office", "Europe/Berlin", "DE", "BE", 8, 18, range(5)),
    ("new-york", "New York office", "America/New_York", "US", "NY", 8, 18, range(5)),
    ("singapore", "Singapore office", "Asia/Singapore", "SG", "", 9, 18, range(5)),
    ("london", "London office", "Europe/London", "GB", "ENG", 8, 20, range(5)),
    ("denver", "Denver office", "America/Denver", "US", "CO", 7, 17, range(5)),
    ("kolkata", "Kolkata office", "Asia/Kolkata", "IN", "WB", 9, 19, range(6)),
)

# code, name, tier, region, calendar, is_vendor
TEAMS = (
    ("delta", "Delta", "L1", "emea", "berlin"),
    ("harbor", "Harbor", "L1", "amer", "new-york"),
    ("tide", "Tide", "L1", "apac", "singapore"),
    ("integrations", "Integrations", "L2", "emea", "berlin"),
    ("data", "Data", "L2", "amer", "denver"),
    ("platform", "Platform", "L3", "apac", "kolkata"),
    ("product", "Product", "L4", "emea", "london"),
)

# username, full name, role, team, zone; the first of each role is the documented login.
PEOPLE = (
    ("tomasz", "Tomasz Wrede", "l1_agent", "delta", "Europe/Warsaw"),
    ("ines", "Ines Halvorsen", "l2_specialist", "integrations", "Europe/Berlin"),
    ("priya", "Priya Raman", "l3_engineer", "platform", "Asia/Kolkata"),
    ("jonas", "Jonas Feld", "l4_engineer", "product", "Europe/London"),
    ("dana", "Dana Whitlock", "support_manager", None, "America/New_York"),
    ("rosa", "Rosa Lindgren", "vp_support", None, "Europe/Stockholm"),
    ("victor", "Victor Amari", "c_level", None, "America/Chicago"),
    ("lena", "Lena Brandt", "success_manager", None, "Europe/Zurich"),
    ("malik", "Malik Osei", "trainer", None, "Africa/Accra"),
    ("aiko", "Aiko Tran", "process_owner", None, "Asia/Tokyo"),
    ("admin", "Yara Nilsen", "administrator", None, "Asia/Kathmandu"),
    ("bruno", "Bruno Castel", "support_manager", None, "Europe/Paris"),
    ("mei", "Mei Okabe", "success_manager", None, "Asia/Singapore"),
)
MEMBERS: dict[str, tuple[str, ...]] = {
    "delta": ("Katja Riemann", "Pavel Novak", "Leila Sarkis", "Owen Drake", "Marta Kowal", "Stefan Ilic"),
    "harbor": ("Grace Abbot", "Luis Romero", "Hana Wells", "Terry Quill", "Amara Diallo", "Cole Jensen"),
    "tide": ("Wei Tan", "Nurul Aziz", "Arjun Mehta", "Siti Rahman", "Ken Morita"),
    "integrations": ("Noor Haddad", "Sam Okafor", "Elif Demir", "Henrik Aas", "Julia Weiss"),
    "data": ("Claire Dumont", "Ravi Shah", "Tess Morgan", "Diego Alvarez", "Ida Blom"),
    "platform": ("Anil Bose", "Farah Siddiqui", "Vikram Rao", "Nisha Pillai"),
    "product": ("Maeve Byrne", "Oskar Lind", "Theo Grant"),
}
ROLE_OF_TIER = {"L1": "l1_agent", "L2": "l2_specialist", "L3": "l3_engineer", "L4": "l4_engineer"}
LEADS = {"delta": "katja", "harbor": "grace", "tide": "wei", "integrations": "noor", "data": "claire",
         "platform": "anil", "product": "maeve"}  # fmt: skip


def documented_logins() -> list[tuple[str, str, str]]:
    """(role, user name, person) of one login a role, for the README and the sign-in page."""
    seen: dict[str, tuple[str, str, str]] = {}
    names = dict(Role.objects.values_list("code", "name"))
    for username, full_name, role, _, _ in PEOPLE:
        seen.setdefault(role, (names.get(role, role), username, full_name))
    return list(seen.values())


def _calendars() -> dict[str, Calendar]:
    for code, name, zone, country, subdivision, opens, closes, days in CALENDARS:
        calendar = Calendar.objects.create(
            code=code, name=name, time_zone=zone, country=country, subdivision=subdivision
        )
        CalendarHours.objects.bulk_create(
            CalendarHours(calendar=calendar, weekday=day, opens=time(opens), closes=time(closes)) for day in days
        )
        CalendarException.objects.bulk_create(
            CalendarException(
                calendar=calendar, date=date(year, 12, 24), kind=ExceptionKind.HALF_DAY, name="Christmas Eve",
                opens=time(opens), closes=time(13),
            )
            for year in (2025, 2026, 2027)
        )  # fmt: skip
        calendar_revise(calendar=calendar, by=None)
    always, _ = Calendar.objects.get_or_create(
        code="always", defaults={"name": "Around the clock", "always_open": True}
    )
    calendar_revise(calendar=always, by=None)
    return {calendar.code: calendar for calendar in Calendar.objects.all()}


def _edited_calendars(by: User) -> None:
    """What the process owner has done to calendars: one around the world, and a day without work in London."""
    offices = ("berlin", "new-york", "singapore")
    calendar_create(wanted=CalendarValues("Follow the sun", "UTC", members=offices), by=by)
    london = Calendar.objects.get(code="london")
    values = calendar_values(london)
    day = SpecialDay(date(2027, 1, 4), ExceptionKind.HOLIDAY, "Company day")
    calendar_save(calendar=london, wanted=replace(values, days=(*values.days, day)), seen=values.mark, by=by)


def _people(teams: dict[str, Team]) -> Iterable[User]:
    roles = {role.code: role for role in Role.objects.all()}
    password = make_password(PASSWORD)  # once: a hash is slow on purpose
    zones = {code: zone for code, _, zone, *_ in CALENDARS}
    rows = list(PEOPLE)
    for team_code, members in MEMBERS.items():
        team = teams[team_code]
        rows += [
            (name.split()[0].lower(), name, ROLE_OF_TIER[team.tier.code], team_code, zones[team.calendar.code])
            for name in members
        ]
    for username, full_name, role, team_code, zone in rows:
        yield User(
            username=username, full_name=full_name, email=f"{username}@{DOMAIN}", password=password,
            role=roles[role], team=teams[team_code] if team_code else None, time_zone=zone,
            region=teams[team_code].region if team_code else None,
            is_staff=role == "administrator", is_superuser=role == "administrator",
        )  # fmt: skip


def load_organisation() -> dict[str, Team]:
    """Create roles, tiers, regions, calendars, teams and people. Returns the teams by code."""
    load_roles_and_tiers()
    regions = {code: Region.objects.create(code=code, name=name) for code, name in REGIONS}
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    calendars = _calendars()
    teams = {
        code: Team.objects.create(
            code=code, name=name, tier=tiers[tier], region=regions[region], calendar=calendars[calendar]
        )
        for code, name, tier, region, calendar in TEAMS
    }
    User.objects.bulk_create(_people(teams))
    _edited_calendars(User.objects.get(username="aiko"))
    for code, username in LEADS.items():
        Team.objects.filter(pk=teams[code].pk).update(lead=User.objects.get(username=username))
    return {team.code: team for team in Team.objects.select_related("tier", "region", "calendar", "lead")}
