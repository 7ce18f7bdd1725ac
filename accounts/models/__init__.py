from accounts.models.calendars import (
    Calendar,
    CalendarException,
    CalendarHours,
    CalendarRevision,
    TimeZoneField,
    validate_time_zone,
)
from accounts.models.duty import Absence, DutyShift, DutySwap, Presence
from accounts.models.people import Region, Role, Team, Tier, User
from accounts.models.skills import Skill, SkillRating, SkillTarget

__all__ = [
    "Absence",
    "Calendar",
    "CalendarException",
    "CalendarHours",
    "CalendarRevision",
    "DutyShift",
    "DutySwap",
    "Presence",
    "Region",
    "Role",
    "Skill",
    "SkillRating",
    "SkillTarget",
    "Team",
    "Tier",
    "TimeZoneField",
    "User",
    "validate_time_zone",
]
