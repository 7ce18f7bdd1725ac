"""Forms of the duty rota. Shape only; services decide."""

from datetime import time
from typing import Any

from django import forms

from accounts.choices import DutyRole
from accounts.domain.rotation import Hours, Pattern
from accounts.forms.people import PersonField
from accounts.models import CalendarHours, DutyShift, Team, User
from accounts.services.rota_files import MAX_BYTES, TOO_BIG
from web.fields import LocalDateTimeField
from web.forms import BelayForm

Groups = list[tuple[str, list[User]]]
PATTERN_PEOPLE = 8


class ShiftForm(BelayForm):
    """A shift, new or changed. `seen` carries what a change was shown with."""

    half = ("starts_at", "ends_at")
    optional_marks = ("note",)

    user = PersonField(label="Who")
    role = forms.ChoiceField(label="As", choices=DutyRole.choices, widget=forms.RadioSelect, initial=DutyRole.PRIMARY)
    starts_at = LocalDateTimeField(label="From")
    ends_at = LocalDateTimeField(label="Until")
    note = forms.CharField(label="Note", required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Groups, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].offer(people)


class CoverForm(BelayForm):
    """Who takes over which part of a shift."""

    half = ("starts_at", "ends_at")

    user = PersonField(label="Who covers")
    starts_at = LocalDateTimeField(label="From")
    ends_at = LocalDateTimeField(label="Until", help_text="The whole shift, or a part of it.")

    def __init__(self, *args: Any, people: Groups, holder: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].offer(people, without=holder)


class SwapForm(BelayForm):
    """Whom one asks for a shift, and which of theirs one would take in return."""

    optional_marks = ("in_return", "note")

    offered_to = PersonField(label="Whom you ask")
    in_return = forms.ChoiceField(label="You take in return", required=False)
    note = forms.CharField(label="Note", required=False, max_length=300)

    def __init__(
        self, *args: Any, people: Groups, asker: User, theirs: list[tuple[DutyShift, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offered_to"].offer(people, without=asker)
        by_person: dict[str, list[tuple[str, str]]] = {}
        for shift, words in theirs:
            by_person.setdefault(str(shift.user), []).append((str(shift.pk), words))
        self.shifts = {str(shift.pk): shift for shift, _ in theirs}
        self.fields["in_return"].choices = [("", "Nothing"), *by_person.items()]

    def clean_in_return(self) -> DutyShift | None:
        return self.shifts.get(self.cleaned_data["in_return"])


class PatternForm(BelayForm):
    """A repeating pattern: who takes turns, for how long, from when to when."""

    half = ("first", "until", "turn_days", "handover", "weekday", "opens", "closes")

    role = forms.ChoiceField(label="As", choices=DutyRole.choices, widget=forms.RadioSelect, initial=DutyRole.PRIMARY)
    first = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), help_text="The day of the last handover."
    )
    turn_days = forms.TypedChoiceField(
        label="A turn lasts", coerce=int, initial=7, choices=[(1, "A day"), (7, "A week"), (14, "Two weeks")]
    )
    weekday = forms.TypedChoiceField(
        label="Turns of weeks begin on", coerce=int, initial=0, choices=CalendarHours.WEEKDAYS
    )
    handover = forms.TimeField(
        label="Handover at", initial=time(9), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    hours = forms.ChoiceField(
        label="A turn covers",
        widget=forms.RadioSelect,
        initial="always",
        choices=[("always", "Around the clock, from handover to handover"), ("hours", "Only in the hours below")],
    )
    opens = forms.TimeField(
        label="From", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    closes = forms.TimeField(
        label="Until", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On", coerce=int, required=False, choices=CalendarHours.WEEKDAYS, widget=forms.CheckboxSelectMultiple
    )
    existing = forms.ChoiceField(
        label="Shifts that stand in the way",
        widget=forms.RadioSelect,
        initial="keep",
        choices=[("keep", "Stay; rows that meet them are left out"), ("replace", "Make way, if they are to come")],
    )

    def __init__(self, *args: Any, people: Groups, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        order = []
        for number in range(1, PATTERN_PEOPLE + 1):
            name = f"person_{number}"
            self.fields[name] = PersonField(label=f"Turn {number}", required=number == 1, empty="Nobody")
            self.fields[name].offer(people)
            order.append(name)
        self.half = (*self.half, *order)
        self.order_fields([*order, "role", "first", "until"])

    def turns(self) -> list[forms.BoundField]:
        return [self[f"person_{number}"] for number in range(1, PATTERN_PEOPLE + 1)]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("hours") == "hours":
            for name in ("opens", "closes"):
                if values.get(name) is None and name not in self.errors:
                    self.add_error(name, "Say the time.")
            if not values.get("weekdays"):
                self.add_error("weekdays", "Choose the days of the week.")
        return values

    @property
    def replaces(self) -> bool:
        return bool(self.cleaned_data["existing"] == "replace")

    def pattern(self) -> Pattern:
        """The pattern of a valid form, in the team's zone."""
        values = self.cleaned_data
        people = [values[f"person_{number}"] for number in range(1, PATTERN_PEOPLE + 1)]
        hours = None
        if values["hours"] == "hours":
            hours = Hours(values["opens"], values["closes"], frozenset(values["weekdays"]))
        return Pattern(
            people=tuple(person.pk for person in people if person is not None),
            first=values["first"],
            until=values["until"],
            zone=self.team.calendar.time_zone,
            turn_days=values["turn_days"],
            weekday=values["weekday"],
            handover=values["handover"],
            hours=hours,
            role=values["role"],
        )


class RotaFileForm(BelayForm):
    """The upload of an iCalendar file."""

    file = forms.FileField(
        label="Calendar file",
        help_text="iCalendar (.ics), at most 1 MB.",
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(TOO_BIG)
        return file


class AbsenceForm(BelayForm):
    """When somebody is away and who answers meanwhile."""

    half = ("starts_at", "ends_at")
    optional_marks = ("note",)

    user = PersonField(label="Who is away")
    starts_at = LocalDateTimeField(label="From")
    ends_at = LocalDateTimeField(label="Until")
    covered_by = PersonField(
        label="Who covers",
        required=False,
        empty="Nobody",
        help_text="They answer when this person is on duty, and stand beside their name wherever somebody is chosen.",
    )
    note = forms.CharField(label="Note", required=False)

    def __init__(self, *args: Any, people: Groups, of: Groups | None, **kwargs: Any) -> None:
        """`of`: those whose absence may be entered; None: only the one who is given, and not to be changed."""
        super().__init__(*args, **kwargs)
        self.fields["covered_by"].offer(people)
        if of is None:
            del self.fields["user"]
        else:
            self.fields["user"].offer(of)
