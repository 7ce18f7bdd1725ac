"""Handing over a desk: who gets it, why, and for each line whom and with which note."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.models import User
from escalations.choices import HandoverReason
from escalations.selectors.desk_handover import Line, Receivers
from escalations.services.desk import Give, Leave
from web.fields import LocalDateTimeField
from web.forms import BelayForm, DraftMixin

ALL, KEEP, TEAM = "all", "keep", "team"
NOTE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class FormLine:
    """A line with its two fields, for the template."""

    line: Line
    give: forms.BoundField
    note: forms.BoundField
    version: forms.BoundField


class HandoverForm(BelayForm, DraftMixin):
    """`tickets` and `handoffs` are the lines of the page; each has a field for whom, one for its note, its version."""

    half = ("starts_at", "ends_at")
    optional_marks = ("note", "covered_by", "leave_note")

    to = forms.ChoiceField(label="Who gets them", error_messages={"required": "Choose who gets them."})
    reason = forms.ChoiceField(
        label="Why", choices=HandoverReason.choices, widget=forms.RadioSelect, initial=HandoverReason.SHIFT_END
    )
    note = forms.CharField(label="Word to whoever takes over", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    starts_at = LocalDateTimeField(label="Away from", required=False)
    ends_at = LocalDateTimeField(label="Back at", required=False)
    covered_by = forms.ChoiceField(
        label="Who covers", required=False, help_text="They see what is addressed to you while you are away."
    )
    leave_note = forms.CharField(label="What for", required=False, max_length=200)

    LEAVE = ("starts_at", "ends_at", "covered_by", "leave_note")

    def __init__(
        self, *args: Any, tickets: Sequence[Line], handoffs: Sequence[Line], receivers: Receivers, owner: User,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.tickets, self.handoffs, self.receivers, self.owner = tickets, handoffs, receivers, owner
        people = [(one.value, one.label) for one in receivers.offered]
        nobody = (TEAM, f"{receivers.team}, no owner" if receivers.team else "Their team, no owner")
        self.fields["to"].choices = [*people, nobody, (KEEP, "Nobody: choose for each ticket")]
        self.fields["covered_by"].choices = [("", "Nobody covers"), *people]
        for line in tickets:
            own_team = receivers.team is not None and line.team == receivers.team.pk
            self._add("t", line, [*(people if own_team else []), *([] if line.is_restricted else [nobody])])
        for line in handoffs:
            own_team = receivers.team is not None and line.team == receivers.team.pk
            back = [] if line.is_restricted else [(TEAM, "Back to the team")]
            self._add("h", line, [*(people if own_team else []), *back])

    def _add(self, kind: str, line: Line, choices: list[tuple[str, str]]) -> None:
        name = f"{kind}{line.pk}"
        self.fields[f"give_{name}"] = forms.ChoiceField(
            label=f"Who gets {line.ref}", choices=[(ALL, "As above"), (KEEP, "Keep"), *choices], initial=ALL
        )
        self.fields[f"note_{name}"] = forms.CharField(
            label=f"Note on {line.ref}", required=False, max_length=NOTE_LENGTH, initial=line.state
        )
        self.fields[f"version_{name}"] = forms.IntegerField(
            required=False, widget=forms.HiddenInput, initial=line.version
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("reason") == HandoverReason.LEAVE:
            for name, text in (("starts_at", "Say from when."), ("ends_at", "Say when they are back.")):
                if name in self.fields and not values.get(name) and name not in self.errors:
                    self.add_error(name, text)
        return values

    def _lines(self, kind: str, lines: Sequence[Line]) -> Iterator[FormLine]:
        for line in lines:
            name = f"{kind}{line.pk}"
            yield FormLine(line, self[f"give_{name}"], self[f"note_{name}"], self[f"version_{name}"])

    def ticket_lines(self) -> list[FormLine]:
        return list(self._lines("t", self.tickets))

    def handoff_lines(self) -> list[FormLine]:
        return list(self._lines("h", self.handoffs))

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("to", "reason", "note")]

    def leave_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.LEAVE]

    def _gives(self, kind: str, lines: Sequence[Line]) -> list[Give]:
        found = []
        for line in lines:
            name = f"{kind}{line.pk}"
            chosen = self.cleaned_data[f"give_{name}"]
            chosen = self.cleaned_data["to"] if chosen == ALL else chosen
            if chosen == KEEP:
                continue
            found.append(
                Give(
                    line.pk, self.receivers.find(chosen), self.cleaned_data[f"note_{name}"],
                    self.cleaned_data[f"version_{name}"],
                )
            )  # fmt: skip
        return found

    def tickets_given(self) -> list[Give]:
        return self._gives("t", self.tickets)

    def handoffs_given(self) -> list[Give]:
        return self._gives("h", self.handoffs)

    def leave(self) -> Leave | None:
        values = self.cleaned_data
        if values["reason"] != HandoverReason.LEAVE:
            return None
        cover = self.receivers.find(values["covered_by"]) if values["covered_by"] else None
        return Leave(values["starts_at"], values["ends_at"], cover, values["leave_note"])
