"""Reads across people, teams, duty and skills."""

from accounts.selectors.duty import Away, DutyNow, absences_now, duty_now

__all__ = ["Away", "DutyNow", "absences_now", "duty_now"]
