"""What is asked of whoever answers a handoff, takes it back or sends it elsewhere."""

from typing import Any

from django import forms

from escalations.domain.handoff import NO, YES
from escalations.forms.around import next_action_field, problem_field
from web.fields import LocalDateTimeField
from web.forms import BelayForm

Choices = list[tuple[str, Any]]


class AcceptForm(BelayForm):
    """Received by and time are the person and the moment; the rest is the source's "Acceptance"."""

    prefix = "accept"
    problem = problem_field()
    next_action = next_action_field()
    estimated_resolution_at = LocalDateTimeField(
        label="Estimated resolution", error_messages={"required": "The sender tells the customer by it."}
    )
    needs_resources = forms.ChoiceField(
        label="Additional resources needed",
        choices=[(NO, "No"), (YES, "Yes")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say yes or no."},
    )
    resources_details = forms.CharField(
        label="Which resources",
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs={"placeholder": "If yes: what, from whom"}),
    )
    next_update_at = LocalDateTimeField(
        label="Next update to the customer", required=False, help_text="A promise starts a clock. Leave empty for none."
    )
    keep_sender = forms.BooleanField(required=False)

    def __init__(self, *args: Any, restates: bool = True, keeps: str = "", **kwargs: Any) -> None:
        """`restates`: a person handed it over, who confirms the read-back. `keeps`: whom the receiver may hold back."""
        super().__init__(*args, **kwargs)
        if not restates:
            del self.fields["problem"], self.fields["next_action"]
        if keeps:
            self.fields["keep_sender"].label = f"{keeps} stays with it until I release them"
        else:
            del self.fields["keep_sender"]


class ReturnForm(BelayForm):
    """Why it goes back, and what is needed to take it."""

    prefix = "return"
    reason = forms.ChoiceField(error_messages={"required": "Choose why it goes back."})
    note = forms.CharField(
        label="What is needed",
        widget=forms.Textarea(attrs={"placeholder": "What has to be there for you to take it"}),
        error_messages={"required": "The sender completes it by what you write."},
    )

    def __init__(self, *args: Any, reasons: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [("", "Choose"), *reasons]


class WithdrawForm(BelayForm):
    prefix = "withdraw"
    note = forms.CharField(label="Why", max_length=500, error_messages={"required": "The receiver reads it."})


class RedirectForm(BelayForm):
    prefix = "redirect"
    to = forms.ChoiceField(label="To", error_messages={"required": "Choose who should have it."})
    note = forms.CharField(label="Why", max_length=500, error_messages={"required": "Both receivers read it."})

    def __init__(self, *args: Any, to: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "Choose"), *to]
