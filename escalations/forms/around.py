"""What is asked around an acceptance: the read-back and its correction, a contact, a question, a move."""

from typing import Any

from django import forms

from web.fields import LocalDateTimeField
from web.forms import BelayForm

Choices = list[tuple[str, Any]]
RESTATED = 600  # characters: two sentences, not the handoff once more


def _short(label: str, why: str, hint: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=RESTATED,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": hint}),
        error_messages={"required": why},
    )


def problem_field() -> forms.CharField:
    return _short("The problem, in your words", "The sender checks it against theirs.", "What is wrong, for whom")


def next_action_field() -> forms.CharField:
    return _short("Your next action", "The sender checks what you do first.", "What you do first")


class RestateForm(BelayForm):
    """The receiver's read-back."""

    problem = problem_field()
    next_action = next_action_field()


class ReadBackForm(BelayForm):
    """The sender's answer to one round: the correction is asked for only when something is different."""

    round = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=9_999)
    correction = forms.CharField(
        label="What is different",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"placeholder": "Only what is not right yet"}),
    )


class FollowUpForm(BelayForm):
    """A contact with the customer that was made elsewhere."""

    half = ("contacted_at", "channel")
    optional_marks = ("note",)
    contacted_at = LocalDateTimeField(label="When", error_messages={"required": "The sender reads when it was."})
    channel = forms.ChoiceField(label="How", error_messages={"required": "Choose how you reached them."})
    note = forms.CharField(label="What was said", required=False, max_length=2_000, widget=forms.Textarea)

    def __init__(self, *args: Any, channels: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = [("", "Choose"), *channels]


class ToForm(BelayForm):
    """Somewhere to: a team, or one of its people."""

    to = forms.ChoiceField(label="To", error_messages={"required": "Choose who should have it."})

    def __init__(self, *args: Any, to: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "Choose"), *to]


class ConsultForm(ToForm):
    question = forms.CharField(
        widget=forms.Textarea(attrs={"placeholder": "What you need to know, and what you know already"}),
        error_messages={"required": "What would you like to know?"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].label = "Ask"
        self.fields["to"].error_messages["required"] = "Choose whom you ask."


class AnswerForm(BelayForm):
    answer = forms.CharField(widget=forms.Textarea, error_messages={"required": "They wait for it."})


class TransferForm(ToForm):
    note = forms.CharField(
        label="Why", max_length=2_000, widget=forms.Textarea, error_messages={"required": "They read it first."}
    )


class DeEscalateForm(ToForm):
    reason = forms.ChoiceField(error_messages={"required": "Choose why it goes back down."})
    note = forms.CharField(
        label="Justification",
        max_length=2_000,
        widget=forms.Textarea(attrs={"placeholder": "What is done, and what is left to do there"}),
        error_messages={"required": "Whoever gets it back reads it first."},
    )

    def __init__(self, *args: Any, reasons: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [("", "Choose"), *reasons]
