"""What can be wrong with a calendar, or with a question put to one."""


class CalendarError(Exception):
    """Base of everything the calendar arithmetic raises."""


class InvalidCalendar(CalendarError, ValueError):
    """The definition is not a calendar. `field` is the path of the value, such as `weekly.mon[0]`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


class NaiveDatetime(CalendarError, ValueError):
    """An instant without a time zone: nobody can say when it is."""


class InvalidBudget(CalendarError, ValueError):
    """A number of seconds that is negative or not whole."""


class CalendarNeverOpens(CalendarError):
    """Not one open second within `YEARS_WITHOUT_OPENING` years: no deadline can be given."""


class CalendarOutOfRange(CalendarError):
    """An instant outside the years that calendars cover. Refused, never clamped."""


class HolidaysMissing(CalendarError):
    """A year of the country's holidays is neither frozen in the calendar nor can anything generate it."""
